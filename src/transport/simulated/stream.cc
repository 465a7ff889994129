// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/simulated/stream.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace zerok::transport::simulated {

Result<std::size_t> SendSide::write(ByteView bytes, bool fin, std::uint64_t room) {
  if (stopped_) return fail(ErrorCode::kReset, "the peer stopped reading the stream");
  if (fin_written_) return fail(ErrorCode::kInvalidState, "the stream was ended");
  if (over_) return fail(ErrorCode::kClosed, "the stream is closed");
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(room, bytes.size()));
  if (unsent_begin_ > 0 && unsent_begin_ >= unsent_.size() / 2) {
    unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(unsent_begin_));
    unsent_begin_ = 0;
  }
  unsent_.insert(unsent_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
  wants_writable_ = size < bytes.size();
  fin_written_ = fin && size == bytes.size();
  return size;
}

bool SendSide::has_something(std::uint64_t connection_credit) const {
  if (over_ || stopped_) return false;
  if (unsent() > 0) return sent_ < credit_ && connection_credit > 0;
  return fin_written_ && !fin_sent_;
}

SendSide::Piece SendSide::take(std::size_t bytes_max) {
  const auto size = static_cast<std::size_t>(
      std::min({unsent(), credit_ - sent_, static_cast<std::uint64_t>(bytes_max)}));
  const auto begin = unsent_.begin() + static_cast<std::ptrdiff_t>(unsent_begin_);
  Piece piece{sent_, Bytes(begin, begin + static_cast<std::ptrdiff_t>(size)), false};
  unsent_begin_ += size;
  sent_ += size;
  in_flight_ += size;
  piece.fin = fin_written_ && unsent() == 0;
  fin_sent_ = fin_sent_ || piece.fin;
  return piece;
}

bool SendSide::acknowledge(std::size_t bytes, bool fin, std::uint64_t buffer_max) {
  if (over_ || stopped_) return false;
  ZEROK_ASSERT(bytes <= in_flight_);
  in_flight_ -= bytes;
  fin_acknowledged_ = fin_acknowledged_ || fin;
  if (fin_acknowledged_ && in_flight_ == 0) over_ = true;
  return wake(buffer_max);
}

bool SendSide::wake(std::uint64_t buffer_max) {
  // A writer is woken when it can do something worth while, not once per packet.
  if (over_ || stopped_ || !wants_writable_ || buffered() > buffer_max / 2) return false;
  wants_writable_ = false;
  return true;
}

void SendSide::abandon(bool by_peer) {
  over_ = true;
  stopped_ = by_peer;
  unsent_ = {};
  unsent_begin_ = 0;
  in_flight_ = 0;
}

std::uint64_t ReceiveSide::arrive(std::uint64_t offset, Bytes bytes, bool fin) {
  const std::uint64_t end = offset + bytes.size();
  if (reset_ || (over_ && !stopped_)) return 0;
  ZEROK_ASSERT(end <= credit_);
  ZEROK_ASSERT(!final_size_ || end <= *final_size_);
  if (fin) final_size_ = end;
  const std::uint64_t advance = end > highest_ ? end - highest_ : 0;
  highest_ = std::max(highest_, end);
  if (stopped_) {
    dropped_ += advance;
    return advance;
  }
  // The same piece again, or one already read: pieces are never cut anew.
  if (bytes.empty() || end <= read_ || pieces_.contains(offset)) return advance;
  unread_ += bytes.size();
  pieces_[offset] = std::move(bytes);
  return advance;
}

std::uint64_t ReceiveSide::reset(std::uint64_t final_size) {
  if (reset_ || (over_ && !stopped_)) return 0;
  ZEROK_ASSERT(final_size <= credit_ && final_size >= highest_);
  const std::uint64_t advance = final_size - highest_;
  highest_ = final_size;
  dropped_ += stopped_ ? advance : final_size - read_;
  pieces_.clear();
  unread_ = 0;
  reset_ = true;
  over_ = true;
  return advance;
}

void ReceiveSide::stop() {
  dropped_ += highest_ - read_;
  pieces_.clear();
  unread_ = 0;
  stopped_ = true;
  over_ = true;
}

bool ReceiveSide::has_next() const {
  return (!pieces_.empty() && pieces_.begin()->first <= read_) ||
         (final_size_ && *final_size_ == read_);
}

bool ReceiveSide::take_readable() {
  if (over_ || !armed_ || !has_next()) return false;
  armed_ = false;
  return true;
}

Result<ReadResult> ReceiveSide::read(MutableByteView out) {
  if (reset_) return fail(ErrorCode::kReset, "the peer abandoned the stream");
  if (over_) return fail(ErrorCode::kClosed, "the stream is closed");
  ReadResult result;
  while (!out.empty() && !pieces_.empty() && pieces_.begin()->first <= read_) {
    const auto piece = pieces_.begin();
    const auto used = static_cast<std::size_t>(read_ - piece->first);
    const std::size_t size = std::min(out.size(), piece->second.size() - used);
    std::copy_n(piece->second.begin() + static_cast<std::ptrdiff_t>(used), size, out.begin());
    out = out.subspan(size);
    read_ += size;
    unread_ -= size;
    result.size += size;
    if (used + size == piece->second.size()) pieces_.erase(piece);
  }
  if (pieces_.empty() || pieces_.begin()->first > read_) armed_ = true;
  if (final_size_ && *final_size_ == read_) {
    result.fin = true;
    over_ = true;
  }
  return result;
}

std::optional<std::uint64_t> ReceiveSide::take_credit() {
  if (over_ || final_size_ || read_ + window_ < credit_ + window_ / 4) return std::nullopt;
  credit_ = read_ + window_;
  return credit_;
}

std::uint64_t ReceiveSide::take_dropped() { return std::exchange(dropped_, 0); }

}  // namespace zerok::transport::simulated
