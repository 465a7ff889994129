// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/blob_content.h"

#include <gtest/gtest.h>

#include "core/testing/blob_sample.h"
#include "wire/encoder.h"

namespace zerok::core {
namespace {

using testing::draw_content;
using testing::sample_content;
using testing::sample_header;

ErrorCode parse_error(ByteView bytes) {
  const auto content = BlobContent::parse(Bytes(bytes.begin(), bytes.end()));
  EXPECT_FALSE(content.has_value());
  return content ? ErrorCode::kInternal : content.error().code;
}

TEST(BlobContentTest, RoundTripsWhateverIsWithinItsBounds) {
  DeterministicRng rng(1);
  for (int i = 0; i < 300; ++i) {
    const BlobContent content = draw_content(rng, 4096);
    const auto again = BlobContent::parse(Bytes(content.bytes().begin(), content.bytes().end()));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->header(), content.header());
    EXPECT_TRUE(std::ranges::equal(again->payload(), content.payload()));
    EXPECT_EQ(again->chain_hash(), content.chain_hash());
  }
}

TEST(BlobContentTest, HoldsAnEmptyPayloadAndTheLongestWithTheLongestHeader) {
  EXPECT_TRUE(sample_content("").payload().empty());
  BlobHeader header = sample_header();
  header.sequence = kSequenceMax;
  header.lamport = kLamportMax;
  header.previous.mutable_bytes()[0] = 1;
  header.tag = Bytes(kTagBytesMax, 7);
  const auto content = BlobContent::make(header, Bytes(kPayloadBytesMax, 3));
  ASSERT_TRUE(content);
  EXPECT_EQ(content->bytes().size(), BlobContent::kBytesMax);
  EXPECT_EQ(BlobContent::make(header, Bytes(kPayloadBytesMax + 1)).error().code,
            ErrorCode::kTooLarge);
}

TEST(BlobContentTest, RefusesEveryTruncationAndEveryAddition) {
  const BlobContent content = sample_content();
  for (std::size_t size = 0; size < content.bytes().size(); ++size) {
    EXPECT_NE(parse_error(content.bytes().first(size)), ErrorCode::kUnsupported) << size;
  }
  Bytes longer(content.bytes().begin(), content.bytes().end());
  longer.push_back(0);
  EXPECT_EQ(parse_error(longer), ErrorCode::kMalformed);
}

TEST(BlobContentTest, WithAnyByteChangedRefusesOrReadsAnotherContentOfExactlyThoseBytes) {
  BlobHeader header = sample_header();
  header.tag = Bytes{1, 2, 3};
  const BlobContent content = BlobContent::make(header, as_bytes("hello")).value();
  for (std::size_t at = 0; at < content.bytes().size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      Bytes bytes(content.bytes().begin(), content.bytes().end());
      if (bytes[at] == value) continue;
      bytes[at] = static_cast<std::uint8_t>(value);
      const auto changed = BlobContent::parse(bytes);
      if (!changed) continue;
      const auto written = BlobContent::make(changed->header(), changed->payload());
      ASSERT_TRUE(written);
      EXPECT_TRUE(std::ranges::equal(written->bytes(), bytes)) << at << " " << value;
      EXPECT_NE(changed->chain_hash(), content.chain_hash());
    }
  }
}

TEST(BlobContentTest, RefusesAHeaderOutsideOfItsBounds) {
  const auto refuse = [](auto change) {
    BlobHeader header = sample_header();
    change(header);
    const auto content = BlobContent::make(header, {});
    EXPECT_FALSE(content);
  };
  refuse([](BlobHeader& h) { h.sequence = 0; });
  refuse([](BlobHeader& h) { h.sequence = kSequenceMax + 1; });
  refuse([](BlobHeader& h) { h.lamport = 0; });
  refuse([](BlobHeader& h) { h.lamport = kLamportMax + 1; });
  refuse([](BlobHeader& h) { h.previous.mutable_bytes()[31] = 1; });
  refuse([](BlobHeader& h) { h.tag = Bytes(); });
  refuse([](BlobHeader& h) { h.tag = Bytes(kTagBytesMax + 1); });
}

TEST(BlobContentTest, TellsALaterVersionFromNonsense) {
  wire::Encoder later(64);
  later.add_array(2).add_unsigned(2).add_str("of another shape");
  EXPECT_EQ(parse_error(later.take().value()), ErrorCode::kUnsupported);
  wire::Encoder none(64);
  none.add_array(2).add_unsigned(0).add_nil();
  EXPECT_EQ(parse_error(none.take().value()), ErrorCode::kMalformed);
  EXPECT_EQ(parse_error({}), ErrorCode::kTruncated);
}

TEST(BlobContentTest, HasNoRoomForAddedItems) {
  const BlobContent content = sample_content();
  Bytes added(content.bytes().begin(), content.bytes().end());
  ASSERT_EQ(added[0], 0x98);
  added[0] = 0x99;
  added.push_back(0xc0);
  EXPECT_EQ(parse_error(added), ErrorCode::kMalformed);
}

TEST(BlobContentTest, ChainsOverHeaderAndPayload) {
  const BlobContent content = sample_content();
  BlobHeader header = sample_header();
  EXPECT_EQ(BlobContent::make(header, as_bytes("hello"))->chain_hash(), content.chain_hash());
  EXPECT_NE(BlobContent::make(header, as_bytes("hellp"))->chain_hash(), content.chain_hash());
  header.lamport = 2;
  EXPECT_NE(BlobContent::make(header, as_bytes("hello"))->chain_hash(), content.chain_hash());
}

}  // namespace
}  // namespace zerok::core
