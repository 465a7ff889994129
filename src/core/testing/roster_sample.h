// SPDX-License-Identifier: MIT OR Apache-2.0
// For tests and fuzz targets only: a group and as many devices as a test wants, always the same.
#pragma once

#include <map>

#include "base/check.h"
#include "core/roster.h"
#include "crypto/testing/hex.h"

namespace zerok::core::testing {

// The group whose secret is first, first + 1, ... (keys.txt has the one of 0x40).
inline crypto::GroupKeys sample_group(std::uint8_t first = 0x40) {
  using namespace crypto;
  return GroupKeys::derive(
      crypto::testing::key_of<GroupSecret>(ByteView(crypto::testing::counting_bytes(32, first))));
}

struct SampleDevice {
  crypto::DeviceKeys keys;
  // Its encoded MemberRecord in sample_group().
  Bytes record;

  DeviceId id() const { return keys.device_id(); }
};

// Device n's secret is 32 bytes of n. Made once: each costs two ML-KEM keys.
inline const SampleDevice& sample_device(std::uint8_t n) {
  static std::map<std::uint8_t, SampleDevice> devices;
  if (const auto found = devices.find(n); found != devices.end()) return found->second;
  auto keys = crypto::DeviceKeys::derive(
      crypto::testing::key_of<crypto::DeviceSecret>(ByteView(Bytes(32, n))));
  const auto group = sample_group();
  DeterministicRng rng(n);
  const auto name = seal_name(group.roster, group.group_id(), keys.device_id(),
                              "device " + std::to_string(n), rng);
  Bytes record = MemberRecord::of(keys, name.value()).encode();
  return devices.emplace(n, SampleDevice{std::move(keys), std::move(record)}).first->second;
}

inline Bytes sample_create(std::uint8_t creator = 1) {
  const auto& device = sample_device(creator);
  return make_create_entry(device.keys.signing, sample_group().membership, device.record);
}

inline Bytes sample_add(std::uint8_t adder, std::uint8_t added, const RosterHead& head) {
  const auto& device = sample_device(added);
  return make_add_entry(
      sample_device(adder).keys.signing, head, device.record,
      sign_member_record(device.keys.signing, sample_group().group_id(), device.record));
}

inline Bytes sample_leave(std::uint8_t leaver, const RosterHead& head) {
  return make_leave_entry(sample_device(leaver).keys.signing, head);
}

inline Roster sample_roster(std::uint8_t devices = 1) {
  Roster roster = Roster::create(sample_create(), sample_group().group_id()).value();
  for (std::uint8_t n = 2; n <= devices; ++n) {
    ZEROK_ASSERT(roster.apply(sample_add(1, n, roster.head())));
  }
  return roster;
}

}  // namespace zerok::core::testing
