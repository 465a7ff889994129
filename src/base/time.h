// SPDX-License-Identifier: MIT OR Apache-2.0
// Instant: a point on a monotonic clock that can't be read here. Time is a parameter everywhere;
// only the drivers at the edge read a real clock (system_clock.h) and the simulator has its own.
#pragma once

#include <chrono>
#include <cstdint>

namespace zerok {

using Duration = std::chrono::nanoseconds;

// A clock without now(): code that only has Instants can't peek at the real time.
struct Clock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Clock, duration>;
  static constexpr bool is_steady = true;
};

using Instant = Clock::time_point;

// Later than any deadline.
inline constexpr Instant kNever = Instant::max();

// Milliseconds since 1970 (UTC) by a clock that people set: it may jump either way. For what has to
// be dated across restarts (expiry); never for order.
using UnixMs = std::int64_t;

// Instant + Duration that stays at the ends instead of overflowing. Never stays never.
constexpr Instant saturating_add(Instant at, Duration by) {
  if (at == kNever) return kNever;
  if (by > Duration::zero() && at > kNever - by) return kNever;
  if (by < Duration::zero() && at < Instant::min() - by) return Instant::min();
  return at + by;
}

}  // namespace zerok
