// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/quic/stream_buffers.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/check.h"

namespace zerok::transport {
namespace {

// A lone small message costs a small chunk, a stream in full flow few large ones.
constexpr std::size_t kChunkMin = 512 - sizeof(ChunkList::Chunk);
constexpr std::size_t kChunkMax = 32 * 1024 - sizeof(ChunkList::Chunk);

}  // namespace

void ChunkList::push(ByteView bytes) {
  size_ += bytes.size();
  while (!bytes.empty()) {
    if (back_ == nullptr || back_->end == back_->capacity) {
      const std::size_t capacity = std::clamp(std::max(bytes.size(), size_), kChunkMin, kChunkMax);
      auto* chunk = static_cast<Chunk*>(::operator new(sizeof(Chunk) + capacity));
      *chunk = Chunk{nullptr, 0, 0, static_cast<std::uint32_t>(capacity)};
      (back_ == nullptr ? front_ : back_->next) = chunk;
      back_ = chunk;
    }
    const std::size_t n = std::min<std::size_t>(bytes.size(), back_->capacity - back_->end);
    std::memcpy(back_->data() + back_->end, bytes.data(), n);
    back_->end += static_cast<std::uint32_t>(n);
    bytes = bytes.subspan(n);
  }
}

void ChunkList::pop(std::size_t n) {
  ZEROK_ASSERT(n <= size_);
  size_ -= n;
  while (n > 0) {
    const std::size_t here = std::min<std::size_t>(n, front_->end - front_->begin);
    front_->begin += static_cast<std::uint32_t>(here);
    n -= here;
    if (front_->begin == front_->end) {
      Chunk* next = front_->next;
      ::operator delete(front_);
      front_ = next;
      if (front_ == nullptr) back_ = nullptr;
    }
  }
}

void ChunkList::clear() { pop(size_); }

SendBuffer::Pieces SendBuffer::unsent(std::size_t max) const {
  Pieces pieces;
  ChunkList::Chunk* chunk = unsent_chunk_ != nullptr ? unsent_chunk_ : chunks_.front();
  std::uint32_t at = unsent_chunk_ != nullptr ? unsent_at_ : (chunk != nullptr ? chunk->begin : 0);
  while (chunk != nullptr && pieces.count < kPiecesMax && max > 0) {
    const std::size_t n = std::min<std::size_t>(chunk->end - at, max);
    if (n > 0) pieces.piece[pieces.count++] = ByteView(chunk->data() + at, n);
    max -= n;
    chunk = chunk->next;
    at = chunk != nullptr ? chunk->begin : 0;
  }
  return pieces;
}

void SendBuffer::mark_sent(std::size_t n) {
  ZEROK_ASSERT(n <= unsent_size());
  if (n == 0) return;
  sent_ += n;
  if (unsent_chunk_ == nullptr) {
    unsent_chunk_ = chunks_.front();
    unsent_at_ = unsent_chunk_->begin;
  }
  while (true) {
    const std::size_t here = std::min<std::size_t>(n, unsent_chunk_->end - unsent_at_);
    unsent_at_ += static_cast<std::uint32_t>(here);
    n -= here;
    if (n == 0) return;
    unsent_chunk_ = unsent_chunk_->next;
    unsent_at_ = unsent_chunk_->begin;
  }
}

void SendBuffer::acknowledge(std::uint64_t offset) {
  if (offset <= base_offset_) return;
  const std::size_t n = static_cast<std::size_t>(offset - base_offset_);
  ZEROK_ASSERT(n <= sent_);
  // All that was sent may be acknowledged, and with it the chunk the cursor stands in.
  if (n == sent_) {
    unsent_chunk_ = nullptr;
  }
  chunks_.pop(n);
  sent_ -= n;
  base_offset_ = offset;
}

void SendBuffer::clear() {
  base_offset_ += chunks_.size();
  sent_ = 0;
  unsent_chunk_ = nullptr;
  chunks_.clear();
}

std::size_t ReceiveQueue::read(MutableByteView out) {
  std::size_t copied = 0;
  while (copied < out.size() && chunks_.size() > 0) {
    ChunkList::Chunk* chunk = chunks_.front();
    const std::size_t n = std::min<std::size_t>(out.size() - copied, chunk->end - chunk->begin);
    std::memcpy(out.data() + copied, chunk->data() + chunk->begin, n);
    chunks_.pop(n);
    copied += n;
  }
  return copied;
}

}  // namespace zerok::transport
