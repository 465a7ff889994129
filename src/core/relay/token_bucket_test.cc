// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/relay/token_bucket.h"

#include <gtest/gtest.h>

#include <limits>

namespace zerok::core {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const Instant kStart = Instant(seconds(7));

TEST(TokenBucketTest, GivesItsBurstAtOnceAndThenItsRate) {
  TokenBucket bucket(600, 5, kStart);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(bucket.take(1, kStart));
  EXPECT_FALSE(bucket.take(1, kStart));
  EXPECT_FALSE(bucket.take(1, kStart + milliseconds(99)));
  EXPECT_TRUE(bucket.take(1, kStart + milliseconds(100)));
  EXPECT_FALSE(bucket.take(1, kStart + milliseconds(101)));
}

TEST(TokenBucketTest, TakesAllOrNothing) {
  TokenBucket bucket(60, 10, kStart);
  EXPECT_FALSE(bucket.take(11, kStart));
  EXPECT_TRUE(bucket.take(10, kStart));
}

TEST(TokenBucketTest, HasWhatItPromisedAfterTheWaitThatItNamed) {
  for (const std::uint64_t rate : {1U, 7U, 60U, 601U, 1'000'003U}) {
    TokenBucket bucket(rate, 1000, kStart);
    ASSERT_TRUE(bucket.take(1000, kStart));
    const Duration wait = bucket.wait_for(13, kStart);
    EXPECT_TRUE(bucket.take(13, kStart + wait)) << rate;
  }
}

TEST(TokenBucketTest, LosesNothingHoweverOftenItIsAsked) {
  TokenBucket asked(7, 100, kStart);
  ASSERT_TRUE(asked.take(100, kStart));
  for (int i = 1; i <= 60'000; ++i) EXPECT_FALSE(asked.take(101, kStart + milliseconds(i)));
  EXPECT_TRUE(asked.take(7, kStart + minutes(1) + microseconds(2)));
}

TEST(TokenBucketTest, IsFullAgainAfterTheTimeItTakesAndNeverMoreThanFull) {
  TokenBucket bucket(60, 10, kStart);
  ASSERT_TRUE(bucket.take(10, kStart));
  EXPECT_FALSE(bucket.is_full(kStart + seconds(9)));
  EXPECT_TRUE(bucket.is_full(kStart + seconds(10)));
  EXPECT_FALSE(bucket.take(11, kStart + minutes(100)));
}

TEST(TokenBucketTest, TakesLimitsOfAnySize) {
  constexpr auto kLargest = std::numeric_limits<std::uint64_t>::max();
  TokenBucket bucket(kLargest, kLargest, kStart);
  ASSERT_TRUE(bucket.take(std::uint64_t{1} << 36, kStart));
  EXPECT_TRUE(bucket.is_full(kStart + minutes(1)));
}

}  // namespace
}  // namespace zerok::core
