// SPDX-License-Identifier: MIT OR Apache-2.0
#include "relay/run.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/system_clock.h"
#include "common/complain.h"
#include "common/signals.h"
#include "relay/advertised.h"
#include "relay/relay.h"
#include "relay/relay_dir.h"
#include "store/sqlite/sqlite_store.h"

namespace zerok::apps {
namespace {

using transport::SocketAddress;

// A line to standard output, at once: scripts wait for it.
void say(bool json, const nlohmann::json& event, const std::string& text) {
  fmt::print("{}\n", json ? event.dump() : text);
  std::fflush(stdout);
}

int complain_with(std::string_view what, const Error& error) {
  complain(what, error);
  switch (error.code) {
    case ErrorCode::kInvalidState:
    case ErrorCode::kAddressInUse:
      return kRelayExitInUse;
    case ErrorCode::kMalformed:
    case ErrorCode::kUnsupported:
    case ErrorCode::kNotCanonical:
      return kRelayExitDamaged;
    case ErrorCode::kInvalidArgument:
      return kRelayExitUsage;
    default:
      return kRelayExitFailed;
  }
}

// Who the relay is and what it lets in, from its folder, which is made where it is missing.
struct Identity {
  RelayDir dir;
  crypto::RelayKeys keys;
  std::optional<Bytes> admission_token;
};
Result<Identity> load_identity(const RelaySettings& settings, Rng& rng) {
  ZEROK_TRY(RelayDir dir, RelayDir::locate(settings.data_dir));
  ZEROK_TRY_VOID(dir.prepare(rng));
  ZEROK_TRY(crypto::RelayKeys keys, dir.keys());
  std::optional<Bytes> token;
  if (!settings.open) {
    ZEROK_TRY(token, dir.admission_token());
  }
  return Identity{std::move(dir), std::move(keys), std::move(token)};
}

Result<std::unique_ptr<transport::QuicTransport>> bind(const RelaySettings& settings,
                                                       const crypto::RelayKeys& keys, Rng& rng) {
  transport::QuicConfig config;
  config.accept = true;
  // One side has to, and a relay has no battery. It also keeps the way back through a NAT open.
  config.keep_alive = std::chrono::seconds(10);
  config.connections_max = settings.limits.sessions_max;
  config.handshakes_per_minute = settings.handshakes_per_minute;
  const auto on = [&](const SocketAddress& address) {
    return transport::QuicTransport::create(config, keys.signing.seed(), keys.stateless_reset,
                                            address, rng);
  };
  if (!settings.bind.empty()) {
    ZEROK_TRY(const auto address, SocketAddress::parse(settings.bind));
    return on(address);
  }
  auto both = on(SocketAddress::ipv6({}, kDefaultPort));
  if (both || both.error().code == ErrorCode::kAddressInUse) return both;
  return on(SocketAddress::ipv4({}, kDefaultPort));  // a machine without IPv6
}

std::vector<std::string> addresses_of(const RelaySettings& settings, const SocketAddress& bound) {
  return settings.advertise.empty() ? advertised_addresses(bound) : settings.advertise;
}

void turn(relay::Relay& relay, transport::QuicTransport& transport) {
  bool stopping = false;
  for (;;) {
    const Instant now = monotonic_now();
    if (stop_requested() && !stopping) {
      stopping = true;
      relay.shut_down(now);
    }
    relay.step(now, wall_now());
    if (relay.is_shut_down()) return;
    const Instant next = relay.next_timeout();
    if (next > monotonic_now()) transport.wait(next);
  }
}

}  // namespace

int run_relay(const RelaySettings& settings, bool json) {
  stop_on_signals();
  SystemRng rng;
  const auto identity = load_identity(settings, rng);
  if (!identity) return complain_with("data folder", identity.error());
  const RelayDir& dir = identity->dir;
  auto store = store::open_sqlite_relay_store({.path = dir.store_file()});
  if (!store) return complain_with(dir.store_file(), store.error());
  auto transport = bind(settings, identity->keys, rng);
  if (!transport) return complain_with("socket", transport.error());

  const relay::RelayConfig config{.limits = settings.limits,
                                  .admission_token = identity->admission_token};
  auto relay = relay::Relay::open(**store, **transport, identity->keys, rng, config,
                                  monotonic_now(), wall_now());
  if (!relay) return complain_with(dir.store_file(), relay.error());

  const auto addresses = addresses_of(settings, (*transport)->local_address());
  const auto ticket = (*relay)->ticket(addresses).to_text();
  if (!ticket) return complain_with("ticket", ticket.error());
  if (const auto put = dir.put_ticket(*ticket); !put) {
    return complain_with(dir.ticket_file(), put.error());
  }
  say(json,
      {{"event", "listening"},
       {"bound", (*transport)->local_address().to_string()},
       {"addresses", addresses},
       {"data_dir", dir.path()},
       {"open", settings.open},
       {"ticket", *ticket}},
      fmt::format("listening on {}\ndata in {}\nticket {}",
                  (*transport)->local_address().to_string(), dir.path(), *ticket));

  wake_when_stopped(transport->get());
  turn(**relay, **transport);
  wake_when_stopped(nullptr);
  const relay::RelayStats stats = (*relay)->stats();
  say(json, {{"event", "stopped"}, {"blobs", stats.blobs_committed}, {"requests", stats.requests}},
      "stopped");
  return kRelayExitOk;
}

int print_ticket(const RelaySettings& settings, bool json) {
  SystemRng rng;
  const auto identity = load_identity(settings, rng);
  if (!identity) return complain_with("data folder", identity.error());
  SocketAddress bound = SocketAddress::ipv6({}, kDefaultPort);
  if (!settings.bind.empty()) bound = *SocketAddress::parse(settings.bind);
  if (settings.advertise.empty() && bound.port() == 0) {
    complain("the port is known only while the relay runs: bind to one, or say --advertise");
    return kRelayExitUsage;
  }
  const auto statics =
      noise::StaticKeys::from_secrets(identity->keys.noise.dh.clone(), identity->keys.noise.kem);
  const core::RelayTicket ticket{.endpoint = identity->keys.endpoint_id(),
                                 .noise_identity = statics.identity().id(),
                                 .addresses = addresses_of(settings, bound),
                                 .admission_token = identity->admission_token};
  const auto text = ticket.to_text();
  if (!text) return complain_with("ticket", text.error());
  say(json, {{"ticket", *text}, {"addresses", ticket.addresses}}, *text);
  return kRelayExitOk;
}

}  // namespace zerok::apps
