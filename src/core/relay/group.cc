// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/relay/group.h"

#include <algorithm>

#include "base/check.h"
#include "base/planted_bug.h"
#include "core/log_hash.h"

namespace zerok::core {

Result<RelayGroup> RelayGroup::load(GroupRecord&& record) {
  if (record.roster.empty() || record.floor.cursor > record.head.cursor) {
    return fail(ErrorCode::kMalformed, "a stored group contradicts itself");
  }
  ZEROK_TRY(Roster roster, Roster::create(record.roster.front(), record.group));
  const auto extension = roster.extend(std::span(record.roster).subspan(1));
  if (extension.refused) return std::unexpected(*extension.refused);

  RelayGroup group(std::move(roster));
  group.key_ = record.key;
  group.head_ = record.head;
  group.floor_ = record.floor;
  group.payload_bytes_ = record.payload_bytes;
  for (auto& device : record.devices) {
    device.acknowledged = std::min(device.acknowledged, record.head.cursor);
    device.own_lines = std::min(device.own_lines, record.head.cursor);
    const DeviceId id = device.device;
    group.devices_.emplace(id, std::move(device));
  }
  for (const Member& member : group.roster_.members()) {
    group.devices_.try_emplace(member.device, DeviceRecord{.device = member.device, .state = {}});
  }
  return group;
}

Result<void> RelayGroup::apply_roster_entry(ByteView entry) {
  ZEROK_TRY_VOID(roster_.apply(entry));
  const DeviceId& device = roster_.members().back().device;
  devices_.try_emplace(device, DeviceRecord{.device = device, .state = {}});
  return {};
}

LineRecord RelayGroup::append(const BlobId& blob, const DeviceId& sender,
                              const CiphertextHash& hash, std::size_t sealed_bytes) {
  head_.cursor += 1;
  head_.log_hash = extend_log_hash(head_.log_hash, head_.cursor, blob, hash);
  payload_bytes_ += sealed_bytes;
  const auto device = devices_.find(sender);
  ZEROK_ASSERT(device != devices_.end());
  device->second.own_lines += 1;
  unsaved_.insert(sender);
  return LineRecord{.cursor = head_.cursor,
                    .log_hash = head_.log_hash,
                    .blob = blob,
                    .sender = sender,
                    .epoch_group = id(),
                    .ciphertext_hash = hash,
                    .sealed_bytes = static_cast<std::uint32_t>(sealed_bytes)};
}

void RelayGroup::payload_removed(std::uint64_t sealed_bytes) {
  payload_bytes_ -= std::min(payload_bytes_, sealed_bytes);
}

void RelayGroup::set_floor(const wire::Position& floor) {
  if (floor.cursor >= floor_.cursor && floor.cursor <= head_.cursor) floor_ = floor;
}

const DeviceRecord* RelayGroup::find(const DeviceId& device) const {
  const auto found = devices_.find(device);
  return found == devices_.end() ? nullptr : &found->second;
}

bool RelayGroup::acknowledge(const DeviceId& device, std::uint64_t cursor) {
  const auto found = devices_.find(device);
  if (found == devices_.end()) return false;
  cursor = std::min(cursor, head_.cursor);
  if (cursor <= found->second.acknowledged) return false;
  found->second.acknowledged = cursor;
  unsaved_.insert(device);
  return true;
}

void RelayGroup::saw(const DeviceId& device, UnixMs now) {
  const auto found = devices_.find(device);
  if (found == devices_.end() || found->second.last_seen == now) return;
  found->second.last_seen = now;
  unsaved_.insert(device);
}

void RelayGroup::set_state(const DeviceId& device, ByteView state) {
  const auto found = devices_.find(device);
  if (found != devices_.end()) found->second.state.assign(state.begin(), state.end());
}

std::vector<DeviceRecord> RelayGroup::take_unsaved() {
  std::vector<DeviceRecord> records;
  for (const DeviceId& device : unsaved_) {
    DeviceRecord record = devices_.at(device);
    record.state.clear();
    records.push_back(std::move(record));
  }
  unsaved_.clear();
  return records;
}

void RelayGroup::undo(std::uint64_t payload_bytes, const wire::Position& floor) {
  payload_bytes_ = payload_bytes;
  floor_ = floor;
  for (const auto& [device, record] : devices_) unsaved_.insert(device);
}

std::uint64_t RelayGroup::confirmed_to(const DeviceId& sender,
                                       const std::set<DeviceId>& online) const {
  if (roster_.active_count() < 2) return 0;
  std::uint64_t lowest = head_.cursor;
  std::size_t asked = 0;
  for (const Member& member : roster_.members()) {
    if (!member.active || member.device == sender) continue;
    if (planted(PlantedBug::kDeviceNotCounted) && !online.contains(member.device)) continue;
    lowest = std::min(lowest, devices_.at(member.device).acknowledged);
    ++asked;
  }
  return asked == 0 ? 0 : lowest;
}

std::uint64_t RelayGroup::confirmed_max(const std::set<DeviceId>& online) const {
  std::uint64_t highest = 0;
  for (const Member& member : roster_.members()) {
    highest = std::max(highest, confirmed_to(member.device, online));
  }
  return highest;
}

std::uint64_t RelayGroup::acknowledged_by_all() const {
  if (roster_.active_count() == 0) return 0;
  std::uint64_t lowest = head_.cursor;
  for (const Member& member : roster_.members()) {
    if (member.active) lowest = std::min(lowest, devices_.at(member.device).acknowledged);
  }
  return lowest;
}

std::optional<wire::Laggard> RelayGroup::laggard() const {
  std::optional<wire::Laggard> last;
  for (const Member& member : roster_.members()) {
    if (!member.active) continue;
    const std::uint64_t stored = devices_.at(member.device).acknowledged;
    if (stored < head_.cursor && (!last || stored < last->stored)) {
      last = wire::Laggard{.device = member.device, .stored = stored};
    }
  }
  return last;
}

}  // namespace zerok::core
