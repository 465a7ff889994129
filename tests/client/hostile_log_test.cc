// SPDX-License-Identifier: MIT OR Apache-2.0
// A relay that swaps, replays, reorders, withholds or invents blobs, and lies about positions: a
// clear notice, nothing lost, nothing stuck.
#include "core/testing/roster_sample.h"
#include "tests/client/hostile_relay.h"

namespace zerok::client::testing {
namespace {

using core::NoticeKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using HostileLogTest = HostileRelayTest;

TEST_F(HostileLogTest, ReadsAnHonestLogInOrder) {
  for (const char* text : {"a", "b", "c"}) log_.push_back(next(second_, text));
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(world_.engine().position(), 3U);
  EXPECT_TRUE(world_.engine().caught_up());
}

TEST_F(HostileLogTest, PutsASwappedBlobAsideAndGoesOn) {
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

TEST_F(HostileLogTest, IgnoresAReplayedBlob) {
  log_ = {next(second_, "a"), next(second_, "b")};
  log_.push_back(log_[0]);
  log_.push_back(log_[1]);
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), ElementsAre("a", "b"));
  EXPECT_EQ(world_.engine().position(), 4U);
}

TEST_F(HostileLogTest, HandsReorderedBlobsOverInTheirSendersOrder) {
  const auto a = next(second_, "a");
  const auto b = next(second_, "b");
  const auto c = next(second_, "c");
  log_ = {c, a, b};
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), ElementsAre("a", "b", "c"));
}

TEST_F(HostileLogTest, TellsAGapOnlyOnceTheLogIsReadAndHoldsLaterBlobsBack) {
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

TEST_F(HostileLogTest, RefusesAnInventedSender) {
  FakeMember stranger(9);
  log_ = {next(stranger, "let me in")};
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), IsEmpty());
  EXPECT_EQ(world_.count(NoticeKind::kQuarantined), 1U);
  EXPECT_EQ(world_.engine().position(), 1U);
}

TEST_F(HostileLogTest, RefusesABlobThatNamesAnotherDeviceThanItsPusher) {
  made_.push_back(second_.next("by 2, as 3", third_.id()));
  log_ = {made_.back().line};
  made_.push_back(second_.next("by 2, as us", core::testing::sample_device(1).id()));
  log_.push_back(made_.back().line);
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), IsEmpty());
  EXPECT_EQ(world_.count(NoticeKind::kQuarantined), 2U);
}

TEST_F(HostileLogTest, PutsASecondVersionOfThePastAside) {
  log_ = {next(second_, "first version")};
  second_.forget_last();
  log_.push_back(next(second_, "second version"));
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), ElementsAre("first version"));
  EXPECT_EQ(world_.count(NoticeKind::kContradiction), 1U);
}

TEST_F(HostileLogTest, TakesANoticesLineOnlyIfItIsTheNext) {
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

TEST_F(HostileLogTest, AsksOnceAboutAnAbsurdPositionAndBelievesTheAnswer) {
  log_ = {next(second_, "a")};
  world_.connect(log_);
  world_.notice(wire::Notify{.highest = wire::kCountMax, .line = {}});
  EXPECT_FALSE(world_.engine().caught_up());
  world_.serve(log_);
  EXPECT_TRUE(world_.engine().caught_up());
  EXPECT_FALSE(world_.take(wire::MessageType::kPull));
  EXPECT_FALSE(world_.closed);
}

TEST_F(HostileLogTest, IsNotMovedByAHighestThatGoesDown) {
  for (const char* text : {"a", "b"}) log_.push_back(next(second_, text));
  world_.connect(log_);
  world_.notice(wire::Notify{.highest = 1, .line = {}});
  EXPECT_EQ(world_.engine().position(), 2U);
  EXPECT_TRUE(world_.engine().caught_up());
}

TEST_F(HostileLogTest, ReadsAgainFromTheFloorAfterAReset) {
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

TEST_F(HostileLogTest, NoticesThatItsOwnLinesAreGone) {
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

TEST_F(HostileLogTest, NoticesThatACopyOfItsStorePushes) {
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

TEST_F(HostileLogTest, TellsHistoryLostOnceForAllThatExpiredUnread) {
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

TEST_F(HostileLogTest, PassesOverWhatItsSenderDeletedWithoutANotice) {
  for (const char* text : {"a", "b", "c"}) log_.push_back(next(second_, text));
  log_[1] = stub_of(log_[1], wire::StubReason::kDeleted);
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), ElementsAre("a", "c"));
  EXPECT_EQ(world_.count(NoticeKind::kHistoryLost), 0U);
  EXPECT_EQ(world_.count(NoticeKind::kGap), 0U);
}

TEST_F(HostileLogTest, GoesOnAtTheFloorAndSaysWhatIsLost) {
  world_.open();
  const auto hello = world_.take(wire::MessageType::kHello);
  std::vector<wire::Line> log;
  for (int n = 0; n < 5; ++n) log.push_back(next(second_, std::to_string(n)));
  auto welcome = world_.welcome_for(log);
  welcome.floor = EngineWorld::position_at(log, 3);
  welcome.hash_at_position.reset();
  world_.answer(hello->key.request, welcome);
  world_.serve(log);
  // How many lines the log lost, and then whose blobs of which numbers were among them.
  EXPECT_EQ(world_.count(NoticeKind::kHistoryLost), 2U);
  EXPECT_THAT(world_.hand_over(), ElementsAre("3", "4"));
  EXPECT_EQ(world_.count(NoticeKind::kGap), 0U);
}

TEST_F(HostileLogTest, DoesNotTakeStubsOfWhatItHasForLostAfterAReset) {
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

TEST_F(HostileLogTest, LetsADeletionExcuseOnlyTheNextGapOfItsSender) {
  log_ = {next(second_, "a")};
  // A line that never was, said to be deleted: what follows shows no gap.
  wire::Line invented = stub_of(log_[0], wire::StubReason::kDeleted);
  invented.blob.mutable_bytes()[0] ^= 1;
  log_.push_back(invented);
  log_.push_back(next(second_, "b"));
  const auto withheld = next(second_, "c");
  log_.push_back(next(second_, "d"));
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), ElementsAre("a", "b"));
  EXPECT_EQ(world_.count(NoticeKind::kGap), 1U);
  log_.push_back(withheld);
  world_.notice(wire::Notify{.highest = 5, .line = {}});
  world_.serve(log_);
  EXPECT_THAT(world_.hand_over(), ElementsAre("c", "d"));
}

TEST_F(HostileLogTest, LetsNoDeletionExcuseAnotherGapWhenTheLogIsReadAgain) {
  for (const char* text : {"a", "b"}) log_.push_back(next(second_, text));
  world_.connect(log_);
  EXPECT_THAT(world_.hand_over(), ElementsAre("a", "b"));
  world_.end();
  const auto withheld = next(second_, "c");
  log_[0] = stub_of(log_[0], wire::StubReason::kDeleted);
  log_.push_back(next(second_, "d"));
  // The relay says that it was another log, and shows the same one.
  world_.open();
  const auto hello = world_.take(wire::MessageType::kHello);
  auto welcome = world_.welcome_for(log_);
  welcome.hash_at_position = LogHash{};
  world_.answer(hello->key.request, welcome);
  world_.serve(log_);
  EXPECT_THAT(world_.hand_over(), IsEmpty());
  EXPECT_EQ(world_.count(NoticeKind::kGap), 1U);
  EXPECT_EQ(world_.count(NoticeKind::kHistoryLost), 0U);
  log_.push_back(withheld);
  world_.notice(wire::Notify{.highest = 4, .line = {}});
  world_.serve(log_);
  EXPECT_THAT(world_.hand_over(), ElementsAre("c", "d"));
}

TEST_F(HostileLogTest, EndsASessionWhoseLogChangesAndGivesInWhenWelcomeInsists) {
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

}  // namespace
}  // namespace zerok::client::testing
