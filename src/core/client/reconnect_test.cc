// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/client/reconnect.h"

#include <gtest/gtest.h>

namespace zerok::core {
namespace {

using std::chrono::seconds;

TEST(ReconnectTest, DoublesFromOneSecondToThirtyAndForgetsOnSuccess) {
  ClientLimits limits;
  limits.retry_jitter = Duration::zero();
  DeterministicRng rng(1);
  Reconnect reconnect(limits);
  const Instant now{seconds(100)};
  for (const int expected : {1, 2, 4, 8, 16, 30, 30}) {
    reconnect.failed(now, Duration::zero(), rng);
    EXPECT_EQ(reconnect.due() - now, seconds(expected));
  }
  reconnect.succeeded();
  reconnect.failed(now, Duration::zero(), rng);
  EXPECT_EQ(reconnect.due() - now, seconds(1));
}

TEST(ReconnectTest, AddsAJitterOfZeroToFiveSecondsToEveryAttempt) {
  DeterministicRng rng(1);
  Reconnect reconnect{ClientLimits{}};
  const Instant now{seconds(100)};
  Duration least = seconds(60);
  Duration most{};
  for (int n = 0; n < 200; ++n) {
    reconnect.reset(now);
    reconnect.failed(now, Duration::zero(), rng);
    least = std::min(least, reconnect.due() - now);
    most = std::max(most, reconnect.due() - now);
  }
  EXPECT_GE(least, seconds(1));
  EXPECT_LT(least, std::chrono::milliseconds(1200));
  EXPECT_LE(most, seconds(6));
  EXPECT_GT(most, std::chrono::milliseconds(5800));
}

TEST(ReconnectTest, WaitsAsLongAsTheRelayAsksFor) {
  DeterministicRng rng(1);
  Reconnect reconnect{ClientLimits{}};
  const Instant now{seconds(100)};
  reconnect.failed(now, seconds(90), rng);
  EXPECT_GE(reconnect.due() - now, seconds(90));
  reconnect.reset(now);
  EXPECT_EQ(reconnect.due(), now);
  reconnect.begin();
  EXPECT_EQ(reconnect.due(), kNever);
}

}  // namespace
}  // namespace zerok::core
