// SPDX-License-Identifier: MIT OR Apache-2.0
// The streams of a simulated connection: opening, credit, pieces out and in, abandoning,
// forgetting.
#include "base/check.h"
#include "transport/simulated/connection.h"

namespace zerok::transport::simulated {
namespace {

constexpr std::uint64_t number(StreamId id) { return static_cast<std::uint64_t>(id); }
constexpr bool is_unidirectional(StreamId id) { return (number(id) & 2) != 0; }
constexpr bool opened_by_listener(StreamId id) { return (number(id) & 1) != 0; }

}  // namespace

bool Connection::is_ours(StreamId id) const { return opened_by_listener(id) != is_dialer_; }

Connection::Stream* Connection::find(StreamId id) {
  const auto entry = streams_.find(id);
  return entry == streams_.end() ? nullptr : &entry->second;
}

Connection::Stream& Connection::add_stream(StreamId id) {
  const bool both = !is_unidirectional(id);
  const bool ours = is_ours(id);
  return streams_
      .emplace(id, Stream{SendSide(both || ours, grants_.stream_window),
                          ReceiveSide(both || !ours, limits_.stream_receive_window)})
      .first->second;
}

Connection::Stream* Connection::peer_stream(StreamId id) {
  const std::size_t kind = is_unidirectional(id) ? 1 : 0;
  const std::uint64_t index = number(id) >> 2;
  ZEROK_ASSERT(index < peer_allowed_[kind]);
  // A stream opens those before it too, whose packets may come later (RFC 9000 section 3.2).
  for (; peer_opened_[kind] <= index; ++peer_opened_[kind]) {
    add_stream(StreamId{peer_opened_[kind] << 2 | (number(id) & 3)});
  }
  Stream* stream = find(id);
  if (stream != nullptr && !stream->announced) {
    stream->announced = true;
    tell(Event::Kind::kStreamOpened, id);
  }
  return stream;
}

void Connection::retire(StreamId id) {
  Stream* stream = find(id);
  if (stream == nullptr || !stream->send.is_over() || !stream->receive.is_settled()) return;
  const std::size_t kind = is_unidirectional(id) ? 1 : 0;
  forget_in_flight(id);
  streams_.erase(id);
  if (is_ours(id)) return;
  ++peer_allowed_[kind];
  Packet packet = make(PacketKind::kStreamLimit);
  packet.fin = kind == 1;
  packet.value = peer_allowed_[kind];
  sinks_.packets.push_back(std::move(packet));
}

void Connection::forget_in_flight(StreamId id) {
  std::erase_if(in_flight_, [&](const auto& entry) { return entry.second.stream == id; });
}

void Connection::wake_writers() {
  if (send_buffered_ > limits_.connection_send_buffer / 2) return;
  for (auto& [id, stream] : streams_) {
    if (stream.send.wake(limits_.stream_send_buffer)) tell(Event::Kind::kWritable, id);
  }
}

void Connection::handle_stream(const Packet& packet) {
  switch (packet.kind) {
    case PacketKind::kCredit:
      credit_ = std::max(credit_, packet.value);
      return;
    case PacketKind::kStreamLimit:
      allowed_[packet.fin ? 1 : 0] = std::max(allowed_[packet.fin ? 1 : 0], packet.value);
      return;
    case PacketKind::kData:
      acks_.push_back(packet.number);
      break;
    default:
      break;
  }
  Stream* stream = is_ours(packet.stream) ? find(packet.stream) : peer_stream(packet.stream);
  if (stream == nullptr) return;
  switch (packet.kind) {
    case PacketKind::kData: {
      const std::uint64_t advance = stream->receive.arrive(packet.offset, packet.bytes, packet.fin);
      received_ += advance;
      stats_.bytes_received += advance;
      ZEROK_ASSERT(received_ <= granted_);
      if (stream->receive.take_readable()) tell(Event::Kind::kReadable, packet.stream);
      break;
    }
    case PacketKind::kStreamCredit:
      stream->send.extend_credit(packet.value);
      break;
    case PacketKind::kReset: {
      const bool wanted = !stream->receive.is_over();
      received_ += stream->receive.reset(packet.offset);
      ZEROK_ASSERT(received_ <= granted_);
      if (wanted) tell(Event::Kind::kStreamReset, packet.stream, packet.value);
      break;
    }
    case PacketKind::kStop:
      if (stream->send.is_over()) break;
      send_buffered_ -= stream->send.buffered();
      forget_in_flight(packet.stream);
      stream->send.abandon(true);
      // The peer learns from it where the stream ends (RFC 9000 section 3.5).
      emit(PacketKind::kReset, packet.stream, packet.value, stream->send.sent());
      tell(Event::Kind::kStreamStopped, packet.stream, packet.value);
      wake_writers();
      break;
    default:
      break;
  }
  count_consumed(stream->receive.take_dropped());
  retire(packet.stream);
}

void Connection::count_consumed(std::uint64_t bytes) {
  const std::uint64_t window = limits_.connection_receive_window;
  consumed_ += bytes;
  if (state_ != State::kOpen || consumed_ + window < granted_ + window / 4) return;
  granted_ = consumed_ + window;
  emit(PacketKind::kCredit, {}, granted_);
}

bool Connection::has_data() const {
  if (state_ != State::kOpen) return false;
  for (const auto& [id, stream] : streams_) {
    if (stream.send.has_something(credit_ - sent_)) return true;
  }
  return false;
}

Packet Connection::take_data(std::size_t segment, Instant now) {
  // The first stream after the one that went last, so that all take turns.
  auto entry = streams_.upper_bound(last_sent_stream_);
  for (std::size_t i = 0; i <= streams_.size(); ++i) {
    if (entry == streams_.end()) entry = streams_.begin();
    if (entry->second.send.has_something(credit_ - sent_)) break;
    ++entry;
  }
  last_sent_stream_ = entry->first;
  SendSide::Piece piece = entry->second.send.take(
      static_cast<std::size_t>(std::min<std::uint64_t>(segment, credit_ - sent_)));
  sent_ += piece.bytes.size();
  stats_.bytes_sent += piece.bytes.size();
  Packet packet = make(PacketKind::kData);
  packet.stream = entry->first;
  packet.number = next_number_++;
  packet.offset = piece.offset;
  packet.fin = piece.fin;
  in_flight_[packet.number] = {packet.stream, piece.bytes.size(), piece.fin, now};
  packet.bytes = std::move(piece.bytes);
  last_sent_ = now;
  return packet;
}

Result<StreamId> Connection::open_stream(StreamKind kind) {
  if (state_ == State::kClosed) return fail(ErrorCode::kClosed, "the connection is closed");
  if (state_ != State::kOpen) return fail(ErrorCode::kWouldBlock, "the handshake is going on");
  const std::size_t which = kind == StreamKind::kUnidirectional ? 1 : 0;
  if (opened_[which] >= allowed_[which]) {
    return fail(ErrorCode::kWouldBlock, "the peer allows no more streams now");
  }
  const StreamId id{opened_[which]++ << 2 | which << 1 | (is_dialer_ ? 0U : 1U)};
  add_stream(id);
  return id;
}

Result<std::size_t> Connection::write(StreamId id, ByteView bytes, bool fin) {
  Stream* stream = find(id);
  if (state_ != State::kOpen || stream == nullptr) {
    return fail(ErrorCode::kClosed, "the stream is closed");
  }
  const std::uint64_t room = std::min(limits_.stream_send_buffer - stream->send.buffered(),
                                      limits_.connection_send_buffer - send_buffered_);
  ZEROK_TRY(const std::size_t taken, stream->send.write(bytes, fin, room));
  send_buffered_ += taken;
  return taken;
}

Result<ReadResult> Connection::read(StreamId id, MutableByteView out) {
  Stream* stream = find(id);
  if (stream == nullptr) return fail(ErrorCode::kClosed, "the stream is closed");
  ZEROK_TRY(const ReadResult result, stream->receive.read(out));
  if (state_ == State::kClosed) {
    // What had arrived may still be read until the closing is told.
    if (result.size == 0 && !result.fin) return fail(ErrorCode::kClosed, "the stream is closed");
    return result;
  }
  count_consumed(result.size);
  if (const auto credit = stream->receive.take_credit()) {
    emit(PacketKind::kStreamCredit, id, *credit);
  }
  retire(id);
  return result;
}

void Connection::reset_stream(StreamId id, std::uint64_t code) {
  Stream* stream = find(id);
  if (state_ != State::kOpen || stream == nullptr || stream->send.is_over()) return;
  send_buffered_ -= stream->send.buffered();
  forget_in_flight(id);
  stream->send.abandon(false);
  emit(PacketKind::kReset, id, code, stream->send.sent());
  wake_writers();
  retire(id);
}

void Connection::stop_reading(StreamId id, std::uint64_t code) {
  Stream* stream = find(id);
  if (state_ != State::kOpen || stream == nullptr || stream->receive.is_over()) return;
  stream->receive.stop();
  count_consumed(stream->receive.take_dropped());
  emit(PacketKind::kStop, id, code);
  retire(id);
}

}  // namespace zerok::transport::simulated
