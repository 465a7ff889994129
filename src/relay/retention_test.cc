// SPDX-License-Identifier: MIT OR Apache-2.0
// What the relay removes and when: docs/protocol/messages.md, section 3.
#include "relay/testing/relay_testing.h"

namespace zerok::relay {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::RawDevice;
using testing::Received;
using wire::LineKind;
using wire::StubReason;

class RelayRetentionTest : public testing::RelayTestBase {
 protected:
  explicit RelayRetentionTest(const RelayConfig& config = {}) : RelayTestBase(config) {}
  // The reasons of the stubs above a cursor, 0 for a line whose payload is there.
  std::vector<int> stubs(RawDevice& device, std::uint64_t after) {
    std::vector<int> reasons;
    const auto answer = device.pull(after, 0, true);
    if (!answer || answer->as<wire::PullResponse>() == nullptr) return {-1};
    for (const wire::Line& line : answer->as<wire::PullResponse>()->lines) {
      reasons.push_back(line.kind == LineKind::kStub ? static_cast<int>(line.reason) : 0);
    }
    return reasons;
  }
  std::uint64_t floor_of(RawDevice& device) {
    device.disconnect();
    return device.welcome().as<wire::Welcome>()->floor.cursor;
  }
  // As time passes without anybody connected, in steps that no timer needs.
  void let_pass(Duration duration) {
    for (auto* device : {a_.get(), b_.get(), c_.get()}) {
      if (device != nullptr) device->disconnect();
    }
    world_.run_for(duration);
  }
};

TEST_F(RelayRetentionTest, APayloadGoesOnceEveryOtherDeviceHasIt) {
  make_group(3);
  ASSERT_TRUE(a_->push({1, 2}));
  ASSERT_TRUE(b_->pull(0));
  b_->ack(2);
  world_.run_for(seconds(5));
  EXPECT_EQ(stubs(*b_, 0), (std::vector<int>{0, 0}));
  ASSERT_TRUE(c_->pull(0));
  c_->ack(1);
  world_.run_for(seconds(5));
  EXPECT_EQ(stubs(*b_, 0), (std::vector<int>{static_cast<int>(StubReason::kConfirmed), 0}));
  EXPECT_EQ(world_.relay->stats().stored_payload_bytes, 100U);
}

TEST_F(RelayRetentionTest, TheStubGoesOnceEveryDeviceHasAcknowledgedPastIt) {
  make_group(2);
  ASSERT_TRUE(a_->push({1, 2}));
  ASSERT_TRUE(b_->pull(0));
  b_->ack(2);
  world_.run_for(seconds(5));
  EXPECT_EQ(world_.relay->stats().stored_lines, 2U);  // a has not acknowledged
  ASSERT_TRUE(a_->pull(0));
  a_->ack(1);
  world_.run_for(seconds(5));
  EXPECT_EQ(world_.relay->stats().stored_lines, 1U);
  const auto answer = a_->pull(0);
  EXPECT_EQ(answer->as<wire::PullResponse>()->before.cursor, 1U);
  EXPECT_EQ(floor_of(*a_), 1U);
  // The log hash goes on over what is gone.
  EXPECT_EQ(answer->as<wire::PullResponse>()->before.log_hash,
            a_->pull(1)->as<wire::PullResponse>()->before.log_hash);
  // Below the floor nothing is remembered.
  EXPECT_EQ(cursors(a_->push({1, 2})), (std::vector<std::uint64_t>{3, 2}));
}

TEST_F(RelayRetentionTest, AGroupOfOneDeviceDeletesNothingAsConfirmed) {
  make_group(1);
  ASSERT_TRUE(a_->push({1}));
  ASSERT_TRUE(a_->pull(0));
  a_->ack(1);
  world_.run_for(minutes(5));
  EXPECT_EQ(stubs(*a_, 0), std::vector<int>{0});
}

TEST_F(RelayRetentionTest, APayloadGoesWhenItsTimeIsOverAlsoWithNobodyThere) {
  make_group(2);
  ASSERT_TRUE(a_->push({1}));
  let_pass(hours(24 * 6));
  a_->welcome();
  EXPECT_EQ(stubs(*a_, 0), std::vector<int>{0});
  ASSERT_TRUE(a_->push({2}));
  let_pass(hours(25));
  a_->welcome();
  EXPECT_EQ(stubs(*a_, 0), (std::vector<int>{static_cast<int>(StubReason::kExpired), 0}));
  // WELCOME's counts follow.
  b_->disconnect();
  EXPECT_EQ(b_->welcome().as<wire::Welcome>()->pending, 1U);
}

TEST_F(RelayRetentionTest, AStubGoesAfterNinetyDaysWhoeverHasNotSeenIt) {
  make_group(2);
  ASSERT_TRUE(a_->push({1}));
  let_pass(hours(24 * 8));
  EXPECT_EQ(world_.relay->stats().stored_lines, 1U);
  let_pass(hours(24 * 90));
  EXPECT_EQ(world_.relay->stats().stored_lines, 0U);
  const auto answer = b_->welcome();
  EXPECT_EQ(answer.as<wire::Welcome>()->floor.cursor, 1U);
  EXPECT_EQ(answer.as<wire::Welcome>()->highest, 1U);
  EXPECT_EQ(answer.as<wire::Welcome>()->hash_at_position, std::nullopt);
}

TEST_F(RelayRetentionTest, AWallClockThatJumpsExpiresNothing) {
  make_group(2);
  ASSERT_TRUE(a_->push({1}));
  for (const UnixMs jump_hours : {24 * 365 * 30, -24 * 365 * 60, 24 * 365 * 30}) {
    world_.wall += jump_hours * 3'600'000;
    world_.run_for(minutes(1));
    EXPECT_EQ(stubs(*a_, 0), std::vector<int>{0});
  }
  // Nor one that jumped while the relay was down, which counts for a day at most.
  world_.crash();
  world_.wall += UnixMs{24} * 365 * 3'600'000;
  world_.start();
  a_->disconnect();
  b_->disconnect();
  world_.run_for(minutes(1));
  a_->welcome();
  EXPECT_EQ(stubs(*a_, 0), std::vector<int>{0});
}

TEST_F(RelayRetentionTest, TimeThatPassesWhileTheRelayIsDownCounts) {
  make_group(2);
  ASSERT_TRUE(a_->push({1}));
  for (int day = 0; day < 8; ++day) {
    world_.crash();
    world_.wall += UnixMs{24} * 3'600'000;
    world_.start();
    a_->disconnect();
    b_->disconnect();
    world_.run_for(minutes(1));
  }
  a_->welcome();
  EXPECT_EQ(stubs(*a_, 0), std::vector<int>{static_cast<int>(StubReason::kExpired)});
}

TEST_F(RelayRetentionTest, CleaningUpIsDoneInSmallSteps) {
  make_group(2);
  const std::size_t step = world_.config.limits.cleanup_lines_max;
  wire::Push push{.group = core::testing::sample_group().group_id()};
  const Bytes sealed(10, 1);
  for (std::uint8_t round = 0; round < 2; ++round) {
    push.blobs.clear();
    for (int n = 0; n < 256; ++n) {
      ByteArray<BlobId::kSize> id{};
      id[0] = static_cast<std::uint8_t>(n);
      id[1] = round;
      push.blobs.push_back({.id = BlobId(id), .sealed = sealed});
    }
    ASSERT_EQ(cursors(a_->ask(push)).size(), 256U);
  }
  ASSERT_TRUE(b_->pull(0));
  ASSERT_TRUE(b_->pull(500));
  b_->ack(512);
  std::uint64_t before = 0;
  for (int i = 0; i < 4000 && before < 512; ++i) {
    world_.run_for(std::chrono::milliseconds(1));
    const std::uint64_t removed = world_.relay->stats().payloads_removed;
    EXPECT_LE(removed - before, 2 * step);
    before = removed;
  }
  EXPECT_EQ(before, 512U);
  ASSERT_TRUE(a_->pull(500));
  a_->ack(512);
  EXPECT_TRUE(
      world_.run_until([&] { return world_.relay->stats().stored_lines == 0; }, seconds(10)));
}

TEST_F(RelayRetentionTest, AcknowledgementsOutliveTheRelay) {
  make_group(3);
  ASSERT_TRUE(a_->push({1}));
  ASSERT_TRUE(b_->pull(0));
  b_->ack(1);
  world_.run_for(seconds(3));
  restart();
  c_->welcome();
  ASSERT_TRUE(c_->pull(0));
  c_->ack(1);
  world_.run_for(seconds(3));
  EXPECT_EQ(stubs(*c_, 0), std::vector<int>{static_cast<int>(StubReason::kConfirmed)});
}

}  // namespace
}  // namespace zerok::relay
