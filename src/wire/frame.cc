// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/frame.h"

#include <cstring>
#include <limits>

#include "base/check.h"

namespace zerok::wire {
namespace {

constexpr std::uint8_t kFlagFirst = 1;
constexpr std::uint8_t kFlagLast = 2;
constexpr std::uint8_t kFlagResponse = 4;

}  // namespace

std::size_t write_frame(MutableByteView out, const Frame& frame) {
  const std::size_t header = frame_header_bytes(frame.first, frame.last);
  ZEROK_ASSERT(!frame.chunk.empty());
  ZEROK_ASSERT(frame.chunk.size() <= std::numeric_limits<std::uint16_t>::max());
  ZEROK_ASSERT(out.size() >= header + frame.chunk.size());
  out[0] = static_cast<std::uint8_t>((frame.first ? kFlagFirst : 0) | (frame.last ? kFlagLast : 0) |
                                     (frame.key.response ? kFlagResponse : 0));
  out[1] = frame.key.type;
  store_be32(out.subspan(2), frame.key.request);
  store_be16(out.subspan(6), static_cast<std::uint16_t>(frame.chunk.size()));
  if (frame.first && !frame.last) {
    ZEROK_ASSERT(frame.total > frame.chunk.size());
    store_be32(out.subspan(8), frame.total);
  } else {
    ZEROK_ASSERT(frame.total == (frame.first ? frame.chunk.size() : 0));
  }
  std::memcpy(out.data() + header, frame.chunk.data(), frame.chunk.size());
  return header + frame.chunk.size();
}

Result<std::optional<Frame>> FrameReader::next() {
  if (rest_.empty()) {
    if (!any_) return fail(ErrorCode::kMalformed, "a record without a frame");
    return std::nullopt;
  }
  if (rest_.size() < kFrameHeaderBytes) {
    return fail(ErrorCode::kTruncated, "a record ends in a frame header");
  }
  const std::uint8_t flags = rest_[0];
  if ((flags & ~(kFlagFirst | kFlagLast | kFlagResponse)) != 0) {
    return fail(ErrorCode::kMalformed, "a frame has an unknown flag");
  }
  Frame frame;
  frame.first = (flags & kFlagFirst) != 0;
  frame.last = (flags & kFlagLast) != 0;
  frame.key = {load_be32(rest_.subspan(2)), rest_[1], (flags & kFlagResponse) != 0};
  const std::uint16_t size = load_be16(rest_.subspan(6));
  // Frames that carry nothing would be work without an end to it.
  if (size == 0) return fail(ErrorCode::kMalformed, "a frame has no bytes");
  const std::size_t header = frame_header_bytes(frame.first, frame.last);
  if (rest_.size() < header + size) return fail(ErrorCode::kTruncated, "a record ends in a frame");
  if (frame.first) {
    frame.total = frame.last ? size : load_be32(rest_.subspan(8));
    if (!frame.last && frame.total <= size) {
      return fail(ErrorCode::kMalformed, "a message is not longer than its first chunk");
    }
  }
  frame.chunk = rest_.subspan(header, size);
  rest_ = rest_.subspan(header + size);
  any_ = true;
  return frame;
}

}  // namespace zerok::wire
