// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/simulated/simulated_transport.h"

#include <algorithm>
#include <utility>

namespace zerok::transport {

using simulated::Connection;
using simulated::Link;
using simulated::Packet;
using simulated::PacketKind;

SimulatedTransport::SimulatedTransport(SimulatedNetwork& network, NodeId node,
                                       const SimulatedLimits& limits)
    : network_(network), node_(node), limits_(limits) {
  network_.attach(node_, limits_.inbox_packets_max);
}

SimulatedTransport::~SimulatedTransport() { network_.detach(node_); }

Connection* SimulatedTransport::find(ConnectionId id) const {
  const auto entry = connections_.find(id);
  return entry == connections_.end() ? nullptr : entry->second.get();
}

Result<ConnectionId> SimulatedTransport::dial(const SocketAddress& address, const EndpointId& peer,
                                              Instant now) {
  if (address.port() == 0) return fail(ErrorCode::kInvalidArgument, "an address without a port");
  if (connections_.size() >= limits_.connections_max) {
    return fail(ErrorCode::kOverloaded, "too many connections");
  }
  const ConnectionId id{++next_id_};
  const std::uint64_t name = network_.next_connection();
  by_key_[{name, true}] = id;
  connections_[id] = Connection::dial(id, name, local_id(), peer, address, limits_, sinks_, now);
  return id;
}

Result<StreamId> SimulatedTransport::open_stream(ConnectionId connection, StreamKind kind) {
  Connection* found = find(connection);
  if (found == nullptr) return fail(ErrorCode::kClosed, "the connection is closed");
  return found->open_stream(kind);
}

Result<std::size_t> SimulatedTransport::write(ConnectionId connection, StreamId stream,
                                              ByteView bytes, bool fin) {
  Connection* found = find(connection);
  if (found == nullptr) return fail(ErrorCode::kClosed, "the connection is closed");
  return found->write(stream, bytes, fin);
}

Result<ReadResult> SimulatedTransport::read(ConnectionId connection, StreamId stream,
                                            MutableByteView out) {
  Connection* found = find(connection);
  if (found == nullptr) return fail(ErrorCode::kClosed, "the connection is closed");
  return found->read(stream, out);
}

void SimulatedTransport::reset_stream(ConnectionId connection, StreamId stream,
                                      std::uint64_t code) {
  if (Connection* found = find(connection)) found->reset_stream(stream, code);
}

void SimulatedTransport::stop_reading(ConnectionId connection, StreamId stream,
                                      std::uint64_t code) {
  if (Connection* found = find(connection)) found->stop_reading(stream, code);
}

void SimulatedTransport::close(ConnectionId connection, std::uint64_t code) {
  Connection* found = find(connection);
  if (found == nullptr) return;
  const Key key{found->name(), found->is_dialer()};
  if (found->state() != Connection::State::kClosed) {
    Packet packet = found->close_packet(code);
    sinks_.packets.push_back(packet);
    closing_[key] = {std::move(packet), now_ + limits_.closing_time};
  }
  sinks_.events.drop(connection);
  by_key_.erase(key);
  paced_.erase(connection);
  connections_.erase(connection);
}

std::optional<ConnectionStats> SimulatedTransport::stats(ConnectionId connection) const {
  const Connection* found = find(connection);
  if (found == nullptr) return std::nullopt;
  return found->stats();
}

std::optional<Event> SimulatedTransport::poll_event() {
  if (told_closed_) connections_.erase(*std::exchange(told_closed_, std::nullopt));
  auto event = sinks_.events.poll();
  if (!event) return std::nullopt;
  for (const std::uint64_t value :
       {static_cast<std::uint64_t>(event->kind), static_cast<std::uint64_t>(event->connection),
        static_cast<std::uint64_t>(event->stream), event->code,
        static_cast<std::uint64_t>(event->error.code)}) {
    network_.add_to_digest(value);
  }
  if (event->kind == Event::Kind::kClosed) told_closed_ = event->connection;
  return event;
}

void SimulatedTransport::step(Instant now) {
  now_ = std::max(now_, now);
  network_.step(now_);
  take_inbox(now_);
  for (auto& [id, connection] : connections_) {
    if (connection->next_timeout() <= now_) connection->handle_timeout(now_);
    connection->flush_acks(now_);
  }
  drop_dead_half_open();
  flush(now_);
  for (auto& [id, connection] : connections_) send_data(id, *connection, now_);
  std::erase_if(closing_, [&](const auto& entry) { return entry.second.until <= now_; });
}

void SimulatedTransport::take_inbox(Instant now) {
  SimulatedNetwork::Delivery delivery;
  while (network_.take(node_, delivery)) take(std::move(delivery), now);
}

void SimulatedTransport::take(SimulatedNetwork::Delivery delivery, Instant now) {
  const Packet& packet = delivery.packet;
  if (packet.kind == PacketKind::kCut) return cut(packet.from);
  // A lost packet is our own: it was going the other way.
  const Key key{packet.connection, packet.to_dialer != delivery.lost};
  const auto entry = by_key_.find(key);
  Connection* connection = entry == by_key_.end() ? nullptr : find(entry->second);
  if (connection != nullptr && connection->state() != Connection::State::kClosed) {
    if (delivery.lost) {
      connection->handle_loss(std::move(delivery.packet));
    } else if (!connection->handle(packet, now)) {
      network_.refuse(std::move(delivery), now);
    }
    if (connection->state() == Connection::State::kClosed) by_key_.erase(key);
    return;
  }
  if (delivery.lost) return;
  if (const auto closing = closing_.find(key); closing != closing_.end()) {
    if (packet.kind == PacketKind::kClose || packet.kind == PacketKind::kUnknown) return;
    Packet answer = closing->second.packet;
    answer.to = packet.from;
    sinks_.packets.push_back(std::move(answer));
    return;
  }
  if (packet.kind == PacketKind::kDial) return accept(std::move(delivery), now);
  if (packet.kind == PacketKind::kClose || packet.kind == PacketKind::kUnknown ||
      packet.kind == PacketKind::kRefuse) {
    return;
  }
  // The stateless reset of RFC 9000 section 10.3: whoever lost its memory says so.
  Packet answer;
  answer.kind = PacketKind::kUnknown;
  answer.to = packet.from;
  answer.connection = packet.connection;
  answer.to_dialer = !packet.to_dialer;
  sinks_.packets.push_back(std::move(answer));
}

void SimulatedTransport::accept(SimulatedNetwork::Delivery delivery, Instant now) {
  const auto half_open = std::count_if(
      connections_.begin(), connections_.end(),
      [](const auto& one) { return one.second->state() == Connection::State::kHalfOpen; });
  // Dropped unanswered: who means it tries again.
  if (static_cast<std::size_t>(half_open) >= limits_.half_open_max) {
    return network_.refuse(std::move(delivery), now);
  }
  const Packet& dial = delivery.packet;
  if (connections_.size() >= limits_.connections_max) {
    Packet answer;
    answer.kind = PacketKind::kRefuse;
    answer.to = dial.from;
    answer.connection = dial.connection;
    answer.to_dialer = true;
    sinks_.packets.push_back(std::move(answer));
    return;
  }
  const ConnectionId id{++next_id_};
  by_key_[{dial.connection, false}] = id;
  connections_[id] = Connection::accept(id, local_id(), dial, limits_, sinks_, now);
}

void SimulatedTransport::cut(const SocketAddress& remote) {
  for (auto& [id, connection] : connections_) {
    if (connection->remote() != remote) continue;
    connection->die({ErrorCode::kReset, "the connection was reset"});
    by_key_.erase({connection->name(), connection->is_dialer()});
  }
}

// A connection that was never told of is forgotten at once; the others when their end is polled.
void SimulatedTransport::drop_dead_half_open() {
  for (auto entry = connections_.begin(); entry != connections_.end();) {
    Connection& connection = *entry->second;
    if (connection.state() != Connection::State::kClosed) {
      ++entry;
      continue;
    }
    by_key_.erase({connection.name(), connection.is_dialer()});
    paced_.erase(entry->first);
    entry = connection.told_of_end() ? std::next(entry) : connections_.erase(entry);
  }
}

void SimulatedTransport::flush(Instant now) {
  // Sending can't make new packets here; what it leads to arrives in a later step.
  for (Packet& packet : sinks_.packets) network_.send(node_, std::move(packet), now);
  sinks_.packets.clear();
}

void SimulatedTransport::send_data(ConnectionId id, Connection& connection, Instant now) {
  paced_.erase(id);
  while (connection.has_data()) {
    Link& link = network_.link_to(node_, connection.remote());
    if (link.ready_at() > now) {
      paced_[id] = link.ready_at();
      return;
    }
    network_.send(node_, connection.take_data(link.segment_size(), now), now);
  }
}

Instant SimulatedTransport::next_timeout() const {
  if (!sinks_.packets.empty() || network_.has_inbox(node_)) return now_;
  Instant next = network_.next_timeout();
  for (const auto& [id, connection] : connections_) {
    const auto paced = paced_.find(id);
    if (paced != paced_.end()) {
      next = std::min(next, paced->second);
    } else if (connection->has_data()) {
      return now_;
    }
    next = std::min(next, connection->next_timeout());
  }
  return next;
}

}  // namespace zerok::transport
