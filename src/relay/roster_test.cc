// SPDX-License-Identifier: MIT OR Apache-2.0
// The roster at the relay: docs/protocol/messages.md, section 9.
#include "relay/testing/relay_testing.h"

namespace zerok::relay {
namespace {

using core::testing::sample_add;
using core::testing::sample_create;
using core::testing::sample_device;
using core::testing::sample_group;
using core::testing::sample_leave;
using core::testing::sample_roster;
using std::chrono::seconds;
using testing::blob_id;
using testing::RawDevice;
using testing::Received;
using wire::WireErrorCode;

class RelayRosterTest : public testing::RelayTestBase {
 protected:
  std::optional<Received> append(RawDevice& device, std::uint32_t first,
                                 const std::vector<Bytes>& entries) {
    wire::RosterAppend message{.first = first};
    for (const Bytes& entry : entries) message.entries.push_back(entry);
    return device.ask(message);
  }
  static wire::RosterPart part(const std::optional<Received>& answer) {
    const auto* roster = answer ? answer->as<wire::Roster>() : nullptr;
    return roster == nullptr ? wire::RosterPart{} : roster->part;
  }
};

TEST_F(RelayRosterTest, GivesThePartThatIsAskedFor) {
  make_group(3);
  const core::Roster roster = sample_roster(3);
  for (std::uint32_t first = 0; first <= 5; ++first) {
    const auto answer = a_->ask(wire::RosterGet{.first = first});
    EXPECT_EQ(part(answer).first, std::min(first, 3U));
    EXPECT_EQ(part(answer).length(), 3U);
    EXPECT_EQ(part(answer).head, roster.head());
  }
}

TEST_F(RelayRosterTest, AnAppendIsIdempotentAndToldToTheOthers) {
  make_group(2);
  const Bytes add = sample_add(1, 3, sample_roster(2).head());
  for (int i = 0; i < 2; ++i) {
    const auto answer = append(*a_, 2, {add});
    EXPECT_EQ(part(answer).first, 3U);
    EXPECT_EQ(part(answer).length(), 3U);
  }
  world_.run_for(seconds(1));
  const auto notice = b_->take_notice<wire::Roster>();
  ASSERT_TRUE(notice);
  EXPECT_EQ(part(notice).first, 2U);
  ASSERT_EQ(part(notice).entries.size(), 1U);
  EXPECT_EQ(Bytes(part(notice).entries[0].begin(), part(notice).entries[0].end()), add);
  EXPECT_FALSE(b_->take_notice<wire::Roster>());
  EXPECT_FALSE(a_->take_notice<wire::Roster>());
  restart();
  EXPECT_EQ(a_->welcome().as<wire::Welcome>()->roster.length(), 3U);
}

TEST_F(RelayRosterTest, WhoIsSlowerLearnsWhereTheRosterGoesOnDifferently) {
  make_group(2);
  const auto head = sample_roster(2).head();
  ASSERT_EQ(part(append(*a_, 2, {sample_add(1, 3, head)})).first, 3U);
  const auto answer = append(*b_, 2, {sample_add(2, 4, head)});
  EXPECT_EQ(part(answer).first, 2U);
  EXPECT_EQ(part(answer).entries.size(), 1U);
  // A gap: there is nothing to append to.
  const auto gap = append(*b_, 7, {sample_add(2, 4, head)});
  EXPECT_EQ(part(gap).length(), 3U);
  EXPECT_TRUE(part(gap).entries.empty());
}

TEST_F(RelayRosterTest, AnInvalidEntryIsRefusedAndThoseBeforeItStay) {
  make_group(2);
  const auto head = sample_roster(2).head();
  const Bytes good = sample_add(1, 3, head);
  Bytes bad = sample_add(1, 4, core::roster_head(good));
  bad.back() ^= 1;
  EXPECT_EQ(error(append(*a_, 2, {good, bad})), WireErrorCode::kUnauthorized);
  EXPECT_EQ(part(a_->ask(wire::RosterGet{})).length(), 3U);
  // A stranger signs well, but is nobody here.
  const Bytes stranger = sample_add(9, 4, core::roster_head(good));
  EXPECT_EQ(error(append(*a_, 3, {stranger})), WireErrorCode::kUnauthorized);
  // Another group's first entry, a replayed entry.
  EXPECT_EQ(error(append(*a_, 3, {sample_create(2)})), WireErrorCode::kUnauthorized);
  EXPECT_EQ(error(append(*a_, 3, {good})), WireErrorCode::kUnauthorized);
  EXPECT_EQ(part(a_->ask(wire::RosterGet{})).length(), 3U);
}

TEST_F(RelayRosterTest, WhoLeavesIsSentAwayAndNotLetInAgain) {
  make_group(3);
  ASSERT_TRUE(b_->push({1}));
  const auto answer = append(*b_, 3, {sample_leave(2, sample_roster(3).head())});
  EXPECT_EQ(part(answer).first, 4U);
  EXPECT_TRUE(world_.run_until([&] { return !b_->is_connected(); }));
  const auto notice = b_->take_notice<wire::ErrorMessage>();
  EXPECT_EQ(error(notice), WireErrorCode::kDeviceRevoked);
  EXPECT_TRUE(notice->ends());
  b_->disconnect();
  EXPECT_EQ(error(b_->hello()), WireErrorCode::kDeviceRevoked);
  // The others are told, and it is none of those who are listed or counted.
  world_.run_for(seconds(5));
  EXPECT_TRUE(a_->take_notice<wire::Roster>());
  std::optional<Received> presence;
  while (auto one = a_->take_notice<wire::Presence>()) presence = std::move(one);
  ASSERT_TRUE(presence);
  EXPECT_EQ(presence->as<wire::Presence>()->devices.size(), 1U);
  // Its blobs are anybody's to withdraw now.
  EXPECT_TRUE(is_done(a_->ask(wire::Delete{.blob = blob_id(1)})));
}

TEST_F(RelayRosterTest, LeavingOfTheLastThatHeldUpRemovesWhatTheOthersHave) {
  make_group(3);
  ASSERT_TRUE(a_->push({1}));
  ASSERT_TRUE(b_->pull(0));
  b_->ack(1);
  world_.run_for(seconds(5));
  EXPECT_EQ(world_.relay->stats().payloads_removed, 0U);
  ASSERT_TRUE(append(*c_, 3, {sample_leave(3, sample_roster(3).head())}));
  world_.run_for(seconds(5));
  EXPECT_EQ(world_.relay->stats().payloads_removed, 1U);
}

TEST_F(RelayRosterTest, ARelayThatLostTheGroupGetsItBackFromAnyDevice) {
  make_group(3);
  world_.crash();
  // A new disk in the same machine.
  testing::RelayWorld fresh;
  RawDevice b(fresh, 2);
  EXPECT_EQ(b.hello()->error(), WireErrorCode::kUnknownGroup);
  b.disconnect();
  b.with_create = true;
  const auto welcome = b.welcome();
  EXPECT_EQ(welcome.as<wire::Welcome>()->roster.length(), 1U);
  const core::Roster roster = sample_roster(3);
  ASSERT_TRUE(append(b, 1, {roster.entries()[1], roster.entries()[2]}));
  b.disconnect();
  b.with_create = false;
  b.welcome();
  EXPECT_EQ(b.push({1})->as<wire::PushAck>()->cursors.size(), 1U);
}

TEST_F(RelayRosterTest, ACreateEntryOfAnotherGroupMakesNothing) {
  a_ = world_.device(1);
  ASSERT_TRUE(a_->connect());
  wire::Hello hello = a_->make_hello();
  const Bytes foreign = core::make_create_entry(
      sample_device(1).keys.signing, sample_group(0x50).membership, sample_device(1).record);
  hello.create = foreign;
  EXPECT_EQ(error(a_->ask(hello)), WireErrorCode::kUnauthorized);
  EXPECT_EQ(world_.store->totals()->groups, 0U);
}

TEST_F(RelayRosterTest, ANewDeviceHoldsUpDeletionUntilItHasAcknowledged) {
  make_group(2);
  ASSERT_TRUE(append(*a_, 2, {sample_add(1, 3, sample_roster(2).head())}));
  ASSERT_TRUE(a_->push({1}));
  ASSERT_TRUE(b_->pull(0));
  b_->ack(1);
  world_.run_for(seconds(5));
  EXPECT_EQ(world_.relay->stats().payloads_removed, 0U);
  c_ = world_.device(3);
  c_->welcome();
  ASSERT_TRUE(c_->pull(0));
  c_->ack(1);
  world_.run_for(seconds(5));
  EXPECT_EQ(world_.relay->stats().payloads_removed, 1U);
}

}  // namespace
}  // namespace zerok::relay
