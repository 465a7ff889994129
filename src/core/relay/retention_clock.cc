// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/relay/retention_clock.h"

#include <algorithm>

namespace zerok::core {
namespace {

// A thousand years: what a clock can be taken to say, and additions can't overflow.
constexpr UnixMs kTimeMax = UnixMs{1000} * 366 * 24 * 60 * 60 * 1000;

UnixMs plausible(UnixMs time) { return std::clamp<UnixMs>(time, 0, kTimeMax); }

}  // namespace

Result<RetentionClock> RetentionClock::start(ByteView saved, Instant now, UnixMs wall) {
  wall = plausible(wall);
  if (saved.empty()) return RetentionClock(wall, now);
  if (saved.size() != 16) return fail(ErrorCode::kMalformed, "the saved clock is damaged");
  const auto time = static_cast<UnixMs>(load_be64(saved));
  const auto saved_wall = static_cast<UnixMs>(load_be64(saved.subspan(8)));
  if (time != plausible(time) || saved_wall != plausible(saved_wall)) {
    return fail(ErrorCode::kMalformed, "the saved clock is damaged");
  }
  return RetentionClock(plausible(time + std::clamp<UnixMs>(wall - saved_wall, 0, kGapMaxMs)), now);
}

UnixMs RetentionClock::at(Instant now) const {
  if (now <= start_) return time_;
  const auto run = std::chrono::duration_cast<std::chrono::milliseconds>(now - start_);
  return plausible(time_ + run.count());
}

Bytes RetentionClock::save(Instant now, UnixMs wall) const {
  Bytes saved(16);
  store_be64(saved, static_cast<std::uint64_t>(at(now)));
  store_be64(MutableByteView(saved).subspan(8), static_cast<std::uint64_t>(plausible(wall)));
  return saved;
}

}  // namespace zerok::core
