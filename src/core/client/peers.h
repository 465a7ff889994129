// SPDX-License-Identifier: MIT OR Apache-2.0
// Peers: what the other devices of the group last signed of themselves, and what follows from it
// for our own blobs: who has them, and when a local copy may go. A device's word about our own
// chain counts only where it agrees with what we sent.
#pragma once

#include <map>

#include "core/client/outbox.h"
#include "core/device_state.h"
#include "core/roster.h"

namespace zerok::core {

class Peers {
 public:
  enum class Freshness : std::uint8_t {
    kNew,
    kSame,     // the one we have
    kOlder,    // was replaced long ago: somebody shows an old one
    kDiffers,  // another content under the same counter: two copies of the device are at work
  };
  // What a state says against what we know of our own chain.
  enum class OwnChain : std::uint8_t { kAgrees, kContradicts };

  // The one that is here already, to the byte.
  bool holds(const DeviceId& device, ByteView sealed) const;
  Freshness freshness(const DeviceId& device, std::uint64_t counter, ByteView sealed) const;
  // Takes it for the newest of its device.
  OwnChain take(const DeviceState& state, ByteView sealed, const DeviceId& self,
                const ClientRecord& record, const Outbox& outbox);

  // When a device was last heard of: its state was new, or it was first seen in the roster.
  void heard(const DeviceId& device, UnixMs wall);
  void first_seen(const DeviceId& device, UnixMs wall) {
    if (!heard_.contains(device)) heard(device, wall);
  }
  // It is no device of the group any more. False if that is known.
  bool forget(const DeviceId& device);
  bool is_dormant(const DeviceId& device, UnixMs wall, const ClientLimits& limits) const;
  Bytes encode_heard();
  Result<void> restore_heard(ByteView bytes);
  bool heard_changed() const { return heard_changed_; }

  // Up to which sequence number of our incarnation the device signed to have all.
  std::uint64_t stored_by(const DeviceId& device, const Incarnation& incarnation) const;
  struct Delivery {
    std::uint32_t delivered_to = 0;
    std::uint32_t devices = 0;  // other active ones
    bool done = false;          // at least one has it, and all that are not dormant
  };
  Delivery delivery(const OutboxEntry& entry, const DeviceId& self, const Roster& roster,
                    UnixMs wall, const ClientLimits& limits) const;
  // Lets everything go that is with all that count.
  void drop_delivered(Outbox& outbox, const DeviceId& self, const Roster& roster, UnixMs wall,
                      const ClientLimits& limits, Journal& journal) const;
  // Heads its device signed; null when it never said anything.
  const DeviceState* state_of(const DeviceId& device) const;

 private:
  struct Peer {
    DeviceState state;
    Bytes sealed;
    std::map<Incarnation, std::uint64_t> stored;  // of our chains, as far as they agree
  };
  std::map<DeviceId, Peer> peers_;
  std::map<DeviceId, UnixMs> heard_;
  bool heard_changed_ = false;
};

}  // namespace zerok::core
