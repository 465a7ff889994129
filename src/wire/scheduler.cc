// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/scheduler.h"

#include <algorithm>
#include <limits>

namespace zerok::wire {
namespace {

// A smaller piece is not worth a frame of its own unless it ends the message.
constexpr std::size_t kChunkBytesMin = 512;
static_assert(kChunkBytesMin + kFirstFrameHeaderBytes <= MessageScheduler::kFillBytesMin);

}  // namespace

Result<void> MessageScheduler::push(Priority priority, MessageKey key, Bytes body) {
  if (body.empty()) return fail(ErrorCode::kInvalidArgument, "an empty message");
  const bool urgent = priority == Priority::kUrgent;
  // Room for one urgent message is always kept free of bulk ones.
  const std::size_t size_max = urgent ? limits_.urgent_message_bytes_max
                                      : limits_.open_bytes_max - limits_.urgent_message_bytes_max;
  if (body.size() > std::min<std::size_t>(size_max, std::numeric_limits<std::uint32_t>::max())) {
    return fail(ErrorCode::kTooLarge, "a message is too long to be sent");
  }
  if (body.size() > limits_.queued_bytes_max - queued_bytes_ ||
      queued_messages() >= limits_.queued_messages_max) {
    return fail(ErrorCode::kOverloaded, "the send queue is full");
  }
  queued_bytes_ += body.size();
  (urgent ? urgent_ : waiting_).push_back({key, std::move(body)});
  return {};
}

std::size_t MessageScheduler::fill(MutableByteView record) {
  record = record.first(std::min(record.size(), kRecordBytesMax));
  const std::size_t urgent = fill_urgent(record);
  return urgent + fill_bulk(record.subspan(urgent));
}

std::size_t MessageScheduler::fill_urgent(MutableByteView room) {
  std::size_t used = 0;
  while (!urgent_.empty()) {
    Outgoing& message = urgent_.front();
    // Two messages of one name can't be told apart while both are open: the second waits.
    if (is_open(message.key)) break;
    const std::size_t size = write_chunk(message, room.subspan(used));
    if (size == 0) break;
    used += size;
    if (message.left() == 0) {
      queued_bytes_ -= message.body.size();
      urgent_.pop_front();
    }
  }
  return used;
}

std::size_t MessageScheduler::fill_bulk(MutableByteView room) {
  std::size_t used = 0;
  while (true) {
    while (begin_next_bulk()) {
    }
    if (begun_.empty()) return used;
    const std::size_t size = write_chunk(begun_.front(), room.subspan(used));
    if (size == 0) return used;
    used += size;
    const Outgoing& message = begun_.front();
    if (message.left() == 0) {
      queued_bytes_ -= message.body.size();
      begun_bytes_ -= message.body.size();
      begun_.pop_front();
    } else {
      begun_.splice(begun_.end(), begun_, begun_.begin());
    }
  }
}

// Moves the oldest waiting message to those that take turns, if the peer's bounds allow it.
bool MessageScheduler::begin_next_bulk() {
  if (waiting_.empty() || begun_.size() + 1 >= limits_.open_messages_max) return false;
  const Outgoing& message = waiting_.front();
  const std::size_t bytes_max = limits_.open_bytes_max - limits_.urgent_message_bytes_max;
  if (message.body.size() > bytes_max - begun_bytes_ || is_open(message.key)) return false;
  if (!urgent_.empty() && urgent_.front().key == message.key) return false;
  begun_bytes_ += message.body.size();
  begun_.splice(begun_.end(), waiting_, waiting_.begin());
  return true;
}

bool MessageScheduler::is_open(const MessageKey& key) const {
  return std::any_of(begun_.begin(), begun_.end(),
                     [&](const Outgoing& message) { return message.key == key; });
}

std::size_t MessageScheduler::write_chunk(Outgoing& message, MutableByteView room) {
  const std::size_t left = message.left();
  const bool first = message.sent == 0;
  if (room.size() < kFirstFrameHeaderBytes + std::min(left, kChunkBytesMin)) return 0;
  const std::size_t size =
      std::min({left, limits_.chunk_bytes_max, room.size() - kFirstFrameHeaderBytes});
  const Frame frame{
      .key = message.key,
      .first = first,
      .last = size == left,
      .total = first ? static_cast<std::uint32_t>(message.body.size()) : 0,
      .chunk = ByteView(message.body).subspan(message.sent, size),
  };
  message.sent += size;
  return write_frame(room, frame);
}

}  // namespace zerok::wire
