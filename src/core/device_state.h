// SPDX-License-Identifier: MIT OR Apache-2.0
// DEVICE_STATE: what a device says of itself to the others through the one slot that a relay keeps
// for it: docs/protocol/device-state.md. Signed by the device, sealed for the group, padded to one
// of a few sizes. What it says is the only ground for "delivered", for dropping local copies and
// for noticing forks; a reader compares counters itself, since a relay may show an older state.
#pragma once

#include <vector>

#include "base/rng.h"
#include "core/sender_chain.h"
#include "crypto/group_keys.h"

namespace zerok::core {

// Everything of one sender's incarnation up to here is stored by who says so.
struct StoredHead {
  DeviceId sender;
  Incarnation incarnation;
  ChainPosition position;  // sequence 1 to kSequenceMax
  friend bool operator==(const StoredHead&, const StoredHead&) = default;
};

struct DeviceState {
  // What fits the largest sealed size.
  static constexpr std::size_t kHeadsMax = 160;
  static constexpr std::uint64_t kCounterMax = kSequenceMax;

  DeviceId device;                  // who says it
  std::uint64_t counter = 0;        // 1 to kCounterMax, higher with every state of the device
  EpochId epoch;                    // the newest one whose secret the device holds
  std::uint32_t roster_length = 0;  // 1 to 4,096 entries, of which
  RosterHead roster_head;           // the last one's hash
  // To be sealed: the most important first, and only kHeadsMax of them are kept. As opened:
  // ascending by sender and incarnation. None twice.
  std::vector<StoredHead> heads;

  friend bool operator==(const DeviceState&, const DeviceState&) = default;
};

// What seals and opens the states of one epoch.
struct StateEpoch {
  GroupId group;        // group_id_0, the group's constant name
  GroupId epoch_group;  // the group's name in this epoch
  EpochId epoch;
  crypto::StateKey key;
};

// A sealed state has one of these sizes.
inline constexpr std::array<std::size_t, 5> kSealedStateSizes = {1024, 2048, 4096, 8192, 16384};

// Draws 24 bytes. `state.device` is the signing key's and `state.epoch` is set to the epoch's,
// whatever stood there. kInvalidArgument for a number outside its bounds or a head that is there
// twice.
Result<Bytes> seal_device_state(DeviceState state, const StateEpoch& epoch,
                                const crypto::Ed25519KeyPair& device, Rng& rng);

// The epoch_group a state is sealed for, so that its key can be found. kMalformed for a size no
// sealed state has. Not authentic before open_device_state.
Result<GroupId> sealed_state_group(ByteView sealed);

// The state of `device`. Errors:
//   kCryptoFailed      not sealed for this group, epoch and device, or changed since
//   kUnsupported       a member runs a newer 0k-Sync: try again after an update
//   kPermissionDenied  sealed by a member, but not signed by the device: evidence of forgery
//   others             sealed by a member, but not by the rules
Result<DeviceState> open_device_state(const StateEpoch& epoch, const DeviceId& device,
                                      ByteView sealed);

}  // namespace zerok::core
