// SPDX-License-Identifier: MIT OR Apache-2.0
// The streams of a Connection: the application's calls, ngtcp2's news about them, and the events
// that follow. A stream counts against the peer's limit until it is retired here, so their number
// stays bounded however fast a peer opens and ends them.
#include <ngtcp2/ngtcp2.h>

#include <algorithm>
#include <bit>

#include "transport/quic/connection.h"

namespace zerok::transport {
namespace {

std::unexpected<Error> closed() { return fail(ErrorCode::kClosed, "the stream is closed"); }

}  // namespace

Stream* Connection::find(StreamId stream) {
  const auto entry = streams_.find(static_cast<std::int64_t>(stream));
  return entry == streams_.end() ? nullptr : entry->second.get();
}

Stream& Connection::add_stream(std::int64_t id) {
  auto& slot = streams_[id];
  slot = std::make_unique<Stream>(id);
  if (ngtcp2_is_bidi_stream(id) == 0) {
    const bool ours = ngtcp2_conn_is_local_stream(conn_, id) != 0;
    slot->can_send = ours;
    slot->can_receive = !ours;
  }
  ngtcp2_conn_set_stream_user_data(conn_, id, slot.get());
  return *slot;
}

// Forgets a stream that nobody can say anything about any more.
void Connection::retire_stream(Stream& stream) {
  if (!stream.closed || stream.in_event_list || stream.in_send_list || stream.can_receive) return;
  const std::int64_t id = stream.id;
  drop_unread(stream);
  if (conn_ != nullptr && ngtcp2_conn_is_local_stream(conn_, id) == 0) {
    if (ngtcp2_is_bidi_stream(id) != 0) {
      ngtcp2_conn_extend_max_streams_bidi(conn_, 1);
    } else {
      ngtcp2_conn_extend_max_streams_uni(conn_, 1);
    }
  }
  streams_.erase(id);
}

Result<StreamId> Connection::open_stream(StreamKind kind) {
  if (conn_ == nullptr) return fail(ErrorCode::kClosed, "the connection is closed");
  if (!confirmed_) return fail(ErrorCode::kWouldBlock, "the handshake is going on");
  std::int64_t id = -1;
  const int rv = kind == StreamKind::kBidirectional
                     ? ngtcp2_conn_open_bidi_stream(conn_, &id, nullptr)
                     : ngtcp2_conn_open_uni_stream(conn_, &id, nullptr);
  if (rv == NGTCP2_ERR_STREAM_ID_BLOCKED) {
    return fail(ErrorCode::kWouldBlock, "the peer allows no more streams now");
  }
  if (rv != 0) return fail(ErrorCode::kNoMemory, "no memory for a stream", rv);
  return StreamId{static_cast<std::uint64_t>(add_stream(id).id)};
}

Result<std::size_t> Connection::write(StreamId id, ByteView bytes, bool fin) {
  Stream* stream = find(id);
  if (stream == nullptr || conn_ == nullptr) return closed();
  if (stream->stopped) return fail(ErrorCode::kReset, "the peer stopped reading the stream");
  if (stream->fin_written) return fail(ErrorCode::kInvalidState, "the stream was ended");
  if (!stream->can_send) return closed();
  const QuicConfig& config = context_.config;
  const std::size_t room = std::min(config.stream_send_buffer - stream->send.size(),
                                    config.connection_send_buffer - send_buffered_);
  const std::size_t n = std::min(room, bytes.size());
  stream->send.push(bytes.first(n));
  send_buffered_ += n;
  bytes_sent_ += n;
  stream->wants_writable = n < bytes.size();
  stream->fin_written = fin && n == bytes.size();
  queue_to_send(*stream);
  return n;
}

Result<ReadResult> Connection::read(StreamId id, MutableByteView out) {
  Stream* stream = find(id);
  if (stream == nullptr || !stream->can_receive) return closed();
  if (stream->peer_reset) return fail(ErrorCode::kReset, "the peer abandoned the stream");
  ReadResult result;
  result.size = stream->receive.read(out);
  receive_buffered_ -= result.size;
  if (conn_ != nullptr && result.size > 0) {
    ngtcp2_conn_extend_max_stream_offset(conn_, stream->id, result.size);
    ngtcp2_conn_extend_max_offset(conn_, result.size);
  }
  if (stream->receive.size() > 0) return result;
  stream->readable_armed = true;
  result.fin = stream->fin_received;
  if (conn_ == nullptr && !result.fin && result.size == 0) return closed();
  if (result.fin) {
    stream->can_receive = false;
    retire_stream(*stream);
  }
  return result;
}

void Connection::reset_stream(StreamId id, std::uint64_t code) {
  Stream* stream = find(id);
  if (stream == nullptr || conn_ == nullptr || !stream->can_send) return;
  stream->can_send = false;
  ngtcp2_conn_shutdown_stream_write(conn_, 0, stream->id,
                                    std::min<std::uint64_t>(code, NGTCP2_MAX_VARINT));
}

void Connection::stop_reading(StreamId id, std::uint64_t code) {
  Stream* stream = find(id);
  if (stream == nullptr || !stream->can_receive) return;
  stream->can_receive = false;
  drop_unread(*stream);
  if (conn_ != nullptr && !stream->closed) {
    ngtcp2_conn_shutdown_stream_read(conn_, 0, stream->id,
                                     std::min<std::uint64_t>(code, NGTCP2_MAX_VARINT));
  }
  retire_stream(*stream);
}

void Connection::drop_unread(Stream& stream) {
  const std::size_t unread = stream.receive.size();
  stream.receive.clear();
  receive_buffered_ -= unread;
  if (conn_ != nullptr && unread > 0) ngtcp2_conn_extend_max_offset(conn_, unread);
}

void Connection::forget_sent(Stream& stream) {
  const std::size_t held_before = send_buffered_;
  send_buffered_ -= stream.send.size();
  stream.send.clear();
  wake_writers(stream, held_before);
}

// Tells writers that there is room again: `stream` holds less than before, and with it all streams.
void Connection::wake_writers(Stream& stream, std::size_t held_before) {
  if (conn_ == nullptr) return;
  const QuicConfig& config = context_.config;
  const std::size_t worth_while =
      std::min(config.stream_send_buffer, config.connection_send_buffer) / 2;
  const std::size_t room = config.connection_send_buffer - send_buffered_;
  const auto wake = [&](Stream& writer) {
    if (!writer.wants_writable || !writer.can_send) return;
    // Not once per packet; but a writer with nothing on its way has nothing else to wait for.
    const bool much = writer.send.size() <= config.stream_send_buffer / 2 && room >= worth_while;
    if (!much && (writer.send.size() > 0 || room == 0)) return;
    writer.wants_writable = false;
    queue_event(writer, kWritableBit);
  };
  if (config.connection_send_buffer - held_before >= worth_while) return wake(stream);
  for (auto& [id, writer] : streams_) wake(*writer);
}

void Connection::on_stream_data(Stream& stream, ByteView bytes, bool fin) {
  bytes_received_ += bytes.size();
  if (!stream.can_receive) {
    ngtcp2_conn_extend_max_offset(conn_, bytes.size());
    return;
  }
  stream.receive.push(bytes);
  receive_buffered_ += bytes.size();
  stream.fin_received = stream.fin_received || fin;
  if (stream.readable_armed && (fin || !bytes.empty())) {
    stream.readable_armed = false;
    queue_event(stream, kReadableBit);
  }
}

void Connection::on_acknowledged(Stream& stream, std::uint64_t offset) {
  const std::size_t held_before = send_buffered_;
  const std::size_t stream_before = stream.send.size();
  stream.send.acknowledge(offset);
  send_buffered_ -= stream_before - stream.send.size();
  wake_writers(stream, held_before);
}

void Connection::on_stopped(Stream& stream, std::uint64_t code) {
  if (stream.stopped || !stream.can_send) return;
  stream.stopped = true;
  stream.can_send = false;
  stream.stop_code = code;
  queue_event(stream, kStoppedBit);
}

void Connection::queue_to_send(Stream& stream) {
  if (stream.in_send_list || !stream.can_send || stream.send_blocked) return;
  const bool fin = stream.fin_written && !stream.fin_sent;
  if (stream.send.unsent_size() == 0 && !fin) return;
  stream.in_send_list = true;
  stream.next_to_send = nullptr;
  (send_tail_ == nullptr ? send_head_ : send_tail_->next_to_send) = &stream;
  send_tail_ = &stream;
}

void Connection::queue_event(Stream& stream, StreamEventBit bit) {
  stream.events = static_cast<std::uint8_t>(stream.events | bit);
  if (stream.in_event_list) return;
  stream.in_event_list = true;
  stream.next_event = nullptr;
  (event_tail_ == nullptr ? event_head_ : event_tail_->next_event) = &stream;
  event_tail_ = &stream;
}

std::optional<Event> Connection::poll_event() {
  if (tell_connected_) {
    tell_connected_ = false;
    return event(role_ == Role::kClient ? Event::Kind::kConnected : Event::Kind::kAccepted);
  }
  if (tell_moved_) {
    tell_moved_ = false;
    return event(Event::Kind::kPeerMoved);
  }
  if (event_head_ != nullptr) {
    static constexpr Event::Kind kKinds[] = {Event::Kind::kStreamOpened, Event::Kind::kReadable,
                                             Event::Kind::kWritable, Event::Kind::kStreamReset,
                                             Event::Kind::kStreamStopped};
    Stream& stream = *event_head_;
    const unsigned bit = static_cast<unsigned>(std::countr_zero(stream.events));
    stream.events = static_cast<std::uint8_t>(stream.events & (stream.events - 1));
    Event out = event(kKinds[bit]);
    out.stream = StreamId{static_cast<std::uint64_t>(stream.id)};
    if (out.kind == Event::Kind::kStreamReset) {
      out.code = stream.reset_code;
      stream.can_receive = false;
    }
    if (out.kind == Event::Kind::kStreamStopped) out.code = stream.stop_code;
    if (stream.events == 0) {
      stream.in_event_list = false;
      event_head_ = stream.next_event;
      if (event_head_ == nullptr) event_tail_ = nullptr;
      retire_stream(stream);
    }
    return out;
  }
  if (tell_closed_) {
    tell_closed_ = false;
    Event out = event(Event::Kind::kClosed);
    out.error = close_error_;
    out.code = close_code_;
    return out;
  }
  return std::nullopt;
}

}  // namespace zerok::transport
