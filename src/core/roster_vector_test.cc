// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes docs/protocol/vectors/roster.txt anew and compares. To change the file on purpose:
//   ZEROK_WRITE_VECTORS=1 core_test --gtest_filter='RosterVectorTest.*'
#include <gtest/gtest.h>

#include "core/testing/roster_sample.h"
#include "core/testing/vector_file.h"

namespace zerok::core {
namespace {

using testing::sample_add;
using testing::sample_device;
using testing::sample_group;
using testing::sample_leave;
using testing::sample_roster;

std::string state_of(const Roster& roster) {
  std::string devices;
  for (const Member& member : roster.members()) {
    if (!member.active) continue;
    devices += (devices.empty() ? "" : " ") + to_hex(member.device.bytes());
  }
  return devices;
}

TEST(RosterVectorTest, AgreesWithThePublishedVectorFile) {
  testing::VectorFile file(
      "A roster of three devices, one of which leaves: docs/protocol/roster.md. Bytes in hex.");
  const auto group = sample_group();
  file.section("group");
  file.add("roster_key", group.roster.bytes());
  file.add("membership_ed25519_seed", group.membership.seed().bytes());
  file.add("group_id_0", group.group_id().bytes());
  for (std::uint8_t n = 1; n <= 3; ++n) {
    file.section("device " + std::to_string(n));
    file.add("device_secret", Bytes(32, n));
    file.add_word("name", "device " + std::to_string(n));
    file.add("device_id", sample_device(n).id().bytes());
    file.add("member_record", sample_device(n).record);
  }
  Roster roster = sample_roster();
  ASSERT_TRUE(roster.apply(sample_add(1, 2, roster.head())));
  ASSERT_TRUE(roster.apply(sample_add(2, 3, roster.head())));
  ASSERT_TRUE(roster.apply(sample_leave(1, roster.head())));
  Roster replayed = Roster::create(roster.entries()[0], group.group_id()).value();
  for (std::size_t i = 0; i < roster.size(); ++i) {
    if (i > 0) {
      ASSERT_TRUE(replayed.apply(roster.entries()[i]));
    }
    file.section("entry " + std::to_string(i + 1));
    file.add("entry", roster.entries()[i]);
    file.add("head", replayed.head().bytes());
    file.add_word("active", state_of(replayed));
  }
  EXPECT_EQ(file.published("roster.txt"), file.text());
}

}  // namespace
}  // namespace zerok::core
