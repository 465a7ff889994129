// SPDX-License-Identifier: MIT OR Apache-2.0
// Memory of a relay per idle device: how much its resident set grows from a few sessions to a
// thousand more, of devices in groups of two that have synced and say nothing.
#include <algorithm>

#include "base/system_clock.h"
#include "bench/devices.h"
#include "bench/loopback.h"
#include "bench/measurement.h"
#include "bench/relay_process.h"
#include "bench/scratch.h"
#include "bench/timing.h"

namespace zerok::bench {
namespace {

// The first ones pay for what all share: buffers, tables, library state.
constexpr std::size_t kWarmUpGroups = 8;
constexpr std::size_t kGroupsAtOnce = 25;

Result<std::vector<double>> sample(const Context& context) {
  // A thousand sessions, but for the shortest of runs.
  const auto groups = static_cast<std::size_t>(std::clamp(context.seconds * 5'000, 50.0, 500.0));
  ZEROK_TRY(const Scratch scratch, Scratch::make());
  ZEROK_TRY(const auto relay, RelayProcess::start(scratch.file("relay.db")));
  Fleet fleet(relay->ticket());
  const auto rest = [&](double seconds) {
    for (const double end = wall_seconds() + seconds; wall_seconds() < end;) {
      fleet.loop().turn(monotonic_now() + kTurn);
    }
  };
  ZEROK_TRY_VOID(fleet.add(kWarmUpGroups, 2, 2));
  const double patience = std::min(1.0, 2 * context.seconds);
  rest(patience);
  ZEROK_TRY(const RelayUse before, relay->use());
  for (std::size_t made = 0; made < groups; made += kGroupsAtOnce) {
    ZEROK_TRY_VOID(fleet.add(std::min(kGroupsAtOnce, groups - made), 2, 2));
  }
  // Acknowledgements and delayed work of the beginnings come to rest.
  rest(patience);
  ZEROK_TRY(const RelayUse after, relay->use());
  if (after.sessions != 2 * (kWarmUpGroups + groups)) {
    return fail(ErrorCode::kInternal, "sessions are missing");
  }
  const double grown =
      static_cast<double>(after.resident_bytes) - static_cast<double>(before.resident_bytes);
  return std::vector{grown / 1024 / static_cast<double>(2 * groups)};
}

}  // namespace

std::vector<Measurement> idle_sessions() {
  std::vector<Measurement> out;
  out.push_back({.values = {{"idle_connection_kib", "relay's memory per idle device, 1,000 of them",
                             "KiB", Better::kLess, "idle_channel_kib"}},
                 .sample = sample});
  return out;
}

}  // namespace zerok::bench
