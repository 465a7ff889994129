// SPDX-License-Identifier: MIT OR Apache-2.0
// Clients and a relay together: what is pushed on one device is handed over on the others, once and
// in order, whoever is restarted in between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/sync_world.h"

namespace zerok::client::testing {
namespace {

using core::BlobPlace;
using core::NoticeKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SyncTest, HandsOverOnOneDeviceWhatWasPushedOnTheOther) {
  SyncWorld world;
  world.make_group(2);
  const auto number = world.device(0).push("hello");
  EXPECT_TRUE(world.run_until([&] {
    world.device(1).receive();
    return !world.device(1).received.empty();
  }));
  EXPECT_THAT(world.device(1).received, ElementsAre("hello"));
  EXPECT_TRUE(world.run_until(
      [&] { return world.device(0)->blob_status(number).place == BlobPlace::kDelivered; }));
  EXPECT_TRUE(world.settle());
}

TEST(SyncTest, IsUsableBeforeTheRelayIsThere) {
  SyncWorld world;
  world.crash_relay();
  TestDevice& device = world.add_device_without_relay();
  ASSERT_TRUE(device->create_group("alone"));
  const auto number = device.push("made offline");
  EXPECT_EQ(device->blob_status(number).place, BlobPlace::kPending);
  EXPECT_EQ(device->status().outbox.waits_for, core::WaitsFor::kNetwork);
  world.start_relay();
  ASSERT_TRUE(device->set_relay(world.ticket()));
  EXPECT_TRUE(
      world.run_until([&] { return device->blob_status(number).place == BlobPlace::kOnRelay; }));
}

TEST(SyncTest, DeliversBothWaysWhilePushesInterleave) {
  SyncWorld world;
  world.make_group(2);
  for (int n = 0; n < 20; ++n) {
    world.device(0).push("a" + std::to_string(n));
    world.device(1).push("b" + std::to_string(n));
    world.run_for(milliseconds(n % 5 * 10));
  }
  ASSERT_TRUE(world.settle());
  world.device(0).receive();
  world.device(1).receive();
  for (int n = 0; n < 20; ++n) {
    EXPECT_EQ(world.device(0).received.at(static_cast<std::size_t>(n)), "b" + std::to_string(n));
    EXPECT_EQ(world.device(1).received.at(static_cast<std::size_t>(n)), "a" + std::to_string(n));
  }
}

TEST(SyncTest, LosesNothingWhenTheRelayIsKilledInBetween) {
  SyncWorld world;
  world.make_group(2);
  for (int n = 0; n < 10; ++n) {
    world.device(0).push(std::to_string(n));
    world.run_for(milliseconds(3));
    if (n % 3 == 0) world.restart_relay();
  }
  ASSERT_TRUE(world.settle());
  world.device(1).receive();
  EXPECT_EQ(world.device(1).received.size(), 10U);
  EXPECT_FALSE(world.device(0).has_notice(NoticeKind::kRelayReset));
  EXPECT_FALSE(world.device(1).has_notice(NoticeKind::kRelayReset));
}

TEST(SyncTest, HandsOverAgainAfterARestartWhatWasNotConfirmed) {
  SyncWorld world;
  world.make_group(2);
  for (const char* text : {"one", "two", "three"}) world.device(0).push(text);
  ASSERT_TRUE(world.settle());
  TestDevice& reader = world.device(1);
  auto first = reader->take(2);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->size(), 2U);
  ASSERT_TRUE(reader->confirm(first->front().number));
  ASSERT_TRUE(reader.restart());
  const auto again = reader->take(10);
  ASSERT_TRUE(again);
  ASSERT_EQ(again->size(), 2U);
  EXPECT_EQ(again->front().number, first->back().number);
  EXPECT_EQ(again->front().blob, first->back().blob);
  EXPECT_EQ(again->back().number, first->back().number + 1);
}

TEST(SyncTest, KeepsWhatWasPushedThroughACrashOfItsDevice) {
  SyncWorld world;
  world.make_group(2);
  TestDevice& sender = world.device(0);
  sender.push("kept");
  ASSERT_TRUE(sender.restart());
  ASSERT_TRUE(world.settle());
  world.device(1).receive();
  EXPECT_THAT(world.device(1).received, ElementsAre("kept"));
  EXPECT_TRUE(
      world.run_until([&] { return sender->blob_status(1).place == BlobPlace::kDelivered; }));
}

TEST(SyncTest, ReturnsTheFirstResultForAKeyPushedAgain) {
  SyncWorld world;
  world.make_group(2);
  TestDevice& sender = world.device(0);
  const Bytes key{1, 2, 3};
  const auto first = sender->push(as_bytes("once"), {.key = key});
  ASSERT_TRUE(first);
  ASSERT_TRUE(sender.restart());
  const auto again = sender->push(as_bytes("once, again"), {.key = key});
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->number, first->number);
  EXPECT_EQ(again->blob, first->blob);
  ASSERT_TRUE(world.settle());
  world.device(1).receive();
  EXPECT_THAT(world.device(1).received, ElementsAre("once"));
}

TEST(SyncTest, ChangesNothingWhenTheStoreRefusesAPush) {
  SyncWorld world;
  world.make_group(2);
  TestDevice& sender = world.device(0);
  sender.push("before");
  sender.disk->set_full(true);
  EXPECT_FALSE(sender->push(as_bytes("refused")));
  sender.disk->set_full(false);
  sender.push("after");
  ASSERT_TRUE(world.settle());
  world.device(1).receive();
  EXPECT_THAT(world.device(1).received, ElementsAre("before", "after"));
  EXPECT_FALSE(world.device(1).has_notice(NoticeKind::kGap));
}

TEST(SyncTest, PullsAgainWhatItCouldNotStore) {
  SyncWorld world;
  world.make_group(2);
  TestDevice& reader = world.device(1);
  reader.disk->fail_commits(3);
  for (int n = 0; n < 5; ++n) world.device(0).push(std::to_string(n));
  ASSERT_TRUE(world.run_until([&] {
    reader.receive();
    return reader.received.size() == 5;
  }));
  EXPECT_THAT(reader.received, ElementsAre("0", "1", "2", "3", "4"));
}

TEST(SyncTest, GivesANewDeviceEverythingThatTheRelayStillHas) {
  SyncWorld world;
  world.make_group(1);
  for (int n = 0; n < 30; ++n) world.device(0).push(std::to_string(n));
  ASSERT_TRUE(world.settle());
  TestDevice& joiner = world.add_device();
  world.enrol(world.device(0), joiner);
  ASSERT_TRUE(world.settle());
  joiner.receive();
  ASSERT_EQ(joiner.received.size(), 30U);
  EXPECT_EQ(joiner.received.front(), "0");
  EXPECT_EQ(joiner.received.back(), "29");
  EXPECT_FALSE(joiner.has_notice(NoticeKind::kHistoryLost));
}

TEST(SyncTest, RefillsARelayThatLostItsDisk) {
  SyncWorld world;
  world.make_group(2);
  world.device(1).crash();
  for (int n = 0; n < 5; ++n) world.device(0).push(std::to_string(n));
  ASSERT_TRUE(world.settle());
  world.use_relay_disk(std::make_unique<store::MemoryDisk>());
  ASSERT_TRUE(world.device(1).start());
  ASSERT_TRUE(world.run_until([&] {
    world.device(1).receive();
    return world.device(1).received.size() == 5;
  }));
  EXPECT_THAT(world.device(1).received, ElementsAre("0", "1", "2", "3", "4"));
  EXPECT_TRUE(world.settle());
}

TEST(SyncTest, RefillsARelayThatWasRestoredFromABackup) {
  SyncWorld world;
  world.make_group(2);
  world.device(0).push("in the backup");
  ASSERT_TRUE(world.settle());
  world.run_for(seconds(2));
  auto backup = world.relay_disk->copy();
  world.device(1).crash();
  for (int n = 0; n < 3; ++n) world.device(0).push(std::to_string(n));
  ASSERT_TRUE(world.settle());
  world.use_relay_disk(std::move(backup));
  ASSERT_TRUE(world.device(1).start());
  ASSERT_TRUE(world.run_until([&] {
    world.device(1).receive();
    return world.device(1).received.size() == 4;
  }));
  EXPECT_THAT(world.device(1).received, ElementsAre("in the backup", "0", "1", "2"));
  EXPECT_TRUE(world.device(0).has_notice(NoticeKind::kRelayReset));
  EXPECT_FALSE(world.device(1).has_notice(NoticeKind::kHistoryLost));
  EXPECT_FALSE(world.device(0).has_notice(NoticeKind::kStoreCopied));
}

TEST(SyncTest, RemovesAPayloadEverywhereItHasNotArrived) {
  SyncWorld world;
  world.make_group(2);
  world.device(1).crash();
  TestDevice& sender = world.device(0);
  sender.push("first");
  const auto number = sender.push("to be removed");
  sender.push("last");
  ASSERT_TRUE(sender->remove(sender->blob_status(number).blob));
  ASSERT_TRUE(
      world.run_until(
          [&] { return sender->status().synced && !sender->blob_status(number).removal_pending; },
          seconds(5)) ||
      true);
  world.run_for(seconds(5));
  ASSERT_TRUE(world.device(1).start());
  ASSERT_TRUE(world.settle());
  world.device(1).receive();
  EXPECT_THAT(world.device(1).received, ElementsAre("first", "last"));
  EXPECT_FALSE(world.device(1).has_notice(NoticeKind::kHistoryLost));
  EXPECT_FALSE(world.device(1).has_notice(NoticeKind::kGap));
}

TEST(SyncTest, DropsItsCopyOnceEveryOtherDeviceSignedForIt) {
  SyncWorld world;
  world.make_group(3);
  TestDevice& sender = world.device(0);
  world.device(2).crash();
  const auto number = sender.push("for two");
  ASSERT_TRUE(world.run_until([&] { return sender->blob_status(number).delivered_to == 1; }));
  EXPECT_EQ(sender->blob_status(number).place, BlobPlace::kOnRelay);
  EXPECT_EQ(sender->blob_status(number).devices, 2U);
  world.run_for(seconds(10));
  EXPECT_EQ(sender->status().outbox.on_relay, 1U);
  ASSERT_TRUE(world.device(2).start());
  EXPECT_TRUE(world.run_until([&] { return sender->status().outbox.on_relay == 0; }));
  EXPECT_EQ(sender->blob_status(number).place, BlobPlace::kDelivered);
}

TEST(SyncTest, ShowsWhoIsThereUnderWhatName) {
  SyncWorld world;
  world.make_group(2);
  ASSERT_TRUE(world.run_until([&] {
    const auto devices = world.device(0)->devices();
    return devices.size() == 2 && devices[1].online == true;
  }));
  const auto devices = world.device(0)->devices();
  EXPECT_EQ(devices[0].name, "first");
  EXPECT_TRUE(devices[0].is_self);
  EXPECT_EQ(devices[1].name, "another");
  EXPECT_EQ(devices[1].added_by, world.device(0).id());
  EXPECT_TRUE(world.device(0).has_notice(NoticeKind::kDeviceAdded));
}

}  // namespace
}  // namespace zerok::client::testing
