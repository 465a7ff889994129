// SPDX-License-Identifier: MIT OR Apache-2.0
// The promises of client_store.h, for every implementation; transactions and faults have files of
// their own.
#include <gtest/gtest.h>

#include <map>

#include "base/check.h"
#include "store/contract_testing.h"

namespace zerok::store {
namespace {

class ClientStoreContractTest : public testing::Test {
 protected:
  ClientStoreContractTest() { reopen(); }

  void reopen() {
    store_.reset();
    auto opened = harness_->open_client();
    ZEROK_ASSERT(opened.has_value());
    store_ = std::move(*opened);
  }
  void commit_and_reopen() {
    ASSERT_TRUE(good(store_->commit()));
    reopen();
  }

  static OutboxBlob outbox_blob(std::uint64_t number, std::size_t size) {
    return {.number = number,
            .blob = id_of<BlobId>(number),
            .epoch_group = id_of<GroupId>(number + 1),
            .incarnation = id_of<Incarnation>(3),
            .sequence = number + 7,
            .chain = id_of<ChainHash>(number),
            .lamport = number * 3,
            .cursor = 0,
            .refusal = 0,
            .payload_bytes = static_cast<std::uint32_t>(size / 2),
            .pushed = static_cast<UnixMs>(number % 1000) - 2,
            .sealed_bytes = static_cast<std::uint32_t>(size)};
  }
  Result<void> add_outbox(std::uint64_t number, std::size_t size = 20) {
    return store_->add_outbox(outbox_blob(number, size), content(number, size));
  }
  static InboxBlob inbox_blob(std::uint64_t arrival, InboxState state, std::uint64_t number,
                              std::size_t size) {
    return {.arrival = arrival,
            .number = number,
            .state = state,
            .refusal = static_cast<std::uint8_t>(arrival),
            .blob = id_of<BlobId>(arrival),
            .epoch_group = id_of<GroupId>(arrival + 1),
            .sender = id_of<DeviceId>(arrival % 3),
            .incarnation = id_of<Incarnation>(arrival % 2),
            .sequence = arrival * 2,
            .previous = id_of<ChainHash>(arrival),
            .chain = id_of<ChainHash>(arrival + 1),
            .lamport = arrival * 5,
            .ciphertext_hash = id_of<CiphertextHash>(arrival),
            .sealed_bytes = static_cast<std::uint32_t>(size)};
  }
  Result<void> add_inbox(std::uint64_t arrival, InboxState state, std::uint64_t number = 0,
                         std::size_t size = 20) {
    return store_->add_inbox(inbox_blob(arrival, state, number, size), content(arrival, size));
  }
  std::vector<std::uint64_t> arrivals(InboxState state, std::uint64_t after = 0,
                                      std::size_t count = 100) {
    std::vector<std::uint64_t> arrivals;
    const auto rows = store_->inbox(state, after, count).value();
    for (const InboxBlob& row : rows) arrivals.push_back(row.arrival);
    return arrivals;
  }
  std::vector<std::uint64_t> ready_numbers(std::uint64_t after = 0, std::size_t count = 100) {
    std::vector<std::uint64_t> numbers;
    const auto rows = store_->ready(after, count).value();
    for (const InboxBlob& row : rows) numbers.push_back(row.number);
    return numbers;
  }

  std::unique_ptr<StoreHarness> harness_ = make_store_harness();
  std::unique_ptr<ClientStore> store_;
};

using Numbers = std::vector<std::uint64_t>;
using enum InboxState;

TEST_F(ClientStoreContractTest, ANewStoreHasNothing) {
  EXPECT_TRUE(store_->roster().value().empty());
  EXPECT_TRUE(store_->epochs().value().empty());
  EXPECT_TRUE(store_->outbox(0, 10).value().empty());
  EXPECT_TRUE(store_->inbox(kWaiting, 0, 10).value().empty());
  EXPECT_TRUE(store_->ready(0, 10).value().empty());
  EXPECT_TRUE(store_->chain_heads().value().empty());
  EXPECT_TRUE(store_->peer_states().value().empty());
  EXPECT_TRUE(store_->notices(0, 10).value().empty());
  EXPECT_FALSE(store_->find_push_key(content(1, 5)).value());
  EXPECT_TRUE(store_->value("install").value().empty());
  EXPECT_FALSE(store_->has_changes());
  EXPECT_TRUE(good(store_->commit()));
}

TEST_F(ClientStoreContractTest, NamedValuesAreKeptReplacedAndRemoved) {
  ASSERT_TRUE(good(store_->put_value("install", content(1, 65536))));
  ASSERT_TRUE(good(store_->put_value("other", content(2, 1))));
  commit_and_reopen();
  EXPECT_EQ(store_->value("install").value(), content(1, 65536));
  ASSERT_TRUE(good(store_->put_value("install", {})));
  ASSERT_TRUE(good(store_->put_value("other", content(3, 4))));
  commit_and_reopen();
  EXPECT_TRUE(store_->value("install").value().empty());
  EXPECT_EQ(store_->value("other").value(), content(3, 4));
  EXPECT_TRUE(is(store_->put_value("big", Bytes(65537)), ErrorCode::kTooLarge));
  EXPECT_TRUE(is(store_->put_value("", content(1, 1)), ErrorCode::kInvalidArgument));
}

TEST_F(ClientStoreContractTest, ARosterGrowsAtItsEndOnly) {
  EXPECT_TRUE(is(store_->append_roster(1, content(1, 9)), ErrorCode::kInvalidState));
  ASSERT_TRUE(good(store_->append_roster(0, content(1, 9))));
  EXPECT_TRUE(is(store_->append_roster(0, content(1, 9)), ErrorCode::kInvalidState));
  ASSERT_TRUE(good(store_->append_roster(1, content(2, 8192))));
  EXPECT_TRUE(is(store_->append_roster(2, Bytes(8193)), ErrorCode::kTooLarge));
  commit_and_reopen();
  EXPECT_EQ(store_->roster().value(), (std::vector<Bytes>{content(1, 9), content(2, 8192)}));
}

TEST_F(ClientStoreContractTest, EpochsComeByNumberAndAreReplacedByGroup) {
  const StoredEpoch first{.epoch_group = id_of<GroupId>(1),
                          .epoch = id_of<EpochId>(1),
                          .number = 2,
                          .wrapped_secret = content(1, 256)};
  StoredEpoch second{.epoch_group = id_of<GroupId>(2),
                     .epoch = id_of<EpochId>(2),
                     .number = 1,
                     .wrapped_secret = content(2, 1)};
  const StoredEpoch third{.epoch_group = id_of<GroupId>(3),
                          .epoch = id_of<EpochId>(3),
                          .number = 2,
                          .wrapped_secret = content(3, 60)};
  for (const auto& epoch : {first, second, third}) ASSERT_TRUE(good(store_->put_epoch(epoch)));
  second.wrapped_secret = content(4, 30);
  ASSERT_TRUE(good(store_->put_epoch(second)));
  commit_and_reopen();
  auto later = {first, third};
  std::vector<StoredEpoch> expected{second};
  expected.insert(expected.end(), later.begin(), later.end());
  if (third.epoch_group < first.epoch_group) std::swap(expected[1], expected[2]);
  EXPECT_EQ(all_fields(store_->epochs().value()), all_fields(expected));
  second.wrapped_secret.clear();
  EXPECT_TRUE(is(store_->put_epoch(second), ErrorCode::kInvalidArgument));
  second.wrapped_secret = Bytes(257);
  EXPECT_TRUE(is(store_->put_epoch(second), ErrorCode::kTooLarge));
}

TEST_F(ClientStoreContractTest, OutboxBlobsComeBackAsTheyWereAdded) {
  for (const std::uint64_t number : {1U, 2U, 5U}) {
    ASSERT_TRUE(good(add_outbox(number, number == 5 ? 1081384 : 30)));
  }
  commit_and_reopen();
  const auto rows = store_->outbox(0, 100).value();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(fields(rows[0]), fields(outbox_blob(1, 30)));
  EXPECT_EQ(fields(rows[2]), fields(outbox_blob(5, 1081384)));
  EXPECT_EQ(store_->outbox_sealed(5).value(), content(5, 1081384));
  EXPECT_EQ(all_fields(store_->outbox(1, 1).value()), all_fields(std::vector{outbox_blob(2, 30)}));
  EXPECT_TRUE(store_->outbox(5, 100).value().empty());
  EXPECT_TRUE(is(store_->outbox_sealed(3), ErrorCode::kNotFound));
}

TEST_F(ClientStoreContractTest, OutboxNumbersRise) {
  ASSERT_TRUE(good(add_outbox(5)));
  EXPECT_TRUE(is(add_outbox(5), ErrorCode::kInvalidState));
  EXPECT_TRUE(is(add_outbox(4), ErrorCode::kInvalidState));
  EXPECT_TRUE(is(add_outbox(std::uint64_t{1} << 63), ErrorCode::kOutOfRange));
  ASSERT_TRUE(good(add_outbox(6)));
  EXPECT_EQ(store_->outbox(0, 100).value().size(), 2u);
}

TEST_F(ClientStoreContractTest, ABlobIsInTheOutboxOnce) {
  ASSERT_TRUE(good(add_outbox(5)));
  OutboxBlob twin = outbox_blob(6, 20);
  twin.blob = id_of<BlobId>(5);
  EXPECT_TRUE(is(store_->add_outbox(twin, content(6, 20)), ErrorCode::kInvalidState));
  ASSERT_TRUE(good(add_outbox(7)));
  twin.number = 7;
  EXPECT_TRUE(is(store_->reseal_outbox(twin, content(6, 20)), ErrorCode::kInvalidState));
  EXPECT_EQ(store_->outbox_sealed(7).value(), content(7, 20));
  ASSERT_TRUE(good(store_->remove_outbox(5)));
  twin.number = 8;
  ASSERT_TRUE(good(store_->add_outbox(twin, content(6, 20))));
}

TEST_F(ClientStoreContractTest, AnOutboxBlobHasTheSizeItSays) {
  EXPECT_TRUE(
      is(store_->add_outbox(outbox_blob(1, 20), content(1, 19)), ErrorCode::kInvalidArgument));
  EXPECT_TRUE(is(store_->add_outbox(outbox_blob(1, 0), {}), ErrorCode::kInvalidArgument));
  EXPECT_TRUE(is(add_outbox(1, 1081385), ErrorCode::kTooLarge));
  EXPECT_TRUE(store_->outbox(0, 100).value().empty());
}

TEST_F(ClientStoreContractTest, MarkingReplacesCursorAndRefusalOnly) {
  ASSERT_TRUE(good(add_outbox(1)));
  ASSERT_TRUE(good(add_outbox(2)));
  ASSERT_TRUE(good(store_->mark_outbox(1, 44, 2001)));
  EXPECT_TRUE(is(store_->mark_outbox(3, 1, 0), ErrorCode::kNotFound));
  EXPECT_TRUE(is(store_->mark_outbox(1, std::uint64_t{1} << 63, 0), ErrorCode::kOutOfRange));
  commit_and_reopen();
  OutboxBlob expected = outbox_blob(1, 20);
  expected.cursor = 44;
  expected.refusal = 2001;
  EXPECT_EQ(all_fields(store_->outbox(0, 9).value()),
            all_fields(std::vector{expected, outbox_blob(2, 20)}));
  ASSERT_TRUE(good(store_->mark_outbox(2, 45, 0)));
  ASSERT_TRUE(good(store_->clear_outbox_cursors()));
  expected.cursor = 0;
  EXPECT_EQ(all_fields(store_->outbox(0, 9).value()),
            all_fields(std::vector{expected, outbox_blob(2, 20)}));
}

TEST_F(ClientStoreContractTest, ResealingReplacesABlobUnderItsNumber) {
  ASSERT_TRUE(good(add_outbox(1)));
  ASSERT_TRUE(good(store_->mark_outbox(1, 9, 3)));
  ASSERT_TRUE(good(store_->commit()));
  OutboxBlob resealed = outbox_blob(97, 500);
  resealed.number = 1;
  ASSERT_TRUE(good(store_->reseal_outbox(resealed, content(97, 500))));
  EXPECT_TRUE(is(store_->reseal_outbox(outbox_blob(2, 5), content(1, 5)), ErrorCode::kNotFound));
  EXPECT_TRUE(is(store_->reseal_outbox(resealed, {}), ErrorCode::kInvalidArgument));
  EXPECT_TRUE(is(store_->reseal_outbox(resealed, content(97, 499)), ErrorCode::kInvalidArgument));
  commit_and_reopen();
  EXPECT_EQ(all_fields(store_->outbox(0, 9).value()), all_fields(std::vector{resealed}));
  EXPECT_EQ(store_->outbox_sealed(1).value(), content(97, 500));
  // Under its own id again it may be sealed anew, and the old id is free.
  resealed.sealed_bytes = 7;
  ASSERT_TRUE(good(store_->reseal_outbox(resealed, content(96, 7))));
  OutboxBlob other = outbox_blob(2, 20);
  other.blob = outbox_blob(1, 20).blob;
  ASSERT_TRUE(good(store_->add_outbox(other, content(2, 20))));
}

TEST_F(ClientStoreContractTest, RemovingFromTheOutboxLeavesTheOthers) {
  for (const std::uint64_t number : {1U, 2U, 3U}) ASSERT_TRUE(good(add_outbox(number)));
  ASSERT_TRUE(good(store_->remove_outbox(2)));
  ASSERT_TRUE(good(store_->remove_outbox(2)));
  ASSERT_TRUE(good(store_->remove_outbox(77)));
  commit_and_reopen();
  EXPECT_EQ(all_fields(store_->outbox(0, 9).value()),
            all_fields(std::vector{outbox_blob(1, 20), outbox_blob(3, 20)}));
  EXPECT_TRUE(is(store_->outbox_sealed(2), ErrorCode::kNotFound));
}

TEST_F(ClientStoreContractTest, PushKeysAreKeptForGood) {
  ASSERT_TRUE(good(store_->add_push_key(content(1, 64), {.number = 4, .blob = id_of<BlobId>(4)})));
  ASSERT_TRUE(good(store_->add_push_key(content(2, 1), {.number = 5, .blob = id_of<BlobId>(5)})));
  EXPECT_TRUE(is(store_->add_push_key(content(2, 1), {.number = 6, .blob = id_of<BlobId>(6)}),
                 ErrorCode::kInvalidState));
  EXPECT_TRUE(is(store_->add_push_key({}, {}), ErrorCode::kInvalidArgument));
  EXPECT_TRUE(is(store_->add_push_key(Bytes(65), {}), ErrorCode::kTooLarge));
  commit_and_reopen();
  EXPECT_EQ(fields(store_->find_push_key(content(1, 64)).value().value()),
            fields(PushKeyRecord{.number = 4, .blob = id_of<BlobId>(4)}));
  EXPECT_EQ(store_->find_push_key(content(2, 1)).value()->number, 5u);
  EXPECT_FALSE(store_->find_push_key(content(1, 63)).value());
}

TEST_F(ClientStoreContractTest, InboxBlobsComeBackAsTheyWereAdded) {
  ASSERT_TRUE(good(add_inbox(1, kWaiting)));
  ASSERT_TRUE(good(add_inbox(2, kReady, 10, 1081384)));
  ASSERT_TRUE(good(add_inbox(5, kQuarantined, 0, 0)));
  commit_and_reopen();
  EXPECT_EQ(all_fields(store_->inbox(kWaiting, 0, 9).value()),
            all_fields(std::vector{inbox_blob(1, kWaiting, 0, 20)}));
  EXPECT_EQ(all_fields(store_->inbox(kReady, 0, 9).value()),
            all_fields(std::vector{inbox_blob(2, kReady, 10, 1081384)}));
  EXPECT_EQ(all_fields(store_->ready(0, 9).value()),
            all_fields(std::vector{inbox_blob(2, kReady, 10, 1081384)}));
  EXPECT_EQ(all_fields(store_->inbox(kQuarantined, 0, 9).value()),
            all_fields(std::vector{inbox_blob(5, kQuarantined, 0, 0)}));
  EXPECT_EQ(store_->inbox_sealed(2).value(), content(2, 1081384));
  EXPECT_TRUE(store_->inbox_sealed(5).value().empty());
  EXPECT_TRUE(is(store_->inbox_sealed(3), ErrorCode::kNotFound));
}

TEST_F(ClientStoreContractTest, InboxRowsKeepTheRules) {
  ASSERT_TRUE(good(add_inbox(5, kReady, 10)));
  EXPECT_TRUE(is(add_inbox(5, kWaiting), ErrorCode::kInvalidState));
  EXPECT_TRUE(is(add_inbox(4, kWaiting), ErrorCode::kInvalidState));
  EXPECT_TRUE(is(add_inbox(6, kReady, 10), ErrorCode::kInvalidState));
  EXPECT_TRUE(is(add_inbox(6, kReady, 0), ErrorCode::kInvalidArgument));
  EXPECT_TRUE(is(add_inbox(6, kWaiting, 3), ErrorCode::kInvalidArgument));
  EXPECT_TRUE(is(add_inbox(6, static_cast<InboxState>(9)), ErrorCode::kInvalidArgument));
  EXPECT_TRUE(is(add_inbox(6, kWaiting, 0, 1081385), ErrorCode::kTooLarge));
  EXPECT_TRUE(is(store_->add_inbox(inbox_blob(6, kWaiting, 0, 20), content(6, 21)),
                 ErrorCode::kInvalidArgument));
  ASSERT_TRUE(good(add_inbox(6, kWaiting)));
  EXPECT_TRUE(is(store_->update_inbox(inbox_blob(6, kReady, 10, 20)), ErrorCode::kInvalidState));
  EXPECT_TRUE(is(store_->update_inbox(inbox_blob(7, kWaiting, 0, 20)), ErrorCode::kNotFound));
  EXPECT_EQ(arrivals(kWaiting), Numbers{6});
  EXPECT_EQ(ready_numbers(), Numbers{10});
}

TEST_F(ClientStoreContractTest, AnUpdateChangesAllButArrivalBlobAndSize) {
  ASSERT_TRUE(good(add_inbox(5, kWaiting)));
  ASSERT_TRUE(good(store_->commit()));
  InboxBlob changed = inbox_blob(9, kReady, 4, 0);
  changed.arrival = 5;
  ASSERT_TRUE(good(store_->update_inbox(changed)));
  commit_and_reopen();
  changed.blob = id_of<BlobId>(5);
  changed.sealed_bytes = 20;
  EXPECT_EQ(all_fields(store_->ready(0, 9).value()), all_fields(std::vector{changed}));
  EXPECT_EQ(arrivals(kWaiting), Numbers());
  EXPECT_EQ(store_->inbox_sealed(5).value(), content(5, 20));
  // The same number again is no conflict with itself, and another one frees it.
  ASSERT_TRUE(good(store_->update_inbox(changed)));
  changed.number = 6;
  ASSERT_TRUE(good(store_->update_inbox(changed)));
  ASSERT_TRUE(good(add_inbox(6, kReady, 4)));
  EXPECT_EQ(ready_numbers(), (Numbers{4, 6}));
}

TEST_F(ClientStoreContractTest, TheInboxIsReadByStateInTheOrderOfArrival) {
  for (std::uint64_t arrival = 1; arrival <= 9; ++arrival) {
    ASSERT_TRUE(good(arrival % 3 == 0
                         ? add_inbox(arrival, kReady, 100 - arrival)
                         : add_inbox(arrival, arrival % 3 == 1 ? kWaiting : kQuarantined)));
  }
  commit_and_reopen();
  EXPECT_EQ(arrivals(kWaiting), (Numbers{1, 4, 7}));
  EXPECT_EQ(arrivals(kWaiting, 1, 1), Numbers{4});
  EXPECT_EQ(arrivals(kWaiting, 7), Numbers());
  EXPECT_EQ(arrivals(kQuarantined, 0, 2), (Numbers{2, 5}));
  EXPECT_EQ(arrivals(kReady), (Numbers{3, 6, 9}));
  // Ready ones also by their own numbers.
  EXPECT_EQ(ready_numbers(), (Numbers{91, 94, 97}));
  EXPECT_EQ(ready_numbers(91, 1), Numbers{94});
  EXPECT_EQ(ready_numbers(97), Numbers());
  EXPECT_EQ(ready_numbers(0, 0), Numbers());
}

TEST_F(ClientStoreContractTest, RemovingReadyRowsLeavesTheOthers) {
  ASSERT_TRUE(good(add_inbox(1, kWaiting)));
  ASSERT_TRUE(good(add_inbox(2, kReady, 3)));
  ASSERT_TRUE(good(add_inbox(3, kReady, 1)));
  ASSERT_TRUE(good(add_inbox(4, kReady, 2)));
  ASSERT_TRUE(good(add_inbox(5, kQuarantined)));
  ASSERT_TRUE(good(store_->remove_ready(2)));
  commit_and_reopen();
  EXPECT_EQ(ready_numbers(), Numbers{3});
  EXPECT_EQ(arrivals(kWaiting), Numbers{1});
  EXPECT_EQ(arrivals(kQuarantined), Numbers{5});
  EXPECT_TRUE(is(store_->inbox_sealed(3), ErrorCode::kNotFound));
  ASSERT_TRUE(good(store_->remove_inbox(2)));
  ASSERT_TRUE(good(store_->remove_inbox(1)));
  ASSERT_TRUE(good(store_->remove_inbox(77)));
  commit_and_reopen();
  EXPECT_EQ(ready_numbers(), Numbers());
  EXPECT_EQ(arrivals(kWaiting), Numbers());
  EXPECT_EQ(store_->inbox_sealed(5).value(), content(5, 20));
  ASSERT_TRUE(good(add_inbox(6, kReady, 3)));
}

TEST_F(ClientStoreContractTest, ChainHeadsAreOnePerSenderAndIncarnation) {
  std::map<std::pair<DeviceId, Incarnation>, ChainHead> expected;
  for (std::uint64_t i = 0; i < 12; ++i) {
    const ChainHead head{.sender = id_of<DeviceId>(i % 4),
                         .incarnation = id_of<Incarnation>(i % 3 % 2),
                         .sequence = i,
                         .hash = id_of<ChainHash>(i)};
    expected[{head.sender, head.incarnation}] = head;
    ASSERT_TRUE(good(store_->put_chain_head(head)));
  }
  commit_and_reopen();
  std::vector<ChainHead> rows;
  for (const auto& [key, head] : expected) rows.push_back(head);
  EXPECT_EQ(all_fields(store_->chain_heads().value()), all_fields(rows));
}

TEST_F(ClientStoreContractTest, PeerStatesAreOnePerDevice) {
  std::map<DeviceId, PeerState> expected;
  for (std::uint64_t i = 1; i < 12; ++i) {
    const PeerState state{
        .device = id_of<DeviceId>(i % 4), .counter = i, .state = content(i, i == 11 ? 16384 : 100)};
    expected[state.device] = state;
    ASSERT_TRUE(good(store_->put_peer_state(state)));
  }
  commit_and_reopen();
  std::vector<PeerState> rows;
  for (const auto& [key, state] : expected) rows.push_back(state);
  EXPECT_EQ(all_fields(store_->peer_states().value()), all_fields(rows));
  EXPECT_TRUE(is(
      store_->put_peer_state({.device = id_of<DeviceId>(1), .counter = 1, .state = Bytes(16385)}),
      ErrorCode::kTooLarge));
}

TEST_F(ClientStoreContractTest, NoticesStayUntilTheyAreRemoved) {
  for (const std::uint64_t number : {3U, 4U, 9U}) {
    ASSERT_TRUE(good(store_->add_notice({.number = number,
                                         .kind = static_cast<std::uint16_t>(number * 7000),
                                         .detail = content(number, number - 3)})));
  }
  EXPECT_TRUE(
      is(store_->add_notice({.number = 9, .kind = 1, .detail = {}}), ErrorCode::kInvalidState));
  EXPECT_TRUE(
      is(store_->add_notice({.number = 1, .kind = 1, .detail = {}}), ErrorCode::kInvalidState));
  commit_and_reopen();
  const auto all = store_->notices(0, 9).value();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(fields(all[0]), fields(Notice{.number = 3, .kind = 21000, .detail = {}}));
  EXPECT_EQ(fields(all[2]), fields(Notice{.number = 9, .kind = 63000, .detail = content(9, 6)}));
  EXPECT_EQ(all_fields(store_->notices(3, 1).value()), all_fields(std::vector{all[1]}));
  ASSERT_TRUE(good(store_->remove_notices(4)));
  commit_and_reopen();
  EXPECT_EQ(all_fields(store_->notices(0, 9).value()), all_fields(std::vector{all[2]}));
}

}  // namespace
}  // namespace zerok::store
