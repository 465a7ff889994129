// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/rng.h"
#include "wire/message_type.h"

namespace zerok::wire {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

Result<std::vector<Frame>> read_record(ByteView record) {
  FrameReader reader(record);
  std::vector<Frame> frames;
  while (true) {
    ZEROK_TRY(const auto frame, reader.next());
    if (!frame) return frames;
    frames.push_back(*frame);
  }
}

Bytes write_record(const std::vector<Frame>& frames) {
  Bytes record(kRecordBytesMax);
  std::size_t used = 0;
  for (const Frame& frame : frames)
    used += write_frame(MutableByteView(record).subspan(used), frame);
  record.resize(used);
  return record;
}

ErrorCode read_error(std::string_view text) {
  const auto result = read_record(hex(text));
  return result ? ErrorCode::kInternal : result.error().code;
}

Frame random_frame(Rng& rng, ByteView chunk) {
  Frame frame;
  frame.key = {static_cast<std::uint32_t>(rng.next_u64()),
               static_cast<std::uint8_t>(rng.below(256)), rng.below(2) == 1};
  frame.first = rng.below(2) == 1;
  frame.last = rng.below(2) == 1;
  frame.chunk = chunk;
  const auto size = static_cast<std::uint32_t>(chunk.size());
  if (frame.first)
    frame.total = frame.last ? size : size + 1 + static_cast<std::uint32_t>(rng.below(99));
  return frame;
}

TEST(FrameTest, HasTheLayoutOfTheSpecification) {
  const Bytes body = {0xaa, 0xbb};
  EXPECT_EQ(to_hex(write_record({{.key = {0x01020304, 0x31, false},
                                  .first = true,
                                  .last = true,
                                  .total = 2,
                                  .chunk = body}})),
            "0331010203040002aabb");
  EXPECT_EQ(to_hex(write_record({{.key = {5, 0x21, true},
                                  .first = true,
                                  .last = false,
                                  .total = 0x10000,
                                  .chunk = body}})),
            "0521000000050002"
            "00010000"
            "aabb");
  EXPECT_EQ(to_hex(write_record({{.key = {5, 0x21, true}, .last = true, .chunk = body}})),
            "0621000000050002aabb");
}

TEST(FrameTest, RoundTripsAnyFramesOfARecord) {
  DeterministicRng rng(3);
  Bytes bytes(4096);
  rng.fill(bytes);
  for (int i = 0; i < 500; ++i) {
    std::vector<Frame> frames;
    for (std::uint64_t n = 1 + rng.below(12); n > 0; --n) {
      frames.push_back(random_frame(rng, ByteView(bytes).first(1 + rng.below(bytes.size()))));
    }
    const Bytes record = write_record(frames);
    const auto read = read_record(record);
    ASSERT_TRUE(read);
    ASSERT_EQ(read->size(), frames.size());
    for (std::size_t k = 0; k < frames.size(); ++k) {
      const Frame& a = frames[k];
      const Frame& b = (*read)[k];
      EXPECT_EQ(a.key, b.key);
      EXPECT_EQ(a.first, b.first);
      EXPECT_EQ(a.last, b.last);
      EXPECT_EQ(a.total, b.total);
      EXPECT_TRUE(std::ranges::equal(a.chunk, b.chunk));
    }
  }
}

TEST(FrameTest, RefusesEveryTruncationThatDoesNotEndAFrame) {
  const Bytes body(5, 0x11);
  const Bytes record = write_record(
      {{.key = {1, 2, false}, .first = true, .last = true, .total = 5, .chunk = body},
       {.key = {2, 2, false}, .first = true, .last = false, .total = 9, .chunk = body}});
  for (std::size_t size = 0; size < record.size(); ++size) {
    const auto read = read_record(ByteView(record).first(size));
    if (size == kFrameHeaderBytes + body.size()) {
      EXPECT_TRUE(read);
    } else {
      ASSERT_FALSE(read) << size;
      EXPECT_EQ(read.error().code, size == 0 ? ErrorCode::kMalformed : ErrorCode::kTruncated);
    }
  }
}

TEST(FrameTest, WithAnyByteChangedRefusesOrReEncodesToExactlyThoseBytes) {
  const Bytes body(3, 0x11);
  const Bytes original =
      write_record({{.key = {1, 2, false}, .first = true, .last = true, .total = 3, .chunk = body},
                    {.key = {2, 2, true}, .first = true, .last = false, .total = 9, .chunk = body},
                    {.key = {2, 2, true}, .chunk = body}});
  std::size_t accepted = 0;
  for (std::size_t at = 0; at < original.size(); ++at) {
    Bytes record = original;
    for (int change = 1; change < 256; ++change) {
      record[at] = static_cast<std::uint8_t>(original[at] ^ change);
      const auto frames = read_record(record);
      if (!frames) continue;
      ++accepted;
      ASSERT_EQ(write_record(*frames), record);
    }
  }
  EXPECT_GT(accepted, 1000u);
}

TEST(FrameTest, RefusesWhatNoSenderWrites) {
  EXPECT_EQ(read_error(""), ErrorCode::kMalformed);
  EXPECT_EQ(read_error("0b31000000010001aa"), ErrorCode::kMalformed);
  EXPECT_EQ(read_error("8331000000010001aa"), ErrorCode::kMalformed);
  EXPECT_EQ(read_error("0331000000010000"), ErrorCode::kMalformed);
  EXPECT_EQ(read_error("0131000000010001"
                       "00000001"
                       "aa"),
            ErrorCode::kMalformed);
  EXPECT_EQ(read_error("0131000000010001"
                       "00000000"
                       "aa"),
            ErrorCode::kMalformed);
}

TEST(MessageTypeTest, KnowsTheNumbersOfTheSpecificationAndNoOthers) {
  std::size_t known = 0;
  for (unsigned number = 0; number < 256; ++number) {
    known += is_known_message_type(static_cast<std::uint8_t>(number)) ? 1U : 0U;
  }
  EXPECT_EQ(known, 30u);
  EXPECT_EQ(message_type_name(0x21), "PULL_RESPONSE");
  EXPECT_EQ(message_type_name(0xff), "ERROR");
  EXPECT_FALSE(is_known_message_type(0x00));
  std::size_t errors = 0;
  for (unsigned number = 0; number < 65536; ++number) {
    errors += is_known_wire_error(static_cast<std::uint16_t>(number)) ? 1U : 0U;
  }
  EXPECT_EQ(errors, 14u);
  EXPECT_EQ(wire_error_name(1005), "STALE_EPOCH");
  EXPECT_EQ(wire_error_name(3001), "RELAY_SHUTTING_DOWN");
}

TEST(MessageTypeTest, UnknownTypesGetTheSmallBoundAndBulkTypesRoomForOneLargestBlob) {
  EXPECT_EQ(message_bytes_max(0x77), 65536u);
  EXPECT_GT(message_bytes_max(0x10), std::size_t{1} << 20);
  for (unsigned number = 0; number < 256; ++number) {
    EXPECT_LE(message_bytes_max(static_cast<std::uint8_t>(number)), std::size_t{8} << 20);
  }
}

}  // namespace
}  // namespace zerok::wire
