// SPDX-License-Identifier: MIT OR Apache-2.0
// The life of a connection: handshake, timers, addresses, acknowledgements. Streams are in
// connection_streams.cc.
#include "transport/simulated/connection.h"

#include "base/check.h"

namespace zerok::transport::simulated {

Connection::Connection(ConnectionId id, std::uint64_t name, bool is_dialer, const EndpointId& self,
                       const EndpointId& peer, const SocketAddress& remote,
                       const SimulatedLimits& limits, ConnectionSinks& sinks, Instant now)
    : id_(id),
      name_(name),
      is_dialer_(is_dialer),
      state_(is_dialer ? State::kDialing : State::kHalfOpen),
      self_(self),
      peer_(peer),
      remote_(remote),
      limits_(limits),
      sinks_(sinks),
      deadline_(now + limits.handshake_timeout),
      last_heard_(now),
      last_sent_(now),
      peer_allowed_{limits.streams_bidi_max, limits.streams_uni_max},
      granted_(limits.connection_receive_window) {}

std::unique_ptr<Connection> Connection::dial(ConnectionId id, std::uint64_t name,
                                             const EndpointId& self, const EndpointId& peer,
                                             const SocketAddress& remote,
                                             const SimulatedLimits& limits, ConnectionSinks& sinks,
                                             Instant now) {
  std::unique_ptr<Connection> made(
      new Connection(id, name, true, self, peer, remote, limits, sinks, now));
  made->emit(PacketKind::kDial);
  return made;
}

std::unique_ptr<Connection> Connection::accept(ConnectionId id, const EndpointId& self,
                                               const Packet& dial, const SimulatedLimits& limits,
                                               ConnectionSinks& sinks, Instant now) {
  std::unique_ptr<Connection> made(
      new Connection(id, dial.connection, false, self, {}, dial.from, limits, sinks, now));
  made->emit(PacketKind::kAnswer);
  return made;
}

Packet Connection::make(PacketKind kind) const {
  Packet packet;
  packet.kind = kind;
  packet.to = remote_;
  packet.connection = name_;
  packet.to_dialer = !is_dialer_;
  if (kind == PacketKind::kAnswer || kind == PacketKind::kFinish) {
    packet.identity = self_;
    packet.grants = {limits_.stream_receive_window, limits_.connection_receive_window,
                     limits_.streams_bidi_max, limits_.streams_uni_max};
  }
  return packet;
}

void Connection::emit(PacketKind kind, StreamId stream, std::uint64_t value, std::uint64_t offset) {
  Packet packet = make(kind);
  packet.stream = stream;
  packet.value = value;
  packet.offset = offset;
  sinks_.packets.push_back(std::move(packet));
}

void Connection::tell(Event::Kind kind, StreamId stream, std::uint64_t code) {
  Event event{.kind = kind, .connection = id_, .stream = stream, .peer = peer_, .code = code};
  sinks_.events.push(event);
}

void Connection::die(Error error, std::uint64_t code) {
  if (state_ == State::kClosed) return;
  // The application never heard of a connection whose peer proved nothing.
  told_of_end_ = state_ != State::kHalfOpen;
  state_ = State::kClosed;
  if (!told_of_end_) return;
  Event event{.kind = Event::Kind::kClosed, .connection = id_, .peer = peer_, .code = code};
  event.error = error;
  sinks_.events.push(event);
}

Packet Connection::close_packet(std::uint64_t code) const {
  Packet packet = make(PacketKind::kClose);
  packet.value = code;
  return packet;
}

ConnectionStats Connection::stats() const {
  ConnectionStats stats = stats_;
  stats.remote = remote_;
  stats.bytes_buffered = send_buffered_;
  for (const auto& [id, stream] : streams_) stats.bytes_buffered += stream.receive.unread();
  return stats;
}

void Connection::open(const PeerGrants& grants, Event::Kind kind, const EndpointId& peer) {
  state_ = State::kOpen;
  peer_ = peer;
  grants_ = grants;
  credit_ = grants.connection_window;
  allowed_[0] = grants.streams_bidi;
  allowed_[1] = grants.streams_uni;
  tell(kind);
}

// Each of these counts in one state only; in any other it is an old copy.
void Connection::handle_handshake(const Packet& packet) {
  switch (packet.kind) {
    case PacketKind::kAnswer:
      if (state_ != State::kDialing) return;
      if (packet.identity != peer_) {
        sinks_.packets.push_back(close_packet(0));
        die({ErrorCode::kWrongPeer, "the peer proved another identity"});
        return;
      }
      grants_ = packet.grants;
      state_ = State::kFinishing;
      emit(PacketKind::kFinish);
      return;
    case PacketKind::kFinish:
      if (state_ != State::kHalfOpen) return;
      open(packet.grants, Event::Kind::kAccepted, packet.identity);
      emit(PacketKind::kConfirm);
      return;
    case PacketKind::kConfirm:
      if (state_ == State::kFinishing) open(grants_, Event::Kind::kConnected, peer_);
      return;
    default:
      if (state_ == State::kDialing) {
        die({ErrorCode::kOverloaded, "the peer has too many connections"});
      }
  }
}

bool Connection::handle(const Packet& packet, Instant now) {
  ZEROK_ASSERT(state_ != State::kClosed);
  if (packet.from != remote_) {
    // Like in QUIC only the side that dialled may move, and only once the connection stands.
    if (is_dialer_ || state_ != State::kOpen) return false;
    if (packet.kind != PacketKind::kPathResponse && challenged_ != packet.from) {
      challenged_ = packet.from;
      Packet challenge = make(PacketKind::kPathChallenge);
      challenge.to = packet.from;
      sinks_.packets.push_back(std::move(challenge));
    }
  }
  last_heard_ = now;
  switch (packet.kind) {
    case PacketKind::kDial:
      return true;
    case PacketKind::kAnswer:
    case PacketKind::kFinish:
    case PacketKind::kConfirm:
    case PacketKind::kRefuse:
      handle_handshake(packet);
      return true;
    case PacketKind::kClose:
      die({ErrorCode::kClosed, "the peer closed the connection"}, packet.value);
      return true;
    case PacketKind::kUnknown:
      die({ErrorCode::kReset, "the peer no longer knows the connection"});
      return true;
    default:
      break;
  }
  if (state_ != State::kOpen) return false;
  switch (packet.kind) {
    case PacketKind::kAck:
      handle_acks(packet, now);
      break;
    case PacketKind::kPathChallenge:
    case PacketKind::kPathResponse:
      handle_path(packet);
      break;
    case PacketKind::kPing:
      break;
    default:
      handle_stream(packet);
  }
  return true;
}

void Connection::handle_path(const Packet& packet) {
  if (packet.kind == PacketKind::kPathChallenge) {
    emit(PacketKind::kPathResponse);
    return;
  }
  if (packet.from == remote_ || packet.from != challenged_) return;
  remote_ = packet.from;
  challenged_ = {};
  tell(Event::Kind::kPeerMoved);
}

void Connection::handle_acks(const Packet& packet, Instant now) {
  for (const std::uint64_t number : packet.acks) {
    const auto entry = in_flight_.find(number);
    if (entry == in_flight_.end()) continue;
    const InFlight piece = entry->second;
    in_flight_.erase(entry);
    const Duration sample = now - piece.sent_at;
    // The smoothing of RFC 9002 section 5.3.
    stats_.smoothed_rtt =
        stats_.smoothed_rtt == Duration() ? sample : (7 * stats_.smoothed_rtt + sample) / 8;
    Stream* stream = find(piece.stream);
    if (stream == nullptr) continue;
    send_buffered_ -= piece.bytes;
    if (stream->send.acknowledge(piece.bytes, piece.fin, limits_.stream_send_buffer)) {
      tell(Event::Kind::kWritable, piece.stream);
    }
    retire(piece.stream);
  }
  wake_writers();
}

void Connection::handle_loss(Packet packet) {
  const bool in_handshake = packet.kind == PacketKind::kDial ||
                            packet.kind == PacketKind::kAnswer ||
                            packet.kind == PacketKind::kFinish;
  if (state_ == State::kClosed || (in_handshake && state_ == State::kOpen)) return;
  if (packet.kind == PacketKind::kData) {
    const auto entry = in_flight_.find(packet.number);
    if (entry == in_flight_.end()) return;
  }
  // Nobody answers at an address that was left again.
  if (packet.kind == PacketKind::kPathChallenge && packet.to != challenged_) return;
  ++stats_.packets_lost;
  ++packet.attempts;
  if (packet.kind != PacketKind::kPathChallenge) packet.to = remote_;
  sinks_.packets.push_back(std::move(packet));
}

Instant Connection::next_timeout() const {
  if (state_ == State::kClosed) return kNever;
  if (state_ != State::kOpen) return deadline_;
  return std::min(last_heard_ + limits_.idle_timeout, last_sent_ + limits_.keep_alive);
}

void Connection::handle_timeout(Instant now) {
  if (state_ == State::kClosed) return;
  if (state_ != State::kOpen) {
    if (now >= deadline_) die({ErrorCode::kTimedOut, "the handshake took too long"});
    return;
  }
  if (now >= last_heard_ + limits_.idle_timeout) {
    die({ErrorCode::kTimedOut, "nothing has come from the peer for too long"});
  } else if (now >= last_sent_ + limits_.keep_alive) {
    emit(PacketKind::kPing);
    last_sent_ = now;
  }
}

void Connection::flush_acks(Instant now) {
  if (state_ != State::kOpen || acks_.empty()) return;
  Packet packet = make(PacketKind::kAck);
  packet.acks.swap(acks_);
  sinks_.packets.push_back(std::move(packet));
  last_sent_ = now;
}

}  // namespace zerok::transport::simulated
