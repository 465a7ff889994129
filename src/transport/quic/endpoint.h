// SPDX-License-Identifier: MIT OR Apache-2.0
// Endpoint: all connections behind one address, with no socket: datagrams and Instants in, batches
// of datagrams, events and a timeout out. It finds the connection of each datagram, admits and
// limits strangers, answers what needs no state, and runs timers. Every table and queue is bounded.
// Used by QuicTransport, and by tests over links in memory.
#pragma once

#include <deque>
#include <memory>

#include "transport/quic/closing_list.h"
#include "transport/quic/connection.h"
#include "transport/quic/source_limiter.h"
#include "transport/quic/stateless.h"
#include "transport/quic/timer_heap.h"

namespace zerok::transport {

class Endpoint {
 public:
  // config has been validated. rng outlives the endpoint; reset_secret: see Stateless.
  Endpoint(QuicConfig config, std::unique_ptr<TlsIdentity> identity, const Secret<32>& reset_secret,
           Rng& rng);
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  const EndpointId& local_id() const { return identity_->id(); }
  const QuicConfig& config() const { return config_; }

  // Packets and time. ecn: the two ECN bits of the IP header (RFC 3168).
  void receive(const Path& path, std::uint8_t ecn, ByteView datagram, Instant now);
  void handle_timeouts(Instant now);
  // The next datagrams to send, valid until the next call of this; nullptr when there are none.
  const PacketBatch* poll_transmit(Instant now);
  bool wants_to_send() const { return !send_queue_.empty() || !outbox_.empty(); }
  Instant next_timeout() const;
  // The same without the wish to send: for an owner whose socket takes nothing now.
  Instant next_deadline() const;
  // The system has no way to send there; handshakes with it end (kUnreachable).
  void unreachable(const SocketAddress& remote, int native);

  // As in Transport.
  Result<ConnectionId> dial(const SocketAddress& address, const EndpointId& peer, Instant now);
  Result<StreamId> open_stream(ConnectionId connection, StreamKind kind);
  Result<std::size_t> write(ConnectionId connection, StreamId stream, ByteView bytes, bool fin);
  Result<ReadResult> read(ConnectionId connection, StreamId stream, MutableByteView out);
  void reset_stream(ConnectionId connection, StreamId stream, std::uint64_t code);
  void stop_reading(ConnectionId connection, StreamId stream, std::uint64_t code);
  void close(ConnectionId connection, std::uint64_t code);
  std::optional<ConnectionStats> stats(ConnectionId connection) const;
  std::optional<Event> poll_event();

  // Starts a QUIC key update, which else happens by itself when a key has served long enough.
  Result<void> update_keys(ConnectionId connection, Instant now);
  // For an orderly end: closes as many connections as the outbox has room for; poll_transmit() has
  // the packets that say so. False when none are left.
  bool close_some(std::uint64_t code);

  // What is held now, for metrics and tests.
  struct Counts {
    std::size_t connections = 0;
    std::size_t half_open = 0;
    std::size_t closing = 0;
    std::size_t cids = 0;
    std::size_t reset_tokens = 0;
    std::size_t sources = 0;
    std::size_t outbox = 0;
  };
  Counts counts() const;

 private:
  friend struct ConnectionTestPeer;
  struct Slot {
    std::unique_ptr<Connection> connection;
    Instant deadline = kNever;
    std::size_t heap_at = kNowhere;
    SourceLimiter::Source source{};
    bool half_open = false;
    bool dialling = false;
    bool in_send_queue = false;
    bool in_event_queue = false;
  };
  struct OutPacket {
    Path path;
    Bytes packet;
  };

  Slot* find(ConnectionId id);
  Slot& add(ConnectionId id, std::unique_ptr<Connection> connection);
  void erase(ConnectionId id);
  // To be called after anything that may have changed a connection.
  void touch(ConnectionId id, Slot& slot);
  void note(ConnectionId id, Slot& slot);
  void bury(ConnectionId id, Slot& slot);
  void post(const Path& path, Bytes packet);

  // endpoint_receive.cc
  void receive_stranger(const Path& path, std::uint8_t ecn, ByteView datagram, Instant now);
  void receive_initial(const Path& path, std::uint8_t ecn, ByteView datagram,
                       const InitialHeader& header, Instant now);
  void warn_refused(StaticText reason);
  bool admit(const Path& path, const InitialHeader& header, bool proven, Instant now,
             SourceLimiter::Source& source);

  const QuicConfig config_;
  const std::unique_ptr<TlsIdentity> identity_;
  const Secret<32> reset_secret_;
  Rng& rng_;
  ConnectionTable table_;
  const ConnectionContext context_;
  Stateless stateless_;
  SourceLimiter limiter_;
  ClosingList closing_;
  std::unordered_map<ConnectionId, Slot> connections_;
  TimerHeap<Slot> timers_;
  std::deque<ConnectionId> send_queue_;
  std::deque<ConnectionId> event_queue_;
  // Its end was polled last; what it received may be read until the next poll.
  std::optional<ConnectionId> told_closed_;
  std::deque<OutPacket> outbox_;
  PacketBatch batch_;
  std::size_t half_open_ = 0;
  std::size_t dialling_ = 0;
  std::optional<Instant> warned_;
  std::uint64_t refused_ = 0;
  std::uint64_t next_id_ = 1;
  Instant now_{};
};

}  // namespace zerok::transport
