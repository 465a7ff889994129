// SPDX-License-Identifier: MIT OR Apache-2.0
// Writing and reading a group's log, and what devices are told of it: docs/protocol/messages.md,
// sections 3 and 6 to 8, against a relay on a simulated network.
#include "core/log_hash.h"
#include "relay/testing/relay_testing.h"

namespace zerok::relay {
namespace {

using core::testing::sample_group;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::blob_id;
using testing::RawDevice;
using testing::Received;
using wire::LineKind;
using wire::WireErrorCode;

class RelayLogTest : public testing::RelayTestBase {
 protected:
  explicit RelayLogTest(const RelayConfig& config = {}) : RelayTestBase(config) {}
  static const wire::PullResponse& lines(const std::optional<Received>& answer) {
    static const wire::PullResponse kNone;
    const auto* response = answer ? answer->as<wire::PullResponse>() : nullptr;
    return response == nullptr ? kNone : *response;
  }
};

TEST_F(RelayLogTest, NumbersLinesWithoutGapsWhoeverPushes) {
  make_group(2);
  EXPECT_EQ(cursors(a_->push({1, 2})), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(cursors(b_->push({3})), std::vector<std::uint64_t>{3});
  EXPECT_EQ(cursors(a_->push({4})), std::vector<std::uint64_t>{4});
  const auto answer = b_->pull(0, 0, true);
  ASSERT_EQ(lines(answer).lines.size(), 4U);
  LogHash hash;
  for (std::uint8_t n = 1; n <= 4; ++n) {
    const wire::Line& line = lines(answer).lines[n - 1U];
    EXPECT_EQ(line.blob, blob_id(n));
    EXPECT_EQ(line.sender, n == 3 ? b_->id() : a_->id());
    EXPECT_EQ(line.group, sample_group().group_id());
    hash = core::extend_log_hash(hash, n, line.blob, core::ciphertext_hash(line.sealed));
  }
  EXPECT_EQ(lines(b_->pull(4)).before, (wire::Position{.cursor = 4, .log_hash = hash}));
}

TEST_F(RelayLogTest, ABlobThatIsThereHasItsFirstCursorWhoeverAsks) {
  make_group(2);
  ASSERT_TRUE(a_->push({1, 2}));
  EXPECT_EQ(cursors(a_->push({2, 3, 1})), (std::vector<std::uint64_t>{2, 3, 1}));
  EXPECT_EQ(cursors(b_->push({1})), std::vector<std::uint64_t>{1});
  restart();
  a_->welcome();
  EXPECT_EQ(cursors(a_->push({1, 2, 3, 4})), (std::vector<std::uint64_t>{1, 2, 3, 4}));
  EXPECT_EQ(world_.relay->stats().stored_lines, 4U);
}

TEST_F(RelayLogTest, TheSameIdWithOtherContentStopsThePush) {
  make_group(1);
  ASSERT_TRUE(a_->push({2}));
  const auto answer = a_->push({1, 2, 3}, 50);
  EXPECT_EQ(cursors(answer), std::vector<std::uint64_t>{2});
  EXPECT_EQ(stopped(answer), WireErrorCode::kInvalidMessage);
  // Twice in one push as well.
  wire::Push push{.group = sample_group().group_id()};
  const Bytes one(10, 1);
  const Bytes other(10, 2);
  push.blobs = {{blob_id(7), one}, {blob_id(7), one}, {blob_id(7), other}};
  const auto twice = a_->ask(push);
  EXPECT_EQ(cursors(twice), (std::vector<std::uint64_t>{3, 3}));
  EXPECT_EQ(stopped(twice), WireErrorCode::kInvalidMessage);
}

TEST_F(RelayLogTest, AnotherEpochsBlobsAreRefused) {
  make_group(1);
  const Bytes sealed(10, 1);
  const auto answer = a_->ask(wire::Push{.group = {}, .blobs = {{blob_id(1), sealed}}});
  EXPECT_EQ(error(answer), WireErrorCode::kStaleEpoch);
  EXPECT_FALSE(answer->ends());
  EXPECT_EQ(world_.relay->stats().stored_lines, 0U);
}

TEST_F(RelayLogTest, ASecondOpenPushIsRefused) {
  make_group(1);
  const Bytes sealed(10, 1);
  const GroupId group = sample_group().group_id();
  const auto first = a_->send(wire::Push{.group = group, .blobs = {{blob_id(1), sealed}}});
  const auto second = a_->send(wire::Push{.group = group, .blobs = {{blob_id(2), sealed}}});
  EXPECT_EQ(cursors(a_->wait(first)), std::vector<std::uint64_t>{1});
  EXPECT_EQ(error(a_->wait(second)), WireErrorCode::kRateLimited);
  EXPECT_EQ(cursors(a_->push({2}, 10)), std::vector<std::uint64_t>{2});
}

TEST_F(RelayLogTest, OwnLinesComeWithoutTheirContentUnlessAskedFor) {
  make_group(2);
  ASSERT_TRUE(a_->push({1}));
  ASSERT_TRUE(b_->push({2}));
  const auto without = a_->pull(0);
  ASSERT_EQ(lines(without).lines.size(), 2U);
  EXPECT_EQ(lines(without).lines[0].kind, LineKind::kOwn);
  EXPECT_EQ(lines(without).lines[0].ciphertext_hash, core::ciphertext_hash(Bytes(100, 1)));
  EXPECT_EQ(lines(without).lines[1].kind, LineKind::kBlob);
  EXPECT_EQ(lines(a_->pull(0, 0, true)).lines[0].kind, LineKind::kBlob);
}

TEST_F(RelayLogTest, APullIsBoundedByLinesAndBytesButBringsOneAtLeast) {
  make_group(2);
  ASSERT_TRUE(a_->push({1, 2, 3, 4}, 1000));
  const auto pull = [&](std::uint32_t lines_max, std::uint32_t bytes_max) {
    const auto answer = b_->ask(wire::Pull{
        .after = 0, .lines_max = lines_max, .bytes_max = bytes_max, .own_content = false});
    EXPECT_EQ(lines(answer).highest, 4U);
    return lines(answer).lines.size();
  };
  EXPECT_EQ(pull(3, 100'000), 3U);
  EXPECT_EQ(pull(10, 2'500), 2U);
  EXPECT_EQ(pull(10, 1), 1U);
  EXPECT_EQ(lines(b_->pull(4)).lines.size(), 0U);
}

TEST_F(RelayLogTest, APullAboveTheHighestIsInvalid) {
  make_group(1);
  ASSERT_TRUE(a_->push({1}));
  const auto answer = a_->pull(2);
  EXPECT_EQ(error(answer), WireErrorCode::kInvalidMessage);
  EXPECT_TRUE(answer->ends());
}

TEST_F(RelayLogTest, SeveralPullsMayBeOpen) {
  make_group(2);
  ASSERT_TRUE(a_->push({1, 2, 3, 4, 5}));
  std::vector<std::uint32_t> requests;
  for (std::uint64_t after = 0; after < 5; ++after) {
    requests.push_back(
        b_->send(wire::Pull{.after = after, .lines_max = 1, .bytes_max = 1, .own_content = false}));
  }
  for (std::uint8_t i = 0; i < 5; ++i) {
    const auto answer = b_->wait(requests[i]);
    ASSERT_EQ(lines(answer).lines.size(), 1U);
    EXPECT_EQ(lines(answer).lines[0].blob, blob_id(static_cast<std::uint8_t>(i + 1)));
  }
}

TEST_F(RelayLogTest, TheOthersAreToldOfABlobWithTheBlobInside) {
  make_group(3);
  ASSERT_TRUE(a_->push({7}));
  for (auto* device : {b_.get(), c_.get()}) {
    ASSERT_TRUE(world_.run_until([&] { return !device->notices.empty(); }));
    std::optional<Received> notice;
    ASSERT_TRUE(world_.run_until([&] {
      notice = device->take_notice<wire::Notify>();
      return notice.has_value();
    }));
    const auto* notify = notice->as<wire::Notify>();
    EXPECT_EQ(notify->highest, 1U);
    ASSERT_TRUE(notify->line);
    EXPECT_EQ(notify->line->cursor, 1U);
    EXPECT_EQ(notify->line->line.sender, a_->id());
    EXPECT_EQ(Bytes(notify->line->line.sealed.begin(), notify->line->line.sealed.end()),
              Bytes(100, 7));
  }
  world_.run_for(seconds(1));
  EXPECT_FALSE(a_->take_notice<wire::Notify>());
}

TEST_F(RelayLogTest, ABlobComesInsideOnlyRightAfterWhatTheDeviceWasShown) {
  make_group(2);
  ASSERT_TRUE(b_->push({1}));  // b has not read its own line
  ASSERT_TRUE(a_->push({2}));
  world_.run_for(seconds(1));
  const auto notice = b_->take_notice<wire::Notify>();
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->as<wire::Notify>()->highest, 2U);
  EXPECT_FALSE(notice->as<wire::Notify>()->line);
  ASSERT_TRUE(b_->pull(0));
  ASSERT_TRUE(a_->push({3}));
  world_.run_for(seconds(1));
  EXPECT_TRUE(b_->take_notice<wire::Notify>()->as<wire::Notify>()->line);
}

TEST_F(RelayLogTest, LargeBlobsAndWhoeverDoesNotWantThemGetThePositionAlone) {
  make_group(3);
  c_->disconnect();
  c_->hello_items.features = 0;
  c_->welcome();
  ASSERT_TRUE(a_->push({1}, wire::kInlineBytesMax + 1));
  world_.run_for(seconds(1));
  EXPECT_FALSE(b_->take_notice<wire::Notify>()->as<wire::Notify>()->line);
  ASSERT_TRUE(b_->pull(0));
  ASSERT_TRUE(c_->take_notice<wire::Notify>());
  ASSERT_TRUE(c_->pull(0));
  ASSERT_TRUE(a_->push({2}, wire::kInlineBytesMax));
  world_.run_for(seconds(1));
  EXPECT_TRUE(b_->take_notice<wire::Notify>()->as<wire::Notify>()->line);
  EXPECT_FALSE(c_->take_notice<wire::Notify>()->as<wire::Notify>()->line);
  EXPECT_FALSE(c_->take_notice<wire::Presence>());
}

TEST_F(RelayLogTest, ANotifyIsRepeatedUntilItIsAcknowledged) {
  make_group(2);
  ASSERT_TRUE(a_->push({1}));
  world_.run_for(seconds(1));
  ASSERT_TRUE(b_->take_notice<wire::Notify>());
  world_.run_for(world_.config.limits.notify_repeat + seconds(1));
  const auto again = b_->take_notice<wire::Notify>();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->as<wire::Notify>()->highest, 1U);
  b_->ack(1);
  world_.run_for(2 * world_.config.limits.notify_repeat);
  EXPECT_FALSE(b_->take_notice<wire::Notify>());
}

TEST_F(RelayLogTest, WhoDoesNotReadIsToldThePositionOnceItReadsAgain) {
  make_group(2);
  b_->reads = false;
  for (std::uint8_t n = 1; n <= 200; ++n) {
    ASSERT_EQ(cursors(a_->push({n}, 16'000)).size(), 1U) << int{n};
  }
  EXPECT_TRUE(b_->is_connected());
  b_->reads = true;
  std::uint64_t highest = 0;
  EXPECT_TRUE(world_.run_until([&] {
    while (const auto notice = b_->take_notice<wire::Notify>()) {
      highest = std::max(highest, notice->as<wire::Notify>()->highest);
    }
    return highest == 200;
  }));
}

TEST_F(RelayLogTest, AClientThatAsksAndNeverReadsStopsBeingRead) {
  make_group(2);
  for (std::uint8_t n = 1; n <= 40; ++n) ASSERT_TRUE(a_->push({n}, 500'000));
  b_->reads = false;
  const std::uint64_t before = world_.relay->stats().requests;
  for (int i = 0; i < 16; ++i) {
    (void)b_->send(wire::Pull{
        .after = 0, .lines_max = 1024, .bytes_max = wire::kBatchBytesMax, .own_content = false});
    world_.run_for(std::chrono::milliseconds(100));
  }
  // It is not served what it does not take, and others are not disturbed.
  EXPECT_LT(world_.relay->stats().requests, before + 8);
  EXPECT_EQ(cursors(a_->push({41})), std::vector<std::uint64_t>{41});
  b_->reads = true;
  EXPECT_TRUE(world_.run_until([&] { return b_->answers.size() == 16; }, minutes(2)))
      << b_->answers.size();
}

TEST_F(RelayLogTest, AnAcknowledgementCountsOnlyForWhatThisSessionWasShown) {
  make_group(2);
  ASSERT_TRUE(a_->push({1, 2, 3}));
  b_->disconnect();
  b_->welcome();  // at position 0: it was shown nothing
  b_->ack(3);
  world_.run_for(seconds(5));
  EXPECT_EQ(world_.relay->stats().payloads_removed, 0U);
  ASSERT_TRUE(
      b_->ask(wire::Pull{.after = 0, .lines_max = 2, .bytes_max = 10'000, .own_content = false}));
  b_->ack(99);
  world_.run_for(seconds(5));
  EXPECT_EQ(world_.relay->stats().payloads_removed, 2U);
}

TEST_F(RelayLogTest, HellosPositionMayBeAcknowledgedIfItsHashAgrees) {
  make_group(2);
  ASSERT_TRUE(a_->push({1, 2}));
  const wire::Position at = lines(b_->pull(2)).before;
  b_->disconnect();
  b_->hello_items.position = {.cursor = 2, .log_hash = core::extend_log_hash({}, 1, {}, {})};
  b_->welcome();
  b_->ack(2);
  world_.run_for(seconds(5));
  EXPECT_EQ(world_.relay->stats().payloads_removed, 0U);
  b_->disconnect();
  b_->hello_items.position = at;
  b_->welcome();
  b_->ack(2);
  world_.run_for(seconds(5));
  EXPECT_EQ(world_.relay->stats().payloads_removed, 2U);
}

TEST_F(RelayLogTest, DeleteLeavesAStubAndIsTheSendersAlone) {
  make_group(2);
  ASSERT_TRUE(a_->push({1, 2}));
  EXPECT_EQ(error(b_->ask(wire::Delete{.blob = blob_id(1)})), WireErrorCode::kNotBlobOwner);
  EXPECT_TRUE(is_done(a_->ask(wire::Delete{.blob = blob_id(1)})));
  EXPECT_TRUE(is_done(a_->ask(wire::Delete{.blob = blob_id(1)})));
  EXPECT_TRUE(is_done(a_->ask(wire::Delete{.blob = blob_id(99)})));
  const auto answer = b_->pull(0);
  ASSERT_EQ(lines(answer).lines.size(), 2U);
  EXPECT_EQ(lines(answer).lines[0].kind, LineKind::kStub);
  EXPECT_EQ(lines(answer).lines[0].reason, wire::StubReason::kDeleted);
  EXPECT_EQ(lines(answer).lines[0].sender, a_->id());
  EXPECT_EQ(lines(answer).lines[0].ciphertext_hash, core::ciphertext_hash(Bytes(100, 1)));
  EXPECT_EQ(lines(answer).lines[1].kind, LineKind::kBlob);
  // A stub is there already: no second line, no content.
  EXPECT_EQ(cursors(a_->push({1})), std::vector<std::uint64_t>{1});
}

TEST_F(RelayLogTest, DeviceStatesAreKeptAndPassedOn) {
  make_group(2);
  const Bytes state(500, 9);
  EXPECT_EQ(error(a_->ask(wire::DeviceState{.device = b_->id(), .state = state})),
            WireErrorCode::kUnauthorized);
  EXPECT_TRUE(is_done(a_->ask(wire::DeviceState{.device = a_->id(), .state = state})));
  world_.run_for(seconds(1));
  const auto notice = b_->take_notice<wire::DeviceState>();
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->as<wire::DeviceState>()->device, a_->id());
  EXPECT_EQ(notice->as<wire::DeviceState>()->state.size(), 500U);
  EXPECT_FALSE(a_->take_notice<wire::DeviceState>());
  restart();
  const auto answer = b_->welcome();
  ASSERT_EQ(answer.as<wire::Welcome>()->states.size(), 1U);
  EXPECT_EQ(answer.as<wire::Welcome>()->states[0].device, a_->id());
  const auto own = a_->welcome();
  EXPECT_TRUE(own.as<wire::Welcome>()->states.empty());
}

TEST_F(RelayLogTest, PresenceTellsWhoIsHereAndSinceWhenWhoIsNot) {
  make_group(3);
  world_.run_for(seconds(5));
  for (auto* device : {a_.get(), b_.get(), c_.get()}) device->notices.clear();
  c_->disconnect();
  world_.run_for(seconds(20));
  const auto notice = a_->take_notice<wire::Presence>();
  ASSERT_TRUE(notice);
  const auto& devices = notice->as<wire::Presence>()->devices;
  ASSERT_EQ(devices.size(), 2U);
  for (const auto& device : devices) {
    EXPECT_EQ(device.online, device.device == b_->id());
    if (device.device == c_->id()) {
      EXPECT_EQ(device.away_s, 0U);
    }
  }
  // Comings and goings are told together.
  a_->notices.clear();
  for (int i = 0; i < 10; ++i) {
    c_->welcome();
    c_->disconnect();
    world_.run_for(std::chrono::milliseconds(500));
  }
  world_.run_for(seconds(10));
  std::size_t told = 0;
  while (a_->take_notice<wire::Presence>()) ++told;
  EXPECT_GE(told, 1U);
  EXPECT_LE(told, 5U);
}

TEST_F(RelayLogTest, PresenceSaysHowLongADeviceIsAway) {
  make_group(2);
  b_->disconnect();
  world_.run_for(seconds(100));
  a_->disconnect();
  a_->welcome();
  world_.run_for(seconds(1));
  const auto notice = a_->take_notice<wire::Presence>();
  ASSERT_TRUE(notice);
  const auto& device = notice->as<wire::Presence>()->devices.at(0);
  EXPECT_FALSE(device.online);
  ASSERT_TRUE(device.away_s);
  EXPECT_GE(*device.away_s, 99U);
  EXPECT_LE(*device.away_s, 110U);
}

class RelayLimitsTest : public RelayLogTest {
 protected:
  static RelayConfig small() {
    RelayConfig config;
    config.limits.sealed_bytes_max = 1000;
    config.limits.group_bytes_max = 5000;
    config.limits.blobs_per_minute = 60;
    config.limits.blobs_burst = 20;
    config.limits.push_blobs_max = 8;
    return config;
  }
  RelayLimitsTest() : RelayLogTest(small()) {}
};

TEST_F(RelayLimitsTest, ABlobAboveTheLimitStopsThePush) {
  make_group(1);
  const Bytes fits(1000, 1);
  const Bytes large(1001, 1);
  const auto answer =
      a_->ask(wire::Push{.group = sample_group().group_id(),
                         .blobs = {{blob_id(1), fits}, {blob_id(2), large}, {blob_id(3), fits}}});
  EXPECT_EQ(cursors(answer), std::vector<std::uint64_t>{1});
  EXPECT_EQ(stopped(answer), WireErrorCode::kBlobTooLarge);
}

TEST_F(RelayLimitsTest, AFullGroupRefusesAndTellsWhoHoldsItUp) {
  make_group(2);
  EXPECT_EQ(cursors(a_->push({1, 2, 3}, 1000)).size(), 3U);
  world_.run_for(seconds(1));
  EXPECT_FALSE(a_->take_notice<wire::Quota>());
  const auto answer = a_->push({4, 5, 6}, 1000);
  EXPECT_EQ(cursors(answer).size(), 2U);
  EXPECT_EQ(stopped(answer), WireErrorCode::kGroupQuotaExceeded);
  EXPECT_GT(answer->as<wire::PushAck>()->stopped->retry_after_ms, 0U);
  world_.run_for(seconds(1));
  for (auto* device : {a_.get(), b_.get()}) {
    const auto notice = device->take_notice<wire::Quota>();
    ASSERT_TRUE(notice);
    EXPECT_EQ(notice->as<wire::Quota>()->bytes_used, 5000U);
    EXPECT_EQ(notice->as<wire::Quota>()->bytes_max, 5000U);
    ASSERT_TRUE(notice->as<wire::Quota>()->laggard);
  }
  // What is there already costs nothing.
  EXPECT_EQ(cursors(a_->push({1, 2}, 1000)).size(), 2U);
  // Who comes while it is so is told too.
  b_->disconnect();
  EXPECT_EQ(b_->welcome().as<wire::Welcome>()->limits.group_bytes_used, 5000U);
  world_.run_for(seconds(1));
  EXPECT_TRUE(b_->take_notice<wire::Quota>());
  // Room comes back with the acknowledgements.
  ASSERT_TRUE(b_->pull(0));
  b_->ack(5);
  world_.run_for(seconds(5));
  EXPECT_EQ(cursors(a_->push({6, 7}, 1000)).size(), 2U);
}

TEST_F(RelayLimitsTest, ADevicePushesNoFasterThanAllowed) {
  make_group(2);
  EXPECT_EQ(cursors(a_->push({1, 2, 3, 4, 5, 6, 7, 8}, 10)).size(), 8U);
  EXPECT_EQ(cursors(a_->push({11, 12, 13, 14, 15, 16, 17, 18}, 10)).size(), 8U);
  const auto answer = a_->push({21, 22, 23, 24, 25, 26, 27, 28}, 10);
  EXPECT_EQ(cursors(answer).size(), 4U);
  EXPECT_EQ(stopped(answer), WireErrorCode::kRateLimited);
  const auto wait = answer->as<wire::PushAck>()->stopped->retry_after_ms;
  EXPECT_GT(wait, 0U);
  EXPECT_LE(wait, 1'001U);
  // Another device is not held back, and a new connection brings nothing new.
  EXPECT_EQ(cursors(b_->push({31}, 10)).size(), 1U);
  a_->disconnect();
  b_->disconnect();
  world_.run_until([&] { return world_.relay->stats().groups == 0; });
  a_->welcome();
  EXPECT_LE(cursors(a_->push({25, 26, 27, 28}, 10)).size(), 1U);
  world_.run_for(minutes(1));
  EXPECT_EQ(cursors(a_->push({25, 26, 27, 28}, 10)).size(), 4U);
}

TEST_F(RelayLimitsTest, MoreBlobsThanAPushMayHaveAreLeftForTheNext) {
  make_group(1);
  const auto answer = a_->push({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 10);
  EXPECT_EQ(cursors(answer).size(), 8U);
  EXPECT_EQ(stopped(answer), WireErrorCode::kRateLimited);
}

TEST(RelayDiskTest, AFullDiskBudgetRefusesAndKeepsWhatIsThere) {
  RelayConfig config;
  config.limits.disk_bytes_max = 3 * (1000 + config.limits.line_overhead_bytes);
  testing::RelayWorld world(config);
  RawDevice a(world, 1);
  a.with_create = true;
  a.welcome();
  const auto answer = a.push({1, 2, 3, 4}, 1000);
  EXPECT_EQ(answer->as<wire::PushAck>()->cursors.size(), 3U);
  EXPECT_EQ(answer->as<wire::PushAck>()->stopped->code, WireErrorCode::kRelayOverloaded);
  EXPECT_EQ(a.push({5}, 1000)->as<wire::PushAck>()->stopped->code, WireErrorCode::kRelayOverloaded);
  EXPECT_EQ(a.pull(0, 0, true)->as<wire::PullResponse>()->lines.size(), 3U);
  world.restart();
  a.disconnect();
  a.welcome();
  EXPECT_EQ(a.push({5}, 1000)->as<wire::PushAck>()->stopped->code, WireErrorCode::kRelayOverloaded);
}

}  // namespace
}  // namespace zerok::relay
