// SPDX-License-Identifier: MIT OR Apache-2.0
// One device against a relay that swaps, replays, reorders, withholds or invents blobs, serves
// other rosters and lies about positions: a clear notice, nothing lost, nothing stuck.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/testing/roster_sample.h"
#include "tests/client/engine_world.h"

namespace zerok::client::testing {
namespace {

using core::NoticeKind;
using core::SessionState;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class HostileRelayTest : public ::testing::Test {
 protected:
  wire::Line next(FakeMember& member, std::string_view payload) {
    made_.push_back(member.next(payload));
    return made_.back().line;
  }
  EngineWorld world_;
  FakeMember second_{2};
  FakeMember third_{3};
  std::vector<wire::Line> log_;
  std::vector<FakeMember::Made> made_;  // keeps the bytes of lines alive
};

TEST_F(HostileRelayTest, ReadsAnHonestLogInOrder) {
  for (const char* text : {"a", "b", "c"}) log_.push_back(next(second_, text));
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(world_.engine().position(), 3U);
  EXPECT_TRUE(world_.engine().caught_up());
}

TEST_F(HostileRelayTest, PutsASwappedBlobAsideAndGoesOn) {
  log_ = {next(second_, "a"), next(third_, "x")};
  // The bytes of one under the id of the other.
  std::swap(log_[0].sealed, log_[1].sealed);
  log_.push_back(next(third_, "y"));
  world_.connect(log_);
  EXPECT_EQ(world_.engine().position(), 3U);
  EXPECT_EQ(world_.count(NoticeKind::kQuarantined), 2U);
  // The first of device 3 is missing, so its second is held back.
  EXPECT_THAT(world_.hand_over(), IsEmpty());
  EXPECT_EQ(world_.engine().inbox().waiting(), 1U);
}

TEST_F(HostileRelayTest, IgnoresAReplayedBlob) {
  log_ = {next(second_, "a"), next(second_, "b")};
  log_.push_back(log_[0]);
  log_.push_back(log_[1]);
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), ElementsAre("a", "b"));
  EXPECT_EQ(world_.engine().position(), 4U);
}

TEST_F(HostileRelayTest, HandsReorderedBlobsOverInTheirSendersOrder) {
  const auto a = next(second_, "a");
  const auto b = next(second_, "b");
  const auto c = next(second_, "c");
  log_ = {c, a, b};
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), ElementsAre("a", "b", "c"));
}

TEST_F(HostileRelayTest, TellsAGapOnlyOnceTheLogIsReadAndHoldsLaterBlobsBack) {
  log_ = {next(second_, "a")};
  const auto withheld = next(second_, "b");
  log_.push_back(next(second_, "c"));
  world_.connect(log_);
  EXPECT_EQ(world_.count(NoticeKind::kGap), 1U);
  EXPECT_THAT(world_.hand_over(), ElementsAre("a"));
  EXPECT_EQ(world_.engine().inbox().waiting(), 1U);
  // It comes after all: with it everything that waited, through a restart as well.
  ASSERT_TRUE(world_.restart());
  log_.push_back(withheld);
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), ElementsAre("b", "c"));
  EXPECT_EQ(world_.engine().inbox().waiting(), 0U);
}

TEST_F(HostileRelayTest, RefusesAnInventedSender) {
  FakeMember stranger(9);
  log_ = {next(stranger, "let me in")};
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), IsEmpty());
  EXPECT_EQ(world_.count(NoticeKind::kQuarantined), 1U);
  EXPECT_EQ(world_.engine().position(), 1U);
}

TEST_F(HostileRelayTest, RefusesABlobThatNamesAnotherDeviceThanItsPusher) {
  made_.push_back(second_.next("by 2, as 3", third_.id()));
  log_ = {made_.back().line};
  made_.push_back(second_.next("by 2, as us", core::testing::sample_device(1).id()));
  log_.push_back(made_.back().line);
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), IsEmpty());
  EXPECT_EQ(world_.count(NoticeKind::kQuarantined), 2U);
}

TEST_F(HostileRelayTest, PutsASecondVersionOfThePastAside) {
  log_ = {next(second_, "first version")};
  second_.forget_last();
  log_.push_back(next(second_, "second version"));
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), ElementsAre("first version"));
  EXPECT_EQ(world_.count(NoticeKind::kContradiction), 1U);
}

TEST_F(HostileRelayTest, TakesANoticesLineOnlyIfItIsTheNext) {
  log_ = {next(second_, "a")};
  world_.connect(log_);
  const auto b = next(second_, "b");
  const auto c = next(second_, "c");
  world_.notice(wire::Notify{.highest = 3, .line = wire::InlineLine{3, c}});
  EXPECT_EQ(world_.engine().position(), 1U);
  log_ = {log_[0], b, c};
  world_.serve(log_);
  EXPECT_THAT(world_.hand_over(), ElementsAre("a", "b", "c"));
  const auto d = next(second_, "d");
  world_.notice(wire::Notify{.highest = 4, .line = wire::InlineLine{4, d}});
  EXPECT_THAT(world_.hand_over(), ElementsAre("d"));
  EXPECT_EQ(world_.engine().position(), 4U);
}

TEST_F(HostileRelayTest, AsksOnceAboutAnAbsurdPositionAndBelievesTheAnswer) {
  log_ = {next(second_, "a")};
  world_.connect(log_);
  world_.notice(wire::Notify{.highest = wire::kCountMax, .line = {}});
  EXPECT_FALSE(world_.engine().caught_up());
  world_.serve(log_);
  EXPECT_TRUE(world_.engine().caught_up());
  EXPECT_FALSE(world_.take(wire::MessageType::kPull));
  EXPECT_FALSE(world_.closed);
}

TEST_F(HostileRelayTest, IsNotMovedByAHighestThatGoesDown) {
  for (const char* text : {"a", "b"}) log_.push_back(next(second_, text));
  world_.connect(log_);
  world_.notice(wire::Notify{.highest = 1, .line = {}});
  EXPECT_EQ(world_.engine().position(), 2U);
  EXPECT_TRUE(world_.engine().caught_up());
}

TEST_F(HostileRelayTest, ReadsAgainFromTheFloorAfterAReset) {
  for (const char* text : {"a", "b", "c"}) log_.push_back(next(second_, text));
  world_.connect(log_);
  const auto number = world_.push("ours");
  auto push = world_.take(wire::MessageType::kPush);
  ASSERT_TRUE(push);
  world_.answer(push->key.request, wire::PushAck{.cursors = {4}, .stopped = {}});
  EXPECT_EQ(world_.engine().blob_status(number).place, core::BlobPlace::kOnRelay);
  world_.end();
  // Another log: what we have comes again and is known, what we pushed goes there again.
  std::vector<wire::Line> other = {log_[1], log_[0], next(third_, "x")};
  world_.connect(other);
  EXPECT_EQ(world_.count(NoticeKind::kRelayReset), 1U);
  EXPECT_EQ(world_.count(NoticeKind::kHistoryLost), 0U);
  EXPECT_THAT(world_.hand_over(), ElementsAre("a", "b", "c", "x"));
  push = world_.take(wire::MessageType::kPush);
  ASSERT_TRUE(push);
  EXPECT_EQ(push->as<wire::Push>().blobs.size(), 1U);
}

TEST_F(HostileRelayTest, NoticesThatItsOwnLinesAreGone) {
  world_.connect(log_);
  world_.push("one");
  auto push = world_.take(wire::MessageType::kPush);
  ASSERT_TRUE(push);
  world_.answer(push->key.request, wire::PushAck{.cursors = {1}, .stopped = {}});
  world_.end();
  // The position is 0 and fits any log; the count of our lines does not.
  world_.connect({}, 0);
  EXPECT_EQ(world_.count(NoticeKind::kRelayReset), 1U);
  EXPECT_TRUE(world_.take(wire::MessageType::kPush));
}

TEST_F(HostileRelayTest, NoticesThatACopyOfItsStorePushes) {
  const auto before = world_.engine().record().incarnation;
  world_.push("pending");
  world_.connect({}, 0);
  world_.end();
  log_ = {next(second_, "a"), next(second_, "b")};
  for (wire::Line& line : log_) {
    line.kind = wire::LineKind::kOwn;
    line.sender = core::testing::sample_device(1).id();
  }
  world_.connect(log_, 2);
  EXPECT_EQ(world_.count(NoticeKind::kStoreCopied), 1U);
  EXPECT_NE(world_.engine().record().incarnation, before);
  // What was pending goes out under the new incarnation and keeps its number.
  EXPECT_TRUE(world_.take(wire::MessageType::kPush));
  const auto* entry = world_.engine().outbox().find(1);
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->incarnation, world_.engine().record().incarnation);
  EXPECT_EQ(entry->sequence, 1U);
  ASSERT_TRUE(world_.restart());
  EXPECT_EQ(world_.engine().outbox().find(1)->sequence, 1U);
}

TEST_F(HostileRelayTest, TellsHistoryLostOnceForAllThatExpiredUnread) {
  for (const char* text : {"a", "b", "c"}) log_.push_back(next(second_, text));
  log_[0] = stub_of(log_[0], wire::StubReason::kExpired);
  log_[1] = stub_of(log_[1], wire::StubReason::kExpired);
  world_.connect(log_);
  EXPECT_EQ(world_.count(NoticeKind::kHistoryLost), 1U);
  EXPECT_EQ(world_.count(NoticeKind::kGap), 0U);
  EXPECT_THAT(world_.hand_over(), ElementsAre("c"));
  // Lost before, found out only now.
  log_.push_back(stub_of(next(third_, "x"), wire::StubReason::kExpired));
  world_.notice(wire::Notify{.highest = 4, .line = {}});
  world_.serve(log_);
  EXPECT_EQ(world_.count(NoticeKind::kHistoryLost), 2U);
  ASSERT_TRUE(world_.restart());
  log_.push_back(next(third_, "y"));
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), ElementsAre("y"));
}

TEST_F(HostileRelayTest, PassesOverWhatItsSenderDeletedWithoutANotice) {
  for (const char* text : {"a", "b", "c"}) log_.push_back(next(second_, text));
  log_[1] = stub_of(log_[1], wire::StubReason::kDeleted);
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), ElementsAre("a", "c"));
  EXPECT_EQ(world_.count(NoticeKind::kHistoryLost), 0U);
  EXPECT_EQ(world_.count(NoticeKind::kGap), 0U);
}

TEST_F(HostileRelayTest, GoesOnAtTheFloorAndSaysWhatIsLost) {
  world_.open();
  const auto hello = world_.take(wire::MessageType::kHello);
  std::vector<wire::Line> log;
  for (int n = 0; n < 5; ++n) log.push_back(next(second_, std::to_string(n)));
  auto welcome = world_.welcome_for(log);
  welcome.floor = EngineWorld::position_at(log, 3);
  welcome.hash_at_position.reset();
  world_.answer(hello->key.request, welcome);
  world_.serve(log);
  EXPECT_EQ(world_.count(NoticeKind::kHistoryLost), 1U);
  EXPECT_THAT(world_.hand_over(), ElementsAre("3", "4"));
  EXPECT_EQ(world_.count(NoticeKind::kGap), 0U);
}

TEST_F(HostileRelayTest, DoesNotTakeStubsOfWhatItHasForLostAfterAReset) {
  for (const char* text : {"a", "b"}) log_.push_back(next(second_, text));
  world_.connect(log_);
  world_.hand_over();
  world_.end();
  const std::vector<wire::Line> other = {stub_of(log_[1], wire::StubReason::kConfirmed),
                                         stub_of(log_[0], wire::StubReason::kConfirmed)};
  world_.connect(other);
  EXPECT_EQ(world_.count(NoticeKind::kRelayReset), 1U);
  EXPECT_EQ(world_.count(NoticeKind::kHistoryLost), 0U);
}

TEST_F(HostileRelayTest, EndsASessionWhoseLogChangesAndGivesInWhenWelcomeInsists) {
  for (int n = 0; n < 3; ++n) log_.push_back(next(second_, std::to_string(n)));
  world_.connect(log_);
  std::vector<wire::Line> other = log_;
  other[0] = next(third_, "else");
  other.push_back(next(second_, "3"));
  for (int round = 0; round < 3; ++round) {
    if (!world_.closed) {
      world_.notice(wire::Notify{.highest = 4, .line = {}});
      world_.serve(other);
    }
    ASSERT_TRUE(world_.closed);
    EXPECT_EQ(world_.closed->after, core::AfterEnd::kRetry);
    // WELCOME speaks of the log we know, PULL of another.
    world_.open();
    const auto hello = world_.take(wire::MessageType::kHello);
    world_.answer(hello->key.request, world_.welcome_for(round < 2 ? log_ : other));
  }
  world_.serve(other);
  EXPECT_FALSE(world_.closed);
  EXPECT_EQ(world_.engine().position(), 4U);
}

TEST_F(HostileRelayTest, IgnoresAnOldRosterAndBringsTheRelayItsOwn) {
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

TEST_F(HostileRelayTest, ReportsARosterThatDoesNotExtendItsOwn) {
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

TEST_F(HostileRelayTest, TakesWhatExtendsTheRosterAndUsesWhatWaitedForIt) {
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

TEST_F(HostileRelayTest, StopsWhenTheRosterSaysThatItHasLeft) {
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

TEST_F(HostileRelayTest, NoticesAnOlderStateAndASecondOneUnderTheSameCounter) {
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

TEST_F(HostileRelayTest, SaysWhatTheRelayWithholdsFromIt) {
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

TEST_F(HostileRelayTest, BeginsANewIncarnationWhenSomebodyHasMoreOfItThanItSent) {
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

TEST_F(HostileRelayTest, SendsWhatWasNotAcknowledgedAgainUnderTheSameId) {
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

TEST_F(HostileRelayTest, FollowsWhyAPushStopped) {
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

TEST_F(HostileRelayTest, GoesOnAfterABlobThatTheRelayNeverTakes) {
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

TEST_F(HostileRelayTest, EndsTheSessionOnAnswersThatNobodyCanMean) {
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

TEST_F(HostileRelayTest, GivesUpOnARelayThatDoesNotAnswer) {
  world_.open();
  world_.pass(seconds(59));
  EXPECT_FALSE(world_.closed);
  world_.pass(seconds(2));
  ASSERT_TRUE(world_.closed);
  EXPECT_EQ(world_.closed->error.code, ErrorCode::kTimedOut);
}

TEST_F(HostileRelayTest, MakesTheGroupWhenTheRelayDoesNotKnowItButOnlyOnceAtOnce) {
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

TEST_F(HostileRelayTest, StopsWhenTheRelayRefusesThisDevice) {
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

TEST_F(HostileRelayTest, KeepsAFloodOfJunkWithinBounds) {
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

TEST_F(HostileRelayTest, StopsPullingWhileTheApplicationConfirmsNothing) {
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

}  // namespace
}  // namespace zerok::client::testing
