// SPDX-License-Identifier: MIT OR Apache-2.0
// A disk that has damaged one blob costs that blob and nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/sync_world.h"

namespace zerok::client::testing {
namespace {

using core::BlobPlace;
using core::NoticeKind;
using ::testing::ElementsAre;

TEST(DamageTest, HandsOverEverythingButADamagedBlobAndSaysSo) {
  SyncWorld world;
  world.make_group(2);
  for (const char* text : {"one", "two", "three"}) world.device(0).push(text);
  ASSERT_TRUE(world.run_until([&] { return world.device(1)->status().ready == 3; }));
  world.device(1).disk->damage_inbox(2);
  world.device(1).receive();
  EXPECT_THAT(world.device(1).received, ElementsAre("one", "three"));
  world.run_for(seconds(1));
  EXPECT_TRUE(world.device(1).has_notice(NoticeKind::kStoreDamaged));
  EXPECT_EQ(world.device(1)->status().ready, 0U);
}

TEST(DamageTest, PushesEverythingButADamagedBlobAndSaysSo) {
  SyncWorld world;
  world.make_group(2);
  TestDevice& device = world.device(0);
  device.push("before");
  ASSERT_TRUE(world.settle());
  world.crash_relay();
  const auto damaged = device.push("damaged");
  const auto next = device.push("next");
  device.disk->damage_outbox(damaged);
  world.start_relay();
  ASSERT_TRUE(
      world.run_until([&] { return device->blob_status(next).place == BlobPlace::kDelivered; }));
  EXPECT_EQ(device->blob_status(damaged).place, BlobPlace::kFailed);
  EXPECT_TRUE(device.has_notice(NoticeKind::kStoreDamaged));
  world.device(1).receive();
  EXPECT_THAT(world.device(1).received, ElementsAre("before", "next"));
}

}  // namespace
}  // namespace zerok::client::testing
