// SPDX-License-Identifier: MIT OR Apache-2.0
// MessageScheduler: what to send next. It queues whole messages, cuts them into chunks and fills
// records: urgent messages first and in order, then one chunk of each begun bulk message in turn,
// so a large transfer never delays a notice by more than what was filled before it. Bounded in
// messages and bytes. Pure: no clock, no socket.
#pragma once

#include <list>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/frame.h"

namespace zerok::wire {

struct SchedulerLimits {
  std::size_t queued_messages_max = 1024;
  std::size_t queued_bytes_max = std::size_t{16} << 20;
  std::size_t chunk_bytes_max = std::size_t{16} << 10;
  // Urgent messages are small by nature, and never make a bulk one wait for long.
  std::size_t urgent_message_bytes_max = std::size_t{64} << 10;
  // What a peer accepts as begun and unfinished (AssemblerLimits), urgent ones included.
  std::size_t open_messages_max = 8;
  std::size_t open_bytes_max = std::size_t{16} << 20;
};

enum class Priority : std::uint8_t {
  kUrgent,  // NOTIFY, acknowledgements, errors
  kBulk,
};

class MessageScheduler {
 public:
  // A record of at least this size always takes something when anything waits.
  static constexpr std::size_t kFillBytesMin = 1024;

  explicit MessageScheduler(SchedulerLimits limits = {}) : limits_(limits) {}

  // Errors: kInvalidArgument (empty body), kTooLarge (can never be sent), kOverloaded (queue full:
  // try again after fill()).
  Result<void> push(Priority priority, MessageKey key, Bytes body);

  // Writes frames to `record` and returns how many bytes; 0 when nothing waits. Uses at most
  // kRecordBytesMax.
  std::size_t fill(MutableByteView record);

  bool empty() const { return queued_messages() == 0; }
  std::size_t queued_messages() const { return urgent_.size() + waiting_.size() + begun_.size(); }
  // Bytes of the bodies held, sent parts of unfinished ones included.
  std::size_t queued_bytes() const { return queued_bytes_; }

 private:
  struct Outgoing {
    MessageKey key;
    Bytes body;
    std::size_t sent = 0;
    std::size_t left() const { return body.size() - sent; }
  };

  bool is_open(const MessageKey& key) const;
  // Writes one chunk; 0 when too little room is left for one worth its header.
  std::size_t write_chunk(Outgoing& message, MutableByteView room);
  std::size_t fill_urgent(MutableByteView room);
  std::size_t fill_bulk(MutableByteView room);
  bool begin_next_bulk();

  SchedulerLimits limits_;
  // Lists hold no memory while empty, unlike deques: most connections are idle.
  std::list<Outgoing> urgent_;
  std::list<Outgoing> waiting_;  // bulk, in order of push
  std::list<Outgoing> begun_;    // bulk, in order of turn
  std::size_t queued_bytes_ = 0;
  std::size_t begun_bytes_ = 0;
};

}  // namespace zerok::wire
