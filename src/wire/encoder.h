// SPDX-License-Identifier: MIT OR Apache-2.0
// Encoder: writes one message in the one canonical encoding (MessagePack, shortest forms, the
// subset of docs/protocol/framing.md). Calls chain; the first mistake is remembered and take()
// reports it, so a caller checks once. The output never grows past the bound it was given.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace zerok::wire {

// How deep arrays may nest, the message's own array included. The same in the decoder.
inline constexpr std::size_t kDepthMax = 8;

class Encoder {
 public:
  // bytes_max: what the whole encoding may take; more is kTooLarge.
  explicit Encoder(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // The next `items` items are the array's.
  Encoder& add_array(std::uint32_t items);
  Encoder& add_unsigned(std::uint64_t value);
  Encoder& add_signed(std::int64_t value);
  Encoder& add_bool(bool value);
  Encoder& add_nil();
  Encoder& add_bin(ByteView bytes);
  // kInvalidArgument unless it is valid UTF-8.
  Encoder& add_str(std::string_view text);

  // The finished message: exactly one item, every array filled. Leaves the encoder empty.
  // Errors: kTooLarge, kInvalidArgument (text, depth), kInvalidState (item count).
  Result<Bytes> take();

 private:
  friend class EncoderSink;

  bool begin_item();
  void fail_with(Error error);

  std::size_t bytes_max_;
  Bytes out_;
  std::optional<Error> error_;
  // Items still due per open array; level 0 is the message itself.
  std::array<std::uint32_t, kDepthMax + 1> due_{1};
  std::size_t depth_ = 0;
};

}  // namespace zerok::wire
