// SPDX-License-Identifier: MIT OR Apache-2.0
// Everything of a client that is written as one value: what comes back, and what is refused.
#include "core/client/record.h"

#include <gtest/gtest.h>

#include "core/client/deletes.h"
#include "core/client/loss_ledger.h"
#include "core/client/notice.h"
#include "core/client/peers.h"

namespace zerok::core {
namespace {

using Cover = LossLedger::Cover;

template <typename IdType>
IdType id_of(std::uint8_t value) {
  IdType id;
  for (auto& b : id.mutable_bytes()) b = value;
  return id;
}

ClientRecord sample_record() {
  ClientRecord record;
  record.device = id_of<DeviceId>(1);
  record.install = id_of<InstallId>(2);
  record.renewals = 3;
  record.incarnation = id_of<Incarnation>(3);
  record.sent = {40, id_of<ChainHash>(4)};
  record.acknowledged = {39, id_of<ChainHash>(5)};
  record.lamport = 77;
  record.outbox_number = 41;
  record.arrival = 300;
  record.ready_number = 70000;
  record.notice_number = 5;
  record.state_counter = 6;
  record.confirmed = 69999;
  record.group = id_of<GroupId>(6);
  record.epoch_group = id_of<GroupId>(7);
  record.relay = id_of<EndpointId>(8);
  record.position = {12, id_of<LogHash>(9)};
  record.own_lines = 39;
  record.sealed_bytes_max = 1000;
  record.read_before = {11, id_of<LogHash>(10)};
  return record;
}

TEST(ClientRecordTest, ComesBackAsItWasWritten) {
  const ClientRecord record = sample_record();
  EXPECT_EQ(ClientRecord::decode(record.encode()), record);
  EXPECT_EQ(ClientRecord::decode(ClientRecord{}.encode()), ClientRecord{});
}

TEST(ClientRecordTest, RefusesEveryTruncationAndReadsNoChangeAsSomethingElse) {
  const Bytes bytes = sample_record().encode();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(ClientRecord::decode(ByteView(bytes).first(size)));
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    Bytes changed = bytes;
    changed[at] ^= 1;
    const auto record = ClientRecord::decode(changed);
    if (record) {
      EXPECT_EQ(record->encode(), changed);
    }
  }
}

TEST(ClientRecordTest, RefusesARecordOfALaterVersion) {
  Bytes bytes = sample_record().encode();
  // An array of 16 items or more: three bytes of head, then the version.
  ASSERT_EQ(bytes[3], 1);
  bytes[3] = 2;
  EXPECT_EQ(ClientRecord::decode(bytes).error().code, ErrorCode::kUnsupported);
}

TEST(NoticeDetailTest, ComesBackAsItWasWrittenAndRefusesTruncation) {
  NoticeDetail detail;
  detail.device = id_of<DeviceId>(1);
  detail.other = id_of<DeviceId>(2);
  detail.blob = id_of<BlobId>(3);
  detail.incarnation = id_of<Incarnation>(4);
  detail.number = 5;
  detail.first = 6;
  detail.last = 7;
  detail.count = 8;
  detail.code = 9;
  const Bytes bytes = detail.encode();
  EXPECT_EQ(NoticeDetail::decode(bytes), detail);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(NoticeDetail::decode(ByteView(bytes).first(size)));
  }
}

TEST(LossLedgerTest, CoversGapsOfWhatIsGoneAndNoMore) {
  const auto sender = id_of<DeviceId>(1);
  LossLedger losses;
  losses.add_deleted(sender);
  losses.add_lost(sender);
  EXPECT_EQ(losses.spend(sender, 3), Cover::kNone);
  EXPECT_EQ(losses.spend(id_of<DeviceId>(2), 1), Cover::kNone);
  EXPECT_EQ(losses.spend(sender, 2), Cover::kKnown);
  EXPECT_EQ(losses.spend(sender, 1), Cover::kNone);
}

TEST(LossLedgerTest, TellsOnlyWhatWasLostAndOnlyOnce) {
  LossLedger losses;
  losses.add_deleted(id_of<DeviceId>(1));
  losses.add_lost(id_of<DeviceId>(2));
  losses.add_lost(id_of<DeviceId>(2));
  const auto untold = losses.take_untold();
  ASSERT_EQ(untold.size(), 1U);
  EXPECT_EQ(untold.begin()->second, 2U);
  EXPECT_TRUE(losses.take_untold().empty());
}

TEST(LossLedgerTest, CoversOneGapOfAnyLengthWhereTheBeginningIsGone) {
  const auto sender = id_of<DeviceId>(1);
  LossLedger losses;
  losses.add_unknown(sender);
  EXPECT_EQ(losses.spend(sender, 1000), Cover::kUnknown);
  EXPECT_EQ(losses.spend(sender, 1), Cover::kNone);
  losses.add_unknown(sender);
  losses.settle(sender);
  EXPECT_EQ(losses.spend(sender, 1), Cover::kNone);
}

TEST(LossLedgerTest, DecidesAboutSuspectsLater) {
  const auto lost = id_of<DeviceId>(1);
  const auto held = id_of<DeviceId>(2);
  LossLedger losses;
  losses.suspect(lost);
  losses.suspect(held);
  EXPECT_EQ(losses.spend(lost, 1), Cover::kNone);
  losses.decide([&](const DeviceId& sender) { return sender == lost; });
  EXPECT_EQ(losses.take_untold().size(), 1U);
  EXPECT_EQ(losses.spend(lost, 1), Cover::kKnown);
  EXPECT_EQ(losses.spend(held, 1), Cover::kNone);
}

TEST(LossLedgerTest, ComesBackAsItWasWritten) {
  LossLedger losses;
  EXPECT_TRUE(losses.encode().empty());
  losses.add_deleted(id_of<DeviceId>(1));
  losses.add_lost(id_of<DeviceId>(2));
  losses.suspect(id_of<DeviceId>(3));
  losses.add_unknown(id_of<DeviceId>(4));
  EXPECT_TRUE(losses.changed());
  const Bytes bytes = losses.encode();
  EXPECT_FALSE(losses.changed());
  auto again = LossLedger::decode(bytes);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->encode(), bytes);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_FALSE(LossLedger::decode(ByteView(bytes).first(size)));
  }
}

TEST(DeletesTest, WaitUntilTheBlobIsAtTheRelayAndComeBackAfterAReset) {
  ClientLimits limits;
  Journal journal({}, limits.notices_max);
  Outbox outbox;
  OutboxEntry entry;
  entry.number = 1;
  entry.blob = id_of<BlobId>(1);
  entry.sequence = 1;
  entry.sealed_bytes = 300;
  outbox.add(entry);
  Deletes deletes;
  ASSERT_TRUE(deletes.add(entry.blob, outbox, 10));
  EXPECT_FALSE(deletes.next(outbox));
  outbox.acknowledged(1, 5, journal);
  EXPECT_EQ(deletes.next(outbox), entry.blob);
  deletes.done(entry.blob, outbox);
  EXPECT_FALSE(deletes.next(outbox));
  // It would come back with the relay's new log.
  deletes.forget_relay();
  EXPECT_EQ(deletes.next(outbox), entry.blob);
  outbox.remove(1, journal);
  deletes.done(entry.blob, outbox);
  EXPECT_FALSE(deletes.contains(entry.blob));
}

TEST(DeletesTest, AreBoundedAndComeBackAsTheyWereWritten) {
  Outbox outbox;
  Deletes deletes;
  ASSERT_TRUE(deletes.add(id_of<BlobId>(1), outbox, 2));
  ASSERT_TRUE(deletes.add(id_of<BlobId>(2), outbox, 2));
  ASSERT_TRUE(deletes.add(id_of<BlobId>(2), outbox, 2));
  EXPECT_EQ(deletes.add(id_of<BlobId>(3), outbox, 2).error().code, ErrorCode::kOverloaded);
  deletes.rename(id_of<BlobId>(1), id_of<BlobId>(9));
  const Bytes bytes = deletes.encode();
  auto again = Deletes::decode(bytes);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->contains(id_of<BlobId>(9)));
  EXPECT_FALSE(again->contains(id_of<BlobId>(1)));
  EXPECT_EQ(again->encode(), bytes);
}

TEST(JournalTest, AddsTheSameNoticeOnceUntilItIsConfirmed) {
  Journal journal({}, 3);
  NoticeDetail detail;
  detail.device = id_of<DeviceId>(1);
  journal.notice(NoticeKind::kGap, detail);
  detail.count = 5;  // how much of it there is does not make it another one
  journal.notice(NoticeKind::kGap, detail);
  EXPECT_EQ(journal.record().notice_number, 1U);
  journal.confirm_notices(1);
  journal.notice(NoticeKind::kGap, detail);
  EXPECT_EQ(journal.record().notice_number, 2U);
}

TEST(JournalTest, EndsAFloodOfNoticesWithOneThatSaysSo) {
  Journal journal({}, 3);
  for (std::uint8_t n = 0; n < 20; ++n) {
    NoticeDetail detail;
    detail.device = id_of<DeviceId>(n);
    journal.notice(NoticeKind::kGap, detail);
  }
  std::vector<NoticeKind> kinds;
  while (const auto effect = journal.poll()) {
    if (const auto* notice = std::get_if<AddNotice>(&*effect)) kinds.push_back(notice->kind);
  }
  EXPECT_EQ(kinds,
            (std::vector{NoticeKind::kGap, NoticeKind::kGap, NoticeKind::kGap, NoticeKind::kMore}));
}

TEST(JournalTest, WritesTheRecordOnlyWhenItChanged) {
  Journal journal({}, 3);
  journal.close();
  EXPECT_TRUE(journal.empty());
  journal.change().lamport = 4;
  journal.close();
  const auto effect = journal.poll();
  ASSERT_TRUE(effect);
  ASSERT_TRUE(std::holds_alternative<PutValue>(*effect));
  EXPECT_EQ(ClientRecord::decode(std::get<PutValue>(*effect).value)->lamport, 4U);
  EXPECT_FALSE(journal.poll());
}

}  // namespace
}  // namespace zerok::core
