// SPDX-License-Identifier: MIT OR Apache-2.0
// TokenBucket: how much of something a peer may use, per minute and at once. Time is a parameter.
// Whole numbers only, so that the same calls give the same answers on every machine.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace zerok::core {

class TokenBucket {
 public:
  // Starts full. Both above 0; more than kMax is no limit anyway.
  TokenBucket(std::uint64_t per_minute, std::uint64_t burst, Instant now)
      : per_minute_(std::min(per_minute, kMax)),
        burst_(std::min(burst, kMax)),
        left_(burst_),
        updated_(now) {}

  // True if that much was left, and is taken now.
  bool take(std::uint64_t amount, Instant now) {
    refill(now);
    if (amount > left_) return false;
    left_ -= amount;
    return true;
  }
  // How long until that much is there, at least a millisecond; never for more than the burst.
  Duration wait_for(std::uint64_t amount, Instant now) {
    refill(now);
    amount = std::min(amount, burst_);
    const std::uint64_t missing = amount > left_ ? amount - left_ : 0;
    // Rounded up, and one more for what refill() rounds down.
    const std::uint64_t us = missing == 0 ? 0 : time_for(missing) + 1;
    return std::max<Duration>(std::chrono::milliseconds(1), std::chrono::microseconds(us));
  }
  bool is_full(Instant now) {
    refill(now);
    return left_ == burst_;
  }

 private:
  static constexpr std::uint64_t kMinuteUs = 60'000'000;
  // So many times a minute's microseconds still fit 64 bits.
  static constexpr std::uint64_t kMax = std::uint64_t{1} << 37;

  // Microseconds in which that many tokens come, rounded up.
  std::uint64_t time_for(std::uint64_t tokens) const {
    return (tokens * kMinuteUs + per_minute_ - 1) / per_minute_;
  }
  // Moves updated_ on only by the time that the tokens it adds stand for, so none is lost to
  // rounding however often it is called.
  void refill(Instant now) {
    if (now <= updated_) return;
    const auto us = static_cast<std::uint64_t>((now - updated_) / std::chrono::microseconds(1));
    if (left_ == burst_ || us >= time_for(burst_ - left_)) {
      left_ = burst_;
      updated_ = now;
      return;
    }
    const std::uint64_t added = us * per_minute_ / kMinuteUs;
    if (added == 0) return;
    left_ += added;
    updated_ += std::chrono::microseconds(added * kMinuteUs / per_minute_);
  }

  std::uint64_t per_minute_;
  std::uint64_t burst_;
  std::uint64_t left_;
  Instant updated_;
};

}  // namespace zerok::core
