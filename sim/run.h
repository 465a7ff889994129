// SPDX-License-Identifier: MIT OR Apache-2.0
// Running worlds: one seed, many seeds over several processes, and making a failing seed small. A
// process of its own for each job keeps a crash of the code under test from ending the others.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/world.h"

namespace zerok::sim {

struct SeedResult {
  std::uint64_t seed = 0;
  bool ok = true;
  std::string check;  // which checker found something, and what
  std::string text;
  std::uint64_t digest = 0;
  WorldCounts counts;
};

SeedResult run_seed(const WorldOptions& options);

struct SweepOptions {
  std::uint64_t from = 1;
  std::uint64_t seeds = 1000;
  unsigned jobs = 1;
  FaultSet without;
  // Every how many seeds a world is run twice, to see that both runs are the same; 0: never.
  std::uint64_t twice_every = 50;
  std::uint64_t failures_max = 1;
  bool progress = false;
};
struct SweepResult {
  std::uint64_t run = 0;
  std::vector<SeedResult> failed;  // by ascending seed
  WorldCounts counts;              // of all
};

SweepResult sweep(const SweepOptions& options);

// Takes faults out of a failing world, one after the other, for as long as the same checker still
// finds something. Returns those that are not needed.
FaultSet minimise(const WorldOptions& failing, const std::string& check);

// Writes the seed that is running to stderr when the process dies of a signal.
void tell_seed_on_crash();

}  // namespace zerok::sim
