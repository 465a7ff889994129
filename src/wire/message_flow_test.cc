// SPDX-License-Identifier: MIT OR Apache-2.0
// Scheduler and assembler: what one cuts and interleaves the other puts together, within bounds.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>

#include "base/rng.h"
#include "wire/assembler.h"
#include "wire/scheduler.h"

namespace zerok::wire {
namespace {

Bytes random_bytes(Rng& rng, std::size_t size) {
  Bytes bytes(size);
  rng.fill(bytes);
  return bytes;
}

Frame first_chunk(MessageKey key, std::uint32_t total, ByteView chunk) {
  return {.key = key, .first = true, .last = total == chunk.size(), .total = total, .chunk = chunk};
}
Frame later_chunk(MessageKey key, bool last, ByteView chunk) {
  return {.key = key, .first = false, .last = last, .total = 0, .chunk = chunk};
}

struct Received {
  MessageKey key;
  Bytes body;
};

// Feeds one record and collects what it completes.
void receive(MessageAssembler& assembler, ByteView record, std::vector<Received>& out) {
  FrameReader reader(record);
  while (true) {
    const auto frame = reader.next();
    ASSERT_TRUE(frame);
    if (!*frame) return;
    auto message = assembler.add(**frame);
    ASSERT_TRUE(message) << message.error().text.view();
    if (*message) {
      const ByteView body = (*message)->body();
      out.push_back({(*message)->key(), Bytes(body.begin(), body.end())});
    }
  }
}

TEST(AssemblerTest, PassesAMessageInOneFrameThroughWithoutACopy) {
  MessageAssembler assembler;
  const Bytes body = {1, 2, 3};
  const auto message = assembler.add(first_chunk({1, 0x31, false}, 3, body));
  ASSERT_TRUE(message && *message);
  EXPECT_EQ((*message)->body().data(), body.data());
  EXPECT_EQ(assembler.reserved_bytes(), 0u);
}

TEST(AssemblerTest, AMessageStaysWholeWhenItIsMoved) {
  MessageAssembler assembler;
  const Bytes body = {1, 2, 3};
  ASSERT_TRUE(assembler.add(first_chunk({1, 0x10, false}, 3, ByteView(body).first(2))));
  auto result = assembler.add(later_chunk({1, 0x10, false}, true, ByteView(body).last(1)));
  ASSERT_TRUE(result && *result);
  const Message moved = std::move(**result);
  EXPECT_TRUE(std::ranges::equal(moved.body(), body));
}

TEST(AssemblerTest, KeepsMessagesApartByRequestTypeAndDirection) {
  MessageAssembler assembler;
  const Bytes a = {1, 2}, b = {3, 4}, c = {5, 6}, d = {7, 8};
  const std::pair<MessageKey, const Bytes*> messages[] = {{{1, 0x10, false}, &a},
                                                          {{1, 0x10, true}, &b},
                                                          {{1, 0x11, false}, &c},
                                                          {{2, 0x10, false}, &d}};
  for (const auto& [key, body] : messages) {
    const auto result = assembler.add(first_chunk(key, 2, ByteView(*body).first(1)));
    ASSERT_TRUE(result && !*result);
  }
  EXPECT_EQ(assembler.open_messages(), 4u);
  for (const auto& [key, body] : messages) {
    const auto result = assembler.add(later_chunk(key, true, ByteView(*body).last(1)));
    ASSERT_TRUE(result && *result);
    EXPECT_EQ((*result)->key(), key);
    EXPECT_TRUE(std::ranges::equal((*result)->body(), *body));
  }
  EXPECT_EQ(assembler.open_messages(), 0u);
  EXPECT_EQ(assembler.reserved_bytes(), 0u);
}

TEST(AssemblerTest, MemoryFollowsWhatArrivedNotWhatWasAnnounced) {
  MessageAssembler assembler;
  const Bytes byte = {1};
  ASSERT_TRUE(assembler.add(first_chunk({1, 0x10, false}, 1 << 20, byte)));
  EXPECT_LE(assembler.reserved_bytes(), 16u);
  std::size_t arrived = 1;
  const Bytes chunk(1000);
  while (arrived + chunk.size() < (1 << 20)) {
    ASSERT_TRUE(assembler.add(later_chunk({1, 0x10, false}, false, chunk)));
    arrived += chunk.size();
    ASSERT_LE(assembler.reserved_bytes(), std::max<std::size_t>(2 * arrived, 16));
    ASSERT_LE(assembler.reserved_bytes(), std::size_t{1} << 20);
  }
}

TEST(AssemblerTest, RefusesABreachOfTheFramingAndEverythingAfterIt) {
  const Bytes two = {1, 2};
  const MessageKey key{1, 0x10, false};
  const auto check = [&](std::vector<Frame> frames, ErrorCode code) {
    MessageAssembler assembler;
    for (std::size_t i = 0; i + 1 < frames.size(); ++i) ASSERT_TRUE(assembler.add(frames[i]));
    const auto result = assembler.add(frames.back());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code);
    EXPECT_EQ(assembler.add(first_chunk({9, 9, false}, 2, two)).error().code, code);
    EXPECT_EQ(assembler.reserved_bytes(), 0u);
  };
  check({later_chunk(key, true, two)}, ErrorCode::kMalformed);
  check({first_chunk(key, 9, two), first_chunk(key, 9, two)}, ErrorCode::kMalformed);
  check({first_chunk(key, 9, two), first_chunk(key, 2, two)}, ErrorCode::kMalformed);
  check({first_chunk(key, 4, two), later_chunk(key, false, two)}, ErrorCode::kMalformed);
  check({first_chunk(key, 5, two), later_chunk(key, true, two)}, ErrorCode::kMalformed);
  check({first_chunk(key, 3, two), later_chunk(key, true, two)}, ErrorCode::kMalformed);
  check({first_chunk({1, 0x77, false}, 65537, two)}, ErrorCode::kTooLarge);
  check({first_chunk(key, 0xffffffff, two)}, ErrorCode::kTooLarge);
}

TEST(AssemblerTest, BoundsHowManyMessagesAreOpenAndTheirSizesTogether) {
  const Bytes byte = {1};
  MessageAssembler counted({.open_messages_max = 3});
  for (std::uint32_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(counted.add(first_chunk({i, 0x10, false}, 9, byte)));
  }
  EXPECT_TRUE(counted.add(first_chunk({7, 0x10, false}, 1, byte)));
  EXPECT_EQ(counted.add(first_chunk({8, 0x10, false}, 9, byte)).error().code,
            ErrorCode::kOverloaded);

  MessageAssembler sized({.open_bytes_max = 1000});
  ASSERT_TRUE(sized.add(first_chunk({1, 0x10, false}, 600, byte)));
  ASSERT_TRUE(sized.add(first_chunk({2, 0x10, false}, 400, byte)));
  EXPECT_EQ(sized.add(first_chunk({3, 0x10, false}, 2, byte)).error().code, ErrorCode::kOverloaded);
}

TEST(SchedulerTest, PutsUrgentMessagesBetweenTheChunksOfABulkOne) {
  MessageScheduler scheduler({.chunk_bytes_max = 1000});
  ASSERT_TRUE(scheduler.push(Priority::kBulk, {1, 0x21, true}, Bytes(10000)));
  Bytes record(2100);
  record.resize(scheduler.fill(record));
  ASSERT_TRUE(scheduler.push(Priority::kUrgent, {2, 0x31, false}, Bytes(10)));
  ASSERT_TRUE(scheduler.push(Priority::kUrgent, {3, 0x31, false}, Bytes(10)));
  Bytes next(2100);
  next.resize(scheduler.fill(next));
  FrameReader reader(next);
  EXPECT_EQ((*reader.next())->key.request, 2u);
  EXPECT_EQ((*reader.next())->key.request, 3u);
  EXPECT_EQ((*reader.next())->key.request, 1u);
}

TEST(SchedulerTest, BulkMessagesTakeTurns) {
  MessageScheduler scheduler({.chunk_bytes_max = 1000});
  for (std::uint32_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(scheduler.push(Priority::kBulk, {i, 0x21, true}, Bytes(3000)));
  }
  Bytes record(kRecordBytesMax);
  record.resize(scheduler.fill(record));
  FrameReader reader(record);
  for (std::uint32_t i = 0; i < 9; ++i) EXPECT_EQ((*reader.next())->key.request, i % 3);
  EXPECT_TRUE(scheduler.empty());
  EXPECT_EQ(scheduler.queued_bytes(), 0u);
}

TEST(SchedulerTest, RefusesWhatItsBoundsDoNotAllow) {
  MessageScheduler scheduler({.queued_messages_max = 2,
                              .queued_bytes_max = 1000,
                              .urgent_message_bytes_max = 100,
                              .open_bytes_max = 900});
  EXPECT_EQ(scheduler.push(Priority::kBulk, {}, {}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(scheduler.push(Priority::kUrgent, {}, Bytes(101)).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(scheduler.push(Priority::kBulk, {}, Bytes(801)).error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(scheduler.push(Priority::kBulk, {1, 1, false}, Bytes(800)));
  EXPECT_EQ(scheduler.push(Priority::kBulk, {2, 1, false}, Bytes(201)).error().code,
            ErrorCode::kOverloaded);
  EXPECT_TRUE(scheduler.push(Priority::kUrgent, {2, 1, false}, Bytes(100)));
  EXPECT_EQ(scheduler.push(Priority::kUrgent, {3, 1, false}, Bytes(1)).error().code,
            ErrorCode::kOverloaded);
  Bytes record(kRecordBytesMax);
  EXPECT_GT(scheduler.fill(record), 0u);
  EXPECT_TRUE(scheduler.push(Priority::kBulk, {2, 1, false}, Bytes(201)));
}

TEST(SchedulerTest, NeverHasTwoMessagesOfOneNameOpen) {
  MessageScheduler scheduler({.chunk_bytes_max = 1000});
  for (const Priority priority : {Priority::kBulk, Priority::kBulk, Priority::kUrgent}) {
    ASSERT_TRUE(scheduler.push(priority, {1, 0x10, false}, Bytes(2500)));
  }
  MessageAssembler assembler;
  std::vector<Received> received;
  while (!scheduler.empty()) {
    Bytes record(MessageScheduler::kFillBytesMin);
    record.resize(scheduler.fill(record));
    ASSERT_FALSE(record.empty());
    ASSERT_NO_FATAL_FAILURE(receive(assembler, record, received));
  }
  EXPECT_EQ(received.size(), 3u);
}

TEST(MessageFlowTest, EveryMessageArrivesWholeWhateverTheRecordSizes) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    DeterministicRng rng(seed);
    const SchedulerLimits limits{.queued_messages_max = 40,
                                 .queued_bytes_max = 400000,
                                 .chunk_bytes_max = 1 + rng.below(20000),
                                 .urgent_message_bytes_max = 3000,
                                 .open_messages_max = 2 + rng.below(6),
                                 .open_bytes_max = 200000};
    MessageScheduler scheduler(limits);
    MessageAssembler assembler(
        {.open_messages_max = limits.open_messages_max, .open_bytes_max = limits.open_bytes_max});
    std::map<std::uint32_t, Bytes> sent;
    std::vector<std::uint32_t> urgent_order;
    std::vector<Received> received;
    std::uint32_t request = 0;
    while (request < 200 || !scheduler.empty()) {
      for (std::uint64_t n = rng.below(5); n > 0 && request < 200; --n) {
        const bool urgent = rng.below(3) == 0;
        Bytes body = random_bytes(rng, 1 + rng.below(urgent ? 3000 : 60000));
        const auto pushed = scheduler.push(urgent ? Priority::kUrgent : Priority::kBulk,
                                           {request, 0x10, false}, body);
        if (!pushed) {
          ASSERT_EQ(pushed.error().code, ErrorCode::kOverloaded);
          break;
        }
        if (urgent) urgent_order.push_back(request);
        sent[request++] = std::move(body);
      }
      Bytes record(MessageScheduler::kFillBytesMin + rng.below(kRecordBytesMax));
      record.resize(scheduler.fill(record));
      if (record.empty()) continue;
      ASSERT_LE(record.size(), kRecordBytesMax);
      ASSERT_NO_FATAL_FAILURE(receive(assembler, record, received)) << "seed " << seed;
    }
    ASSERT_EQ(received.size(), sent.size()) << "seed " << seed;
    std::vector<std::uint32_t> urgent_received;
    for (const Received& message : received) {
      ASSERT_EQ(message.body, sent[message.key.request]) << "seed " << seed;
      if (std::ranges::find(urgent_order, message.key.request) != urgent_order.end()) {
        urgent_received.push_back(message.key.request);
      }
    }
    EXPECT_EQ(urgent_received, urgent_order) << "seed " << seed;
    EXPECT_EQ(scheduler.queued_bytes(), 0u);
    EXPECT_EQ(assembler.open_messages(), 0u);
  }
}

}  // namespace
}  // namespace zerok::wire
