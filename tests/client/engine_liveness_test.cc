// SPDX-License-Identifier: MIT OR Apache-2.0
// What a lie, a lost answer or a change of the relay must not leave behind: a device that stops,
// says what is not so, or hands the same thing over twice.
#include "core/testing/roster_sample.h"
#include "tests/client/hostile_relay.h"

namespace zerok::client::testing {
namespace {

using core::NoticeKind;
using ::testing::ElementsAre;
using EngineLivenessTest = HostileRelayTest;

std::vector<BlobId> ids_of(const std::optional<EngineWorld::Sent>& push) {
  std::vector<BlobId> ids;
  if (!push) return ids;
  for (const wire::PushBlob& blob : push->as<wire::Push>().blobs) ids.push_back(blob.id);
  return ids;
}

TEST_F(EngineLivenessTest, TellsAContradictionOnceAlsoAcrossRestarts) {
  log_ = {next(second_, "one version")};
  auto other = second_.head();
  other.position.hash.mutable_bytes()[0] ^= 1;
  world_.connect(log_);
  const Bytes state = third_.state(1, {other});
  world_.notice(wire::DeviceState{third_.id(), state});
  ASSERT_EQ(world_.count(NoticeKind::kContradiction), 1U);
  world_.confirm_notices();
  ASSERT_TRUE(world_.restart());
  // A driver carries out effects until there are none: these would never end.
  EXPECT_FALSE(world_.engine().has_effects());
  EXPECT_EQ(world_.count(NoticeKind::kContradiction), 0U);
}

TEST_F(EngineLivenessTest, BeginsOneIncarnationPerDeviceThatDisputesIt) {
  world_.connect(log_);
  const auto self = core::testing::sample_device(1).id();
  std::set<Incarnation> seen;
  for (std::uint64_t n = 1; n <= 5; ++n) {
    world_.push(std::to_string(n));
    seen.insert(world_.engine().record().incarnation);
    core::ChainPosition invented{1000, {}};
    const Bytes state = second_.state(n, {{self, world_.engine().record().incarnation, invented}});
    world_.notice(wire::DeviceState{second_.id(), state});
  }
  seen.insert(world_.engine().record().incarnation);
  EXPECT_EQ(seen.size(), 2U);
}

TEST_F(EngineLivenessTest, PushesWhatARelayTookUnchangedEvenAfterItsIncarnationIsOver) {
  world_.connect(log_);
  world_.push("taken");
  const auto taken = world_.take(wire::MessageType::kPush);
  const auto taken_ids = ids_of(taken);
  world_.answer(taken->key.request, wire::PushAck{.cursors = {1}, .stopped = {}});
  world_.push("on its way");
  const auto on_its_way = world_.take(wire::MessageType::kPush);
  const auto late_ids = ids_of(on_its_way);
  const auto self = core::testing::sample_device(1).id();
  const Bytes state =
      second_.state(1, {{self, world_.engine().record().incarnation, core::ChainPosition{9, {}}}});
  world_.notice(wire::DeviceState{second_.id(), state});
  world_.answer(on_its_way->key.request, wire::PushAck{.cursors = {2}, .stopped = {}});
  world_.push("new");
  const auto fresh = world_.take(wire::MessageType::kPush);
  const auto new_ids = ids_of(fresh);
  world_.answer(fresh->key.request, wire::PushAck{.cursors = {3}, .stopped = {}});
  world_.end();
  ASSERT_TRUE(world_.restart());
  // The relay lost everything.
  world_.connect({}, 0);
  ASSERT_EQ(world_.count(NoticeKind::kRelayReset), 1U);
  EXPECT_THAT(ids_of(world_.take(wire::MessageType::kPush)),
              ElementsAre(taken_ids.at(0), late_ids.at(0), new_ids.at(0)));
}

TEST_F(EngineLivenessTest, RemakesWhatCameAfterABlobThatAnotherRelayNeverTakes) {
  world_.connect(log_);
  for (const char* text : {"one", "two", "three"}) world_.push(text);
  std::vector<BlobId> ids;
  while (const auto push = world_.take(wire::MessageType::kPush)) {
    wire::PushAck ack;
    for (const BlobId& id : ids_of(push)) {
      ids.push_back(id);
      ack.cursors.push_back(ids.size());
    }
    world_.answer(push->key.request, ack);
  }
  ASSERT_EQ(ids.size(), 3U);
  world_.end();
  world_.connect({}, 0);
  const auto again = world_.take(wire::MessageType::kPush);
  ASSERT_EQ(ids_of(again), ids);
  world_.answer(again->key.request,
                wire::PushAck{{1}, wire::Refusal{wire::WireErrorCode::kBlobTooLarge, 0}});
  const auto rest = ids_of(world_.take(wire::MessageType::kPush));
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_NE(rest[0], ids[2]);
  EXPECT_EQ(world_.engine().outbox().find(3)->sequence, 1U);
}

TEST_F(EngineLivenessTest, ComesBackToARelayThatItLeftWithoutTakingItselfForACopy) {
  log_ = {next(second_, "read elsewhere")};
  world_.connect(log_);
  world_.end();
  EndpointId other;
  other.mutable_bytes()[0] = 7;
  world_.engine().set_relay(other, {});
  world_.run();
  const auto before = world_.engine().record().incarnation;
  log_ = {next(second_, "a"), next(second_, "b")};
  for (wire::Line& line : log_) {
    line.kind = wire::LineKind::kOwn;
    line.sender = core::testing::sample_device(1).id();
  }
  world_.connect(log_, 2);
  EXPECT_EQ(world_.count(NoticeKind::kStoreCopied), 0U);
  EXPECT_EQ(world_.engine().record().incarnation, before);
  EXPECT_EQ(world_.engine().record().own_lines, 2U);
}

TEST_F(EngineLivenessTest, FindsInTheRosterThatALostAnswerWasAYes) {
  world_.connect(log_);
  const auto& fourth = core::testing::sample_device(4);
  const auto group = core::testing::sample_group().group_id();
  world_.engine().propose_member(
      fourth.record, core::sign_member_record(fourth.keys.signing, group, fourth.record));
  world_.run();
  const auto append = world_.take(wire::MessageType::kRosterAppend);
  ASSERT_TRUE(append);
  const ByteView sent = append->as<wire::RosterAppend>().entries.at(0);
  const Bytes entry(sent.begin(), sent.end());
  world_.end();
  world_.open();
  const auto hello = world_.take(wire::MessageType::kHello);
  auto welcome = world_.welcome_for(log_);
  welcome.roster.entries.emplace_back(entry);
  welcome.roster.head = core::roster_head(entry);
  world_.answer(hello->key.request, welcome);
  EXPECT_EQ(world_.engine().proposal(), core::ProposalState::kEnrolled);
  EXPECT_FALSE(world_.take(wire::MessageType::kRosterAppend));
}

TEST_F(EngineLivenessTest, LetsNoInventedSendersFillItsLedgerOfLosses) {
  for (const char* text : {"a", "b", "c"}) log_.push_back(next(second_, text));
  log_[1] = stub_of(log_[1], wire::StubReason::kDeleted);
  std::vector<wire::Line> log;
  for (std::uint16_t n = 0; n < 1100; ++n) {
    wire::Line line = log_[1];
    line.blob.mutable_bytes()[0] = static_cast<std::uint8_t>(n);
    line.blob.mutable_bytes()[1] = static_cast<std::uint8_t>(n >> 8);
    line.sender.mutable_bytes()[0] = static_cast<std::uint8_t>(n);
    line.sender.mutable_bytes()[1] = static_cast<std::uint8_t>(n >> 8);
    line.sender.mutable_bytes()[2] ^= 0xff;
    log.push_back(line);
  }
  log.insert(log.end(), log_.begin(), log_.end());
  world_.connect(log);
  EXPECT_THAT(world_.hand_over(), ElementsAre("a", "c"));
  EXPECT_EQ(world_.count(NoticeKind::kGap), 0U);
}

}  // namespace
}  // namespace zerok::client::testing
