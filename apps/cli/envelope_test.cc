// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/envelope.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace zerok::apps {
namespace {

Bytes bytes_of(std::string_view text) {
  return Bytes(as_bytes(text).begin(), as_bytes(text).end());
}

TEST(EnvelopeTest, GivesBackWhatWasPutIn) {
  const Bytes content = bytes_of("hello");
  for (const ItemKind kind : {ItemKind::kText, ItemKind::kFile}) {
    for (const std::string_view name : {"", "a.txt", "\xc3\xa4.txt"}) {
      const auto payload = encode_item({kind, name, content});
      ASSERT_TRUE(payload);
      const auto item = decode_item(*payload);
      ASSERT_TRUE(item);
      EXPECT_EQ(item->kind, kind);
      EXPECT_EQ(item->name, name);
      EXPECT_EQ(Bytes(item->content.begin(), item->content.end()), content);
    }
  }
}

TEST(EnvelopeTest, IsTheseBytes) {
  const auto payload = encode_item({ItemKind::kFile, "a", bytes_of("xyz")});
  ASSERT_TRUE(payload);
  EXPECT_EQ(to_hex(*payload), "95a2306b0102a161c40378797a");
}

TEST(EnvelopeTest, FitsABlobAtItsLargest) {
  const Bytes content(kItemContentBytesMax, 7);
  const std::string name(kItemNameBytesMax, 'n');
  const auto payload = encode_item({ItemKind::kFile, name, content});
  ASSERT_TRUE(payload);
  EXPECT_LE(payload->size(), core::kPayloadBytesMax);
  EXPECT_TRUE(decode_item(*payload));
}

TEST(EnvelopeTest, RefusesWhatIsPastItsBounds) {
  const Bytes content(kItemContentBytesMax + 1, 7);
  EXPECT_EQ(encode_item({ItemKind::kText, "", content}).error().code, ErrorCode::kTooLarge);
  const std::string name(kItemNameBytesMax + 1, 'n');
  EXPECT_EQ(encode_item({ItemKind::kText, name, {}}).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(encode_item({ItemKind::kText, "\xff", {}}).error().code, ErrorCode::kInvalidArgument);
}

TEST(EnvelopeTest, RefusesEveryTruncationAndEveryOtherByteThatIsNotTheSameItem) {
  const auto payload = encode_item({ItemKind::kFile, "name", bytes_of("content")});
  ASSERT_TRUE(payload);
  for (std::size_t size = 0; size < payload->size(); ++size) {
    EXPECT_FALSE(decode_item(ByteView(*payload).first(size))) << size;
  }
  for (std::size_t i = 0; i < payload->size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      Bytes changed = *payload;
      changed[i] = static_cast<std::uint8_t>(value);
      const auto item = decode_item(changed);
      if (!item) continue;
      EXPECT_EQ(encode_item(*item), changed) << i << " " << value;
    }
  }
}

TEST(EnvelopeTest, TellsALaterVersionFromAnotherProgram) {
  EXPECT_EQ(decode_item(bytes_of("plain text of another program")).error().code,
            ErrorCode::kMalformed);
  Bytes later = *encode_item({ItemKind::kText, "", {}});
  later[4] = 2;
  EXPECT_EQ(decode_item(later).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace zerok::apps
