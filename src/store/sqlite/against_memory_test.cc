// SPDX-License-Identifier: MIT OR Apache-2.0
// The stores in SQLite and in memory give the same answers to the same random calls, with commits,
// rollbacks and crashes in between.
#include <gtest/gtest.h>

#include "store/contract_testing.h"
#include "store/memory/memory_disk.h"
#include "store/sqlite/simulated_disk.h"
#include "store/sqlite/sqlite_store.h"
#include "store/testing/random_workload.h"

namespace zerok::store {
namespace {

// Runs the same workload on both and compares step by step. `open_one` and `open_other` open what
// is on their disks.
template <typename Workload, typename Open, typename OpenOther>
void compare(std::uint64_t seed, Open open_one, OpenOther open_other) {
  auto one = open_one();
  auto other = open_other();
  Workload first(seed), second(seed);
  DeterministicRng rng(seed + 1000);
  for (int i = 0; i < 600; ++i) {
    ASSERT_EQ(first.step(*one), second.step(*other)) << "seed " << seed << ", step " << i;
    ASSERT_EQ(one->has_changes(), other->has_changes()) << "seed " << seed << ", step " << i;
    switch (rng.below(25)) {
      case 0:
      case 1:
      case 2:
        ASSERT_TRUE(good(one->commit()));
        ASSERT_TRUE(good(other->commit()));
        break;
      case 3:
        one->rollback();
        other->rollback();
        break;
      case 4:
        one.reset();
        other.reset();
        one = open_one();
        other = open_other();
        ASSERT_EQ(contents(*one), contents(*other)) << "seed " << seed << ", step " << i;
        break;
      default:
        break;
    }
  }
  ASSERT_EQ(contents(*one), contents(*other)) << "seed " << seed;
}

TEST(AgainstMemoryTest, RelayStoresGiveTheSameAnswers) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SimulatedDisk disk(seed);
    MemoryDisk memory;
    compare<RandomRelayWorkload>(
        seed,
        [&] { return open_sqlite_relay_store({.path = "relay.db", .vfs = disk.vfs()}).value(); },
        [&] { return memory.open_relay_store().value(); });
    if (HasFatalFailure()) return;
  }
}

TEST(AgainstMemoryTest, ClientStoresGiveTheSameAnswers) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SimulatedDisk disk(seed);
    MemoryDisk memory;
    compare<RandomClientWorkload>(
        seed,
        [&] { return open_sqlite_client_store({.path = "client.db", .vfs = disk.vfs()}).value(); },
        [&] { return memory.open_client_store().value(); });
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace zerok::store
