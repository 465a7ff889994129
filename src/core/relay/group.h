// SPDX-License-Identifier: MIT OR Apache-2.0
// RelayGroup: what a relay knows of one group while a device of it is connected: its roster, where
// its log stands, and how far each device is. Decides which cursor a line gets and what may be
// removed. Holds no payload. Changed ahead of the store, so it is loaded anew when a commit fails.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "core/relay/effects.h"
#include "core/roster.h"
#include "wire/messages/notify.h"

namespace zerok::core {

class RelayGroup {
 public:
  // Verifies the roster. Its error, or kMalformed for a record that contradicts itself.
  static Result<RelayGroup> load(GroupRecord&& record);

  LogKey key() const { return key_; }
  const GroupId& id() const { return roster_.group(); }
  const Roster& roster() const { return roster_; }
  const wire::Position& head() const { return head_; }
  const wire::Position& floor() const { return floor_; }
  std::uint64_t payload_bytes() const { return payload_bytes_; }
  // Of everybody who ever was a member, by ascending id.
  const std::map<DeviceId, DeviceRecord>& devices() const { return devices_; }

  // As Roster::apply(); makes room for a new device.
  Result<void> apply_roster_entry(ByteView entry);

  // Gives a blob the next cursor. The sender is a member.
  LineRecord append(const BlobId& blob, const DeviceId& sender, const CiphertextHash& hash,
                    std::size_t sealed_bytes);
  void payload_removed(std::uint64_t sealed_bytes);
  void set_floor(const wire::Position& floor);

  // The devices' own records; null for who never was a member.
  const DeviceRecord* find(const DeviceId& device) const;
  // Never backwards, never past the head. True if it moved.
  bool acknowledge(const DeviceId& device, std::uint64_t cursor);
  void saw(const DeviceId& device, UnixMs now);
  void set_state(const DeviceId& device, ByteView state);
  // Records that changed since they were last taken to be stored.
  bool has_unsaved() const { return !unsaved_.empty(); }
  std::vector<DeviceRecord> take_unsaved();

  // As it was before a clean-up that the store did not take; every record is to be saved again.
  void undo(std::uint64_t payload_bytes, const wire::Position& floor);

  // A line of this sender is confirmed up to that cursor: every other active device has it. 0 with
  // fewer than two active devices. `online` serves only the planted bug.
  std::uint64_t confirmed_to(const DeviceId& sender, const std::set<DeviceId>& online) const;
  // The highest of these for any sender.
  std::uint64_t confirmed_max(const std::set<DeviceId>& online) const;
  // Every active device has acknowledged that much; 0 if there is none.
  std::uint64_t acknowledged_by_all() const;
  // The device that keeps the most from being removed.
  std::optional<wire::Laggard> laggard() const;

 private:
  explicit RelayGroup(Roster roster) : roster_(std::move(roster)) {}

  LogKey key_{};
  Roster roster_;
  wire::Position head_{};
  wire::Position floor_{};
  std::uint64_t payload_bytes_ = 0;
  std::map<DeviceId, DeviceRecord> devices_;
  std::set<DeviceId> unsaved_;
};

}  // namespace zerok::core
