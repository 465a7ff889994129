// SPDX-License-Identifier: MIT OR Apache-2.0
// What a MemoryDisk does beyond the contract: power cuts, copies, and undoing at the cost of the
// change.
#include "store/memory/memory_disk.h"

#include <gtest/gtest.h>

#include "store/contract_testing.h"

namespace zerok::store {
namespace {

Result<void> append(RelayStore& store, GroupKey group, std::uint64_t cursor) {
  const Bytes sealed = content(cursor, 10);
  return store.append_line(group, line_of(cursor, cursor, id_of<DeviceId>(1), 5, sealed));
}

std::uint64_t lines(RelayStore& store) { return store.totals().value().lines; }

TEST(MemoryDiskTest, APowerCutAtACommitFailsItAndEverythingAfter) {
  for (const bool durable : {false, true}) {
    MemoryDisk disk;
    auto store = disk.open_relay_store().value();
    const GroupKey group = store->create_group(id_of<GroupId>(1), content(1, 1)).value();
    disk.cut_power(1, durable);
    ASSERT_TRUE(good(store->commit()));
    ASSERT_TRUE(good(append(*store, group, 1)));
    EXPECT_TRUE(is(store->commit(), ErrorCode::kIo));
    EXPECT_FALSE(disk.has_power());
    EXPECT_TRUE(is(append(*store, group, 2), ErrorCode::kIo));
    EXPECT_TRUE(is(store->totals(), ErrorCode::kIo));
    EXPECT_TRUE(is(store->commit(), ErrorCode::kIo));
    store->rollback();
    EXPECT_TRUE(is(store->totals(), ErrorCode::kIo));
    store.reset();
    store = disk.open_relay_store().value();
    EXPECT_TRUE(disk.has_power());
    EXPECT_EQ(lines(*store), durable ? 1u : 0u);
    EXPECT_EQ(disk.commits(), durable ? 2u : 1u);
    ASSERT_TRUE(good(append(*store, group, lines(*store) + 1)));
    ASSERT_TRUE(good(store->commit()));
  }
}

TEST(MemoryDiskTest, AFailedChangeLosesItsTransaction) {
  MemoryDisk disk;
  auto store = disk.open_relay_store().value();
  const GroupKey group = store->create_group(id_of<GroupId>(1), content(1, 1)).value();
  ASSERT_TRUE(good(store->commit()));
  ASSERT_TRUE(good(append(*store, group, 1)));
  disk.fail_changes(1);
  EXPECT_TRUE(is(append(*store, group, 2), ErrorCode::kIo));
  EXPECT_TRUE(is(append(*store, group, 2), ErrorCode::kIo));
  EXPECT_TRUE(is(store->commit(), ErrorCode::kIo));
  EXPECT_EQ(lines(*store), 0u);
  ASSERT_TRUE(good(append(*store, group, 1)));
  ASSERT_TRUE(good(store->commit()));
  EXPECT_EQ(lines(*store), 1u);
}

TEST(MemoryDiskTest, ACopyHasWhatIsCommittedAndGoesItsOwnWay) {
  MemoryDisk disk;
  auto store = disk.open_relay_store().value();
  const GroupKey group = store->create_group(id_of<GroupId>(1), content(1, 1)).value();
  ASSERT_TRUE(good(append(*store, group, 1)));
  ASSERT_TRUE(good(store->commit()));
  const auto copy = disk.copy();
  ASSERT_TRUE(good(append(*store, group, 2)));
  ASSERT_TRUE(good(store->commit()));
  auto other = copy->open_relay_store().value();
  EXPECT_EQ(lines(*other), 1u);
  EXPECT_EQ(lines(*store), 2u);
}

TEST(MemoryDiskTest, RollingBackCostsWhatWasChangedNotWhatIsThere) {
  MemoryDisk disk;
  auto store = disk.open_relay_store().value();
  const GroupKey group = store->create_group(id_of<GroupId>(1), content(1, 1)).value();
  constexpr std::uint64_t kLines = 100'000;
  for (std::uint64_t cursor = 1; cursor <= kLines; ++cursor) {
    ASSERT_TRUE(good(append(*store, group, cursor)));
  }
  ASSERT_TRUE(good(store->commit()));
  // A copy of everything would take minutes here.
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_TRUE(good(append(*store, group, kLines + 1)));
    ASSERT_TRUE(good(store->make_stub(group, 1, wire::StubReason::kDeleted, 1)));
    store->rollback();
  }
  EXPECT_EQ(lines(*store), kLines);
}

}  // namespace
}  // namespace zerok::store
