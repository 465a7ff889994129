// SPDX-License-Identifier: MIT OR Apache-2.0
// For tests: endpoints on a network in memory and in virtual time, which loses, delays, reorders,
// duplicates and damages datagrams as told, from one seed. Each host also records its events and
// can send and collect whole streams.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <queue>

#include "transport/quic/endpoint.h"

namespace zerok::transport::testing {

inline Secret<32> secret_of(std::uint8_t value) {
  Secret<32> secret;
  std::ranges::fill(secret.mutable_bytes(), value);
  return secret;
}

inline SocketAddress address_of(std::string_view text) { return *SocketAddress::parse(text); }

struct Faults {
  double loss = 0;
  double duplicate = 0;
  double corrupt = 0;
  Duration delay = std::chrono::milliseconds(10);
  Duration jitter{};  // uniform on top of the delay: reorders
};

class World;

class Host {
 public:
  Host(World& world, std::uint8_t seed, const SocketAddress& address, const QuicConfig& config,
       std::uint8_t reset_seed);

  Endpoint& endpoint() { return *endpoint_; }
  const SocketAddress& address() const { return address_; }
  EndpointId id() const { return endpoint_->local_id(); }
  // The network sees the host at another address from now on.
  void move_to(std::string_view address);
  // Forgets everything, as a crash would, and comes back with the same keys.
  void restart();
  // Comes back without a key to show.
  void lose_key();
  ConnectionId dial(Host& peer);
  // The first datagram of a new handshake with the peer, which is then forgotten.
  Bytes first_datagram(Host& peer);

  // Sends all of it on a new stream, as far as the peer takes it.
  StreamId send(ConnectionId connection, Bytes bytes,
                StreamKind kind = StreamKind::kUnidirectional);
  // Reads what there is; done by itself on kReadable unless reading is off.
  void collect(ConnectionId connection, StreamId stream);

  struct Incoming {
    Bytes bytes;
    bool fin = false;
    std::optional<Error> error;
  };
  std::map<std::pair<ConnectionId, StreamId>, Incoming> incoming;
  std::vector<Event> events;
  bool reading = true;

  std::size_t count(Event::Kind kind) const;
  const Event* last(Event::Kind kind) const;
  // Nothing left to write of what send() was given.
  bool all_written() const { return outgoing_.empty(); }

 private:
  friend class World;
  struct Outgoing {
    Bytes bytes;
    std::size_t written = 0;
  };
  void handle_events();
  void pump(ConnectionId connection, StreamId stream);

  World& world_;
  std::uint8_t seed_;
  std::uint8_t reset_seed_;
  SocketAddress address_;
  QuicConfig config_;
  std::unique_ptr<DeterministicRng> rng_;
  std::unique_ptr<Endpoint> endpoint_;
  std::map<std::pair<ConnectionId, StreamId>, Outgoing> outgoing_;
};

class World {
 public:
  explicit World(std::uint64_t seed) : rng_(seed) {}

  Host& add(std::uint8_t seed, std::string_view address, const QuicConfig& config = {},
            std::uint8_t reset_seed = 0x55);

  Faults faults;
  // When set, sees each datagram before the faults; false loses it.
  std::function<bool(const SocketAddress& from, const SocketAddress& to, ByteView datagram)> filter;

  Instant now() const { return now_; }
  Rng& rng() { return rng_; }
  // Runs until the predicate holds; false when `limit` of virtual time has passed first.
  bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::seconds(60));
  void run_for(Duration duration) {
    run_until([] { return false; }, duration);
  }
  // A datagram from nowhere, to arrive now.
  void inject(const SocketAddress& from, Host& to, ByteView datagram);
  // What the host wants to send now, taken from it and carried nowhere.
  std::vector<Bytes> drain(Host& host);

  std::uint64_t datagrams = 0;

 private:
  friend class Host;
  struct InFlight {
    Instant at;
    std::uint64_t sequence;
    SocketAddress from;
    SocketAddress to;
    Bytes bytes;
    bool operator>(const InFlight& other) const {
      return std::tie(at, sequence) > std::tie(other.at, other.sequence);
    }
  };
  void transmit(Host& host);
  void carry(const SocketAddress& from, const SocketAddress& to, ByteView datagram);
  bool chance(double p) { return static_cast<double>(rng_.next_u64() >> 11) * 0x1p-53 < p; }

  DeterministicRng rng_;
  Instant now_{std::chrono::seconds(1)};
  std::uint64_t sequence_ = 0;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::priority_queue<InFlight, std::vector<InFlight>, std::greater<>> in_flight_;
};

// Both ends of a connection that is up.
struct Pair {
  ConnectionId client;
  ConnectionId server;
};
Pair connect(World& world, Host& client, Host& server);

Bytes random_bytes(std::uint64_t seed, std::size_t size);

}  // namespace zerok::transport::testing
