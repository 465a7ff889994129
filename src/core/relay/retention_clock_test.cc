// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/relay/retention_clock.h"

#include <gtest/gtest.h>

namespace zerok::core {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr UnixMs kHourMs = 3'600'000;
constexpr Instant kStart{hours(1000)};

TEST(RetentionClockTest, StartsAtTheWallClockAndGoesOnByTheMonotonicOne) {
  const auto clock = RetentionClock::start({}, kStart, 5'000).value();
  EXPECT_EQ(clock.at(kStart), 5'000);
  EXPECT_EQ(clock.at(kStart + seconds(3)), 8'000);
  EXPECT_EQ(clock.at(kStart - seconds(3)), 5'000);
}

TEST(RetentionClockTest, AddsWhatTheWallClockSaysHasPassedDuringAStop) {
  const auto before = RetentionClock::start({}, kStart, 5'000).value();
  const Bytes saved = before.save(kStart + seconds(10), 15'000);
  const auto after = RetentionClock::start(saved, Instant{}, 15'000 + 2 * kHourMs).value();
  EXPECT_EQ(after.at(Instant{}), 15'000 + 2 * kHourMs);
}

TEST(RetentionClockTest, AJumpDuringAStopCountsForADayAtMostAndNeverBackwards) {
  const auto before = RetentionClock::start({}, kStart, 5'000).value();
  const Bytes saved = before.save(kStart, 5'000);
  for (const UnixMs wall : {INT64_MAX, UnixMs{5'000} + 1000 * kHourMs}) {
    EXPECT_EQ(RetentionClock::start(saved, kStart, wall)->at(kStart), 5'000 + 24 * kHourMs);
  }
  for (const UnixMs wall : {INT64_MIN, UnixMs{0}, UnixMs{4'999}}) {
    EXPECT_EQ(RetentionClock::start(saved, kStart, wall)->at(kStart), 5'000);
  }
}

TEST(RetentionClockTest, KeepsItsOwnTimeWhenTheWallClockWasWrongWhileItRan) {
  const auto clock = RetentionClock::start({}, kStart, 5'000).value();
  const Bytes saved = clock.save(kStart + seconds(1), 9'000 * kHourMs);
  EXPECT_EQ(RetentionClock::start(saved, kStart, 9'000 * kHourMs + 7)->at(kStart), 6'007);
}

TEST(RetentionClockTest, RefusesWhatItNeverSaved) {
  const auto clock = RetentionClock::start({}, kStart, 5'000).value();
  Bytes saved = clock.save(kStart, 5'000);
  for (std::size_t size = 1; size < saved.size(); ++size) {
    EXPECT_FALSE(RetentionClock::start(ByteView(saved).first(size), kStart, 0)) << size;
  }
  saved[0] = 0xff;
  EXPECT_EQ(RetentionClock::start(saved, kStart, 0).error().code, ErrorCode::kMalformed);
}

}  // namespace
}  // namespace zerok::core
