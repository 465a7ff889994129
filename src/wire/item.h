// SPDX-License-Identifier: MIT OR Apache-2.0
// The head of one MessagePack item: its kind and number, read in canonical form only. Shared by the
// decoder and nothing else. Accepts the subset of docs/protocol/framing.md: integers, bin, str,
// bool, nil and arrays; allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace zerok::wire {

enum class ItemKind : std::uint8_t { kUnsigned, kNegative, kBin, kStr, kArray, kBool, kNil };

struct ItemHead {
  ItemKind kind;
  std::uint8_t size;  // bytes of the head itself: 1 to 9
  // kUnsigned: the value. kNegative: the value's two's complement. kBin, kStr: bytes that follow.
  // kArray: items that follow. kBool: 0 or 1.
  std::uint64_t value;
};

// Errors: kTruncated, kMalformed (a map, float, extension or unused byte), kNotCanonical (a shorter
// form exists).
Result<ItemHead> read_item_head(ByteView input);

// Well-formed UTF-8 of RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace zerok::wire
