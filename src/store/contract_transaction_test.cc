// SPDX-License-Identifier: MIT OR Apache-2.0
// What both stores promise of transactions: reads see them, rolling back and crashing forget them,
// committing keeps them. For every implementation.
#include <gtest/gtest.h>

#include "base/check.h"
#include "store/contract_testing.h"

namespace zerok::store {
namespace {

using wire::StubReason;

class TransactionContractTest : public testing::Test {
 protected:
  void open_relay() {
    relay_.reset();
    auto opened = harness_->open_relay();
    ZEROK_ASSERT(opened.has_value());
    relay_ = std::move(*opened);
  }
  void open_client() {
    client_.reset();
    auto opened = harness_->open_client();
    ZEROK_ASSERT(opened.has_value());
    client_ = std::move(*opened);
  }

  // Group 1 with six lines, of which the first two are stubs, and one device.
  GroupKey fill_relay() {
    const GroupKey key = relay_->create_group(id_of<GroupId>(1), content(1, 50)).value();
    for (std::uint64_t cursor = 1; cursor <= 6; ++cursor) append(key, cursor);
    for (const std::uint64_t cursor : {1U, 2U}) {
      ZEROK_ASSERT(relay_->make_stub(key, cursor, StubReason::kExpired, 5).has_value());
    }
    ZEROK_ASSERT(
        relay_->put_device(key, {.device = id_of<DeviceId>(1), .own_lines = 4}).has_value());
    ZEROK_ASSERT(relay_->put_state(key, id_of<DeviceId>(1), content(3, 30)).has_value());
    ZEROK_ASSERT(relay_->put_value("name", content(4, 10)).has_value());
    return key;
  }
  void append(GroupKey key, std::uint64_t cursor) {
    const Bytes sealed = content(cursor, 40);
    ZEROK_ASSERT(relay_
                     ->append_line(key, line_of(cursor, cursor, id_of<DeviceId>(1),
                                                static_cast<UnixMs>(cursor), sealed))
                     .has_value());
  }
  // One change of every kind.
  void change_relay(GroupKey key) {
    ZEROK_ASSERT(relay_->create_group(id_of<GroupId>(2), content(2, 50)).has_value());
    append(static_cast<GroupKey>(static_cast<std::uint64_t>(key) + 1), 1);
    ZEROK_ASSERT(relay_->append_roster(key, 1, content(5, 20)).has_value());
    append(key, 7);
    append(key, 8);
    ZEROK_ASSERT(relay_->make_stub(key, 3, StubReason::kDeleted, 6).has_value());
    ZEROK_ASSERT(relay_->make_stub(key, 7, StubReason::kDeleted, 6).has_value());
    ZEROK_ASSERT(relay_->drop_stubs(key, 3, 9).value().cursor == 3);
    ZEROK_ASSERT(relay_
                     ->put_device(key, {.device = id_of<DeviceId>(1),
                                        .acknowledged = 3,
                                        .own_lines = 5,
                                        .last_seen = 9,
                                        .state = {}})
                     .has_value());
    ZEROK_ASSERT(relay_->put_device(key, {.device = id_of<DeviceId>(2)}).has_value());
    ZEROK_ASSERT(relay_->put_state(key, id_of<DeviceId>(1), content(6, 40)).has_value());
    ZEROK_ASSERT(relay_->put_state(key, id_of<DeviceId>(2), content(7, 40)).has_value());
    ZEROK_ASSERT(relay_->put_value("name", {}).has_value());
    ZEROK_ASSERT(relay_->put_value("other", content(8, 10)).has_value());
    ZEROK_ASSERT(relay_->put_value("other", content(9, 10)).has_value());
  }
  // Everything the relay's store says of group 1 and in all.
  auto look_at_relay(GroupKey key) {
    std::vector<std::uint64_t> found;
    for (std::uint64_t blob = 1; blob <= 9; ++blob) {
      const auto line = relay_->find_blob(key, id_of<BlobId>(blob)).value();
      found.push_back(line ? line->cursor : 0);
    }
    return std::tuple(fields(relay_->load_group(id_of<GroupId>(1)).value().value()),
                      relay_->load_group(id_of<GroupId>(2)).value().has_value(),
                      all_fields(relay_->read_lines(key, 0, 100, 1 << 20, {}).value()),
                      all_fields(relay_->payload_lines(key, 0, 100).value()),
                      all_fields(relay_->payloads_older_than(1000, 100).value()),
                      all_fields(relay_->stubs_older_than(1000, 100).value()), found,
                      relay_->count_foreign(key, 0, id_of<DeviceId>(9)).value(),
                      fields(relay_->totals().value()), relay_->value("name").value(),
                      relay_->value("other").value());
  }

  Result<void> add_outbox(std::uint64_t number) {
    return client_->add_outbox(
        {.number = number, .blob = id_of<BlobId>(number), .sealed_bytes = 20}, content(number, 20));
  }
  Result<void> add_inbox(std::uint64_t arrival, std::uint64_t number) {
    InboxBlob row{.arrival = arrival,
                  .number = number,
                  .state = number == 0 ? InboxState::kWaiting : InboxState::kReady};
    row.sealed_bytes = 20;
    return client_->add_inbox(row, content(arrival, 20));
  }
  void fill_client() {
    for (std::uint64_t i = 1; i <= 4; ++i) {
      ZEROK_ASSERT(add_outbox(i).has_value());
      ZEROK_ASSERT(add_inbox(i, i == 4 ? 0 : i).has_value());
      ZEROK_ASSERT(client_->add_notice({.number = i, .kind = 1, .detail = {}}).has_value());
    }
    ZEROK_ASSERT(client_->mark_outbox(2, 77, 0).has_value());
    ZEROK_ASSERT(client_->append_roster(0, content(1, 9)).has_value());
    ZEROK_ASSERT(client_
                     ->put_epoch({.epoch_group = id_of<GroupId>(1),
                                  .epoch = {},
                                  .number = 0,
                                  .wrapped_secret = content(1, 9)})
                     .has_value());
    ZEROK_ASSERT(
        client_
            ->put_chain_head(
                {.sender = id_of<DeviceId>(1), .incarnation = {}, .sequence = 1, .hash = {}})
            .has_value());
    ZEROK_ASSERT(
        client_
            ->put_peer_state({.device = id_of<DeviceId>(1), .counter = 1, .state = content(1, 9)})
            .has_value());
    ZEROK_ASSERT(client_->put_value("name", content(4, 10)).has_value());
  }
  void change_client() {
    ZEROK_ASSERT(add_outbox(5).has_value());
    ZEROK_ASSERT(client_->mark_outbox(1, 9, 9).has_value());
    const OutboxBlob resealed{
        .number = 1, .blob = id_of<BlobId>(50), .sequence = 1, .sealed_bytes = 50};
    ZEROK_ASSERT(client_->reseal_outbox(resealed, content(5, 50)).has_value());
    ZEROK_ASSERT(client_->clear_outbox_cursors().has_value());
    ZEROK_ASSERT(client_->remove_outbox(1).has_value());
    ZEROK_ASSERT(client_->add_push_key(content(1, 5), {.number = 5, .blob = {}}).has_value());
    ZEROK_ASSERT(add_inbox(5, 0).has_value());
    InboxBlob row{.arrival = 4, .number = 9, .state = InboxState::kReady};
    ZEROK_ASSERT(client_->update_inbox(row).has_value());
    row.number = 1;
    ZEROK_ASSERT(client_->remove_inbox(1).has_value());
    ZEROK_ASSERT(client_->update_inbox(row).has_value());
    ZEROK_ASSERT(client_->remove_ready(2).has_value());
    ZEROK_ASSERT(client_->append_roster(1, content(2, 9)).has_value());
    ZEROK_ASSERT(client_
                     ->put_epoch({.epoch_group = id_of<GroupId>(1),
                                  .epoch = {},
                                  .number = 3,
                                  .wrapped_secret = content(2, 9)})
                     .has_value());
    ZEROK_ASSERT(client_
                     ->put_epoch({.epoch_group = id_of<GroupId>(2),
                                  .epoch = {},
                                  .number = 4,
                                  .wrapped_secret = content(2, 9)})
                     .has_value());
    ZEROK_ASSERT(
        client_
            ->put_chain_head(
                {.sender = id_of<DeviceId>(1), .incarnation = {}, .sequence = 2, .hash = {}})
            .has_value());
    ZEROK_ASSERT(
        client_
            ->put_peer_state({.device = id_of<DeviceId>(1), .counter = 2, .state = content(2, 9)})
            .has_value());
    ZEROK_ASSERT(client_->add_notice({.number = 5, .kind = 1, .detail = {}}).has_value());
    ZEROK_ASSERT(client_->remove_notices(2).has_value());
    ZEROK_ASSERT(client_->put_value("name", {}).has_value());
  }
  auto look_at_client() {
    const auto key = client_->find_push_key(content(1, 5)).value();
    std::vector<Bytes> sealed;
    for (std::uint64_t i = 1; i <= 6; ++i) {
      sealed.push_back(client_->outbox_sealed(i).value_or(Bytes()));
      sealed.push_back(client_->inbox_sealed(i).value_or(Bytes()));
    }
    return std::tuple(all_fields(client_->outbox(0, 100).value()), sealed, key.has_value(),
                      all_fields(client_->inbox(InboxState::kWaiting, 0, 100).value()),
                      all_fields(client_->inbox(InboxState::kReady, 0, 100).value()),
                      all_fields(client_->ready(0, 100).value()), client_->roster().value(),
                      all_fields(client_->epochs().value()),
                      all_fields(client_->chain_heads().value()),
                      all_fields(client_->peer_states().value()),
                      all_fields(client_->notices(0, 100).value()), client_->value("name").value());
  }

  std::unique_ptr<StoreHarness> harness_ = make_store_harness();
  std::unique_ptr<RelayStore> relay_;
  std::unique_ptr<ClientStore> client_;
};

TEST_F(TransactionContractTest, ARelayStoreForgetsWhatWasRolledBack) {
  open_relay();
  const GroupKey key = fill_relay();
  ASSERT_TRUE(relay_->has_changes());
  ASSERT_TRUE(good(relay_->commit()));
  EXPECT_FALSE(relay_->has_changes());
  const auto before = look_at_relay(key);
  change_relay(key);
  EXPECT_TRUE(relay_->has_changes());
  const auto changed = look_at_relay(key);
  EXPECT_NE(changed, before);
  relay_->rollback();
  EXPECT_FALSE(relay_->has_changes());
  EXPECT_EQ(look_at_relay(key), before);
  // What was forgotten can be done again, and is the same then.
  change_relay(key);
  EXPECT_EQ(look_at_relay(key), changed);
  ASSERT_TRUE(good(relay_->commit()));
  EXPECT_EQ(look_at_relay(key), changed);
  relay_->rollback();
  EXPECT_EQ(look_at_relay(key), changed);
}

TEST_F(TransactionContractTest, ARelayStoreThatCrashesKeepsExactlyWhatWasCommitted) {
  open_relay();
  const GroupKey key = fill_relay();
  ASSERT_TRUE(good(relay_->commit()));
  const auto before = look_at_relay(key);
  change_relay(key);
  const auto changed = look_at_relay(key);
  open_relay();
  EXPECT_FALSE(relay_->has_changes());
  EXPECT_EQ(look_at_relay(key), before);
  change_relay(key);
  ASSERT_TRUE(good(relay_->commit()));
  open_relay();
  EXPECT_EQ(look_at_relay(key), changed);
}

TEST_F(TransactionContractTest, ARelayStoreThatNeverCommittedIsEmpty) {
  open_relay();
  fill_relay();
  open_relay();
  EXPECT_FALSE(relay_->load_group(id_of<GroupId>(1)).value());
  EXPECT_EQ(fields(relay_->totals().value()), fields(RelayTotals{}));
  fill_relay();
}

TEST_F(TransactionContractTest, AClientStoreForgetsWhatWasRolledBack) {
  open_client();
  fill_client();
  ASSERT_TRUE(client_->has_changes());
  ASSERT_TRUE(good(client_->commit()));
  EXPECT_FALSE(client_->has_changes());
  const auto before = look_at_client();
  change_client();
  const auto changed = look_at_client();
  EXPECT_NE(changed, before);
  client_->rollback();
  EXPECT_FALSE(client_->has_changes());
  EXPECT_EQ(look_at_client(), before);
  change_client();
  EXPECT_EQ(look_at_client(), changed);
  ASSERT_TRUE(good(client_->commit()));
  EXPECT_EQ(look_at_client(), changed);
}

TEST_F(TransactionContractTest, AClientStoreThatCrashesKeepsExactlyWhatWasCommitted) {
  open_client();
  fill_client();
  ASSERT_TRUE(good(client_->commit()));
  const auto before = look_at_client();
  change_client();
  const auto changed = look_at_client();
  open_client();
  EXPECT_EQ(look_at_client(), before);
  change_client();
  ASSERT_TRUE(good(client_->commit()));
  open_client();
  EXPECT_EQ(look_at_client(), changed);
}

TEST_F(TransactionContractTest, ARefusalLeavesTheTransactionAsItIs) {
  open_relay();
  const GroupKey key = fill_relay();
  EXPECT_TRUE(is(relay_->append_roster(key, 5, content(1, 1)), ErrorCode::kInvalidState));
  EXPECT_TRUE(is(relay_->make_stub(key, 99, StubReason::kDeleted, 1), ErrorCode::kNotFound));
  const auto before = look_at_relay(key);
  ASSERT_TRUE(good(relay_->commit()));
  open_relay();
  EXPECT_EQ(look_at_relay(key), before);
}

TEST_F(TransactionContractTest, OnlyOneStoreOfAKindIsOpenAtATime) {
  open_relay();
  open_client();
  EXPECT_TRUE(is(harness_->open_relay(), ErrorCode::kInvalidState));
  EXPECT_TRUE(is(harness_->open_client(), ErrorCode::kInvalidState));
  const GroupKey key = fill_relay();
  ASSERT_TRUE(good(relay_->commit()));
  EXPECT_TRUE(is(harness_->open_relay(), ErrorCode::kInvalidState));
  const auto before = look_at_relay(key);
  open_relay();
  EXPECT_EQ(look_at_relay(key), before);
}

}  // namespace
}  // namespace zerok::store
