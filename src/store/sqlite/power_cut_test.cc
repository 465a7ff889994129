// SPDX-License-Identifier: MIT OR Apache-2.0
// Whatever moment the power is cut at: what commit() told is there, and nothing else but, perhaps,
// the one transaction that was being committed, as a whole.
#include <gtest/gtest.h>

#include "store/contract_testing.h"
#include "store/memory/memory_disk.h"
#include "store/sqlite/simulated_disk.h"
#include "store/sqlite/sqlite_store.h"
#include "store/testing/random_workload.h"

namespace zerok::store {
namespace {

constexpr int kCommits = 12;
constexpr int kStepsPerCommit = 5;

// One transaction of a workload.
template <typename Workload, typename Store>
Result<void> transaction(Workload& workload, Store& store) {
  for (int i = 0; i < kStepsPerCommit; ++i) workload.step(store);
  return store.commit();
}

struct RelayKind {
  using Store = RelayStore;
  using Workload = RandomRelayWorkload;
  static auto open(SimulatedDisk& disk) {
    // Few pages in the log, so that many cuts hit its transfer into the file.
    return open_sqlite_relay_store({.path = "relay.db", .log_pages = 20, .vfs = disk.vfs()});
  }
  static auto open(MemoryDisk& disk) { return disk.open_relay_store(); }
};
struct ClientKind {
  using Store = ClientStore;
  using Workload = RandomClientWorkload;
  static auto open(SimulatedDisk& disk) {
    return open_sqlite_client_store({.path = "client.db", .log_pages = 20, .vfs = disk.vfs()});
  }
  static auto open(MemoryDisk& disk) { return disk.open_client_store(); }
};

template <typename Kind>
class PowerCutTest : public testing::Test {};
using Kinds = testing::Types<RelayKind, ClientKind>;
TYPED_TEST_SUITE(PowerCutTest, Kinds);

// What is there after each number of commits.
template <typename Kind>
std::vector<std::string> history(std::uint64_t seed) {
  MemoryDisk disk;
  auto store = Kind::open(disk).value();
  typename Kind::Workload workload(seed);
  std::vector<std::string> history = {contents(*store)};
  for (int i = 0; i < kCommits; ++i) {
    EXPECT_TRUE(good(transaction(workload, *store)));
    history.push_back(contents(*store));
  }
  return history;
}

// Runs until the power is gone, closing and opening the store now and then; gives how many commits
// succeeded.
template <typename Kind>
std::size_t run(SimulatedDisk& disk, std::uint64_t seed) {
  typename Kind::Workload workload(seed);
  auto store = Kind::open(disk);
  if (!store) return 0;
  for (std::size_t done = 0; done < kCommits; ++done) {
    if (done % 5 == 4) {
      store->reset();
      store = Kind::open(disk);
      if (!store) return done;
    }
    if (!transaction(workload, **store)) return done;
  }
  return kCommits;
}

TYPED_TEST(PowerCutTest, NothingCommittedIsLostAtAnyOperationOfTheDisk) {
  constexpr std::uint64_t kSeed = 7;
  const auto expected = history<TypeParam>(kSeed);
  std::uint64_t operations = 0;
  {
    SimulatedDisk disk(1);
    ASSERT_EQ(run<TypeParam>(disk, kSeed), std::size_t{kCommits});
    operations = disk.operations();
  }
  ASSERT_GT(operations, 200u);
  std::size_t in_doubt = 0;
  for (std::uint64_t cut = 0; cut < operations; ++cut) {
    for (const PowerLoss loss : {PowerLoss::kLosesUnsynced, PowerLoss::kKeepsSome}) {
      SimulatedDisk disk(cut);
      disk.cut_power_after(cut);
      const std::size_t done = run<TypeParam>(disk, kSeed);
      ASSERT_FALSE(disk.has_power());
      disk.restore_power(loss);
      auto store = TypeParam::open(disk);
      ASSERT_TRUE(good(store)) << "cut at operation " << cut;
      const std::string found = contents(**store);
      if (found != expected[done]) {
        ++in_doubt;
        ASSERT_LT(done + 1, expected.size());
        ASSERT_EQ(found, expected[done + 1]) << "cut at operation " << cut;
      }
      // It goes on working.
      typename TypeParam::Workload workload(cut + 1000);
      ASSERT_TRUE(good(transaction(workload, **store))) << "cut at operation " << cut;
    }
  }
  // Some transactions were durable before anybody could say so: the test sees the difference.
  EXPECT_GT(in_doubt, 0u);
}

TYPED_TEST(PowerCutTest, CutsInTheMiddleOfRecoveryLoseNothingEither) {
  constexpr std::uint64_t kSeed = 8;
  const auto expected = history<TypeParam>(kSeed);
  DeterministicRng rng(5);
  for (int round = 0; round < 60; ++round) {
    SimulatedDisk disk(static_cast<std::uint64_t>(round));
    disk.cut_power_after(40 + rng.below(150));
    const std::size_t done = run<TypeParam>(disk, kSeed);
    std::string first;
    for (int again = 0; again < 4; ++again) {
      disk.restore_power(PowerLoss::kKeepsSome);
      disk.cut_power_after(rng.below(6));
      // Opening and closing recovers the log and writes it back, as far as the power lasts.
      auto store = TypeParam::open(disk);
      if (!store) continue;
      const std::string found = contents(**store);
      if (first.empty()) first = found;
      ASSERT_EQ(found, first) << "round " << round;
    }
    disk.cut_power();
    disk.restore_power(PowerLoss::kLosesUnsynced);
    auto store = TypeParam::open(disk);
    ASSERT_TRUE(good(store));
    const std::string found = contents(**store);
    if (!first.empty()) {
      ASSERT_EQ(found, first) << "round " << round;
    }
    ASSERT_TRUE(found == expected[done] ||
                found == expected[std::min<std::size_t>(done + 1, kCommits)])
        << "round " << round;
  }
}

TYPED_TEST(PowerCutTest, AProcessThatDiesLosesNothingCommitted) {
  const auto expected = history<TypeParam>(9);
  for (std::uint64_t cut = 0; cut < 300; cut += 7) {
    SimulatedDisk disk(cut);
    disk.cut_power_after(cut);
    const std::size_t done = run<TypeParam>(disk, 9);
    disk.cut_power();
    disk.restore_power(PowerLoss::kNone);
    auto store = TypeParam::open(disk);
    ASSERT_TRUE(good(store));
    const std::string found = contents(**store);
    ASSERT_TRUE(found == expected[done] ||
                found == expected[std::min<std::size_t>(done + 1, kCommits)]);
  }
}

}  // namespace
}  // namespace zerok::store
