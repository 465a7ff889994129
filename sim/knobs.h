// SPDX-License-Identifier: MIT OR Apache-2.0
// Knobs: what kind of world a seed makes, drawn before anything else: which faults, how many
// devices, how busy its applications are. Few faults at once find what many hide, so each seed has
// its own selection.
#pragma once

#include "base/rng.h"
#include "base/time.h"
#include "sim/fault.h"

namespace zerok::sim {

struct Knobs {
  FaultSet faults;

  std::size_t devices = 2;       // enrolled before the traffic begins
  std::size_t late_devices = 0;  // that join while it runs

  // The safety phase.
  Duration duration{};
  // Between two actions of all applications together, on average.
  Duration push_every{};
  std::uint64_t pushes_max = 0;
  std::uint32_t burst_per_thousand = 0;  // actions that are a burst of pushes
  std::uint64_t burst_max = 1;
  std::uint32_t large_per_thousand = 0;  // pushes of up to 1 MiB
  std::uint32_t empty_per_thousand = 0;
  std::uint32_t keyed_per_thousand = 0;  // with an application key, some of them repeated

  // How long an application lets what arrived lie before it takes it, and before it confirms.
  Duration take_delay_max{};
  Duration confirm_delay_max{};

  Duration fault_every{};  // between two strikes of one fault, on average
  Duration fault_length_max{};

  std::uint64_t ttl_s = 7 * 86'400;
  bool store_on_sqlite = false;
  bool pair_for_real = false;

  // without: faults that the command line took out.
  static Knobs draw(std::uint64_t seed, const FaultSet& without);
};

}  // namespace zerok::sim
