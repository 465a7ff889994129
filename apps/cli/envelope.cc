// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/envelope.h"

#include "wire/decoder.h"
#include "wire/encoder.h"

namespace zerok::apps {
namespace {

constexpr std::string_view kMark = "0k";
constexpr std::uint64_t kVersion = 1;

}  // namespace

Result<Bytes> encode_item(const Item& item) {
  if (item.name.size() > kItemNameBytesMax) {
    return fail(ErrorCode::kTooLarge, "a name of more than 255 bytes");
  }
  if (item.content.size() > kItemContentBytesMax) {
    return fail(ErrorCode::kTooLarge, "more than 1,048,064 bytes");
  }
  wire::Encoder encoder(core::kPayloadBytesMax);
  encoder.add_array(5).add_str(kMark).add_unsigned(kVersion);
  encoder.add_unsigned(static_cast<std::uint64_t>(item.kind)).add_str(item.name);
  return encoder.add_bin(item.content).take();
}

Result<Item> decode_item(ByteView payload) {
  wire::Decoder decoder(payload);
  ZEROK_TRY_VOID(decoder.begin_record(5));
  ZEROK_TRY(const auto mark, decoder.read_str(kMark.size()));
  if (mark != kMark) return fail(ErrorCode::kMalformed, "not of this program");
  ZEROK_TRY(const auto version, decoder.read_unsigned());
  ZEROK_TRY(const auto kind, decoder.read_unsigned());
  if (version != kVersion || kind < 1 || kind > 2) {
    return fail(ErrorCode::kUnsupported, "of a newer version of this program");
  }
  Item item;
  item.kind = static_cast<ItemKind>(kind);
  ZEROK_TRY(item.name, decoder.read_str(kItemNameBytesMax));
  ZEROK_TRY(item.content, decoder.read_bin(kItemContentBytesMax));
  ZEROK_TRY_VOID(decoder.end());
  ZEROK_TRY_VOID(decoder.finish());
  return item;
}

}  // namespace zerok::apps
