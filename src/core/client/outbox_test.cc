// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/client/outbox.h"

#include <gtest/gtest.h>

#include "core/client/deletes.h"
#include "core/client/peers.h"
#include "core/testing/roster_sample.h"

namespace zerok::core {
namespace {

using testing::sample_device;
using testing::sample_roster;

class OutboxTest : public ::testing::Test {
 protected:
  OutboxEntry entry(std::uint64_t number, std::uint32_t size = 300) {
    OutboxEntry out;
    out.number = number;
    out.blob.mutable_bytes()[0] = static_cast<std::uint8_t>(number);
    out.incarnation = record_.incarnation;
    out.sequence = number;
    out.chain.mutable_bytes()[0] = static_cast<std::uint8_t>(number);
    out.sealed_bytes = size;
    return out;
  }
  void add(std::uint64_t count) {
    for (std::uint64_t n = 1; n <= count; ++n) outbox_.add(entry(n));
    record_.sent = {count, entry(count).chain};
  }
  std::vector<std::uint64_t> batch(std::size_t blobs = 256, std::size_t bytes = 1 << 20) {
    std::vector<std::uint64_t> numbers;
    for (const auto& e : outbox_.next_batch(blobs, bytes)) numbers.push_back(e.number);
    return numbers;
  }
  using Numbers = std::vector<std::uint64_t>;

  ClientRecord record_;
  ClientLimits limits_;
  Journal journal_{record_, 16};
  Outbox outbox_;
};

TEST_F(OutboxTest, SendsInOrderAndOnlyWhatIsNotAcknowledged) {
  add(4);
  EXPECT_EQ(batch(), (Numbers{1, 2, 3, 4}));
  outbox_.acknowledged(1, 10, journal_);
  outbox_.acknowledged(2, 11, journal_);
  EXPECT_EQ(batch(), (Numbers{3, 4}));
  EXPECT_EQ(outbox_.pending(), 2U);
  EXPECT_EQ(outbox_.on_relay(), 2U);
  EXPECT_EQ(outbox_.pending_bytes(), 600U);
}

TEST_F(OutboxTest, KeepsABatchWithinItsBoundsButNeverEmpty) {
  add(5);
  EXPECT_EQ(batch(2), (Numbers{1, 2}));
  EXPECT_EQ(batch(256, 700), (Numbers{1, 2}));
  EXPECT_EQ(batch(256, 1), (Numbers{1}));
}

TEST_F(OutboxTest, PutsBlobsOfOneEpochIntoABatch) {
  auto first = entry(1);
  auto second = entry(2);
  second.epoch_group.mutable_bytes()[0] = 1;
  outbox_.add(first);
  outbox_.add(second);
  EXPECT_EQ(batch(), (Numbers{1}));
}

TEST_F(OutboxTest, GoesOnBehindABlobThatFailed) {
  add(3);
  outbox_.failed(1, 2001, journal_);
  EXPECT_EQ(batch(), (Numbers{2, 3}));
  EXPECT_EQ(outbox_.failed(), 1U);
  outbox_.acknowledged(2, 5, journal_);
  EXPECT_EQ(batch(), (Numbers{3}));
}

TEST_F(OutboxTest, HasEverythingPendingAgainForAnotherLog) {
  add(3);
  outbox_.acknowledged(1, 5, journal_);
  outbox_.failed(2, 2001, journal_);
  outbox_.forget_relay(journal_);
  EXPECT_EQ(batch(), (Numbers{1, 2, 3}));
  EXPECT_EQ(outbox_.pending(), 3U);
  EXPECT_EQ(outbox_.failed(), 0U);
}

TEST_F(OutboxTest, IsTheSameAfterARestart) {
  auto acknowledged = entry(1);
  acknowledged.cursor = 4;
  auto refused = entry(2);
  refused.refusal = 2001;
  for (const auto& e : {acknowledged, refused, entry(3), entry(4)}) outbox_.restore(e);
  EXPECT_EQ(batch(), (Numbers{3, 4}));
  EXPECT_EQ(outbox_.pending(), 2U);
  EXPECT_EQ(outbox_.on_relay(), 1U);
  EXPECT_EQ(outbox_.failed(), 1U);
}

TEST_F(OutboxTest, FindsABlobByItsPlaceInTheChain) {
  add(3);
  ASSERT_NE(outbox_.find(record_.incarnation, 2), nullptr);
  EXPECT_EQ(outbox_.find(record_.incarnation, 2)->number, 2U);
  EXPECT_EQ(outbox_.find(record_.incarnation, 4), nullptr);
  outbox_.remove(2, journal_);
  EXPECT_EQ(outbox_.find(record_.incarnation, 2), nullptr);
  EXPECT_NE(outbox_.find(record_.incarnation, 3), nullptr);
}

TEST_F(OutboxTest, IsFullByCountOrBytes) {
  limits_.outbox_blobs_max = 2;
  limits_.outbox_bytes_max = 1000;
  add(1);
  EXPECT_TRUE(outbox_.has_room(limits_, 700));
  EXPECT_FALSE(outbox_.has_room(limits_, 701));
  outbox_.add(entry(2));
  EXPECT_FALSE(outbox_.has_room(limits_, 1));
}

// --- who has it

class DeliveryTest : public OutboxTest {
 protected:
  Peers::OwnChain says(std::uint8_t device, std::uint64_t sequence, std::uint8_t hash) {
    DeviceState state;
    state.device = sample_device(device).id();
    state.counter = ++counter_;
    ChainHash chain{};
    chain.mutable_bytes()[0] = hash;
    state.heads.push_back({self_, record_.incarnation, {sequence, chain}});
    const Bytes sealed{static_cast<std::uint8_t>(counter_)};
    return peers_.take(state, sealed, self_, record_, outbox_);
  }
  void drop() { peers_.drop_delivered(outbox_, self_, roster_, wall_, limits_, journal_); }
  Peers::Delivery delivery(std::uint64_t number) {
    return peers_.delivery(*outbox_.find(number), self_, roster_, wall_, limits_);
  }

  DeviceId self_ = sample_device(1).id();
  Roster roster_ = sample_roster(3);
  UnixMs wall_ = 1'000'000'000;
  Peers peers_;
  std::uint64_t counter_ = 0;
};

TEST_F(DeliveryTest, DropsABlobOnlyWhenEveryOtherDeviceHasIt) {
  add(3);
  for (std::uint64_t n = 1; n <= 3; ++n) outbox_.acknowledged(n, n, journal_);
  EXPECT_EQ(says(2, 2, 2), Peers::OwnChain::kAgrees);
  drop();
  EXPECT_EQ(outbox_.entries().size(), 3U);
  EXPECT_EQ(delivery(2).delivered_to, 1U);
  EXPECT_EQ(delivery(2).devices, 2U);
  EXPECT_EQ(says(3, 3, 3), Peers::OwnChain::kAgrees);
  drop();
  EXPECT_EQ(outbox_.find(1), nullptr);
  EXPECT_EQ(outbox_.find(2), nullptr);
  EXPECT_NE(outbox_.find(3), nullptr);
}

TEST_F(DeliveryTest, CountsNoHeadThatContradictsWhatWasSent) {
  add(2);
  for (std::uint64_t n = 1; n <= 2; ++n) outbox_.acknowledged(n, n, journal_);
  EXPECT_EQ(says(2, 2, 99), Peers::OwnChain::kContradicts);
  EXPECT_EQ(says(3, 9, 9), Peers::OwnChain::kContradicts);  // more than was ever sent
  drop();
  EXPECT_EQ(outbox_.entries().size(), 2U);
  EXPECT_EQ(delivery(1).delivered_to, 0U);
}

TEST_F(DeliveryTest, DoesNotWaitForADormantDeviceButForOneAtLeast) {
  add(1);
  outbox_.acknowledged(1, 1, journal_);
  peers_.heard(sample_device(2).id(), wall_);
  peers_.heard(sample_device(3).id(), wall_);
  wall_ += limits_.dormant_after_ms + 1;
  // Both sleep: the copy here may be the only one.
  drop();
  EXPECT_NE(outbox_.find(1), nullptr);
  peers_.heard(sample_device(2).id(), wall_);
  drop();
  EXPECT_NE(outbox_.find(1), nullptr);
  says(2, 1, 1);
  drop();
  EXPECT_EQ(outbox_.find(1), nullptr);
}

TEST_F(DeliveryTest, KeepsEverythingWhileThereIsNoOtherDevice) {
  roster_ = sample_roster(1);
  add(1);
  outbox_.acknowledged(1, 1, journal_);
  drop();
  EXPECT_NE(outbox_.find(1), nullptr);
  EXPECT_FALSE(delivery(1).done);
}

TEST_F(DeliveryTest, RemembersWhenADeviceWasHeardOf) {
  peers_.first_seen(sample_device(2).id(), wall_);
  peers_.first_seen(sample_device(2).id(), wall_ + 500'000'000);
  EXPECT_TRUE(peers_.heard_changed());
  const Bytes bytes = peers_.encode_heard();
  EXPECT_FALSE(peers_.heard_changed());
  Peers again;
  ASSERT_TRUE(again.restore_heard(bytes));
  EXPECT_FALSE(again.is_dormant(sample_device(2).id(), wall_ + 100, limits_));
  EXPECT_TRUE(
      again.is_dormant(sample_device(2).id(), wall_ + limits_.dormant_after_ms + 1, limits_));
  EXPECT_FALSE(again.restore_heard(ByteView(bytes).first(bytes.size() - 1)));
}

TEST_F(OutboxTest, ForgetsDoneRemovalsOfWhatHasLeftIt) {
  add(3);
  Deletes deletes;
  for (std::uint64_t n = 1; n <= 3; ++n) {
    outbox_.acknowledged(n, n, journal_);
    // What is done does not count among those that wait.
    ASSERT_TRUE(deletes.add(entry(n).blob, outbox_, 1)) << n;
    EXPECT_FALSE(deletes.add(BlobId(), outbox_, 1)) << n;
    deletes.done(entry(n).blob, outbox_);
    EXPECT_TRUE(deletes.contains(entry(n).blob));
  }
  for (std::uint64_t n = 1; n <= 3; ++n) outbox_.remove(n, journal_);
  ASSERT_TRUE(deletes.add(BlobId(), outbox_, 1));
  for (std::uint64_t n = 1; n <= 3; ++n) EXPECT_FALSE(deletes.contains(entry(n).blob)) << n;
}

}  // namespace
}  // namespace zerok::core
