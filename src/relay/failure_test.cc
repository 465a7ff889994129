// SPDX-License-Identifier: MIT OR Apache-2.0
// A relay whose disk fails, that crashes, and that is flooded.
#include "relay/testing/relay_testing.h"

namespace zerok::relay {
namespace {

using core::testing::sample_add;
using core::testing::sample_group;
using core::testing::sample_roster;
using std::chrono::seconds;
using testing::blob_id;
using testing::RawDevice;
using testing::Received;
using wire::WireErrorCode;

class RelayFailureTest : public testing::RelayTestBase {
 protected:
  // No device is told anything that the disk does not have.
  void expect_lines(std::uint64_t lines) {
    restart();
    EXPECT_EQ(a_->welcome().as<wire::Welcome>()->highest, lines);
  }
};

TEST_F(RelayFailureTest, NothingIsAcknowledgedOrToldWhenTheCommitFails) {
  make_group(2);
  ASSERT_TRUE(a_->push({1}));
  world_.run_for(seconds(5));
  b_->notices.clear();
  world_.disk.fail_commits(1);
  const auto answer = a_->push({2});
  EXPECT_EQ(error(answer), WireErrorCode::kRelayOverloaded);
  EXPECT_TRUE(answer->ends());
  EXPECT_GT(answer->as<wire::ErrorMessage>()->refusal.retry_after_ms, 0U);
  world_.run_for(seconds(5));
  EXPECT_FALSE(b_->take_notice<wire::Notify>());
  EXPECT_FALSE(a_->is_connected());
  EXPECT_FALSE(b_->is_connected());
  // Then it goes on where the disk is, under the cursor that nobody was told.
  a_->disconnect();
  EXPECT_EQ(a_->welcome().as<wire::Welcome>()->highest, 1U);
  EXPECT_EQ(cursors(a_->push({3})), std::vector<std::uint64_t>{2});
  expect_lines(2);
}

TEST_F(RelayFailureTest, AChangeThatFailsInTheMiddleLeavesNothingBehind) {
  make_group(2);
  world_.disk.fail_changes(1);
  EXPECT_EQ(error(a_->push({1, 2, 3})), WireErrorCode::kRelayOverloaded);
  a_->disconnect();
  EXPECT_EQ(a_->welcome().as<wire::Welcome>()->highest, 0U);
  EXPECT_EQ(cursors(a_->push({1, 2, 3})), (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST_F(RelayFailureTest, AFullDiskServesReadersAndRefusesWriters) {
  make_group(2);
  ASSERT_TRUE(a_->push({1}));
  world_.run_for(seconds(3));
  world_.disk.set_full(true);
  EXPECT_EQ(error(a_->push({2})), WireErrorCode::kRelayOverloaded);
  world_.run_for(seconds(5));
  b_->disconnect();
  b_->welcome();
  for (int i = 0; i < 20; ++i) {
    const auto answer = b_->pull(0, 1);
    ASSERT_TRUE(answer && answer->as<wire::PullResponse>());
    EXPECT_EQ(answer->as<wire::PullResponse>()->lines.size(), 1U);
    EXPECT_EQ(answer->as<wire::PullResponse>()->lines[0].kind, wire::LineKind::kBlob);
    world_.run_for(seconds(5));
  }
  EXPECT_TRUE(b_->is_connected());
  world_.disk.set_full(false);
  // What could not be cleaned up then is cleaned up now.
  EXPECT_TRUE(world_.run_until([&] { return world_.relay->stats().stored_payload_bytes == 0; },
                               seconds(20)));
  world_.run_for(seconds(5));
  a_->disconnect();
  a_->welcome();
  EXPECT_EQ(cursors(a_->push({2})), std::vector<std::uint64_t>{2});
}

TEST_F(RelayFailureTest, AGroupWhoseMakingFailedIsNotThere) {
  a_ = world_.device(1);
  a_->with_create = true;
  world_.disk.fail_commits(1);
  const auto answer = a_->hello();
  EXPECT_EQ(error(answer), WireErrorCode::kRelayOverloaded);
  EXPECT_TRUE(answer->ends());
  EXPECT_EQ(world_.relay->stats().groups, 0U);
  a_->disconnect();
  a_->with_create = false;
  EXPECT_EQ(error(a_->hello()), WireErrorCode::kUnknownGroup);
  a_->disconnect();
  a_->with_create = true;
  a_->welcome();
}

TEST_F(RelayFailureTest, ADeviceWhoseEnrolmentFailedIsNotEnrolled) {
  make_group(1);
  world_.disk.fail_commits(1);
  const Bytes add = sample_add(1, 2, sample_roster(1).head());
  EXPECT_EQ(error(a_->ask(wire::RosterAppend{.first = 1, .entries = {add}})),
            WireErrorCode::kRelayOverloaded);
  b_ = world_.device(2);
  EXPECT_EQ(b_->welcome().as<wire::Welcome>()->roster.length(), 1U);
  EXPECT_EQ(error(b_->push({1})), WireErrorCode::kUnauthorized);
}

TEST_F(RelayFailureTest, OtherGroupsAreNotDisturbed) {
  make_group(1);
  RawDevice other(world_, 5);
  other.group = 5;
  other.with_create = true;
  other.welcome();
  world_.run_for(seconds(3));
  world_.disk.fail_commits(1);
  EXPECT_EQ(error(a_->push({1})), WireErrorCode::kRelayOverloaded);
  EXPECT_TRUE(other.pull(0)->as<wire::PullResponse>());
  EXPECT_TRUE(other.is_connected());
}

TEST_F(RelayFailureTest, APowerCutKeepsEverythingThatWasAcknowledged) {
  for (const bool durable : {false, true}) {
    testing::RelayWorld world;
    RawDevice a(world, 1);
    a.with_create = true;
    a.welcome();
    ASSERT_TRUE(a.push({1}));
    world.disk.cut_power(1, durable);
    std::uint64_t acknowledged = 1;
    for (std::uint8_t n = 2; n < 6 && world.disk.has_power(); ++n) {
      const auto answer = a.push({n});
      if (answer && answer->as<wire::PushAck>()) acknowledged = n;
    }
    world.restart();
    a.disconnect();
    a.with_create = false;
    const auto welcome = a.welcome();
    EXPECT_GE(welcome.as<wire::Welcome>()->highest, acknowledged);
    // A push that may or may not have been kept is made good by repeating it.
    const auto again = a.push({1, 2, 3});
    EXPECT_EQ(again->as<wire::PushAck>()->cursors, (std::vector<std::uint64_t>{1, 2, 3}));
  }
}

TEST_F(RelayFailureTest, ARestoredBackupIsToldByTheLogHash) {
  make_group(2);
  ASSERT_TRUE(a_->push({1}));
  world_.run_for(seconds(3));
  const auto backup = world_.disk.copy();
  ASSERT_TRUE(a_->push({2}));
  const auto at_two = b_->pull(2)->as<wire::PullResponse>()->before;
  a_->disconnect();
  b_->disconnect();
  testing::RelayWorld restored({}, *backup);
  RawDevice a(restored, 1);
  const auto welcome = a.welcome();
  EXPECT_EQ(welcome.as<wire::Welcome>()->own_lines, 1U);
  ASSERT_TRUE(a.push({3}));
  RawDevice b(restored, 2);
  b.hello_items.position = at_two;
  const auto answer = b.welcome();
  EXPECT_NE(answer.as<wire::Welcome>()->hash_at_position, at_two.log_hash);
  EXPECT_NE(answer.as<wire::Welcome>()->hash_at_position, std::nullopt);
}

TEST_F(RelayFailureTest, AFloodOfRequestsIsRefusedAndTheOthersAreServed) {
  make_group(2);
  const std::uint64_t burst = world_.config.limits.requests_burst;
  std::uint64_t refused = 0;
  std::uint64_t served = 0;
  for (std::uint64_t i = 0; i < burst + 500; i += 10) {
    for (int k = 0; k < 10; ++k) (void)a_->send(wire::Delete{.blob = blob_id(1)});
    world_.run_until([&] { return a_->answers.size() >= 10; });
    for (const Received& answer : a_->answers) {
      if (answer.error() == WireErrorCode::kRateLimited) ++refused;
      if (answer.as<wire::Done>() != nullptr) ++served;
    }
    a_->answers.clear();
  }
  EXPECT_GT(refused, 0U);
  EXPECT_GE(served, burst / 2);
  EXPECT_TRUE(a_->is_connected());
  EXPECT_EQ(cursors(b_->push({1})), std::vector<std::uint64_t>{1});
}

TEST_F(RelayFailureTest, WhoHasNotSaidHelloMayNotSendLargeMessages) {
  make_group(1);
  auto stranger = world_.device(7);
  ASSERT_TRUE(stranger->connect());
  stranger->send_raw(1, static_cast<std::uint8_t>(wire::MessageType::kPush), Bytes(4'000'000, 0));
  EXPECT_TRUE(world_.run_until([&] { return stranger->closed.has_value(); }));
  EXPECT_TRUE(stranger->answers.empty());  // nobody took it in to refuse it
  // A device of the group may.
  EXPECT_EQ(cursors(a_->push({1, 2, 3}, 1'000'000)).size(), 3U);
  // A guest may not.
  ASSERT_TRUE(a_->ask(wire::MailboxCreate{.mailbox = testing::mailbox_id(1), .lives_s = 60}));
  auto guest = world_.device(8);
  ASSERT_TRUE(guest->connect());
  ASSERT_TRUE(guest->ask(wire::MailboxJoin{.mailbox = testing::mailbox_id(1)}));
  guest->send_raw(9, static_cast<std::uint8_t>(wire::MessageType::kPush), Bytes(4'000'000, 0));
  EXPECT_TRUE(world_.run_until([&] { return guest->closed.has_value(); }));
  EXPECT_TRUE(guest->answers.empty());
}

TEST_F(RelayFailureTest, SessionsAreBounded) {
  RelayConfig config;
  config.limits.sessions_max = 3;
  testing::RelayWorld world(config);
  std::vector<std::unique_ptr<RawDevice>> devices;
  std::size_t welcomed = 0;
  for (std::uint8_t n = 1; n <= 6; ++n) {
    devices.push_back(world.device(n));
    devices.back()->group = n;
    devices.back()->with_create = true;
    const auto answer = devices.back()->hello();
    if (answer && answer->as<wire::Welcome>()) ++welcomed;
  }
  EXPECT_EQ(welcomed, 3U);
  EXPECT_LE(world.relay->stats().connections, 3U);
}

}  // namespace
}  // namespace zerok::relay
