// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/knobs.h"

#include <algorithm>

namespace zerok::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool chance(Rng& rng, std::uint64_t per_thousand) { return rng.below(1000) < per_thousand; }

Duration between(Rng& rng, Duration low, Duration high) {
  const auto span = static_cast<std::uint64_t>((high - low) / milliseconds(1));
  return low + milliseconds(rng.below(span + 1));
}

// Faults so strong that they would hide others if they were in every second world.
std::uint64_t rarity(Fault fault) {
  switch (fault) {
    case Fault::kRelayWiped:
    case Fault::kRelayRestored:
    case Fault::kShortTtl:
    case Fault::kLyingRelay:
    case Fault::kSmallQuota:
      return 4;
    case Fault::kPartition:
    case Fault::kDeviceAway:
    case Fault::kLeaves:
    case Fault::kNarrow:
      return 2;
    default:
      return 1;
  }
}

}  // namespace

Knobs Knobs::draw(std::uint64_t seed, const FaultSet& without) {
  DeterministicRng rng(seed ^ 0x6b6e6f6273);
  Knobs knobs;

  // A few worlds without any fault, most with some, a few with nearly all.
  constexpr std::array<std::uint64_t, 5> kDensity = {0, 120, 250, 250, 600};
  const std::uint64_t density = kDensity[rng.below(kDensity.size())];
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (chance(rng, density / rarity(fault))) knobs.faults.add(fault);
  }

  if (chance(rng, 20)) {
    knobs.devices = 7 + rng.below(25);
  } else {
    knobs.devices = 2 + rng.below(chance(rng, 300) ? 5 : 2);
  }
  knobs.late_devices = 1 + rng.below(3);
  knobs.duration = between(rng, seconds(5), seconds(chance(rng, 150) ? 240 : 60));
  knobs.push_every = between(rng, milliseconds(20), milliseconds(chance(rng, 500) ? 400 : 4000));
  knobs.pushes_max = 20 + rng.below(100);
  knobs.burst_per_thousand = static_cast<std::uint32_t>(chance(rng, 400) ? rng.below(200) : 0);
  knobs.burst_max = 2 + rng.below(30);
  knobs.large_per_thousand = static_cast<std::uint32_t>(chance(rng, 50) ? rng.below(60) : 0);
  knobs.empty_per_thousand = static_cast<std::uint32_t>(rng.below(60));
  knobs.keyed_per_thousand = static_cast<std::uint32_t>(rng.below(400));
  knobs.take_delay_max = milliseconds(rng.below(chance(rng, 300) ? 3000 : 100));
  knobs.confirm_delay_max = milliseconds(rng.below(chance(rng, 300) ? 8000 : 300));
  knobs.fault_every = between(rng, seconds(1), seconds(20));
  knobs.fault_length_max = between(rng, milliseconds(100), seconds(40));
  const std::uint64_t short_ttl_s = 5 + rng.below(60);
  knobs.store_on_sqlite = chance(rng, 30);
  knobs.pair_for_real = chance(rng, 200);

  FaultSet allowed = FaultSet::all();
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    if (without.has(static_cast<Fault>(i))) allowed.remove(static_cast<Fault>(i));
  }
  knobs.faults = knobs.faults & allowed;
  if (knobs.faults.has(Fault::kShortTtl)) knobs.ttl_s = short_ttl_s;
  if (knobs.faults.has(Fault::kSlowReader)) {
    knobs.take_delay_max = seconds(20);
    knobs.confirm_delay_max = seconds(60);
  }
  if (!knobs.faults.has(Fault::kJoins)) knobs.late_devices = 0;
  return knobs;
}

}  // namespace zerok::sim
