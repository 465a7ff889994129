// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/simulated/link.h"

#include <algorithm>

namespace zerok::transport::simulated {
namespace {

using std::chrono::milliseconds;

// How much data a sender lets wait in front of a slow link: its congestion control, in one number.
constexpr Duration kQueueMax = milliseconds(100);
constexpr Duration kRetryMin = milliseconds(50);
constexpr Duration kRetryMax = milliseconds(2000);

}  // namespace

PacketFate Link::send(std::size_t bytes, std::uint32_t attempts, Instant now) {
  // Every packet takes the same number of draws, so that changing one setting in a scenario leaves
  // the dice of the others alone.
  const bool in_burst = lost_last_ && settings_.burst_loss_per_million > settings_.loss_per_million;
  const bool lost =
      chance(in_burst ? settings_.burst_loss_per_million : settings_.loss_per_million);
  const bool held_back = chance(settings_.reorder_per_million);
  const bool twice = chance(settings_.duplicate_per_million);
  const auto jitter_max =
      static_cast<std::uint64_t>(std::max(settings_.jitter, Duration::zero()).count());
  const Duration jitter(static_cast<Duration::rep>(rng_.below(jitter_max + 1)));
  const Duration jitter_twice(static_cast<Duration::rep>(rng_.below(jitter_max + 1)));

  Instant left = now;
  if (settings_.bytes_per_second > 0) {
    const Duration time(
        static_cast<Duration::rep>(bytes * 1'000'000'000 / settings_.bytes_per_second));
    busy_until_ = std::max(busy_until_, now) + time;
    left = busy_until_;
  }
  lost_last_ = lost || settings_.blackhole;
  PacketFate fate;
  fate.noticed = left + retry_after(attempts);
  if (lost_last_) return fate;
  fate.arrival =
      left + settings_.latency + jitter + (held_back ? settings_.reorder_delay : Duration::zero());
  if (twice) fate.duplicate = left + settings_.latency + jitter_twice;
  return fate;
}

Instant Link::ready_at() const {
  return settings_.bytes_per_second == 0 ? Instant() : busy_until_ - kQueueMax;
}

std::size_t Link::segment_size() {
  const std::size_t max = std::max<std::size_t>(settings_.segment_bytes_max, 1);
  return settings_.random_segments ? 1 + rng_.below(max) : max;
}

Duration Link::retry_after(std::uint32_t attempts) const {
  const Duration first = std::clamp(2 * settings_.latency + settings_.jitter, kRetryMin, kRetryMax);
  return std::min(first * (1 << std::min(attempts, 5U)), kRetryMax);
}

}  // namespace zerok::transport::simulated
