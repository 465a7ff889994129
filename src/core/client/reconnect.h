// SPDX-License-Identifier: MIT OR Apache-2.0
// Reconnect: when the next attempt to reach the relay is made, and at which of its addresses. Base
// doubling to a maximum, a uniform jitter on every attempt so that many devices do not come back in
// the same moment, forgotten on success. Pure: draws from the Rng it is given.
#pragma once

#include <algorithm>

#include "base/rng.h"
#include "core/client/limits.h"

namespace zerok::core {

class Reconnect {
 public:
  explicit Reconnect(const ClientLimits& limits)
      : base_(limits.retry_base), max_(limits.retry_max), jitter_(limits.retry_jitter) {}

  // When to try; kNever while an attempt or a connection lasts.
  Instant due() const { return due_; }
  void begin() { due_ = kNever; }
  // At once: at the start, in the foreground, on another network.
  void reset(Instant now) {
    failures_ = 0;
    due_ = now;
  }
  void succeeded() { failures_ = 0; }
  // Draws 8 bytes. Not before `wait`, which the relay asked for.
  void failed(Instant now, Duration wait, Rng& rng) {
    Duration delay = base_;
    for (std::uint32_t n = 0; n < failures_ && delay < max_; ++n) delay *= 2;
    delay = std::min(delay, max_);
    failures_ = std::min(failures_ + 1, kFailuresMax);
    const auto jitter = static_cast<std::uint64_t>(std::max(jitter_, Duration::zero()).count());
    const Duration drawn(static_cast<std::int64_t>(rng.below(jitter + 1)));
    due_ = saturating_add(now, std::max(delay, wait) + drawn);
  }
  void again_at_once(Instant now) { due_ = now; }
  void stop() { due_ = kNever; }
  std::uint32_t failures() const { return failures_; }

 private:
  static constexpr std::uint32_t kFailuresMax = 64;

  Duration base_;
  Duration max_;
  Duration jitter_;
  std::uint32_t failures_ = 0;
  Instant due_ = kNever;
};

}  // namespace zerok::core
