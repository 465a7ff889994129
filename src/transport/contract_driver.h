// SPDX-License-Identifier: MIT OR Apache-2.0
// ContractDriver: two endpoints of a ContractHarness and the application between them: it steps
// both, keeps what they tell until somebody asks, and moves whole texts. For contract_test.cc and
// contract_flow_test.cc.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <utility>

#include "base/rng.h"
#include "transport/contract_harness.h"

namespace zerok::transport {

class ContractDriver {
 public:
  // One endpoint and what it was told and nobody looked at yet.
  struct Side {
    std::function<Transport&()> get;
    std::deque<Event> events;
    Transport& operator*() const { return get(); }
    Transport* operator->() const { return &get(); }
  };

  void step() {
    for (Side* side : {&dialer_, &listener_}) {
      (*side)->step(harness_->now());
      while (const auto event = (*side)->poll_event()) side->events.push_back(*event);
    }
  }

  bool run_until(const std::function<bool()>& done, Duration within = std::chrono::seconds(20)) {
    const Instant deadline = harness_->now() + within;
    while (true) {
      step();
      if (done()) return true;
      if (harness_->now() >= deadline) return false;
      harness_->wait();
    }
  }

  void run_for(Duration time) {
    run_until([] { return false; }, time);
  }

  static bool has(const Side& side, Event::Kind kind, ConnectionId connection) {
    return std::any_of(side.events.begin(), side.events.end(), [&](const Event& event) {
      return event.kind == kind && event.connection == connection;
    });
  }

  // The next event of a kind, removed from those that wait.
  std::optional<Event> await(Side& side, Event::Kind kind,
                             std::optional<ConnectionId> connection = {},
                             Duration within = std::chrono::seconds(20)) {
    std::optional<Event> found;
    run_until(
        [&] {
          const auto at =
              std::find_if(side.events.begin(), side.events.end(), [&](const Event& event) {
                return event.kind == kind && (!connection || event.connection == *connection);
              });
          if (at == side.events.end()) return false;
          found = *at;
          side.events.erase(at);
          return true;
        },
        within);
    return found;
  }

  // Dials and sets near_ and far_; true when both sides were told, each of the other.
  bool connect_both() {
    const auto dialled =
        dialer_->dial(harness_->listener_address(), listener_->local_id(), harness_->now());
    if (!dialled) return false;
    near_ = *dialled;
    const auto connected = await(dialer_, Event::Kind::kConnected);
    const auto accepted = await(listener_, Event::Kind::kAccepted);
    if (!connected || !accepted) return false;
    far_ = accepted->connection;
    return connected->connection == near_ && connected->peer == listener_->local_id() &&
           accepted->peer == dialer_->local_id();
  }

  // Writes all of it, waiting for room as often as needed.
  bool write_all(Side& side, ConnectionId connection, StreamId stream, ByteView bytes, bool fin) {
    bool done = false;
    return run_until([&] {
             while (!done) {
               const auto taken = side->write(connection, stream, bytes, fin);
               if (!taken) return true;
               bytes = bytes.subspan(*taken);
               done = bytes.empty();
               if (*taken == 0) break;
             }
             return done;
           }) &&
           done;
  }

  // Reads until the end of the stream.
  std::optional<Bytes> read_all(Side& side, ConnectionId connection, StreamId stream,
                                std::size_t buffer_size = 4096) {
    Bytes all;
    bool fin = false;
    const bool ok =
        run_until([&] { return read_some(side, connection, stream, buffer_size, all, fin); });
    return ok && fin ? std::optional(all) : std::nullopt;
  }

  // Reads what waits; true at the end of the stream or when it was abandoned. A stream that has not
  // arrived yet reads as closed.
  static bool read_some(Side& side, ConnectionId connection, StreamId stream,
                        std::size_t buffer_size, Bytes& all, bool& fin) {
    Bytes buffer(buffer_size);
    while (true) {
      const auto read = side->read(connection, stream, buffer);
      if (!read) return read.error().code == ErrorCode::kReset;
      all.insert(all.end(), buffer.begin(),
                 buffer.begin() + static_cast<std::ptrdiff_t>(read->size));
      fin = read->fin;
      if (fin) return true;
      if (read->size == 0) return false;
    }
  }

  static Bytes pattern(std::size_t size, std::uint64_t seed) {
    Bytes bytes(size);
    DeterministicRng(seed).fill(bytes);
    return bytes;
  }

  std::unique_ptr<ContractHarness> harness_ = make_contract_harness();
  Side dialer_{[this]() -> Transport& { return harness_->dialer(); }, {}};
  Side listener_{[this]() -> Transport& { return harness_->listener(); }, {}};
  ConnectionId near_{};  // as the dialer names it
  ConnectionId far_{};   // as the listener does
};

}  // namespace zerok::transport
