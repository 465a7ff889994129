// SPDX-License-Identifier: MIT OR Apache-2.0
// The relay over a simulated network with a store in memory: the main line, device by device.
#include "relay/relay.h"

#include <gtest/gtest.h>

#include "core/log_hash.h"
#include "core/testing/roster_sample.h"
#include "relay/testing/relay_world.h"

namespace zerok::relay {
namespace {

using core::testing::sample_add;
using core::testing::sample_group;
using core::testing::sample_roster;
using std::chrono::seconds;
using testing::RawDevice;
using testing::Received;
using testing::RelayWorld;
using wire::WireErrorCode;

class RelayTest : public ::testing::Test {
 protected:
  // Makes the group and enrols devices 2 to n.
  void make_group(std::uint8_t devices) {
    a_ = world_.device(1);
    a_->with_create = true;
    a_->welcome();
    const core::Roster roster = sample_roster(devices);
    if (devices > 1) {
      wire::RosterAppend append{.first = 1};
      for (std::size_t i = 1; i < roster.size(); ++i) append.entries.push_back(roster.entries()[i]);
      const auto answer = a_->ask(append);
      ASSERT_TRUE(answer && answer->as<wire::Roster>());
    }
    if (devices > 1) {
      b_ = world_.device(2);
      b_->welcome();
    }
  }

  RelayWorld world_;
  std::unique_ptr<RawDevice> a_;
  std::unique_ptr<RawDevice> b_;
};

TEST_F(RelayTest, MakesAGroupAndWelcomesItsFirstDevice) {
  a_ = world_.device(1);
  const auto unknown = a_->hello();
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->error(), WireErrorCode::kUnknownGroup);
  EXPECT_TRUE(unknown->ends());
  a_->disconnect();
  a_->with_create = true;
  const auto answer = a_->welcome();
  const auto* welcome = answer.as<wire::Welcome>();
  EXPECT_EQ(welcome->roster.length(), 1U);
  EXPECT_EQ(welcome->highest, 0U);
  EXPECT_EQ(welcome->hash_at_position, LogHash());
  EXPECT_EQ(welcome->limits.ttl_s, world_.config.limits.ttl_s);
  EXPECT_EQ(world_.relay->stats().groups, 1U);
}

TEST_F(RelayTest, TellsTheOtherDeviceOfABlobWithTheBlobInside) {
  make_group(2);
  const auto ack = a_->push({7});
  ASSERT_TRUE(ack && ack->as<wire::PushAck>());
  EXPECT_EQ(ack->as<wire::PushAck>()->cursors, std::vector<std::uint64_t>{1});
  EXPECT_FALSE(ack->as<wire::PushAck>()->stopped);
  ASSERT_TRUE(world_.run_until([&] { return !b_->notices.empty(); }));
  const auto notice = b_->take_notice<wire::Notify>();
  ASSERT_TRUE(notice);
  const auto* notify = notice->as<wire::Notify>();
  EXPECT_EQ(notify->highest, 1U);
  ASSERT_TRUE(notify->line);
  EXPECT_EQ(notify->line->cursor, 1U);
  EXPECT_EQ(notify->line->line.sender, a_->id());
  EXPECT_EQ(Bytes(notify->line->line.sealed.begin(), notify->line->line.sealed.end()),
            Bytes(100, 7));
  EXPECT_FALSE(a_->take_notice<wire::Notify>());
}

TEST_F(RelayTest, GivesTheLinesAfterACursorWithTheirHashes) {
  make_group(2);
  ASSERT_TRUE(a_->push({1, 2, 3}));
  const auto answer = b_->pull(1);
  ASSERT_TRUE(answer && answer->as<wire::PullResponse>());
  const auto* response = answer->as<wire::PullResponse>();
  EXPECT_EQ(response->before.cursor, 1U);
  EXPECT_EQ(response->highest, 3U);
  ASSERT_EQ(response->lines.size(), 2U);
  const auto id = [](std::uint8_t n) { return *BlobId::from_bytes(Bytes(16, n)); };
  EXPECT_EQ(response->lines[0].blob, id(2));
  EXPECT_EQ(response->before.log_hash,
            core::extend_log_hash(LogHash(), 1, id(1), core::ciphertext_hash(Bytes(100, 1))));
}

TEST_F(RelayTest, AnswersARepeatedPushWithTheFirstCursors) {
  make_group(2);
  ASSERT_TRUE(a_->push({1, 2}));
  const auto again = a_->push({2, 3, 1});
  ASSERT_TRUE(again && again->as<wire::PushAck>());
  EXPECT_EQ(again->as<wire::PushAck>()->cursors, (std::vector<std::uint64_t>{2, 3, 1}));
  const auto other = a_->push({4, 2}, 50);
  ASSERT_TRUE(other && other->as<wire::PushAck>());
  EXPECT_EQ(other->as<wire::PushAck>()->cursors, std::vector<std::uint64_t>{4});
  ASSERT_TRUE(other->as<wire::PushAck>()->stopped);
  EXPECT_EQ(other->as<wire::PushAck>()->stopped->code, WireErrorCode::kInvalidMessage);
}

TEST_F(RelayTest, KeepsWhatItAcknowledgedAcrossACrash) {
  make_group(2);
  ASSERT_TRUE(a_->push({1, 2}));
  world_.restart();
  a_->disconnect();
  b_->disconnect();
  const auto answer = b_->welcome();
  EXPECT_EQ(answer.as<wire::Welcome>()->highest, 2U);
  EXPECT_EQ(answer.as<wire::Welcome>()->pending, 2U);
  const auto own = a_->welcome();
  EXPECT_EQ(own.as<wire::Welcome>()->own_lines, 2U);
  EXPECT_EQ(own.as<wire::Welcome>()->pending, 0U);
}

TEST_F(RelayTest, RemovesAPayloadOnceEveryOtherDeviceHasItAndThenTheStub) {
  make_group(2);
  ASSERT_TRUE(a_->push({1, 2}));
  ASSERT_TRUE(b_->pull(0));
  b_->ack(1);
  world_.run_for(seconds(3));
  auto answer = a_->pull(0, 0, true);
  ASSERT_EQ(answer->as<wire::PullResponse>()->lines.size(), 2U);
  EXPECT_EQ(answer->as<wire::PullResponse>()->lines[0].kind, wire::LineKind::kStub);
  EXPECT_EQ(answer->as<wire::PullResponse>()->lines[0].reason, wire::StubReason::kConfirmed);
  EXPECT_EQ(answer->as<wire::PullResponse>()->lines[1].kind, wire::LineKind::kBlob);
  a_->ack(2);
  world_.run_for(seconds(3));
  answer = a_->pull(0, 2, true);
  EXPECT_EQ(answer->as<wire::PullResponse>()->before.cursor, 1U);
  ASSERT_EQ(answer->as<wire::PullResponse>()->lines.size(), 1U);
  EXPECT_EQ(world_.relay->stats().stored_lines, 1U);
}

}  // namespace
}  // namespace zerok::relay
