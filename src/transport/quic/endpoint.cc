// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/quic/endpoint.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/log.h"

namespace zerok::transport {
namespace {

// Stateless answers and closing packets that wait for the socket; more are dropped, which QUIC
// takes for loss.
constexpr std::size_t kOutboxMax = 1'024;
constexpr std::size_t kPayloadMin = 1'200;

std::vector<std::uint16_t> mtu_probes(std::size_t payload_max) {
  // Ethernet and below: IPv6 over 1,500, and common tunnels.
  static constexpr std::uint16_t kUsual[] = {1'452, 1'406, 1'342, 1'232};
  std::vector<std::uint16_t> probes;
  if (payload_max > kPayloadMin) probes.push_back(static_cast<std::uint16_t>(payload_max));
  for (const std::uint16_t size : kUsual) {
    if (size < payload_max) probes.push_back(size);
  }
  return probes;
}

Secret<32> copy_of(const Secret<32>& secret) { return Secret<32>(secret.bytes()); }

std::unexpected<Error> no_connection() {
  return fail(ErrorCode::kClosed, "the connection is closed");
}

}  // namespace

Endpoint::Endpoint(QuicConfig config, std::unique_ptr<TlsIdentity> identity,
                   const Secret<32>& reset_secret, Rng& rng)
    : config_(std::move(config)),
      identity_(std::move(identity)),
      reset_secret_(copy_of(reset_secret)),
      rng_(rng),
      context_{config_, *identity_, reset_secret_,
               table_,  rng_,       mtu_probes(config_.udp_payload_max)},
      stateless_(config_, reset_secret_, rng_),
      limiter_(config_),
      closing_(table_) {}

Endpoint::~Endpoint() = default;

Endpoint::Slot* Endpoint::find(ConnectionId id) {
  const auto entry = connections_.find(id);
  return entry == connections_.end() ? nullptr : &entry->second;
}

Endpoint::Slot& Endpoint::add(ConnectionId id, std::unique_ptr<Connection> connection) {
  Slot& slot = connections_[id];
  slot.connection = std::move(connection);
  return slot;
}

void Endpoint::erase(ConnectionId id) {
  const auto entry = connections_.find(id);
  if (entry == connections_.end()) return;
  timers_.remove(entry->second);
  connections_.erase(entry);
}

void Endpoint::touch(ConnectionId id, Slot& slot) {
  Connection& connection = *slot.connection;
  if (slot.half_open && (connection.established() || connection.finished())) {
    slot.half_open = false;
    --half_open_;
    limiter_.finished(slot.source);
    if (connection.established()) log::debug("accepted a connection from {}", connection.peer());
  }
  if (slot.dialling && (connection.established() || connection.finished())) {
    slot.dialling = false;
    --dialling_;
  }
  note(id, slot);
  if (connection.finished()) return bury(id, slot);
  if (!slot.in_send_queue) {
    slot.in_send_queue = true;
    send_queue_.push_back(id);
  }
}

void Endpoint::note(ConnectionId id, Slot& slot) {
  if (slot.connection->has_events() && !slot.in_event_queue) {
    slot.in_event_queue = true;
    event_queue_.push_back(id);
  }
  // A deadline that has passed is met by sending; never wait for one in the past.
  const Instant soonest = saturating_add(now_, Duration(1));
  timers_.set(slot, std::max(slot.connection->next_timeout(), soonest));
}

// Keeps of a finished connection what the peer and the application may still ask for.
void Endpoint::bury(ConnectionId id, Slot& slot) {
  timers_.remove(slot);
  Farewell farewell = slot.connection->take_farewell();
  if (farewell.linger > Duration::zero()) {
    if (!farewell.packet.empty()) post(farewell.path, farewell.packet);
    closing_.add(id, std::move(farewell));
  }
  if (!slot.connection->has_events()) erase(id);
}

void Endpoint::post(const Path& path, Bytes packet) {
  if (packet.empty() || outbox_.size() >= kOutboxMax) return;
  outbox_.push_back({path, std::move(packet)});
}

void Endpoint::handle_timeouts(Instant now) {
  now_ = std::max(now_, now);
  closing_.expire(now_);
  std::vector<ConnectionId> due;
  while (timers_.next() <= now_) {
    Slot& slot = *timers_.first();
    timers_.remove(slot);
    due.push_back(slot.connection->id());
  }
  for (const ConnectionId id : due) {
    Slot* slot = find(id);
    slot->connection->handle_timeout(now_);
    touch(id, *slot);
  }
}

const PacketBatch* Endpoint::poll_transmit(Instant now) {
  now_ = std::max(now_, now);
  if (batch_.next()) return &batch_;
  if (!outbox_.empty()) {
    const OutPacket& out = outbox_.front();
    batch_.path = out.path;
    batch_.ecn = 0;
    std::memcpy(batch_.room(out.packet.size()).data(), out.packet.data(), out.packet.size());
    batch_.add(out.packet.size());
    outbox_.pop_front();
    return &batch_;
  }
  while (!send_queue_.empty()) {
    const ConnectionId id = send_queue_.front();
    send_queue_.pop_front();
    Slot* slot = find(id);
    if (slot == nullptr) continue;
    slot->in_send_queue = false;
    const bool wrote = slot->connection->write_packets(batch_, now_);
    if (wrote || slot->connection->finished()) {
      touch(id, *slot);  // back in the queue: there may be more
    } else {
      note(id, *slot);
    }
    if (wrote) return &batch_;
  }
  // What a failing connection had to say came up after the outbox was looked at.
  return outbox_.empty() ? nullptr : poll_transmit(now);
}

Instant Endpoint::next_timeout() const { return wants_to_send() ? now_ : next_deadline(); }

Instant Endpoint::next_deadline() const {
  if (!event_queue_.empty()) return now_;
  return std::min(timers_.next(), closing_.next_timeout());
}

void Endpoint::unreachable(const SocketAddress& remote, int native) {
  // Strangers can make up addresses that can't be reached; that must not cost a search.
  if (dialling_ == 0) return;
  std::vector<ConnectionId> affected;
  for (const auto& [id, slot] : connections_) {
    const Connection& connection = *slot.connection;
    if (connection.role() == Role::kClient && !connection.established() &&
        connection.path().remote == remote) {
      affected.push_back(id);
    }
  }
  for (const ConnectionId id : affected) {
    Slot* slot = find(id);
    slot->connection->abort({ErrorCode::kUnreachable, "there is no way to the address", native});
    touch(id, *slot);
  }
}

Result<ConnectionId> Endpoint::dial(const SocketAddress& requested, const EndpointId& peer,
                                    Instant now) {
  now_ = std::max(now_, now);
  const SocketAddress address = unmapped(requested);
  if (address.port() == 0 || address.is_wildcard()) {
    return fail(ErrorCode::kInvalidArgument, "an address to dial needs a host and a port");
  }
  if (connections_.size() >= config_.connections_max) {
    return fail(ErrorCode::kOverloaded, "too many connections");
  }
  const ConnectionId id{next_id_++};
  // The system picks the source address, and may change it under way.
  const SocketAddress any = address.family() == AddressFamily::kIpv4 ? SocketAddress::ipv4({}, 0)
                                                                     : SocketAddress::ipv6({}, 0);
  ZEROK_TRY(auto connection, Connection::dial(context_, id, {any, address}, peer, now_));
  Slot& slot = add(id, std::move(connection));
  slot.dialling = true;
  ++dialling_;
  touch(id, slot);
  log::debug("dialling {}", peer);
  return id;
}

Result<StreamId> Endpoint::open_stream(ConnectionId connection, StreamKind kind) {
  Slot* slot = find(connection);
  return slot == nullptr ? no_connection() : slot->connection->open_stream(kind);
}

Result<std::size_t> Endpoint::write(ConnectionId connection, StreamId stream, ByteView bytes,
                                    bool fin) {
  Slot* slot = find(connection);
  if (slot == nullptr) return no_connection();
  auto result = slot->connection->write(stream, bytes, fin);
  if (result) touch(connection, *slot);
  return result;
}

Result<ReadResult> Endpoint::read(ConnectionId connection, StreamId stream, MutableByteView out) {
  Slot* slot = find(connection);
  if (slot == nullptr) return no_connection();
  auto result = slot->connection->read(stream, out);
  if (result && !slot->connection->finished()) touch(connection, *slot);
  return result;
}

void Endpoint::reset_stream(ConnectionId connection, StreamId stream, std::uint64_t code) {
  Slot* slot = find(connection);
  if (slot == nullptr || slot->connection->finished()) return;
  slot->connection->reset_stream(stream, code);
  touch(connection, *slot);
}

void Endpoint::stop_reading(ConnectionId connection, StreamId stream, std::uint64_t code) {
  Slot* slot = find(connection);
  if (slot == nullptr || slot->connection->finished()) return;
  slot->connection->stop_reading(stream, code);
  touch(connection, *slot);
}

void Endpoint::close(ConnectionId connection, std::uint64_t code) {
  Slot* slot = find(connection);
  if (slot == nullptr) return;
  if (!slot->connection->finished()) {
    slot->connection->close(code, now_);
    touch(connection, *slot);
  }
  erase(connection);
}

std::optional<ConnectionStats> Endpoint::stats(ConnectionId connection) const {
  const auto entry = connections_.find(connection);
  if (entry == connections_.end()) return std::nullopt;
  return entry->second.connection->stats();
}

std::optional<Event> Endpoint::poll_event() {
  if (told_closed_) erase(*std::exchange(told_closed_, std::nullopt));
  while (!event_queue_.empty()) {
    const ConnectionId id = event_queue_.front();
    Slot* slot = find(id);
    if (slot != nullptr) {
      const std::optional<Event> event = slot->connection->poll_event();
      if (event) {
        if (event->kind == Event::Kind::kClosed) {
          log::debug("connection with {} closed: {}", event->peer, event->error);
          told_closed_ = id;
        } else if (!slot->connection->finished()) {
          touch(id, *slot);  // a stream whose last event this was makes room, which is to be told
        }
        return event;
      }
      slot->in_event_queue = false;
    }
    event_queue_.pop_front();
  }
  return std::nullopt;
}

Result<void> Endpoint::update_keys(ConnectionId connection, Instant now) {
  now_ = std::max(now_, now);
  Slot* slot = find(connection);
  if (slot == nullptr) return no_connection();
  ZEROK_TRY_VOID(slot->connection->update_keys(now_));
  touch(connection, *slot);
  return {};
}

bool Endpoint::close_some(std::uint64_t code) {
  std::vector<ConnectionId> some;
  for (const auto& [id, slot] : connections_) {
    if (some.size() == kOutboxMax / 2) break;
    some.push_back(id);
  }
  for (const ConnectionId id : some) close(id, code);
  return !connections_.empty();
}

Endpoint::Counts Endpoint::counts() const {
  return {.connections = connections_.size(),
          .half_open = half_open_,
          .closing = closing_.size(),
          .cids = table_.cids(),
          .reset_tokens = table_.tokens(),
          .sources = limiter_.size(),
          .outbox = outbox_.size()};
}

}  // namespace zerok::transport
