// SPDX-License-Identifier: MIT OR Apache-2.0
// The bytes of one stream: SendBuffer keeps what was written until the peer has acknowledged it
// (the QUIC library points into it meanwhile, so bytes never move), ReceiveQueue what arrived until
// it is read. Both grow in chunks with what they hold and keep nothing when empty. The owner bounds
// their sizes.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace zerok::transport {

// A first-in first-out list of chunks; the addresses of bytes in it never change.
class ChunkList {
 public:
  struct Chunk {
    Chunk* next;
    std::uint32_t begin;
    std::uint32_t end;
    std::uint32_t capacity;
    std::uint8_t* data() { return reinterpret_cast<std::uint8_t*>(this + 1); }
  };

  ChunkList() = default;
  ~ChunkList() { clear(); }
  ChunkList(const ChunkList&) = delete;
  ChunkList& operator=(const ChunkList&) = delete;

  void push(ByteView bytes);
  // Drops n <= size() bytes from the front.
  void pop(std::size_t n);
  void clear();
  std::size_t size() const { return size_; }
  Chunk* front() const { return front_; }

 private:
  Chunk* front_ = nullptr;
  Chunk* back_ = nullptr;
  std::size_t size_ = 0;
};

class SendBuffer {
 public:
  // Up to this many pieces describe what to send next: enough for one packet.
  static constexpr std::size_t kPiecesMax = 4;
  struct Pieces {
    ByteView piece[kPiecesMax];
    std::size_t count = 0;
  };

  void push(ByteView bytes) { chunks_.push(bytes); }
  // The first bytes not yet sent, at most about max.
  Pieces unsent(std::size_t max) const;
  // The first n unsent bytes were put into a packet.
  void mark_sent(std::size_t n);
  // The peer has everything before this stream offset.
  void acknowledge(std::uint64_t offset);
  void clear();

  std::size_t size() const { return chunks_.size(); }
  std::size_t unsent_size() const { return chunks_.size() - sent_; }

 private:
  ChunkList chunks_;
  std::uint64_t base_offset_ = 0;  // stream offset of the first byte held
  std::size_t sent_ = 0;           // how many of the bytes held were sent
  // Where the unsent bytes begin; null: at the front.
  ChunkList::Chunk* unsent_chunk_ = nullptr;
  std::uint32_t unsent_at_ = 0;
};

class ReceiveQueue {
 public:
  void push(ByteView bytes) { chunks_.push(bytes); }
  // Copies out and drops as much as fits.
  std::size_t read(MutableByteView out);
  void clear() { chunks_.clear(); }
  std::size_t size() const { return chunks_.size(); }

 private:
  ChunkList chunks_;
};

}  // namespace zerok::transport
