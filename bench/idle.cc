// SPDX-License-Identifier: MIT OR Apache-2.0
// Memory of a server per idle connection: how much its resident set grows from a few connections to
// a thousand more that have been set up and say nothing.
#include "bench/idle.h"

#include <algorithm>

#include "base/system_clock.h"
#include "bench/child.h"
#include "bench/loopback.h"
#include "bench/measurement.h"
#include "bench/timing.h"

namespace zerok::bench {
namespace {

using link::LinkEvent;
using transport::Event;

// The first ones pay for what all share: buffers, tables, library state.
constexpr std::size_t kWarmUp = 16;
constexpr std::size_t kAtOnce = 50;
constexpr double kPatienceSeconds = 30;
constexpr wire::MessageKey kHello{.request = 1,
                                  .type = static_cast<std::uint8_t>(wire::MessageType::kHello)};

// What the server answers to any byte.
struct State {
  std::uint64_t resident_bytes = 0;
  std::uint64_t open = 0;
};

// One side of idle connections, with channels or without.
class Side {
 public:
  static Result<std::unique_ptr<Side>> create(bool with_noise) {
    std::unique_ptr<Side> side(new Side);
    if (with_noise) {
      ZEROK_TRY(side->peer_, Peer::create());
      return side;
    }
    ZEROK_TRY(side->transport_, make_transport(side->rng_));
    return side;
  }

  Card card() const {
    if (peer_) return peer_->card();
    Card card;
    card.port = transport_->local_address().port();
    std::ranges::copy(transport_->local_id().bytes(), card.endpoint.begin());
    return card;
  }

  Result<void> dial(const Card& card) {
    if (peer_) {
      ZEROK_TRY_VOID(peer_->dial(card));
    } else {
      ZEROK_TRY_VOID(transport_->dial(card.address(), EndpointId(card.endpoint), monotonic_now()));
    }
    return {};
  }

  // Connections whose peer is proven.
  std::size_t open() const { return open_; }

  Result<void> turn(Duration patience) {
    return peer_ ? channel_turn(patience) : quic_turn(patience);
  }

 private:
  Side() = default;

  Result<void> channel_turn(Duration patience) {
    const auto event = peer_->next_event(patience);
    if (!event) return {};
    if (event->kind == LinkEvent::Kind::kClosed) return std::unexpected(event->error);
    if (event->kind != LinkEvent::Kind::kOpened) return {};
    ++open_;
    if (!peer_->endpoint().info(event->link)->dialled) return {};
    return peer_->endpoint().send(event->link, wire::Priority::kUrgent, kHello, {1});
  }

  Result<void> quic_turn(Duration patience) {
    transport_->step(monotonic_now());
    bool idle = true;
    while (const auto event = transport_->poll_event()) {
      idle = false;
      if (event->kind == Event::Kind::kClosed) return std::unexpected(event->error);
      if (event->kind == Event::Kind::kAccepted || event->kind == Event::Kind::kConnected) ++open_;
    }
    if (idle) transport_->wait(monotonic_now() + patience);
    return {};
  }

  SystemRng rng_;
  std::unique_ptr<Peer> peer_;
  std::unique_ptr<transport::QuicTransport> transport_;
  std::size_t open_ = 0;
};

// Dials until so many are open on both sides.
Result<State> open_connections(Side& client, Child& server, const Card& card, std::size_t dialled,
                               std::size_t count) {
  const double start = wall_seconds();
  while (client.open() < count) {
    while (dialled < count && dialled < client.open() + kAtOnce) {
      ZEROK_TRY_VOID(client.dial(card));
      ++dialled;
    }
    ZEROK_TRY_VOID(client.turn(kTurn));
    if (wall_seconds() - start > kPatienceSeconds) break;
  }
  while (true) {
    ZEROK_TRY_VOID(client.turn(kTurn));
    ZEROK_TRY(const State state, server.ask<State>());
    if (state.open >= count) return state;
    if (wall_seconds() - start > kPatienceSeconds) {
      return fail(ErrorCode::kTimedOut, "connections are missing");
    }
  }
}

Result<std::vector<double>> sample(double seconds, bool with_noise) {
  // A thousand, but for the shortest of runs.
  const auto count = static_cast<std::size_t>(std::clamp(seconds * 10'000, 100.0, 1'000.0));
  ZEROK_TRY(const auto server, Child::start({"--idle-server", with_noise ? "noise" : "quic"}));
  Card card;
  ZEROK_TRY_VOID(server->read(card));
  ZEROK_TRY(const auto client, Side::create(with_noise));
  ZEROK_TRY(const State before, open_connections(*client, *server, card, 0, kWarmUp));
  ZEROK_TRY_VOID(open_connections(*client, *server, card, kWarmUp, kWarmUp + count));
  // Acknowledgements and delayed work of the setups come to rest.
  for (const double end = wall_seconds() + std::min(1.0, 2 * seconds); wall_seconds() < end;) {
    ZEROK_TRY_VOID(client->turn(kTurn));
  }
  ZEROK_TRY(const State after, server->ask<State>());
  const double grown =
      static_cast<double>(after.resident_bytes) - static_cast<double>(before.resident_bytes);
  return std::vector{grown / 1024 / static_cast<double>(count)};
}

}  // namespace

int serve_idle(int socket, bool with_noise) {
  const auto side = Side::create(with_noise);
  if (!side) return 1;
  const Card card = (*side)->card();
  if (!send_to_parent(socket, &card, sizeof(card))) return 1;
  for (;;) {
    if (!(*side)->turn(std::chrono::milliseconds(5))) return 1;
    const Asked asked = asked_by_parent(socket);
    if (asked == Asked::kEnd) return 0;
    if (asked == Asked::kNothing) continue;
    const State state{.resident_bytes = resident_bytes(), .open = (*side)->open()};
    if (!send_to_parent(socket, &state, sizeof(state))) return 0;
  }
}

std::vector<Measurement> idle_memory() {
  std::vector<Measurement> out;
  out.push_back({.values = {{"idle_quic_connection_kib", "memory per idle connection, QUIC alone",
                             "KiB", Better::kLess}},
                 .sample = [](const Context& context) { return sample(context.seconds, false); }});
  out.push_back({.values = {{"idle_channel_kib", "memory per idle channel, 1,000 of them", "KiB",
                             Better::kLess, "idle_quic_connection_kib", 32}},
                 .sample = [](const Context& context) { return sample(context.seconds, true); }});
  return out;
}

}  // namespace zerok::bench
