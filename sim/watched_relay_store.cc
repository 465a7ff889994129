// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/watched_relay_store.h"

namespace zerok::sim {

using store::GroupKey;

Result<void> WatchedRelayStore::commit() {
  const bool had_changes = inner_.has_changes();
  std::vector<RelayChange> changes = std::move(changes_);
  changes_.clear();
  if (!had_changes) return inner_.commit();
  try {
    ZEROK_TRY_VOID(fault_.commit(inner_));
  } catch (const PowerCut& cut) {
    if (cut.durable) ledger_.committed(changes);
    throw;
  }
  ledger_.committed(changes);
  return {};
}

void WatchedRelayStore::rollback() {
  changes_.clear();
  inner_.rollback();
}

Result<GroupKey> WatchedRelayStore::create_group(const GroupId& group,
                                                 ByteView first_roster_entry) {
  secrecy_.relay_holds(first_roster_entry, "a roster entry");
  ZEROK_TRY(const GroupKey key, inner_.create_group(group, first_roster_entry));
  changes_.push_back(GroupCreated{key, group});
  return key;
}

Result<void> WatchedRelayStore::append_roster(GroupKey group, std::uint32_t number,
                                              ByteView entry) {
  secrecy_.relay_holds(entry, "a roster entry");
  return inner_.append_roster(group, number, entry);
}

Result<void> WatchedRelayStore::put_device(GroupKey group, const store::RelayDevice& device) {
  ZEROK_TRY_VOID(inner_.put_device(group, device));
  changes_.push_back(DeviceAcknowledged{group, device.device, device.acknowledged});
  return {};
}

Result<void> WatchedRelayStore::put_state(GroupKey group, const DeviceId& device, ByteView state) {
  secrecy_.relay_holds(state, "a device's state");
  return inner_.put_state(group, device, state);
}

Result<void> WatchedRelayStore::append_line(GroupKey group, const store::NewLine& line) {
  secrecy_.relay_holds(line.sealed, "a blob");
  secrecy_.sealed(line.epoch_group, line.blob, line.sealed);
  ZEROK_TRY_VOID(inner_.append_line(group, line));
  LedgerLine kept;
  kept.blob = line.blob;
  kept.hash = line.ciphertext_hash;
  kept.log_hash = line.log_hash;
  kept.sender = line.sender;
  kept.committed = line.committed;
  changes_.push_back(LineAppended{group, line.cursor, kept});
  return {};
}

Result<std::vector<store::StoredLine>> WatchedRelayStore::read_lines(
    GroupKey group, std::uint64_t after, std::size_t lines_max, std::size_t bytes_max,
    const std::optional<DeviceId>& without_payload_of) {
  ZEROK_TRY(auto lines, inner_.read_lines(group, after, lines_max, bytes_max, without_payload_of));
  for (const store::StoredLine& line : lines) ledger_.read(group, line.info.cursor, line.info);
  return lines;
}

Result<void> WatchedRelayStore::make_stub(GroupKey group, std::uint64_t cursor,
                                          wire::StubReason reason, UnixMs now) {
  ZEROK_TRY_VOID(inner_.make_stub(group, cursor, reason, now));
  changes_.push_back(LineStubbed{group, cursor, reason});
  return {};
}

Result<wire::Position> WatchedRelayStore::drop_stubs(GroupKey group, std::uint64_t cursor,
                                                     std::size_t lines_max) {
  ZEROK_TRY(const wire::Position floor, inner_.drop_stubs(group, cursor, lines_max));
  changes_.push_back(LinesDropped{group, floor.cursor});
  return floor;
}

Result<void> WatchedRelayStore::put_value(std::string_view name, ByteView value) {
  secrecy_.relay_holds(value, "a named value");
  return inner_.put_value(name, value);
}

}  // namespace zerok::sim
