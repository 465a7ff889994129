// SPDX-License-Identifier: MIT OR Apache-2.0
// TokenBucket: how much of something a peer may use, per minute and at once. Time is a parameter.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace zerok::core {

class TokenBucket {
 public:
  // Starts full. Both above 0.
  TokenBucket(std::uint64_t per_minute, std::uint64_t burst, Instant now)
      : per_minute_(per_minute), burst_(static_cast<double>(burst)), left_(burst_), updated_(now) {}

  // True if that much was left, and is taken now.
  bool take(std::uint64_t amount, Instant now) {
    refill(now);
    if (static_cast<double>(amount) > left_) return false;
    left_ -= static_cast<double>(amount);
    return true;
  }
  // How long until that much is there, at least a millisecond; never for more than the burst.
  Duration wait_for(std::uint64_t amount, Instant now) {
    refill(now);
    const double missing = std::max(0.0, std::min(static_cast<double>(amount), burst_) - left_);
    const double seconds = missing * 60 / static_cast<double>(per_minute_);
    return std::max<Duration>(
        std::chrono::milliseconds(1),
        std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
  }
  bool is_full(Instant now) {
    refill(now);
    return left_ >= burst_;
  }

 private:
  void refill(Instant now) {
    if (now <= updated_) return;
    const double seconds = std::chrono::duration<double>(now - updated_).count();
    left_ = std::min(burst_, left_ + seconds * static_cast<double>(per_minute_) / 60);
    updated_ = now;
  }

  std::uint64_t per_minute_;
  double burst_;
  double left_;
  Instant updated_;
};

}  // namespace zerok::core
