// SPDX-License-Identifier: MIT OR Apache-2.0
// Connection: one end of a simulated connection, sans I/O. Packets, losses and time go in; packets
// and events come out through the two sinks of its endpoint. It follows QUIC's life: handshake,
// open, closed; nothing arrives for the idle time and it dies; streams with credit per stream and
// for all.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "transport/simulated/event_queue.h"
#include "transport/simulated/limits.h"
#include "transport/simulated/packet.h"
#include "transport/simulated/stream.h"
#include "transport/transport.h"

namespace zerok::transport::simulated {

// Where the connections of one endpoint put what comes out of them.
struct ConnectionSinks {
  std::vector<Packet> packets;
  EventQueue events;
};

class Connection {
 public:
  enum class State : std::uint8_t { kDialing, kFinishing, kHalfOpen, kOpen, kClosed };

  // Dials at once.
  static std::unique_ptr<Connection> dial(ConnectionId id, std::uint64_t name,
                                          const EndpointId& self, const EndpointId& peer,
                                          const SocketAddress& remote,
                                          const SimulatedLimits& limits, ConnectionSinks& sinks,
                                          Instant now);
  // Answers a kDial.
  static std::unique_ptr<Connection> accept(ConnectionId id, const EndpointId& self,
                                            const Packet& dial, const SimulatedLimits& limits,
                                            ConnectionSinks& sinks, Instant now);

  State state() const { return state_; }
  // Closed, and an event says so.
  bool told_of_end() const { return told_of_end_; }
  bool is_dialer() const { return is_dialer_; }
  std::uint64_t name() const { return name_; }
  const SocketAddress& remote() const { return remote_; }
  ConnectionStats stats() const;

  // False when the packet can't be used now and its sender should try again.
  bool handle(const Packet& packet, Instant now);
  // One of our own packets was lost.
  void handle_loss(Packet packet);
  void handle_timeout(Instant now);
  Instant next_timeout() const;
  // Acknowledges what handle() took.
  void flush_acks(Instant now);
  // True when data may go now; then take_data() says what, up to segment bytes.
  bool has_data() const;
  Packet take_data(std::size_t segment, Instant now);

  Result<StreamId> open_stream(StreamKind kind);
  Result<std::size_t> write(StreamId id, ByteView bytes, bool fin);
  Result<ReadResult> read(StreamId id, MutableByteView out);
  void reset_stream(StreamId id, std::uint64_t code);
  void stop_reading(StreamId id, std::uint64_t code);
  // Dies here and now, with an event.
  void die(Error error, std::uint64_t code = 0);
  Packet close_packet(std::uint64_t code) const;

 private:
  struct Stream {
    SendSide send;
    ReceiveSide receive;
    bool announced = false;
  };
  struct InFlight {
    StreamId stream;
    std::size_t bytes;
    bool fin;
    Instant sent_at;
  };

  Connection(ConnectionId id, std::uint64_t name, bool is_dialer, const EndpointId& self,
             const EndpointId& peer, const SocketAddress& remote, const SimulatedLimits& limits,
             ConnectionSinks& sinks, Instant now);

  void handle_handshake(const Packet& packet);
  void handle_stream(const Packet& packet);
  void handle_acks(const Packet& packet, Instant now);
  void handle_path(const Packet& packet);
  void open(const PeerGrants& grants, Event::Kind kind, const EndpointId& peer);

  Packet make(PacketKind kind) const;
  void emit(PacketKind kind, StreamId stream = {}, std::uint64_t value = 0,
            std::uint64_t offset = 0);
  void tell(Event::Kind kind, StreamId stream = {}, std::uint64_t code = 0);
  bool is_ours(StreamId id) const;
  // The peer's stream of this id, opened if need be; nullptr if it was forgotten.
  Stream* peer_stream(StreamId id);
  Stream* find(StreamId id);
  Stream& add_stream(StreamId id);
  void retire(StreamId id);
  void forget_in_flight(StreamId id);
  void wake_writers();
  void count_consumed(std::uint64_t bytes);

  const ConnectionId id_;
  const std::uint64_t name_;
  const bool is_dialer_;
  State state_;
  bool told_of_end_ = false;
  EndpointId self_;
  EndpointId peer_;
  SocketAddress remote_;
  SocketAddress challenged_;
  const SimulatedLimits& limits_;
  ConnectionSinks& sinks_;

  Instant deadline_;  // of the handshake
  Instant last_heard_;
  Instant last_sent_;

  std::map<StreamId, Stream> streams_;
  StreamId last_sent_stream_{};
  // Per kind, 0 bidirectional, 1 unidirectional: streams of ours opened and allowed, of the peer's
  // opened and allowed.
  std::uint64_t opened_[2] = {};
  std::uint64_t allowed_[2] = {};
  std::uint64_t peer_opened_[2] = {};
  std::uint64_t peer_allowed_[2] = {};

  PeerGrants grants_;
  std::uint64_t credit_ = 0;  // bytes we may send on all streams, ever
  std::uint64_t sent_ = 0;
  std::uint64_t next_number_ = 0;
  std::map<std::uint64_t, InFlight> in_flight_;
  std::uint64_t received_ = 0;  // highest offsets of all streams together
  std::uint64_t consumed_ = 0;
  std::uint64_t granted_;
  std::uint64_t send_buffered_ = 0;
  std::vector<std::uint64_t> acks_;
  ConnectionStats stats_;
};

}  // namespace zerok::transport::simulated
