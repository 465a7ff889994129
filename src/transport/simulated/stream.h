// SPDX-License-Identifier: MIT OR Apache-2.0
// The two sides of a simulated stream: what is to be sent, and what has arrived. Pure bookkeeping
// in the terms of RFC 9000 sections 2 to 4; Connection moves the packets. That a peer stays within
// its credit is asserted: both ends are this code, so a breach is our own bug.
#pragma once

#include <algorithm>
#include <map>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "transport/transport.h"

namespace zerok::transport::simulated {

class SendSide {
 public:
  SendSide(bool exists, std::uint64_t credit) : over_(!exists), credit_(credit) {}

  // Buffers at most `room` of the bytes; see Transport::write.
  Result<std::size_t> write(ByteView bytes, bool fin, std::uint64_t room);
  // Bytes that may go now, or the end alone.
  bool has_something(std::uint64_t connection_credit) const;
  struct Piece {
    std::uint64_t offset;
    Bytes bytes;
    bool fin;
  };
  Piece take(std::size_t bytes_max);
  // A piece of this size has arrived; true if a writer that was refused can go on.
  bool acknowledge(std::size_t bytes, bool fin, std::uint64_t buffer_max);
  void extend_credit(std::uint64_t credit) { credit_ = std::max(credit_, credit); }

  // Drops what is unsent and unacknowledged; nothing can be written afterwards.
  void abandon(bool by_peer);
  // True once for a writer that waits when the connection as a whole has room again.
  bool wake(std::uint64_t buffer_max);

  bool is_over() const { return over_; }
  bool was_stopped() const { return stopped_; }
  std::uint64_t sent() const { return sent_; }
  std::uint64_t unsent() const { return unsent_.size() - unsent_begin_; }
  std::uint64_t buffered() const { return unsent() + in_flight_; }

 private:
  bool over_;
  std::uint64_t credit_;
  Bytes unsent_;
  std::size_t unsent_begin_ = 0;
  std::uint64_t sent_ = 0;  // offset of the first byte never sent
  std::uint64_t in_flight_ = 0;
  bool fin_written_ = false;
  bool fin_sent_ = false;
  bool fin_acknowledged_ = false;
  bool stopped_ = false;
  bool wants_writable_ = false;
};

class ReceiveSide {
 public:
  ReceiveSide(bool exists, std::uint64_t window)
      : over_(!exists), window_(window), credit_(window) {}

  // Bytes at an offset, in any order, perhaps again. Returns how far the highest offset moved, for
  // the connection's credit.
  std::uint64_t arrive(std::uint64_t offset, Bytes bytes, bool fin);
  // The peer abandoned the stream at this size; returns as arrive().
  std::uint64_t reset(std::uint64_t final_size);
  Result<ReadResult> read(MutableByteView out);
  // Drops what waits and what will come.
  void stop();
  // Bytes arrived, or the end, that read() would return, and nobody was told since the last read
  // that found nothing left.
  bool take_readable();
  // A new credit to grant, when enough was read.
  std::optional<std::uint64_t> take_credit();
  // Bytes that no read will consume any more and that were not yet counted as consumed.
  std::uint64_t take_dropped();

  // Nothing more can be read.
  bool is_over() const { return over_; }
  // Nothing more can arrive that counts: the stream may be forgotten.
  bool is_settled() const {
    return over_ && (!stopped_ || reset_ || (final_size_ && *final_size_ == highest_));
  }
  bool was_stopped() const { return stopped_; }
  std::uint64_t unread() const { return unread_; }

 private:
  bool has_next() const;

  bool over_;
  std::uint64_t window_;
  std::uint64_t credit_;
  std::map<std::uint64_t, Bytes> pieces_;  // by offset; never overlapping
  std::uint64_t read_ = 0;                 // offset of the next byte for read()
  std::uint64_t highest_ = 0;
  std::uint64_t unread_ = 0;  // bytes in pieces_ from read_ on
  std::uint64_t dropped_ = 0;
  std::optional<std::uint64_t> final_size_;
  bool armed_ = true;
  bool stopped_ = false;
  bool reset_ = false;
};

}  // namespace zerok::transport::simulated
