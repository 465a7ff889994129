// SPDX-License-Identifier: MIT OR Apache-2.0
// The sending half of a Connection: streams with something to say take turns, packet by packet, and
// packets of one path and size are gathered into a batch.
#include <ngtcp2/ngtcp2.h>

#include <algorithm>

#include "transport/quic/connection.h"
#include "transport/quic/native.h"

namespace zerok::transport {

// Takes the head off the list, or puts it last.
void Connection::advance_send_list(bool keep_head) {
  Stream* head = send_head_;
  send_head_ = head->next_to_send;
  if (send_head_ == nullptr) send_tail_ = nullptr;
  head->next_to_send = nullptr;
  head->in_send_list = false;
  if (keep_head) queue_to_send(*head);
  retire_stream(*head);
}

// The stream at the head of the list, once those that can't send now are out of the way.
Stream* Connection::next_to_send() {
  while (send_head_ != nullptr && !send_head_->can_send) advance_send_list(false);
  if (send_head_ == nullptr || ngtcp2_conn_get_max_data_left(conn_) > 0) return send_head_;
  // The connection's flow control is used up: only ends of streams still fit.
  const Stream* const first = send_head_;
  do {
    if (send_head_->can_send && send_head_->send.unsent_size() == 0) return send_head_;
    advance_send_list(true);
  } while (send_head_ != nullptr && send_head_ != first);
  return nullptr;
}

void Connection::account_sent(Stream& stream, std::size_t taken, bool fin) {
  fin = fin && taken == stream.send.unsent_size();
  stream.send.mark_sent(taken);
  stream.fin_sent = stream.fin_sent || fin;
  const bool fin_due = stream.fin_written && !stream.fin_sent;
  if (stream.send.unsent_size() == 0 && !fin_due) advance_send_list(false);
}

std::int64_t Connection::write_packet(MutableByteView out, void* native_path, void* info,
                                      std::uint64_t timestamp) {
  while (true) {
    Stream* stream = next_to_send();
    ngtcp2_vec pieces[SendBuffer::kPiecesMax];
    std::size_t count = 0;
    bool fin = false;
    if (stream != nullptr) {
      const SendBuffer::Pieces unsent = stream->send.unsent(out.size());
      std::size_t offered = 0;
      for (; count < unsent.count; ++count) {
        // ngtcp2 only reads through these pointers.
        pieces[count] = {const_cast<std::uint8_t*>(unsent.piece[count].data()),
                         unsent.piece[count].size()};
        offered += unsent.piece[count].size();
      }
      fin = stream->fin_written && !stream->fin_sent && offered == stream->send.unsent_size();
    }
    std::uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_NONE;
    if (stream != nullptr) flags |= NGTCP2_WRITE_STREAM_FLAG_MORE;
    if (fin) flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
    ngtcp2_ssize taken = -1;
    const ngtcp2_ssize n = ngtcp2_conn_writev_stream(
        conn_, static_cast<ngtcp2_path*>(native_path), static_cast<ngtcp2_pkt_info*>(info),
        out.data(), out.size(), &taken, flags, stream != nullptr ? stream->id : -1, pieces, count,
        timestamp);
    if (stream == nullptr) return n;
    if (taken >= 0) account_sent(*stream, static_cast<std::size_t>(taken), fin);
    switch (n) {
      case NGTCP2_ERR_WRITE_MORE:
        continue;
      case NGTCP2_ERR_STREAM_DATA_BLOCKED:
        // When it is the connection that is blocked, next_to_send() will see it.
        if (ngtcp2_conn_get_max_data_left(conn_) > 0) {
          stream->send_blocked = true;
          ++streams_blocked_;
          advance_send_list(false);
        }
        continue;
      case NGTCP2_ERR_STREAM_SHUT_WR:
      case NGTCP2_ERR_STREAM_NOT_FOUND:
        // ngtcp2 1.11 tells in no other way that the peer wants no more, and not with which code.
        on_stopped(*stream, 0);
        continue;
      default:
        if (n > 0 && send_head_ != nullptr && send_head_ != send_tail_) advance_send_list(true);
        return n;
    }
  }
}

// Offers blocked streams again: what has come in may have unblocked or stopped them.
void Connection::try_blocked_streams() {
  if (!received_since_write_) return;
  received_since_write_ = false;
  if (streams_blocked_ == 0) return;
  streams_blocked_ = 0;
  for (auto& [id, stream] : streams_) {
    stream->send_blocked = false;
    queue_to_send(*stream);
  }
}

bool Connection::write_packets(PacketBatch& batch, Instant now) {
  if (conn_ == nullptr) return false;
  try_blocked_streams();
  const std::uint64_t at = timestamp(now);
  const std::size_t size_max =
      std::min(ngtcp2_conn_get_max_tx_udp_payload_size(conn_), PacketBatch::kBytesMax);
  const std::size_t burst_max = ngtcp2_conn_get_send_quantum(conn_);
  ngtcp2_path_storage first;
  ngtcp2_path_storage storage;
  while (batch.open() && batch.has_room(size_max) &&
         (batch.empty() || batch.bytes().size() < burst_max)) {
    ngtcp2_path_storage_zero(&storage);
    ngtcp2_pkt_info info{};
    const std::int64_t n = write_packet(batch.room(size_max), &storage.path, &info, at);
    if (n < 0) {
      fail_with(static_cast<int>(n));
      return !batch.empty();
    }
    if (n == 0) break;
    const auto size = static_cast<std::size_t>(n);
    if (batch.empty()) {
      ngtcp2_path_storage_zero(&first);
      ngtcp2_path_copy(&first.path, &storage.path);
      batch.path = from_native(storage.path);
      batch.ecn = info.ecn;
    } else if (size > batch.segment_size() || info.ecn != batch.ecn ||
               ngtcp2_path_eq(&first.path, &storage.path) == 0) {
      batch.set_aside(size, from_native(storage.path), info.ecn);
      break;
    }
    batch.add(size);
  }
  ngtcp2_conn_update_pkt_tx_time(conn_, at);
  return !batch.empty();
}

}  // namespace zerok::transport
