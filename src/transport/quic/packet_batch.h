// SPDX-License-Identifier: MIT OR Apache-2.0
// PacketBatch: datagrams of one path and one size (the last may be smaller), ready for one send
// with segmentation offload. A packet that does not fit in with those before it is set aside and
// makes the next batch.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>

#include "base/bytes.h"
#include "transport/quic/path.h"

namespace zerok::transport {

class PacketBatch {
 public:
  // What Linux takes in one UDP_SEGMENT send.
  static constexpr std::size_t kSegmentsMax = 64;
  static constexpr std::size_t kBytesMax = 65'000;

  PacketBatch() : buffer_(new std::uint8_t[2 * kBytesMax]) {}

  Path path;
  std::uint8_t ecn = 0;

  bool empty() const { return size_ == 0; }
  std::size_t segment_size() const { return segment_size_; }
  std::size_t segments() const { return segments_; }
  ByteView bytes() const { return {buffer_.get(), size_}; }
  ByteView segment(std::size_t i) const {
    return bytes().subspan(i * segment_size_, std::min(segment_size_, size_ - i * segment_size_));
  }

  // Forgets the batch. True when a packet had been set aside: it is the batch now, with the path
  // and ECN mark it was set aside with.
  bool next() {
    size_ = segment_size_ = segments_ = 0;
    if (aside_size_ == 0) return false;
    std::memmove(buffer_.get(), aside_at_, aside_size_);
    path = aside_path_;
    ecn = aside_ecn_;
    add(aside_size_);
    aside_size_ = 0;
    return true;
  }
  // Room for one more packet of up to n <= kBytesMax bytes, to be written and then add()ed.
  MutableByteView room(std::size_t n) { return {buffer_.get() + size_, n}; }
  bool has_room(std::size_t n) const {
    return segments_ < kSegmentsMax && (segments_ == 0 || size_ + n <= kBytesMax);
  }
  void add(std::size_t n) {
    if (segments_ == 0) segment_size_ = n;
    size_ += n;
    ++segments_;
  }
  // The packet just written into room() belongs to another batch.
  void set_aside(std::size_t n, const Path& its_path, std::uint8_t its_ecn) {
    aside_at_ = buffer_.get() + size_;
    aside_size_ = n;
    aside_path_ = its_path;
    aside_ecn_ = its_ecn;
  }
  // Whether another packet may follow: a smaller one is always the last.
  bool open() const { return segments_ == 0 || size_ == segments_ * segment_size_; }

 private:
  std::unique_ptr<std::uint8_t[]> buffer_;
  std::size_t size_ = 0;
  std::size_t segment_size_ = 0;
  std::size_t segments_ = 0;
  const std::uint8_t* aside_at_ = nullptr;
  std::size_t aside_size_ = 0;
  Path aside_path_;
  std::uint8_t aside_ecn_ = 0;
};

}  // namespace zerok::transport
