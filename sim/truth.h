// SPDX-License-Identifier: MIT OR Apache-2.0
// Truth: what really happened in a world, learned only by watching: what applications asked for and
// were told, and what disks kept. Checkers compare the code under test with it; it decides nothing
// by the protocol's code.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/id.h"
#include "base/time.h"

namespace zerok::sim {

// A device's place in the world, from 0.
using DeviceIndex = std::size_t;

// One content that a device's store took to be pushed.
struct PushedBlob {
  DeviceIndex device = 0;
  BlobId blob{};
  std::uint64_t number = 0;  // local, at its device
  Incarnation incarnation{};
  std::uint64_t sequence = 0;
  std::uint64_t lamport = 0;
  Instant pushed_at{};
  Bytes payload;
  Bytes key;                     // the application's; empty: none
  bool returned = false;         // push() said that it is safe
  bool deleted = false;          // the application asked for its deletion
  bool kept = true;              // in its sender\'s outbox
  std::set<DeviceIndex> stored;  // which devices keep it durably, or kept it until it was confirmed
};

struct DeviceTruth {
  DeviceId id{};
  bool enrolled = false;  // its ADD or CREATE is known to somebody
  bool left = false;
  bool told_of_loss = false;  // by a notice: something is lost, or was put aside
  Instant enrolled_at{};
  Instant left_at{};
};

struct Truth {
  std::vector<DeviceTruth> devices;
  std::map<BlobId, PushedBlob> blobs;
  // After a relay lost entries of the roster, two devices went on from different ones. Nothing that
  // is built so far brings them together again, so the world ends there.
  bool roster_forked = false;

  std::optional<DeviceIndex> find(const DeviceId& id) const {
    for (DeviceIndex i = 0; i < devices.size(); ++i) {
      if (devices[i].id == id) return i;
    }
    return std::nullopt;
  }
  PushedBlob* find_blob(const BlobId& id) {
    const auto found = blobs.find(id);
    return found == blobs.end() ? nullptr : &found->second;
  }
  const PushedBlob* find_blob(const BlobId& id) const {
    const auto found = blobs.find(id);
    return found == blobs.end() ? nullptr : &found->second;
  }
  bool is_active(DeviceIndex device) const {
    return devices[device].enrolled && !devices[device].left;
  }
};

// For messages: the beginning of an id in hex.
template <typename Id>
std::string short_id(const Id& id) {
  return to_hex(id.bytes().first(4));
}

}  // namespace zerok::sim
