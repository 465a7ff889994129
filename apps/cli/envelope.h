// SPDX-License-Identifier: MIT OR Apache-2.0
// What the program 0k puts into a blob: a text, or a file with its name; docs/cli.md says the
// bytes. 0k-Sync itself does not look inside a blob. Other programs may put other things into
// theirs.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "core/blob_content.h"

namespace zerok::apps {

enum class ItemKind : std::uint8_t { kText = 1, kFile = 2 };

inline constexpr std::size_t kItemNameBytesMax = 255;
// Leaves room for the name and what is around it, also for what a later version may add.
inline constexpr std::size_t kItemContentBytesMax = core::kPayloadBytesMax - 512;

// Views into the payload it was read from.
struct Item {
  ItemKind kind = ItemKind::kText;
  std::string_view name;  // of a file, as its sender claims it: UTF-8, else unchecked; or empty
  ByteView content;
};

// kTooLarge past a bound above, kInvalidArgument for a name that is not UTF-8.
Result<Bytes> encode_item(const Item& item);
// Any error: this payload is not of this program, or of a later version of it (kUnsupported).
Result<Item> decode_item(ByteView payload);

}  // namespace zerok::apps
