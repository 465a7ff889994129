// SPDX-License-Identifier: MIT OR Apache-2.0
// Frames: how messages lie in records. A record is the plaintext of one Noise transport message and
// holds one or more frames back to back; a frame is a header and one chunk of one message. Pure
// codec: no state across records, no allocation. Layout: docs/protocol/framing.md.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace zerok::wire {

// A Noise message is at most 65,535 bytes (Noise section 3), 16 of them the tag.
inline constexpr std::size_t kRecordBytesMax = 65535 - 16;

inline constexpr std::size_t kFrameHeaderBytes = 8;
// The first of several chunks also says how long the message will be.
inline constexpr std::size_t kFirstFrameHeaderBytes = 12;

// Which message a frame belongs to. Request numbers are the requester's; a response carries the
// number it answers.
struct MessageKey {
  std::uint32_t request = 0;
  std::uint8_t type = 0;
  bool response = false;
  friend bool operator==(const MessageKey&, const MessageKey&) = default;
};

struct Frame {
  MessageKey key;
  bool first = false;
  bool last = false;
  // Bytes of the whole message; set on a first frame only, and there always.
  std::uint32_t total = 0;
  // 1 to 65,535 bytes of the message.
  ByteView chunk;
};

constexpr std::size_t frame_header_bytes(bool first, bool last) {
  return first && !last ? kFirstFrameHeaderBytes : kFrameHeaderBytes;
}

// Writes header and chunk to the start of `out` and returns their size. A bug in the caller, not a
// peer, makes these false: out is large enough; the chunk has 1 to 65,535 bytes; on a first frame
// `total` is the chunk's size if it is also the last, and more if it is not.
std::size_t write_frame(MutableByteView out, const Frame& frame);

// Reads one record's frames in order. After an error the record, and the session, is done with.
class FrameReader {
 public:
  explicit FrameReader(ByteView record) : rest_(record) {}

  // nullopt at the end of the record. The chunk is a view into the record. Errors: kTruncated,
  // kMalformed (unknown flag, empty chunk, a total that is not above its first chunk, empty
  // record).
  Result<std::optional<Frame>> next();

 private:
  ByteView rest_;
  bool any_ = false;
};

}  // namespace zerok::wire
