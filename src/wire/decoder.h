// SPDX-License-Identifier: MIT OR Apache-2.0
// Decoder: reads one message item by item, refusing every encoding but the canonical one. The
// caller names the bound of each length before it is used; nothing is allocated, bytes and text
// come back as views into the input. A failed read consumes nothing. Arrays are of two sorts: a
// list has as many items as it says, a record has known items and may be followed by a bounded
// number that a later minor version added, which end() checks and skips.
#pragma once

#include <array>
#include <limits>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/encoder.h"
#include "wire/item.h"

namespace zerok::wire {

// What unknown items at the end of records may cost in one message, nested ones included.
inline constexpr std::uint32_t kExtraItemsMax = 64;
inline constexpr std::size_t kExtraBytesMax = 4096;

// Refused: for whatever is hashed, signed or compared, where every byte must have a meaning.
enum class Extras : std::uint8_t { kSkipped, kRefused };

// All reads: kTruncated, kMalformed (another kind of item, or none left in the array),
// kNotCanonical.
class Decoder {
 public:
  explicit Decoder(ByteView input, Extras extras = Extras::kSkipped)
      : input_(input), extras_(extras) {}

  // kOutOfRange above max.
  Result<std::uint64_t> read_unsigned(
      std::uint64_t max = std::numeric_limits<std::uint64_t>::max());
  // Any integer in [min, max], else kOutOfRange.
  Result<std::int64_t> read_signed(std::int64_t min = std::numeric_limits<std::int64_t>::min(),
                                   std::int64_t max = std::numeric_limits<std::int64_t>::max());
  Result<bool> read_bool();
  Result<void> read_nil();
  // True when the next item is there and is nil, the form of a value left out.
  bool next_is_nil() const;
  // kTooLarge above size_max.
  Result<ByteView> read_bin(std::size_t size_max);
  // Exactly N bytes, else kMalformed.
  template <std::size_t N>
  Result<std::span<const std::uint8_t, N>> read_fixed() {
    ZEROK_TRY(const ByteView bytes, read_fixed_bytes(N));
    return std::span<const std::uint8_t, N>(bytes);
  }
  // Valid UTF-8, else kMalformed; kTooLarge above size_max bytes.
  Result<std::string_view> read_str(std::size_t size_max);

  // Enters an array of at most items_max items (else kTooLarge) and returns how many it has.
  Result<std::uint32_t> begin_list(std::uint32_t items_max);
  // Enters an array of at least items_required items (else kMalformed) and at most kExtraItemsMax
  // more (else kTooLarge).
  Result<void> begin_record(std::uint32_t items_required);
  // True when the current array has another item: how optional items of a record are found.
  bool more() const { return left_[depth_] > 0; }
  // Leaves the innermost array. A list must have been read to its end (kInvalidState). What is left
  // of a record is checked and skipped, or kMalformed when extras are refused.
  Result<void> end();

  // The message has been read whole and nothing follows it: kMalformed for bytes after it,
  // kInvalidState when an array is still open or nothing was read.
  Result<void> finish() const;

  // True when an unknown item was skipped: then a re-encoding of what was read differs.
  bool skipped_extras() const { return extra_items_ > 0; }

 private:
  Result<ItemHead> next(ItemKind kind) const;
  Result<ByteView> read_sized(ItemKind kind, std::size_t size_max);
  Result<ByteView> read_fixed_bytes(std::size_t size);
  Result<std::uint32_t> begin_array(std::uint64_t items_min, std::uint64_t items_max);
  Result<std::size_t> skip_one(ByteView input);
  void consume(std::size_t size) {
    position_ += size;
    --left_[depth_];
  }

  ByteView input_;
  Extras extras_;
  std::size_t position_ = 0;
  std::size_t depth_ = 0;
  // Per open array: items not read yet, and whether it is a record. Level 0 is the message itself.
  std::array<std::uint32_t, kDepthMax + 1> left_{1};
  std::array<bool, kDepthMax + 1> is_record_{};
  std::uint32_t extra_items_ = 0;
  std::size_t extra_bytes_ = 0;
};

}  // namespace zerok::wire
