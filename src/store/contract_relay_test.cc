// SPDX-License-Identifier: MIT OR Apache-2.0
// The promises of relay_store.h, for every implementation; transactions and faults have files of
// their own.
#include <gtest/gtest.h>

#include "store/contract_relay_testing.h"

namespace zerok::store {
namespace {

TEST_F(RelayStoreContractTest, ANewStoreHasNothing) {
  EXPECT_EQ(fields(store_->totals().value()), fields(RelayTotals{}));
  EXPECT_FALSE(store_->load_group(id_of<GroupId>(1)).value());
  EXPECT_TRUE(store_->payloads_older_than(1'000'000, 10).value().empty());
  EXPECT_TRUE(store_->stubs_older_than(1'000'000, 10).value().empty());
  EXPECT_FALSE(store_->has_changes());
  EXPECT_TRUE(good(store_->commit()));
}

TEST_F(RelayStoreContractTest, AGroupComesBackAsItWasMade) {
  const GroupKey key = make_group(7);
  commit_and_reopen();
  const RelayGroup group = load(7);
  EXPECT_EQ(group.key, key);
  EXPECT_EQ(group.group, id_of<GroupId>(7));
  EXPECT_EQ(group.head, wire::Position{});
  EXPECT_EQ(group.floor, wire::Position{});
  EXPECT_EQ(group.payload_bytes, 0u);
  EXPECT_EQ(group.roster, std::vector<Bytes>{content(7, 100)});
  EXPECT_TRUE(group.devices.empty());
  EXPECT_EQ(store_->totals().value().groups, 1u);
}

TEST_F(RelayStoreContractTest, AGroupIsMadeOnce) {
  const GroupKey key = make_group(7);
  EXPECT_TRUE(is(store_->create_group(id_of<GroupId>(7), content(9, 3)), ErrorCode::kInvalidState));
  commit_and_reopen();
  EXPECT_TRUE(is(store_->create_group(id_of<GroupId>(7), content(9, 3)), ErrorCode::kInvalidState));
  EXPECT_NE(make_group(8), key);
  EXPECT_EQ(load(7).roster, std::vector<Bytes>{content(7, 100)});
  EXPECT_TRUE(is(store_->create_group(id_of<GroupId>(9), {}), ErrorCode::kInvalidArgument));
  EXPECT_FALSE(store_->load_group(id_of<GroupId>(9)).value());
}

TEST_F(RelayStoreContractTest, AGroupThatIsNotThereIsNotFound) {
  const auto none = static_cast<GroupKey>(5);
  EXPECT_TRUE(is(store_->append_roster(none, 0, content(1, 1)), ErrorCode::kNotFound));
  EXPECT_TRUE(is(store_->put_device(none, {}), ErrorCode::kNotFound));
  EXPECT_TRUE(is(store_->put_state(none, sender(1), content(1, 1)), ErrorCode::kNotFound));
  EXPECT_TRUE(is(append(none, 1, 1, 10), ErrorCode::kNotFound));
  EXPECT_TRUE(is(store_->find_blob(none, id_of<BlobId>(1)), ErrorCode::kNotFound));
  EXPECT_TRUE(is(store_->log_hash_at(none, 0), ErrorCode::kNotFound));
  EXPECT_TRUE(is(store_->read_lines(none, 0, 1, 1, {}), ErrorCode::kNotFound));
  EXPECT_TRUE(is(store_->count_foreign(none, 0, sender(1)), ErrorCode::kNotFound));
  EXPECT_TRUE(is(store_->payload_lines(none, 0, 1), ErrorCode::kNotFound));
  EXPECT_TRUE(is(store_->make_stub(none, 1, StubReason::kDeleted, 1), ErrorCode::kNotFound));
  EXPECT_TRUE(is(store_->drop_stubs(none, 1, 1), ErrorCode::kNotFound));
  EXPECT_FALSE(store_->has_changes());
}

TEST_F(RelayStoreContractTest, ARosterGrowsAtItsEndOnly) {
  const GroupKey key = make_group(1);
  ASSERT_TRUE(good(store_->append_roster(key, 1, content(11, 300))));
  EXPECT_TRUE(is(store_->append_roster(key, 1, content(12, 3)), ErrorCode::kInvalidState));
  EXPECT_TRUE(is(store_->append_roster(key, 3, content(12, 3)), ErrorCode::kInvalidState));
  EXPECT_TRUE(is(store_->append_roster(key, 2, {}), ErrorCode::kInvalidArgument));
  EXPECT_TRUE(is(store_->append_roster(key, 2, Bytes(8193)), ErrorCode::kTooLarge));
  ASSERT_TRUE(good(store_->append_roster(key, 2, content(12, 8192))));
  commit_and_reopen();
  EXPECT_EQ(load(1).roster,
            (std::vector<Bytes>{content(1, 100), content(11, 300), content(12, 8192)}));
}

TEST_F(RelayStoreContractTest, DevicesComeBackByAscendingId) {
  const GroupKey key = make_group(1);
  std::map<DeviceId, RelayDevice> devices;
  for (std::uint64_t i = 1; i <= 32; ++i) {
    const RelayDevice device{.device = sender(i),
                             .acknowledged = i,
                             .own_lines = 2 * i,
                             .last_seen = static_cast<UnixMs>(i) * 1000,
                             .state = {}};
    devices[device.device] = device;
    ASSERT_TRUE(good(store_->put_device(key, device)));
  }
  commit_and_reopen();
  const RelayGroup group = load(1);
  ASSERT_EQ(group.devices.size(), 32u);
  auto expected = devices.begin();
  for (const RelayDevice& device : group.devices) {
    EXPECT_EQ(fields(device), fields((expected++)->second));
  }
}

TEST_F(RelayStoreContractTest, PuttingADeviceAgainReplacesAllButItsState) {
  const GroupKey key = make_group(1);
  ASSERT_TRUE(good(store_->put_device(
      key, {.device = sender(1), .acknowledged = 5, .own_lines = 6, .last_seen = 7, .state = {}})));
  ASSERT_TRUE(good(store_->put_state(key, sender(1), content(3, 16384))));
  ASSERT_TRUE(good(store_->put_device(key, {.device = sender(1),
                                            .acknowledged = 8,
                                            .own_lines = 9,
                                            .last_seen = 10,
                                            .state = content(4, 2)})));
  EXPECT_TRUE(is(store_->put_state(key, sender(2), content(3, 10)), ErrorCode::kNotFound));
  EXPECT_TRUE(is(store_->put_state(key, sender(1), Bytes(16385)), ErrorCode::kTooLarge));
  commit_and_reopen();
  const RelayGroup group = load(1);
  ASSERT_EQ(group.devices.size(), 1u);
  EXPECT_EQ(fields(group.devices[0]), fields(RelayDevice{.device = sender(1),
                                                         .acknowledged = 8,
                                                         .own_lines = 9,
                                                         .last_seen = 10,
                                                         .state = content(3, 16384)}));
}

TEST_F(RelayStoreContractTest, ADeviceOfOneGroupIsNoDeviceOfAnother) {
  const GroupKey first = make_group(1), second = make_group(2);
  ASSERT_TRUE(good(store_->put_device(first, {.device = sender(1)})));
  EXPECT_TRUE(is(store_->put_state(second, sender(1), content(1, 1)), ErrorCode::kNotFound));
  EXPECT_TRUE(load(2).devices.empty());
}

TEST_F(RelayStoreContractTest, NumbersAboveTheBoundAreOutOfRange) {
  const GroupKey key = make_group(1);
  const std::uint64_t big = std::uint64_t{1} << 63;
  EXPECT_TRUE(is(store_->put_device(key, {.device = sender(1), .acknowledged = big}),
                 ErrorCode::kOutOfRange));
  EXPECT_TRUE(
      is(store_->put_device(key, {.device = sender(1), .own_lines = big}), ErrorCode::kOutOfRange));
  EXPECT_TRUE(is(append(key, big, 1, 10), ErrorCode::kOutOfRange));
  ASSERT_TRUE(good(store_->put_device(
      key, {.device = sender(1), .acknowledged = big - 1, .own_lines = big - 1})));
  // As questions they only lie beyond everything.
  append_up_to(key, 3);
  EXPECT_TRUE(store_->read_lines(key, big + 1, 9, kAll, {}).value().empty());
  EXPECT_FALSE(store_->log_hash_at(key, big + 1).value());
  EXPECT_EQ(store_->count_foreign(key, big + 1, sender(9)).value(), 0u);
  EXPECT_TRUE(store_->payload_lines(key, big + 1, 9).value().empty());
  EXPECT_TRUE(is(store_->make_stub(key, big + 1, StubReason::kDeleted, 1), ErrorCode::kNotFound));
  ASSERT_TRUE(good(store_->make_stub(key, 1, StubReason::kDeleted, 1)));
  EXPECT_EQ(store_->drop_stubs(key, big + 1, 9).value().cursor, 1u);
}

TEST_F(RelayStoreContractTest, LinesComeBackAsTheyWereAppended) {
  const GroupKey key = make_group(1);
  const Bytes small = content(1, 1), large = content(2, 1081384);
  const NewLine first = line_of(1, 501, sender(1), -5, small);
  const NewLine second = line_of(2, 502, sender(2), 1'700'000'000'000, large);
  ASSERT_TRUE(good(store_->append_line(key, first)));
  ASSERT_TRUE(good(store_->append_line(key, second)));
  commit_and_reopen();
  const auto lines = store_->read_lines(key, 0, 10, kAll * 4, {}).value();
  ASSERT_EQ(lines.size(), 2u);
  for (const auto& [line, expected] : {std::pair(lines[0], first), std::pair(lines[1], second)}) {
    EXPECT_EQ(line.info.cursor, expected.cursor);
    EXPECT_EQ(line.info.log_hash, expected.log_hash);
    EXPECT_EQ(line.info.blob, expected.blob);
    EXPECT_EQ(line.info.sender, expected.sender);
    EXPECT_EQ(line.info.epoch_group, expected.epoch_group);
    EXPECT_EQ(line.info.ciphertext_hash, expected.ciphertext_hash);
    EXPECT_EQ(line.info.committed, expected.committed);
    EXPECT_EQ(line.info.sealed_bytes, expected.sealed.size());
    EXPECT_FALSE(line.info.stub);
    EXPECT_TRUE(std::ranges::equal(line.sealed, expected.sealed));
  }
  const RelayGroup group = load(1);
  EXPECT_EQ(group.head, (wire::Position{.cursor = 2, .log_hash = second.log_hash}));
  EXPECT_EQ(group.payload_bytes, small.size() + large.size());
  EXPECT_EQ(fields(store_->totals().value()),
            fields(RelayTotals{.groups = 1, .payload_bytes = group.payload_bytes, .lines = 2}));
}

TEST_F(RelayStoreContractTest, ALineFollowsTheHead) {
  const GroupKey key = make_group(1);
  EXPECT_TRUE(is(append(key, 0, 1, 10), ErrorCode::kInvalidState));
  EXPECT_TRUE(is(append(key, 2, 1, 10), ErrorCode::kInvalidState));
  ASSERT_TRUE(good(append(key, 1, 1, 10)));
  EXPECT_TRUE(is(append(key, 1, 2, 10), ErrorCode::kInvalidState));
  EXPECT_TRUE(is(append(key, 3, 2, 10), ErrorCode::kInvalidState));
  commit_and_reopen();
  EXPECT_TRUE(is(append(key, 1, 2, 10), ErrorCode::kInvalidState));
  ASSERT_TRUE(good(append(key, 2, 2, 10)));
  EXPECT_EQ(load(1).head.cursor, 2u);
}

TEST_F(RelayStoreContractTest, ALineHasAPayloadWithinTheBound) {
  const GroupKey key = make_group(1);
  EXPECT_TRUE(is(append(key, 1, 1, 0), ErrorCode::kInvalidArgument));
  EXPECT_TRUE(is(append(key, 1, 1, 1081385), ErrorCode::kTooLarge));
  EXPECT_EQ(load(1).head.cursor, 0u);
}

TEST_F(RelayStoreContractTest, ABlobHasOneLinePerGroup) {
  const GroupKey first = make_group(1), second = make_group(2);
  ASSERT_TRUE(good(append(first, 1, 77, 10)));
  EXPECT_TRUE(is(append(first, 2, 77, 10), ErrorCode::kInvalidArgument));
  ASSERT_TRUE(good(append(second, 1, 77, 10)));
  ASSERT_TRUE(good(store_->make_stub(first, 1, StubReason::kConfirmed, 1)));
  EXPECT_TRUE(is(append(first, 2, 77, 10), ErrorCode::kInvalidArgument));
  commit_and_reopen();
  EXPECT_TRUE(is(append(first, 2, 77, 10), ErrorCode::kInvalidArgument));
  // Below the floor nothing is remembered.
  ASSERT_EQ(store_->drop_stubs(first, 1, 10).value().cursor, 1u);
  ASSERT_TRUE(good(append(first, 2, 77, 10)));
  EXPECT_EQ(store_->find_blob(first, id_of<BlobId>(77)).value()->cursor, 2u);
}

TEST_F(RelayStoreContractTest, ABlobIsFoundAsALineAndAsAStubButNotBelowTheFloor) {
  const GroupKey key = make_group(1);
  append_up_to(key, 3);
  commit_and_reopen();
  const auto line = store_->find_blob(key, id_of<BlobId>(2)).value();
  ASSERT_TRUE(line);
  EXPECT_EQ(fields(*line), fields(store_->read_lines(key, 1, 1, kAll, {}).value().at(0).info));
  EXPECT_FALSE(store_->find_blob(key, id_of<BlobId>(4)).value());
  ASSERT_TRUE(good(store_->make_stub(key, 1, StubReason::kDeleted, 5)));
  const auto stub = store_->find_blob(key, id_of<BlobId>(1)).value();
  ASSERT_TRUE(stub);
  EXPECT_EQ(stub->stub, StubReason::kDeleted);
  EXPECT_EQ(stub->sealed_bytes, 10u);
  ASSERT_TRUE(good(store_->drop_stubs(key, 1, 1)));
  EXPECT_FALSE(store_->find_blob(key, id_of<BlobId>(1)).value());
}

TEST_F(RelayStoreContractTest, TheLogHashIsKnownFromTheFloorToTheHead) {
  const GroupKey key = make_group(1);
  EXPECT_EQ(store_->log_hash_at(key, 0).value(), LogHash());
  EXPECT_FALSE(store_->log_hash_at(key, 1).value());
  append_up_to(key, 5);
  ASSERT_TRUE(good(store_->make_stub(key, 1, StubReason::kConfirmed, 1)));
  ASSERT_TRUE(good(store_->make_stub(key, 2, StubReason::kConfirmed, 1)));
  EXPECT_EQ(store_->log_hash_at(key, 0).value(), LogHash());
  EXPECT_EQ(store_->log_hash_at(key, 2).value(), log_hash_of(2));
  ASSERT_TRUE(good(store_->drop_stubs(key, 2, 9)));
  commit_and_reopen();
  EXPECT_FALSE(store_->log_hash_at(key, 0).value());
  EXPECT_FALSE(store_->log_hash_at(key, 1).value());
  for (std::uint64_t cursor = 2; cursor <= 5; ++cursor) {
    EXPECT_EQ(store_->log_hash_at(key, cursor).value(), log_hash_of(cursor));
  }
  EXPECT_FALSE(store_->log_hash_at(key, 6).value());
}

TEST_F(RelayStoreContractTest, ReadingIsBoundedByLinesAndByBytes) {
  const GroupKey key = make_group(1);
  append_up_to(key, 10, 100);
  const auto read = [&](std::uint64_t after, std::size_t lines, std::size_t bytes) {
    return cursors(store_->read_lines(key, after, lines, bytes, {}).value());
  };
  EXPECT_EQ(read(0, 3, kAll), (Cursors{1, 2, 3}));
  EXPECT_EQ(read(7, 100, kAll), (Cursors{8, 9, 10}));
  EXPECT_EQ(read(10, 100, kAll), Cursors());
  EXPECT_EQ(read(0, 0, kAll), Cursors());
  EXPECT_EQ(read(0, 100, 300), (Cursors{1, 2, 3}));
  EXPECT_EQ(read(0, 100, 299), (Cursors{1, 2}));
  // One comes whatever its size.
  EXPECT_EQ(read(4, 100, 1), Cursors{5});
  EXPECT_EQ(read(4, 100, 0), Cursors{5});
  EXPECT_EQ(store_->read_lines(key, 4, 1, 0, {}).value().at(0).sealed, content(5, 100));
}

TEST_F(RelayStoreContractTest, OnesOwnPayloadsAreLeftOutAndNotCounted) {
  const GroupKey key = make_group(1);
  append_up_to(key, 9, 100);  // senders 2, 3, 1, 2, 3, 1, ...
  const auto lines = store_->read_lines(key, 0, 100, 200, sender(1)).value();
  EXPECT_EQ(cursors(lines), (Cursors{1, 2, 3}));
  EXPECT_EQ(lines[0].sealed, content(1, 100));
  EXPECT_TRUE(lines[2].sealed.empty());
  EXPECT_FALSE(lines[2].info.stub);
  EXPECT_EQ(lines[2].info.sealed_bytes, 100u);
}

TEST_F(RelayStoreContractTest, LinesWithoutAPayloadCostNoBytes) {
  const GroupKey key = make_group(1);
  append_up_to(key, 6, 100);  // senders 2, 3, 1, 2, 3, 1
  ASSERT_TRUE(good(store_->make_stub(key, 2, StubReason::kDeleted, 1)));
  EXPECT_EQ(cursors(store_->read_lines(key, 0, 100, 50, sender(1)).value()), (Cursors{1, 2, 3}));
  EXPECT_EQ(cursors(store_->read_lines(key, 1, 100, 0, sender(1)).value()), (Cursors{2, 3}));
}

TEST_F(RelayStoreContractTest, GroupsDoNotSeeEachOthersLines) {
  const GroupKey first = make_group(1), second = make_group(2);
  append_up_to(first, 3);
  append_up_to(second, 1);
  EXPECT_EQ(cursors(store_->read_lines(second, 0, 10, kAll, {}).value()), Cursors{1});
  EXPECT_FALSE(store_->find_blob(second, id_of<BlobId>(3)).value());
  ASSERT_TRUE(good(store_->make_stub(second, 1, StubReason::kDeleted, 1)));
  EXPECT_EQ(store_->count_foreign(first, 0, sender(9)).value(), 3u);
  EXPECT_EQ(load(1).payload_bytes, 30u);
  EXPECT_EQ(fields(store_->totals().value()),
            fields(RelayTotals{.groups = 2, .payload_bytes = 30, .lines = 4}));
}

TEST_F(RelayStoreContractTest, NamedValuesAreKeptReplacedAndRemoved) {
  EXPECT_TRUE(store_->value("identity").value().empty());
  ASSERT_TRUE(good(store_->put_value("identity", content(1, 65536))));
  ASSERT_TRUE(good(store_->put_value("other", content(2, 1))));
  commit_and_reopen();
  EXPECT_EQ(store_->value("identity").value(), content(1, 65536));
  ASSERT_TRUE(good(store_->put_value("identity", content(3, 5))));
  EXPECT_EQ(store_->value("identity").value(), content(3, 5));
  ASSERT_TRUE(good(store_->put_value("identity", {})));
  ASSERT_TRUE(good(store_->put_value("never", {})));
  commit_and_reopen();
  EXPECT_TRUE(store_->value("identity").value().empty());
  EXPECT_EQ(store_->value("other").value(), content(2, 1));
  EXPECT_TRUE(is(store_->put_value("big", Bytes(65537)), ErrorCode::kTooLarge));
  EXPECT_TRUE(is(store_->put_value("", content(1, 1)), ErrorCode::kInvalidArgument));
  EXPECT_TRUE(
      is(store_->put_value(std::string(65, 'x'), content(1, 1)), ErrorCode::kInvalidArgument));
  EXPECT_TRUE(is(store_->value(""), ErrorCode::kInvalidArgument));
}

}  // namespace
}  // namespace zerok::store
