// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/lamport.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/rng.h"

namespace zerok::core {
namespace {

TEST(LamportClockTest, IsLaterThanAllItSaw) {
  LamportClock clock;
  EXPECT_EQ(clock.next(), 1u);
  clock.observe(40);
  clock.observe(7);
  EXPECT_EQ(clock.next(), 41u);
  EXPECT_EQ(LamportClock(clock.value()).next(), 42u);
}

TEST(LamportClockTest, StopsAtTheHighestNumberInsteadOfFailing) {
  LamportClock clock;
  clock.observe(kLamportMax);
  EXPECT_EQ(clock.next(), kLamportMax);
  clock.observe(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(clock.next(), kLamportMax);
}

TEST(OrderKeyTest, OrdersByLamportThenDeviceThenIncarnationThenSequence) {
  DeterministicRng rng(1);
  std::vector<OrderKey> keys;
  for (int i = 0; i < 200; ++i) {
    OrderKey key;
    key.lamport = rng.below(3);
    key.device.mutable_bytes()[31] = static_cast<std::uint8_t>(rng.below(3));
    key.incarnation.mutable_bytes()[0] = static_cast<std::uint8_t>(rng.below(3));
    key.sequence = rng.below(3);
    keys.push_back(key);
  }
  std::sort(keys.begin(), keys.end());
  for (std::size_t i = 1; i < keys.size(); ++i) {
    const auto rank = [](const OrderKey& key) {
      return ((key.lamport * 256 + key.device.bytes()[31]) * 256 + key.incarnation.bytes()[0]) *
                 256 +
             key.sequence;
    };
    EXPECT_LE(rank(keys[i - 1]), rank(keys[i]));
  }
}

}  // namespace
}  // namespace zerok::core
