// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench/relay_process.h"

#include <fmt/format.h>
#include <malloc.h>
#include <poll.h>

#include <algorithm>
#include <cstdio>

#include "base/log.h"
#include "base/system_clock.h"
#include "bench/loopback.h"
#include "bench/timing.h"
#include "relay/relay.h"
#include "store/memory/memory_disk.h"
#include "store/sqlite/sqlite_store.h"

namespace zerok::bench {
namespace {

constexpr Duration kPatience = std::chrono::seconds(1);

relay::RelayConfig relay_config() {
  relay::RelayConfig config;
  core::RelayLimits& limits = config.limits;
  limits.blobs_per_minute = limits.blobs_burst = 1'000'000'000;
  limits.bytes_per_minute = limits.group_bytes_max = std::uint64_t{1} << 40;
  limits.disk_bytes_max = std::uint64_t{1} << 41;
  limits.requests_per_minute = limits.requests_burst = 1'000'000'000;
  limits.new_groups_per_hour = limits.new_groups_burst = 1'000'000;
  return config;
}

Result<std::unique_ptr<store::RelayStore>> open_store(store::MemoryDisk& memory,
                                                      const std::string& database) {
  if (database.empty()) return memory.open_relay_store();
  return store::open_sqlite_relay_store({.path = database});
}

Result<void> serve(int socket, const std::string& database) {
  // As 0k-relay does: what was freed is kept for the next message.
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  SystemRng rng;
  crypto::RelaySecret secret;
  rng.fill(secret.mutable_bytes());
  const auto keys = crypto::RelayKeys::derive(secret);
  store::MemoryDisk memory;
  ZEROK_TRY(const auto store, open_store(memory, database));
  ZEROK_TRY(const auto transport, transport::QuicTransport::create(
                                      quic_config(), keys.signing.seed(), keys.stateless_reset,
                                      transport::SocketAddress::ipv4({127, 0, 0, 1}, 0), rng));
  ZEROK_TRY(const auto relay, relay::Relay::open(*store, *transport, keys, rng, relay_config(),
                                                 monotonic_now(), wall_now()));
  const core::RelayTicket ticket = relay->ticket({transport->local_address().to_string()});
  Card card{.port = transport->local_address().port()};
  std::ranges::copy(ticket.endpoint.bytes(), card.endpoint.begin());
  std::ranges::copy(ticket.noise_identity.bytes(), card.noise.begin());
  if (!send_to_parent(socket, &card, sizeof(card))) return {};
  for (;;) {
    relay->step(monotonic_now(), wall_now());
    switch (asked_by_parent(socket)) {
      case Asked::kEnd:
        return {};
      case Asked::kQuestion: {
        const relay::RelayStats stats = relay->stats();
        const RelayUse use{.resident_bytes = resident_bytes(),
                           .cpu_seconds = clock_seconds(CLOCK_PROCESS_CPUTIME_ID),
                           .sessions = stats.sessions,
                           .blobs = stats.blobs_committed,
                           .commits = stats.commits,
                           .errors = stats.errors_sent};
        if (!send_to_parent(socket, &use, sizeof(use))) return {};
        break;
      }
      case Asked::kNothing:
        break;
    }
    const Instant now = monotonic_now();
    const Duration patience = std::min<Duration>(kPatience, relay->next_timeout() - now);
    if (patience <= Duration::zero()) continue;
    pollfd ready[] = {{.fd = transport->fd(), .events = POLLIN, .revents = 0},
                      {.fd = socket, .events = POLLIN, .revents = 0}};
    const timespec timeout{.tv_sec = patience / std::chrono::seconds(1),
                           .tv_nsec = (patience % std::chrono::seconds(1)).count()};
    ::ppoll(ready, 2, &timeout, nullptr);
  }
}

}  // namespace

Result<std::unique_ptr<RelayProcess>> RelayProcess::start(const std::string& database) {
  auto process = std::make_unique<RelayProcess>();
  ZEROK_TRY(process->child_, Child::start({"--relay-server", database}));
  Card card;
  ZEROK_TRY_VOID(process->child_->read(card));
  process->ticket_ = {.endpoint = EndpointId(card.endpoint),
                      .noise_identity = noise::IdentityHash(card.noise),
                      .addresses = {card.address().to_string()},
                      .admission_token = {}};
  return process;
}

int serve_relay(int socket, const std::string& database) {
  const auto served = serve(socket, database);
  if (!served) fmt::print(stderr, "zerok_bench: the relay: {}\n", served.error());
  return served ? 0 : 1;
}

}  // namespace zerok::bench
