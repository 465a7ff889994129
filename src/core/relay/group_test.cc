// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/relay/group.h"

#include <gtest/gtest.h>

#include "core/log_hash.h"
#include "core/testing/roster_sample.h"

namespace zerok::core {
namespace {

using testing::sample_device;
using testing::sample_group;
using testing::sample_leave;
using testing::sample_roster;

RelayGroup make_group(std::uint8_t devices, std::uint64_t lines = 0) {
  GroupRecord record{.group = sample_group().group_id(),
                     .roster = sample_roster(devices).entries(),
                     .devices = {}};
  RelayGroup group = RelayGroup::load(std::move(record)).value();
  for (std::uint64_t n = 0; n < lines; ++n) group.append({}, sample_device(1).id(), {}, 10);
  return group;
}

DeviceId device(std::uint8_t n) { return sample_device(n).id(); }

TEST(RelayGroupTest, GivesCursorsInOrderAndGoesOnWithTheLogHash) {
  RelayGroup group = make_group(2);
  LogHash hash;
  for (std::uint64_t cursor = 1; cursor <= 3; ++cursor) {
    const LineRecord line = group.append({}, device(2), {}, 10);
    hash = extend_log_hash(hash, cursor, {}, {});
    EXPECT_EQ(line.cursor, cursor);
    EXPECT_EQ(line.log_hash, hash);
  }
  EXPECT_EQ(group.head().cursor, 3U);
  EXPECT_EQ(group.payload_bytes(), 30U);
  EXPECT_EQ(group.find(device(2))->own_lines, 3U);
}

TEST(RelayGroupTest, CountsEveryActiveDeviceButTheSenderForConfirmation) {
  RelayGroup group = make_group(3, 10);
  group.acknowledge(device(2), 7);
  EXPECT_EQ(group.confirmed_to(device(1), {}), 0U);
  group.acknowledge(device(3), 4);
  EXPECT_EQ(group.confirmed_to(device(1), {}), 4U);
  EXPECT_EQ(group.confirmed_to(device(2), {}), 0U);  // device 1 has acknowledged nothing
  group.acknowledge(device(1), 9);
  EXPECT_EQ(group.confirmed_to(device(2), {}), 4U);
  EXPECT_EQ(group.confirmed_to(device(3), {}), 7U);
  EXPECT_EQ(group.confirmed_max({}), 7U);
  EXPECT_EQ(group.acknowledged_by_all(), 4U);
  EXPECT_EQ(group.laggard()->device, device(3));
}

TEST(RelayGroupTest, FewerThanTwoDevicesConfirmNothing) {
  RelayGroup alone = make_group(1, 5);
  alone.acknowledge(device(1), 5);
  EXPECT_EQ(alone.confirmed_to(device(1), {}), 0U);
  EXPECT_EQ(alone.confirmed_max({}), 0U);
  RelayGroup left = make_group(2, 5);
  left.acknowledge(device(1), 5);
  EXPECT_EQ(left.confirmed_to(device(2), {}), 5U);
  ASSERT_TRUE(left.apply_roster_entry(sample_leave(2, left.roster().head())));
  EXPECT_EQ(left.confirmed_to(device(2), {}), 0U);
}

TEST(RelayGroupTest, WhoLeftIsNotWaitedFor) {
  RelayGroup group = make_group(3, 5);
  group.acknowledge(device(2), 5);
  EXPECT_EQ(group.confirmed_to(device(1), {}), 0U);
  ASSERT_TRUE(group.apply_roster_entry(sample_leave(3, group.roster().head())));
  EXPECT_EQ(group.confirmed_to(device(1), {}), 5U);
}

TEST(RelayGroupTest, AnAcknowledgementNeverGoesBackOrPastTheHead) {
  RelayGroup group = make_group(2, 5);
  EXPECT_TRUE(group.acknowledge(device(2), 3));
  EXPECT_FALSE(group.acknowledge(device(2), 2));
  EXPECT_TRUE(group.acknowledge(device(2), 99));
  EXPECT_EQ(group.find(device(2))->acknowledged, 5U);
  EXPECT_FALSE(group.acknowledge(device(9), 1));
}

TEST(RelayGroupTest, WhatContradictsItselfIsNotLoaded) {
  const auto load = [](auto change) {
    GroupRecord record{
        .group = sample_group().group_id(), .roster = sample_roster(2).entries(), .devices = {}};
    change(record);
    return RelayGroup::load(std::move(record)).has_value();
  };
  EXPECT_TRUE(load([](GroupRecord&) {}));
  EXPECT_FALSE(load([](GroupRecord& r) { r.roster.clear(); }));
  EXPECT_FALSE(load([](GroupRecord& r) { r.roster[1].back() ^= 1; }));
  EXPECT_FALSE(load([](GroupRecord& r) { std::swap(r.roster[0], r.roster[1]); }));
  EXPECT_FALSE(load([](GroupRecord& r) { r.group = {}; }));
  EXPECT_FALSE(load([](GroupRecord& r) { r.floor.cursor = 1; }));
}

}  // namespace
}  // namespace zerok::core
