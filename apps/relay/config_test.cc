// SPDX-License-Identifier: MIT OR Apache-2.0
#include "relay/config.h"

#include <gtest/gtest.h>

namespace zerok::apps {
namespace {

std::string error_of(std::string_view text) {
  const auto parsed = parse_config(text, "relay.toml");
  return parsed ? "" : parsed.error().text;
}

TEST(RelayConfigTest, NothingSetIsTheDefaults) {
  const auto settings = parse_config("", "relay.toml");
  ASSERT_TRUE(settings);
  EXPECT_FALSE(settings->open);
  EXPECT_EQ(settings->limits.group_bytes_max, core::RelayLimits().group_bytes_max);
}

TEST(RelayConfigTest, EverySettingIsTaken) {
  const auto settings = parse_config(R"(
bind = "127.0.0.1:5000"
advertise = ["sync.example.org:5000", "[2001:db8::1]:5000"]
data_dir = "relay-data"
open = true
log = "debug"
[limits]
group_mib = 7
disk_mib = 9
groups = 3
new_groups_per_hour = 5
blob_kib = 64
blobs_per_minute = 11
blobs_burst = 12
mib_per_minute = 13
requests_per_minute = 14
requests_burst = 15
keep_hours = 2
connections = 17
mailboxes = 18
handshakes_per_minute = 19
)",
                                     "relay.toml");
  ASSERT_TRUE(settings) << settings.error().text;
  EXPECT_EQ(settings->bind, "127.0.0.1:5000");
  EXPECT_EQ(settings->advertise.size(), 2U);
  EXPECT_EQ(settings->data_dir, "relay-data");
  EXPECT_TRUE(settings->open);
  EXPECT_EQ(settings->log, log::Level::kDebug);
  EXPECT_EQ(settings->handshakes_per_minute, 19U);
  const core::RelayLimits& limits = settings->limits;
  EXPECT_EQ(limits.group_bytes_max, 7U << 20);
  EXPECT_EQ(limits.disk_bytes_max, 9U << 20);
  EXPECT_EQ(limits.groups_max, 3U);
  EXPECT_EQ(limits.new_groups_per_hour, 5U);
  EXPECT_EQ(limits.sealed_bytes_max, 64U << 10);
  EXPECT_EQ(limits.blobs_per_minute, 11U);
  EXPECT_EQ(limits.blobs_burst, 12U);
  EXPECT_EQ(limits.bytes_per_minute, 13U << 20);
  EXPECT_EQ(limits.requests_per_minute, 14U);
  EXPECT_EQ(limits.requests_burst, 15U);
  EXPECT_EQ(limits.ttl_s, 7200U);
  EXPECT_EQ(limits.sessions_max, 17U);
  EXPECT_EQ(limits.mailboxes_max, 18U);
}

TEST(RelayConfigTest, AnUnknownSettingIsAnErrorThatNamesItsLine) {
  EXPECT_EQ(error_of("open = true\nbimd = \"127.0.0.1:1\"\n"),
            "relay.toml:2:1: there is no setting 'bimd'");
  EXPECT_EQ(error_of("[limits]\n\ngroup_mb = 1\n"),
            "relay.toml:3:1: there is no setting 'group_mb' in [limits]");
  EXPECT_EQ(error_of("[limit]\n"), "relay.toml:1:2: there is no setting 'limit'");
}

TEST(RelayConfigTest, AWrongValueIsAnErrorThatNamesItsLineAndTheRule) {
  EXPECT_EQ(error_of("\nopen = 1\n"), "relay.toml:2:8: open must be true or false");
  EXPECT_EQ(error_of("[limits]\ngroup_mib = 0\n"),
            "relay.toml:2:13: group_mib must be a whole number from 1 to 1048576");
  EXPECT_EQ(error_of("[limits]\nkeep_hours = -1\n"),
            "relay.toml:2:14: keep_hours must be a whole number from 1 to 8784");
  EXPECT_NE(error_of("[limits]\ngroup_mib = 1.5\n"), "");
  EXPECT_NE(error_of("bind = \"localhost\"\n"), "");
  EXPECT_NE(error_of("advertise = []\n"), "");
  EXPECT_NE(error_of("advertise = [\"nowhere\"]\n"), "");
  EXPECT_NE(error_of("data_dir = \"\"\n"), "");
  EXPECT_NE(error_of("log = \"loud\"\n"), "");
  EXPECT_NE(error_of("limits = 3\n"), "");
}

TEST(RelayConfigTest, WhatIsNoTomlIsAnErrorThatNamesItsLine) {
  EXPECT_EQ(error_of("open = true\n= 3\n").substr(0, 13), "relay.toml:2:");
  EXPECT_NE(error_of("open = true\nopen = false\n"), "");
}

}  // namespace
}  // namespace zerok::apps
