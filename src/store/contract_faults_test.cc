// SPDX-License-Identifier: MIT OR Apache-2.0
// What both stores promise when their disk fails or is full: nothing of a failed transaction is
// there, and the store is usable again as soon as the disk is.
#include <gtest/gtest.h>

#include "base/check.h"
#include "store/contract_testing.h"

namespace zerok::store {
namespace {

class FaultContractTest : public testing::Test {
 protected:
  FaultContractTest() {
    relay_ = std::move(harness_->open_relay()).value();
    client_ = std::move(harness_->open_client()).value();
    group_ = relay_->create_group(id_of<GroupId>(1), content(1, 9)).value();
    ZEROK_ASSERT(relay_->commit().has_value() && append(1).has_value());
    ZEROK_ASSERT(relay_->commit().has_value());
  }

  Result<void> append(std::uint64_t cursor, std::size_t size = 1000) {
    const Bytes sealed = content(cursor, size);
    return relay_->append_line(group_, line_of(cursor, cursor, id_of<DeviceId>(1), 5, sealed));
  }
  std::uint64_t head() { return relay_->load_group(id_of<GroupId>(1)).value()->head.cursor; }
  std::uint64_t head_after_a_crash() {
    relay_.reset();
    auto opened = harness_->open_relay();
    EXPECT_TRUE(good(opened));
    relay_ = std::move(*opened);
    return head();
  }

  std::unique_ptr<FaultyStoreHarness> harness_ = make_faulty_store_harness();
  std::unique_ptr<RelayStore> relay_;
  std::unique_ptr<ClientStore> client_;
  GroupKey group_{};
};

TEST_F(FaultContractTest, NothingOfAFailedCommitIsThere) {
  harness_->fail_commits(1);
  ASSERT_TRUE(good(append(2)));
  ASSERT_TRUE(good(append(3)));
  ASSERT_TRUE(good(relay_->put_value("name", content(1, 5))));
  EXPECT_TRUE(is(relay_->commit(), ErrorCode::kIo));
  EXPECT_FALSE(relay_->has_changes());
  EXPECT_EQ(head(), 1u);
  EXPECT_TRUE(relay_->value("name").value().empty());
  EXPECT_EQ(fields(relay_->totals().value()),
            fields(RelayTotals{.groups = 1, .payload_bytes = 1000, .lines = 1}));
  EXPECT_FALSE(relay_->find_blob(group_, id_of<BlobId>(2)).value());
}

TEST_F(FaultContractTest, AfterAFailedCommitTheNextOneCounts) {
  harness_->fail_commits(2);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(good(append(2, 2000)));
    EXPECT_TRUE(is(relay_->commit(), ErrorCode::kIo));
  }
  ASSERT_TRUE(good(append(2)));
  ASSERT_TRUE(good(relay_->commit()));
  EXPECT_EQ(head_after_a_crash(), 2u);
  EXPECT_EQ(relay_->read_lines(group_, 1, 1, 1, {}).value().at(0).sealed, content(2, 1000));
  EXPECT_EQ(relay_->totals().value().payload_bytes, 2000u);
}

TEST_F(FaultContractTest, ACommitWithoutChangesNeedsNoDisk) {
  harness_->fail_commits(1);
  EXPECT_TRUE(good(relay_->commit()));
  harness_->set_full(true);
  EXPECT_TRUE(good(relay_->commit()));
  EXPECT_EQ(head(), 1u);
}

TEST_F(FaultContractTest, AFullDiskFailsAndTheStoreGoesOnWhenThereIsSpace) {
  harness_->set_full(true);
  // Whether a change or the commit hits the end of the disk is the store's affair.
  bool changed = true;
  for (std::uint64_t cursor = 2; cursor <= 5 && changed; ++cursor) {
    const auto appended = append(cursor, 1 << 20);
    changed = appended.has_value();
    if (!changed) {
      EXPECT_EQ(appended.error().code, ErrorCode::kIo);
      // The transaction is lost; nothing of it can be committed by accident.
      EXPECT_TRUE(is(append(2), ErrorCode::kIo));
      EXPECT_TRUE(is(relay_->find_blob(group_, id_of<BlobId>(1)), ErrorCode::kIo));
      EXPECT_TRUE(relay_->has_changes());
    }
  }
  EXPECT_TRUE(is(relay_->commit(), ErrorCode::kIo));
  EXPECT_FALSE(relay_->has_changes());
  EXPECT_EQ(head(), 1u);
  EXPECT_EQ(relay_->read_lines(group_, 0, 9, 1 << 20, {}).value().size(), 1u);
  harness_->set_full(false);
  ASSERT_TRUE(good(append(2)));
  ASSERT_TRUE(good(relay_->commit()));
  EXPECT_EQ(head_after_a_crash(), 2u);
}

TEST_F(FaultContractTest, ALostTransactionCanBeRolledBack) {
  harness_->set_full(true);
  Result<void> changed = {};
  for (std::uint64_t cursor = 2; cursor <= 50 && changed; ++cursor) {
    changed = append(cursor, 1 << 20);
    if (changed && cursor == 50) changed = relay_->commit();
  }
  EXPECT_TRUE(is(changed, ErrorCode::kIo));
  relay_->rollback();
  harness_->set_full(false);
  EXPECT_EQ(head(), 1u);
  ASSERT_TRUE(good(append(2)));
  ASSERT_TRUE(good(relay_->commit()));
  EXPECT_EQ(head_after_a_crash(), 2u);
}

TEST_F(FaultContractTest, AFailedCommitOfAClientLeavesNothing) {
  const auto add = [&](std::uint64_t number) {
    return client_->add_outbox(
        {.number = number, .blob = id_of<BlobId>(number), .sealed_bytes = 30}, content(number, 30));
  };
  ASSERT_TRUE(good(add(1)));
  ASSERT_TRUE(good(client_->commit()));
  harness_->fail_commits(1);
  ASSERT_TRUE(good(add(2)));
  EXPECT_TRUE(is(client_->commit(), ErrorCode::kIo));
  EXPECT_EQ(client_->outbox(0, 9).value().size(), 1u);
  ASSERT_TRUE(good(add(2)));
  ASSERT_TRUE(good(client_->commit()));
  client_.reset();
  client_ = std::move(harness_->open_client()).value();
  EXPECT_EQ(client_->outbox(0, 9).value().size(), 2u);
}

}  // namespace
}  // namespace zerok::store
