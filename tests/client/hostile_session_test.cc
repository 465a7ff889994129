// SPDX-License-Identifier: MIT OR Apache-2.0
// A relay that serves other rosters and states, refuses, and answers what nobody can mean.
#include "core/testing/roster_sample.h"
#include "tests/client/hostile_relay.h"

namespace zerok::client::testing {
namespace {

using core::NoticeKind;
using core::SessionState;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using HostileSessionTest = HostileRelayTest;

TEST_F(HostileSessionTest, IgnoresAnOldRosterAndBringsTheRelayItsOwn) {
  world_.open();
  const auto hello = world_.take(wire::MessageType::kHello);
  auto welcome = world_.welcome_for({});
  const auto& roster = world_.engine().group()->roster();
  welcome.roster.first = 2;
  welcome.roster.head = core::roster_head(roster.entries()[1]);
  world_.answer(hello->key.request, welcome);
  EXPECT_EQ(world_.engine().session(), SessionState::kFull);
  const auto append = world_.take(wire::MessageType::kRosterAppend);
  ASSERT_TRUE(append);
  EXPECT_EQ(append->as<wire::RosterAppend>().first, 2U);
  EXPECT_EQ(append->as<wire::RosterAppend>().entries.size(), 1U);
  EXPECT_EQ(world_.engine().group()->roster().size(), 3U);
  EXPECT_EQ(world_.count(NoticeKind::kRosterForked), 0U);
}

TEST_F(HostileSessionTest, ReportsARosterThatDoesNotExtendItsOwn) {
  world_.open();
  const auto hello = world_.take(wire::MessageType::kHello);
  auto welcome = world_.welcome_for({});
  const Bytes other = core::testing::sample_add(1, 4, {});
  welcome.roster.entries.emplace_back(other);
  welcome.roster.head = core::roster_head(other);
  world_.answer(hello->key.request, welcome);
  EXPECT_EQ(world_.count(NoticeKind::kRosterForked), 1U);
  EXPECT_EQ(world_.engine().group()->roster().size(), 3U);
}

TEST_F(HostileSessionTest, TakesWhatExtendsTheRosterAndUsesWhatWaitedForIt) {
  FakeMember fourth(4);
  log_ = {next(fourth, "from a new device")};
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), IsEmpty());
  const Bytes entry = core::testing::sample_add(2, 4, world_.engine().group()->roster().head());
  wire::Roster roster;
  roster.part.first = 3;
  roster.part.entries.emplace_back(entry);
  roster.part.head = core::roster_head(entry);
  world_.notice(roster);
  EXPECT_EQ(world_.count(NoticeKind::kDeviceAdded), 1U);
  EXPECT_THAT(world_.hand_over(), ElementsAre("from a new device"));
  EXPECT_EQ(world_.engine().inbox().quarantined(), 0U);
}

TEST_F(HostileSessionTest, StopsWhenTheRosterSaysThatItHasLeft) {
  world_.connect(log_);
  const Bytes entry = core::testing::sample_leave(1, world_.engine().group()->roster().head());
  wire::Roster roster;
  roster.part.first = 3;
  roster.part.entries.emplace_back(entry);
  roster.part.head = core::roster_head(entry);
  world_.notice(roster);
  ASSERT_TRUE(world_.closed);
  EXPECT_EQ(world_.closed->after, core::AfterEnd::kStop);
  EXPECT_FALSE(world_.engine().wants_session());
  EXPECT_FALSE(world_.engine().prepare_push({}, {}, core::Padding::kPadme, 0));
}

TEST_F(HostileSessionTest, NoticesAnOlderStateAndASecondOneUnderTheSameCounter) {
  world_.connect(log_);
  const Bytes first = second_.state(5, {});
  const Bytes older = second_.state(4, {});
  const Bytes other = second_.state(5, {});
  world_.notice(wire::DeviceState{second_.id(), first});
  world_.notice(wire::DeviceState{second_.id(), first});
  EXPECT_EQ(world_.count(NoticeKind::kContradiction), 0U);
  world_.notice(wire::DeviceState{second_.id(), older});
  EXPECT_EQ(world_.count(NoticeKind::kStateRolledBack), 1U);
  world_.notice(wire::DeviceState{second_.id(), other});
  EXPECT_EQ(world_.count(NoticeKind::kContradiction), 1U);
  // Under another device's name it does not open.
  world_.notice(wire::DeviceState{third_.id(), first});
  EXPECT_EQ(world_.count(NoticeKind::kRelayMisbehaves), 1U);
}

TEST_F(HostileSessionTest, SaysWhatTheRelayWithholdsFromIt) {
  log_ = {next(second_, "a")};
  next(second_, "withheld");
  world_.connect(log_);
  const Bytes state = third_.state(1, {second_.head()});
  world_.notice(wire::DeviceState{third_.id(), state});
  EXPECT_EQ(world_.count(NoticeKind::kWithheld), 0U);
  world_.pass(seconds(1));
  world_.serve(log_);
  world_.pass(minutes(6));
  EXPECT_EQ(world_.count(NoticeKind::kWithheld), 0U);
  world_.pass(minutes(6));
  EXPECT_EQ(world_.count(NoticeKind::kWithheld), 1U);
}

TEST_F(HostileSessionTest, BeginsANewIncarnationWhenSomebodyHasMoreOfItThanItSent) {
  world_.connect(log_);
  world_.push("one");
  const auto before = world_.engine().record().incarnation;
  ChainHash hash{};
  hash.mutable_bytes()[0] = 1;
  const Bytes state = second_.state(
      1, {{core::testing::sample_device(1).id(), before, core::ChainPosition{7, hash}}});
  world_.notice(wire::DeviceState{second_.id(), state});
  EXPECT_EQ(world_.count(NoticeKind::kStoreCopied), 1U);
  EXPECT_NE(world_.engine().record().incarnation, before);
}

TEST_F(HostileSessionTest, SendsWhatWasNotAcknowledgedAgainUnderTheSameId) {
  world_.connect(log_);
  world_.push("one");
  world_.push("two");
  const auto first = world_.take(wire::MessageType::kPush)->as<wire::Push>();
  // Only one PUSH is open: the second blob waits for the answer to the first.
  ASSERT_EQ(first.blobs.size(), 1U);
  EXPECT_FALSE(world_.take(wire::MessageType::kPush));
  const BlobId id = first.blobs[0].id;
  world_.end();
  ASSERT_TRUE(world_.restart());
  world_.connect({}, 0);
  const auto again = world_.take(wire::MessageType::kPush);
  ASSERT_TRUE(again);
  const auto push = again->as<wire::Push>();
  ASSERT_EQ(push.blobs.size(), 2U);
  EXPECT_EQ(push.blobs[0].id, id);
}

TEST_F(HostileSessionTest, FollowsWhyAPushStopped) {
  world_.connect(log_);
  world_.push("one");
  world_.push("two");
  auto push = world_.take(wire::MessageType::kPush);
  world_.answer(push->key.request,
                wire::PushAck{{}, wire::Refusal{wire::WireErrorCode::kRateLimited, 2000}});
  EXPECT_EQ(world_.engine().outbox_status().waits_for, core::WaitsFor::kRate);
  EXPECT_FALSE(world_.take(wire::MessageType::kPush));
  world_.pass(std::chrono::milliseconds(2000));
  push = world_.take(wire::MessageType::kPush);
  ASSERT_TRUE(push);
  ASSERT_EQ(push->as<wire::Push>().blobs.size(), 2U);
  world_.answer(push->key.request,
                wire::PushAck{{7}, wire::Refusal{wire::WireErrorCode::kGroupQuotaExceeded, 0}});
  EXPECT_EQ(world_.engine().outbox_status().waits_for, core::WaitsFor::kQuota);
  EXPECT_EQ(world_.engine().outbox_status().on_relay, 1U);
}

TEST_F(HostileSessionTest, GoesOnAfterABlobThatTheRelayNeverTakes) {
  world_.connect(log_);
  const auto failing = world_.push("one");
  const auto later = world_.push("two");
  auto push = world_.take(wire::MessageType::kPush);
  const auto before = world_.engine().record().incarnation;
  world_.answer(push->key.request,
                wire::PushAck{{}, wire::Refusal{wire::WireErrorCode::kBlobTooLarge, 0}});
  EXPECT_EQ(world_.engine().blob_status(failing).place, core::BlobPlace::kFailed);
  EXPECT_EQ(world_.count(NoticeKind::kPushFailed), 1U);
  // What follows is made anew, so that nobody waits for the one that never comes.
  push = world_.take(wire::MessageType::kPush);
  ASSERT_TRUE(push);
  ASSERT_EQ(push->as<wire::Push>().blobs.size(), 1U);
  EXPECT_NE(world_.engine().outbox().find(later)->incarnation, before);
  EXPECT_EQ(world_.engine().outbox().find(later)->sequence, 1U);
}

TEST_F(HostileSessionTest, EndsTheSessionOnAnswersThatNobodyCanMean) {
  const std::vector<wire::AnyMessage> answers = {
      wire::PushAck{.cursors = {1, 2, 3}, .stopped = {}},
      wire::PushAck{{1}, wire::Refusal{wire::WireErrorCode::kRateLimited, 0}},
      wire::Done{},
  };
  for (const auto& answer : answers) {
    EngineWorld world;
    world.connect({});
    world.push("one");
    const auto push = world.take(wire::MessageType::kPush);
    world.answer(push->key.request, answer);
    ASSERT_TRUE(world.closed);
    EXPECT_EQ(world.count(NoticeKind::kRelayMisbehaves), 1U);
    EXPECT_EQ(world.engine().outbox_status().pending, 1U);
  }
  world_.connect(log_);
  world_.answer(12345, wire::Done{});
  EXPECT_TRUE(world_.closed);
}

TEST_F(HostileSessionTest, GivesUpOnARelayThatDoesNotAnswer) {
  world_.open();
  world_.pass(seconds(59));
  EXPECT_FALSE(world_.closed);
  world_.pass(seconds(2));
  ASSERT_TRUE(world_.closed);
  EXPECT_EQ(world_.closed->error.code, ErrorCode::kTimedOut);
}

TEST_F(HostileSessionTest, MakesTheGroupWhenTheRelayDoesNotKnowItButOnlyOnceAtOnce) {
  for (const auto expected : {core::AfterEnd::kAtOnce, core::AfterEnd::kRetry}) {
    world_.open();
    const auto hello = world_.take(wire::MessageType::kHello);
    ASSERT_TRUE(hello);
    EXPECT_EQ(hello->as<wire::Hello>().create.has_value(), expected == core::AfterEnd::kRetry);
    world_.answer(hello->key.request,
                  wire::ErrorMessage{{wire::WireErrorCode::kUnknownGroup, 0}, true});
    ASSERT_TRUE(world_.closed);
    EXPECT_EQ(world_.closed->after, expected);
  }
}

TEST_F(HostileSessionTest, StopsWhenTheRelayRefusesThisDevice) {
  for (const auto code :
       {wire::WireErrorCode::kUnauthorized, wire::WireErrorCode::kDeviceRevoked}) {
    world_.open();
    const auto hello = world_.take(wire::MessageType::kHello);
    world_.answer(hello->key.request, wire::ErrorMessage{{code, 0}, true});
    ASSERT_TRUE(world_.closed);
    EXPECT_EQ(world_.closed->after, core::AfterEnd::kStop);
    EXPECT_EQ(world_.closed->refused, code);
  }
  EXPECT_EQ(world_.count(NoticeKind::kRefused), 2U);
}

TEST_F(HostileSessionTest, KeepsAFloodOfJunkWithinBounds) {
  world_.limits.quarantine_blobs_max = 20;
  world_.limits.notices_max = 10;
  ASSERT_TRUE(world_.restart());
  FakeMember stranger(9);
  for (int n = 0; n < 60; ++n) log_.push_back(next(stranger, std::to_string(n)));
  log_.push_back(next(second_, "real"));
  world_.connect(log_);
  EXPECT_EQ(world_.engine().inbox().quarantined(), 20U);
  EXPECT_EQ(world_.count(NoticeKind::kQuarantined), 10U);
  EXPECT_EQ(world_.count(NoticeKind::kMore), 1U);
  EXPECT_THAT(world_.hand_over(), ElementsAre("real"));
}

TEST_F(HostileSessionTest, StopsPullingWhileTheApplicationConfirmsNothing) {
  world_.limits.inbox_blobs_max = 3;
  world_.limits.pull_lines_max = 2;
  world_.limits.pulls_max = 1;
  ASSERT_TRUE(world_.restart());
  for (int n = 0; n < 8; ++n) log_.push_back(next(second_, std::to_string(n)));
  world_.connect(log_);
  EXPECT_EQ(world_.engine().position(), 4U);
  EXPECT_FALSE(world_.take(wire::MessageType::kPull));
  EXPECT_EQ(world_.hand_over().size(), 4U);
  world_.serve(log_);
  EXPECT_EQ(world_.engine().position(), 8U);
}

TEST_F(HostileSessionTest, IsNotEndedByAMembersGarbage) {
  world_.connect(log_);
  const Bytes garbage(100, 7);
  world_.notice(wire::DeviceState{second_.id(), garbage});
  EXPECT_FALSE(world_.closed);
  EXPECT_EQ(world_.count(NoticeKind::kRelayMisbehaves), 1U);
}

TEST_F(HostileSessionTest, GivesAMembersInventionsNoPlaceOfAnother) {
  world_.connect(log_);
  std::vector<core::StoredHead> inventions;
  for (std::uint8_t n = 0; n < 100; ++n) {
    Incarnation incarnation{};
    incarnation.mutable_bytes()[3] = n;
    inventions.push_back({second_.id(), incarnation, {9, ChainHash{}}});
  }
  const Bytes state = third_.state(1, inventions);
  world_.notice(wire::DeviceState{third_.id(), state});
  log_ = {next(second_, "real")};
  world_.notice(wire::Notify{.highest = 1, .line = {}});
  world_.serve(log_);
  EXPECT_THAT(world_.hand_over(), ElementsAre("real"));
}

TEST_F(HostileSessionTest, KeepsWhatMayBeUsedLaterRatherThanWhatNeverWill) {
  world_.limits.quarantine_blobs_max = 5;
  ASSERT_TRUE(world_.restart());
  for (int n = 0; n < 10; ++n) {
    log_.push_back(next(second_, std::to_string(n)));
    log_.back().blob.mutable_bytes()[0] ^= 1;  // does not open
  }
  FakeMember fourth(4);
  log_.push_back(next(fourth, "from a new device"));
  world_.connect(log_);
  EXPECT_EQ(world_.engine().inbox().quarantined(), 5U);
  ASSERT_TRUE(world_.restart());
  world_.connect(log_);
  const Bytes entry = core::testing::sample_add(2, 4, world_.engine().group()->roster().head());
  wire::Roster roster;
  roster.part.first = 3;
  roster.part.entries.emplace_back(entry);
  roster.part.head = core::roster_head(entry);
  world_.notice(roster);
  EXPECT_THAT(world_.hand_over(), ElementsAre("from a new device"));
}

TEST_F(HostileSessionTest, SendsLessAtOnceOnALineThatKeepsBreaking) {
  world_.limits.push_bytes_max = 8192;
  world_.limits.batch_bytes_min = 600;
  ASSERT_TRUE(world_.restart());
  for (int n = 0; n < 20; ++n) world_.push("a blob of 296 bytes");
  const auto blobs_in_push = [&] {
    const auto push = world_.take(wire::MessageType::kPush);
    return push ? push->as<wire::Push>().blobs.size() : 0;
  };
  world_.connect(log_);
  EXPECT_EQ(blobs_in_push(), 20U);
  for (int n = 0; n < 6; ++n) {
    world_.end();
    world_.connect(log_);
  }
  const auto push = world_.take(wire::MessageType::kPush);
  ASSERT_TRUE(push);
  EXPECT_EQ(push->as<wire::Push>().blobs.size(), 2U);
  world_.answer(push->key.request, wire::PushAck{.cursors = {1, 2}, .stopped = {}});
  EXPECT_EQ(blobs_in_push(), 4U);
}

TEST_F(HostileSessionTest, GivesABlobTheTimeThatASlowLineNeeds) {
  world_.connect(log_);
  world_.push(std::string(std::size_t{512} << 10, 'x'));
  world_.pass(seconds(200));
  EXPECT_FALSE(world_.closed);
  world_.pass(seconds(200));
  EXPECT_TRUE(world_.closed);
}

TEST_F(HostileSessionTest, RenewsItsIncarnationOnlySoOftenOnARelaysWord) {
  for (std::uint64_t n = 1; n <= 100; ++n) {
    log_.push_back(next(second_, std::to_string(n)));
    log_.back().kind = wire::LineKind::kOwn;
    log_.back().sender = core::testing::sample_device(1).id();
    world_.connect(log_, n);
    world_.end();
  }
  EXPECT_LT(world_.engine().record().renewals, 64U);
  EXPECT_GE(world_.count(NoticeKind::kStoreCopied), 1U);
}

}  // namespace
}  // namespace zerok::client::testing
