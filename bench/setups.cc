// SPDX-License-Identifier: MIT OR Apache-2.0
// Whole connection setups over loopback, from the first packet to proof of both peers and the close
// after it: how many a second the server's core can take, with 50 under way at once, and how long
// one takes alone.
#include <algorithm>
#include <unordered_map>

#include "base/system_clock.h"
#include "bench/loopback.h"
#include "bench/measurement.h"
#include "bench/timing.h"

namespace zerok::bench {
namespace {

using link::LinkEvent;
using transport::Event;

constexpr int kAtOnce = 50;
constexpr double kPatienceSeconds = 10;
constexpr wire::MessageKey kHello{.request = 1,
                                  .type = static_cast<std::uint8_t>(wire::MessageType::kHello)};

// What a client and a server thread do; one for channels, one for bare QUIC.
struct Sides {
  std::function<Result<void>()> dial;
  // Handles one event at most; true when a setup was completed, and its connection closed.
  std::function<Result<bool>()> client_turn;
  std::function<void()> server_turn;
};

struct Rates {
  double per_s_core = 0;
  double per_s = 0;
};

Result<int> complete(const Sides& sides, double seconds, int at_least) {
  int done = 0;
  const double start = wall_seconds();
  while (wall_seconds() - start < seconds || done < at_least) {
    ZEROK_TRY(const bool completed, sides.client_turn());
    if (completed) {
      ++done;
      ZEROK_TRY_VOID(sides.dial());
    } else if (wall_seconds() - start > seconds + kPatienceSeconds) {
      return fail(ErrorCode::kTimedOut, "no connection is set up");
    }
  }
  return done;
}

Result<Rates> setup_rates(const Sides& sides, double seconds) {
  Worker server(sides.server_turn);
  for (int i = 0; i < kAtOnce; ++i) ZEROK_TRY_VOID(sides.dial());
  // Until all of the first have had their turn.
  ZEROK_TRY_VOID(complete(sides, 0, kAtOnce));
  const double cpu = server.cpu_seconds();
  const double wall = wall_seconds();
  ZEROK_TRY(const int done, complete(sides, seconds, 1));
  return Rates{.per_s_core = done / (server.cpu_seconds() - cpu),
               .per_s = done / (wall_seconds() - wall)};
}

// Channels. The client's first message lets the server prove it; the server then closes.
class ChannelSides {
 public:
  static Result<std::unique_ptr<ChannelSides>> create() {
    std::unique_ptr<ChannelSides> out(new ChannelSides);
    ZEROK_TRY(out->server_, Peer::create());
    ZEROK_TRY(out->client_, Peer::create());
    out->card_ = out->server_->card();
    return out;
  }

  Result<void> dial() {
    ZEROK_TRY_VOID(client_->dial(card_));
    return {};
  }

  Result<bool> client_turn() {
    const auto event = client_->next_event(kTurn);
    if (!event) return false;
    if (event->kind == LinkEvent::Kind::kOpened) {
      ZEROK_TRY_VOID(client_->endpoint().send(event->link, wire::Priority::kUrgent, kHello, {1}));
    }
    if (event->kind != LinkEvent::Kind::kClosed) return false;
    if (event->error.code != ErrorCode::kClosed) return std::unexpected(event->error);
    return true;
  }

  void server_turn() {
    const auto event = server_->next_event(kTurn);
    if (event && event->kind == LinkEvent::Kind::kMessage) {
      server_->endpoint().close(event->link, link::CloseCode::kNormal);
    }
  }

  Sides sides() {
    return {.dial = [this] { return dial(); },
            .client_turn = [this] { return client_turn(); },
            .server_turn = [this] { server_turn(); }};
  }

 private:
  std::unique_ptr<Peer> server_;
  std::unique_ptr<Peer> client_;
  Card card_;
};

// QUIC alone: the client closes once both TLS keys are proven.
class QuicSides {
 public:
  static Result<std::unique_ptr<QuicSides>> create() {
    std::unique_ptr<QuicSides> out(new QuicSides);
    ZEROK_TRY(out->server_, make_transport(out->server_rng_));
    ZEROK_TRY(out->client_, make_transport(out->client_rng_));
    out->address_ = out->server_->local_address();
    out->id_ = out->server_->local_id();
    return out;
  }

  Sides sides() {
    return {.dial = [this]() -> Result<void> {
              ZEROK_TRY_VOID(client_->dial(address_, id_, monotonic_now()));
              return {};
            },
            .client_turn = [this]() -> Result<bool> {
              const auto event = next_event(*client_);
              if (!event) return false;
              if (event->kind == Event::Kind::kClosed) return std::unexpected(event->error);
              if (event->kind != Event::Kind::kConnected) return false;
              client_->close(event->connection, 0);
              return true;
            },
            .server_turn = [this] { next_event(*server_); }};
  }

 private:
  static std::optional<Event> next_event(transport::QuicTransport& transport) {
    if (auto event = transport.poll_event()) return event;
    transport.step(monotonic_now());
    if (auto event = transport.poll_event()) return event;
    transport.wait(monotonic_now() + kTurn);
    return std::nullopt;
  }

  SystemRng server_rng_;
  SystemRng client_rng_;
  std::unique_ptr<transport::QuicTransport> server_;
  std::unique_ptr<transport::QuicTransport> client_;
  transport::SocketAddress address_;
  EndpointId id_;
};

template <typename Kind>
Result<std::vector<double>> rates_sample(const Context& context) {
  ZEROK_TRY(const auto sides, Kind::create());
  ZEROK_TRY(const Rates rates, setup_rates(sides->sides(), context.seconds));
  return std::vector{rates.per_s_core, rates.per_s};
}

// The median time, in milliseconds, of setups one after the other.
Result<std::vector<double>> latency_sample(const Context& context) {
  ZEROK_TRY(const auto owner, ChannelSides::create());
  const Sides sides = owner->sides();
  Worker server(sides.server_turn);
  std::vector<double> times;
  const double start = wall_seconds();
  do {
    const double began = wall_seconds();
    ZEROK_TRY_VOID(sides.dial());
    for (bool completed = false; !completed;) {
      ZEROK_TRY(completed, sides.client_turn());
      if (wall_seconds() - began > kPatienceSeconds) {
        return fail(ErrorCode::kTimedOut, "no connection is set up");
      }
    }
    times.push_back(wall_seconds() - began);
  } while (wall_seconds() - start < context.seconds);
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return std::vector{*middle * 1e3};
}

}  // namespace

std::vector<Measurement> setups() {
  std::vector<Measurement> out;
  out.push_back({.values = {{"quic_setups_per_s_core", "QUIC setups, per s of server CPU", "1/s"},
                            {"quic_setups_per_s", "QUIC setups, 50 at once", "1/s"}},
                 .sample = rates_sample<QuicSides>});
  out.push_back(
      {.values = {{"setups_parts_per_s_core", "QUIC setup and Noise responder, in series", "1/s"}},
       .sample = [](const Context& context) -> Result<std::vector<double>> {
         return std::vector{1 / (1 / context["quic_setups_per_s_core"] +
                                 context["handshake_responder_us"] * 1e-6)};
       },
       .needs = {"quic_setups_per_s_core", "handshake_responder_us"},
       .derived = true});
  out.push_back({.values = {{"setups_per_s_core", "full setups, per s of server CPU", "1/s",
                             Better::kMore, "setups_parts_per_s_core", 700},
                            {"setups_per_s", "full setups, 50 at once, client beside it", "1/s"}},
                 .sample = rates_sample<ChannelSides>});
  out.push_back(
      {.values = {{"setup_ms", "full setup and close, alone, median", "ms", Better::kLess}},
       .sample = latency_sample});
  return out;
}

}  // namespace zerok::bench
