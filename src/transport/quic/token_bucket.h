// SPDX-License-Identifier: MIT OR Apache-2.0
// TokenBucket: at most `burst` things at once and `per_second` in the long run.
#pragma once

#include <algorithm>

#include "base/time.h"

namespace zerok::transport {

class TokenBucket {
 public:
  TokenBucket(double per_second, double burst, Instant now)
      : per_second_(per_second), burst_(burst), tokens_(burst), last_(now) {}

  bool take(Instant now) {
    refill(now);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }
  bool full(Instant now) const { return tokens_ + gained(now) >= burst_; }

 private:
  double gained(Instant now) const {
    if (now <= last_) return 0;
    return std::chrono::duration<double>(now - last_).count() * per_second_;
  }
  void refill(Instant now) {
    tokens_ = std::min(burst_, tokens_ + gained(now));
    last_ = std::max(last_, now);
  }

  double per_second_;
  double burst_;
  double tokens_;
  Instant last_;
};

}  // namespace zerok::transport
