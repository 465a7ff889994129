// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/item.h"

#include <limits>

namespace zerok::wire {
namespace {

std::uint64_t load_be(ByteView bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t b : bytes) value = value << 8 | b;
  return value;
}

// A number of `width` bytes after the tag; below `value_min` a shorter form exists.
Result<ItemHead> unsigned_form(ItemKind kind, ByteView input, std::size_t width,
                               std::uint64_t value_min) {
  if (input.size() < 1 + width) return fail(ErrorCode::kTruncated, "an item ends in its head");
  const std::uint64_t value = load_be(input.subspan(1, width));
  if (value < value_min) {
    return fail(ErrorCode::kNotCanonical, "an item has a shorter form");
  }
  return ItemHead{kind, static_cast<std::uint8_t>(1 + width), value};
}

// A two's complement number of `width` bytes; only values below `value_end` need this form, and the
// others (non-negative ones above all) have a shorter one.
Result<ItemHead> signed_form(ByteView input, std::size_t width, std::int64_t value_end) {
  if (input.size() < 1 + width) return fail(ErrorCode::kTruncated, "an item ends in its head");
  const auto shift = static_cast<int>(64 - 8 * width);
  const auto value = static_cast<std::int64_t>(load_be(input.subspan(1, width)) << shift) >> shift;
  if (value >= value_end) {
    return fail(ErrorCode::kNotCanonical, "an integer has a shorter form");
  }
  return ItemHead{ItemKind::kNegative, static_cast<std::uint8_t>(1 + width),
                  static_cast<std::uint64_t>(value)};
}

}  // namespace

Result<ItemHead> read_item_head(ByteView input) {
  if (input.empty()) return fail(ErrorCode::kTruncated, "an item is missing");
  const std::uint8_t tag = input[0];
  if (tag < 0x80) return ItemHead{ItemKind::kUnsigned, 1, tag};
  if (tag >= 0xe0) {
    const std::int64_t value = static_cast<std::int64_t>(tag) - 0x100;
    return ItemHead{ItemKind::kNegative, 1, static_cast<std::uint64_t>(value)};
  }
  if (tag >= 0x90 && tag < 0xa0) return ItemHead{ItemKind::kArray, 1, tag & 0x0fU};
  if (tag >= 0xa0 && tag < 0xc0) return ItemHead{ItemKind::kStr, 1, tag & 0x1fU};
  switch (tag) {
    case 0xc0:
      return ItemHead{ItemKind::kNil, 1, 0};
    case 0xc2:
      return ItemHead{ItemKind::kBool, 1, 0};
    case 0xc3:
      return ItemHead{ItemKind::kBool, 1, 1};
    case 0xc4:
      return unsigned_form(ItemKind::kBin, input, 1, 0);
    case 0xc5:
      return unsigned_form(ItemKind::kBin, input, 2, 0x100);
    case 0xc6:
      return unsigned_form(ItemKind::kBin, input, 4, 0x10000);
    case 0xcc:
      return unsigned_form(ItemKind::kUnsigned, input, 1, 0x80);
    case 0xcd:
      return unsigned_form(ItemKind::kUnsigned, input, 2, 0x100);
    case 0xce:
      return unsigned_form(ItemKind::kUnsigned, input, 4, 0x10000);
    case 0xcf:
      return unsigned_form(ItemKind::kUnsigned, input, 8, std::uint64_t{1} << 32);
    case 0xd0:
      return signed_form(input, 1, -32);
    case 0xd1:
      return signed_form(input, 2, std::numeric_limits<std::int8_t>::min());
    case 0xd2:
      return signed_form(input, 4, std::numeric_limits<std::int16_t>::min());
    case 0xd3:
      return signed_form(input, 8, std::numeric_limits<std::int32_t>::min());
    case 0xd9:
      return unsigned_form(ItemKind::kStr, input, 1, 0x20);
    case 0xda:
      return unsigned_form(ItemKind::kStr, input, 2, 0x100);
    case 0xdb:
      return unsigned_form(ItemKind::kStr, input, 4, 0x10000);
    case 0xdc:
      return unsigned_form(ItemKind::kArray, input, 2, 0x10);
    case 0xdd:
      return unsigned_form(ItemKind::kArray, input, 4, 0x10000);
    default:
      return fail(ErrorCode::kMalformed, "an item of a kind that messages don't use");
  }
}

bool is_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const std::uint8_t lead = byte(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    std::size_t more = 0;
    std::uint32_t point_min = 0;
    if (lead >= 0xc2 && lead < 0xe0) {
      more = 1;
      point_min = 0x80;
    } else if (lead >= 0xe0 && lead < 0xf0) {
      more = 2;
      point_min = 0x800;
    } else if (lead >= 0xf0 && lead < 0xf5) {
      more = 3;
      point_min = 0x10000;
    } else {
      return false;
    }
    if (text.size() - i <= more) return false;
    std::uint32_t point = lead & (0x3fU >> more);
    for (std::size_t k = 1; k <= more; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) return false;
      point = point << 6 | (byte(i + k) & 0x3fU);
    }
    if (point < point_min || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
    i += 1 + more;
  }
  return true;
}

}  // namespace zerok::wire
