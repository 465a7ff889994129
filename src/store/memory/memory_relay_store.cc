// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/memory/memory_relay_store.h"

#include <algorithm>

#include "store/rules.h"

namespace zerok::store {
namespace {

// Index of the first line above `after`.
std::size_t index_above(const MemoryGroup& group, std::uint64_t after) {
  if (after <= group.floor.cursor) return 0;
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(after - group.floor.cursor, group.lines.size()));
}

MemoryLine* line_at(MemoryGroup& group, std::uint64_t cursor) {
  if (cursor <= group.floor.cursor || cursor > group.head.cursor) return nullptr;
  return &group.lines[static_cast<std::size_t>(cursor - group.floor.cursor - 1)];
}

}  // namespace

Result<MemoryGroup*> MemoryRelayStore::find(GroupKey key) {
  ZEROK_TRY_VOID(transaction_.usable());
  const auto number = static_cast<std::uint64_t>(key);
  if (number == 0 || number > state_.groups.size()) return no_group();
  return &state_.groups[static_cast<std::size_t>(number - 1)];
}

Result<std::optional<RelayGroup>> MemoryRelayStore::load_group(const GroupId& group) {
  ZEROK_TRY_VOID(transaction_.usable());
  const auto key = state_.keys.find(group);
  if (key == state_.keys.end()) return std::nullopt;
  ZEROK_TRY(const MemoryGroup* const found, find(key->second));
  RelayGroup loaded{.key = key->second,
                    .group = group,
                    .head = found->head,
                    .floor = found->floor,
                    .payload_bytes = found->payload_bytes,
                    .roster = found->roster,
                    .devices = {}};
  for (const auto& [id, device] : found->devices) loaded.devices.push_back(device);
  return loaded;
}

Result<GroupKey> MemoryRelayStore::create_group(const GroupId& group, ByteView first_roster_entry) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(check_roster_entry(first_roster_entry));
  if (state_.keys.contains(group)) return group_is_there();
  ZEROK_TRY_VOID(transaction_.begin_change());
  const auto key = static_cast<GroupKey>(state_.groups.size() + 1);
  MemoryGroup& made = state_.groups.emplace_back();
  made.group = group;
  made.roster.emplace_back(first_roster_entry.begin(), first_roster_entry.end());
  state_.keys.emplace(group, key);
  ++state_.totals.groups;
  transaction_.undo_with([this, group] {
    state_.groups.pop_back();
    state_.keys.erase(group);
    --state_.totals.groups;
  });
  return key;
}

Result<void> MemoryRelayStore::append_roster(GroupKey group, std::uint32_t number, ByteView entry) {
  ZEROK_TRY(MemoryGroup* const found, find(group));
  ZEROK_TRY_VOID(check_roster_entry(entry));
  if (number != found->roster.size()) return roster_has_another_length();
  ZEROK_TRY_VOID(transaction_.begin_change());
  found->roster.emplace_back(entry.begin(), entry.end());
  transaction_.undo_with([found] { found->roster.pop_back(); });
  return {};
}

Result<void> MemoryRelayStore::put_device(GroupKey group, const RelayDevice& device) {
  ZEROK_TRY(MemoryGroup* const found, find(group));
  ZEROK_TRY_VOID(check_device(device));
  ZEROK_TRY_VOID(transaction_.begin_change());
  const auto [place, is_new] = found->devices.try_emplace(device.device);
  if (is_new) {
    transaction_.undo_with([found, id = device.device] { found->devices.erase(id); });
    place->second.device = device.device;
  } else {
    const RelayDevice& old = place->second;
    transaction_.undo_with([place, acknowledged = old.acknowledged, own_lines = old.own_lines,
                            last_seen = old.last_seen] {
      place->second.acknowledged = acknowledged;
      place->second.own_lines = own_lines;
      place->second.last_seen = last_seen;
    });
  }
  place->second.acknowledged = device.acknowledged;
  place->second.own_lines = device.own_lines;
  place->second.last_seen = device.last_seen;
  return {};
}

Result<void> MemoryRelayStore::put_state(GroupKey group, const DeviceId& device, ByteView state) {
  ZEROK_TRY(MemoryGroup* const found, find(group));
  ZEROK_TRY_VOID(check_state(state));
  const auto place = found->devices.find(device);
  if (place == found->devices.end()) return no_device();
  ZEROK_TRY_VOID(transaction_.begin_change());
  Bytes& slot = place->second.state;
  transaction_.undo_with([&slot, old = slot] { slot = old; });
  slot.assign(state.begin(), state.end());
  return {};
}

Result<void> MemoryRelayStore::append_line(GroupKey group, const NewLine& line) {
  ZEROK_TRY(MemoryGroup* const found, find(group));
  ZEROK_TRY_VOID(check_line(line));
  if (line.cursor != found->head.cursor + 1) return cursor_does_not_follow();
  if (found->cursors.contains(line.blob)) return blob_has_a_line();
  ZEROK_TRY_VOID(transaction_.begin_change());
  const std::uint64_t size = line.sealed.size();
  transaction_.undo_with([this, group, found, size, head = found->head] {
    const LineInfo& last = found->lines.back().info;
    found->cursors.erase(last.blob);
    state_.payloads.erase({last.committed, group, last.cursor});
    found->lines.pop_back();
    found->head = head;
    found->payload_bytes -= size;
    state_.totals.payload_bytes -= size;
    --state_.totals.lines;
  });
  found->lines.push_back({.info = {.cursor = line.cursor,
                                   .log_hash = line.log_hash,
                                   .blob = line.blob,
                                   .sender = line.sender,
                                   .epoch_group = line.epoch_group,
                                   .ciphertext_hash = line.ciphertext_hash,
                                   .committed = line.committed,
                                   .sealed_bytes = static_cast<std::uint32_t>(size)},
                          .sealed = Bytes(line.sealed.begin(), line.sealed.end())});
  found->cursors.emplace(line.blob, line.cursor);
  state_.payloads.emplace(line.committed, group, line.cursor);
  found->head = {.cursor = line.cursor, .log_hash = line.log_hash};
  found->payload_bytes += size;
  state_.totals.payload_bytes += size;
  ++state_.totals.lines;
  return {};
}

Result<std::optional<LineInfo>> MemoryRelayStore::find_blob(GroupKey group, const BlobId& blob) {
  ZEROK_TRY(MemoryGroup* const found, find(group));
  const auto cursor = found->cursors.find(blob);
  if (cursor == found->cursors.end()) return std::nullopt;
  return line_at(*found, cursor->second)->info;
}

Result<std::optional<LogHash>> MemoryRelayStore::log_hash_at(GroupKey group, std::uint64_t cursor) {
  ZEROK_TRY(MemoryGroup* const found, find(group));
  if (cursor == found->floor.cursor) return found->floor.log_hash;
  const MemoryLine* const line = line_at(*found, cursor);
  if (line == nullptr) return std::nullopt;
  return line->info.log_hash;
}

Result<std::vector<StoredLine>> MemoryRelayStore::read_lines(
    GroupKey group, std::uint64_t after, std::size_t lines_max, std::size_t bytes_max,
    const std::optional<DeviceId>& without_payload_of) {
  ZEROK_TRY(const MemoryGroup* const found, find(group));
  std::vector<StoredLine> lines;
  std::size_t bytes = 0;
  for (std::size_t i = index_above(*found, after);
       i < found->lines.size() && lines.size() < lines_max; ++i) {
    const MemoryLine& line = found->lines[i];
    const bool wanted = !line.info.stub && line.info.sender != without_payload_of;
    if (wanted) bytes += line.sealed.size();
    if (wanted && bytes > bytes_max && !lines.empty()) break;
    lines.push_back({.info = line.info, .sealed = wanted ? line.sealed : Bytes()});
  }
  return lines;
}

Result<std::uint64_t> MemoryRelayStore::count_foreign(GroupKey group, std::uint64_t after,
                                                      const DeviceId& device) {
  ZEROK_TRY(const MemoryGroup* const found, find(group));
  const auto first = found->lines.begin() + static_cast<std::ptrdiff_t>(index_above(*found, after));
  const auto count = std::count_if(first, found->lines.end(), [&](const MemoryLine& line) {
    return !line.info.stub && line.info.sender != device;
  });
  return static_cast<std::uint64_t>(count);
}

Result<std::vector<LineInfo>> MemoryRelayStore::payload_lines(GroupKey group, std::uint64_t after,
                                                              std::size_t lines_max) {
  ZEROK_TRY(const MemoryGroup* const found, find(group));
  std::vector<LineInfo> lines;
  for (std::size_t i = index_above(*found, after);
       i < found->lines.size() && lines.size() < lines_max; ++i) {
    if (!found->lines[i].info.stub) lines.push_back(found->lines[i].info);
  }
  return lines;
}

Result<std::vector<LineRef>> MemoryRelayStore::payloads_older_than(UnixMs before,
                                                                   std::size_t lines_max) {
  ZEROK_TRY_VOID(transaction_.usable());
  std::vector<LineRef> lines;
  for (const auto& [committed, group, cursor] : state_.payloads) {
    if (committed >= before || lines.size() == lines_max) break;
    lines.push_back({.group = group, .cursor = cursor});
  }
  return lines;
}

Result<void> MemoryRelayStore::make_stub(GroupKey group, std::uint64_t cursor,
                                         wire::StubReason reason, UnixMs now) {
  ZEROK_TRY(MemoryGroup* const found, find(group));
  MemoryLine* const line = line_at(*found, cursor);
  if (line == nullptr) return no_line();
  if (line->info.stub) return {};
  ZEROK_TRY_VOID(transaction_.begin_change());
  const std::uint64_t size = line->sealed.size();
  state_.payloads.erase({line->info.committed, group, cursor});
  found->payload_bytes -= size;
  state_.totals.payload_bytes -= size;
  line->info.stub = reason;
  line->removed = now;
  transaction_.undo_with([this, group, found, cursor, size, sealed = std::move(line->sealed)] {
    MemoryLine& again = *line_at(*found, cursor);
    again.info.stub = {};
    again.removed = 0;
    again.sealed = sealed;
    state_.payloads.emplace(again.info.committed, group, cursor);
    found->payload_bytes += size;
    state_.totals.payload_bytes += size;
  });
  line->sealed.clear();
  return {};
}

Result<std::vector<LineRef>> MemoryRelayStore::stubs_older_than(UnixMs before,
                                                                std::size_t groups_max) {
  ZEROK_TRY_VOID(transaction_.usable());
  std::set<std::pair<UnixMs, GroupKey>> waiting;
  const auto is_old = [&](const MemoryLine& line) {
    return line.info.stub.has_value() && line.removed < before;
  };
  for (const auto& [id, key] : state_.keys) {
    ZEROK_TRY(const MemoryGroup* const group, find(key));
    if (!group->lines.empty() && is_old(group->lines.front())) {
      waiting.emplace(group->lines.front().removed, key);
    }
  }
  std::vector<LineRef> refs;
  for (const auto& [removed, key] : waiting) {
    if (refs.size() == groups_max) break;
    ZEROK_TRY(const MemoryGroup* const group, find(key));
    std::size_t run = 0;
    while (run < std::min(group->lines.size(), kStubRunMax) && is_old(group->lines[run])) ++run;
    refs.push_back({.group = key, .cursor = group->floor.cursor + run});
  }
  return refs;
}

Result<wire::Position> MemoryRelayStore::drop_stubs(GroupKey group, std::uint64_t cursor,
                                                    std::size_t lines_max) {
  ZEROK_TRY(MemoryGroup* const found, find(group));
  for (std::size_t i = 0; i < lines_max; ++i) {
    if (found->lines.empty() || !found->lines.front().info.stub) break;
    if (found->floor.cursor >= cursor) break;
    if (i == 0) {
      ZEROK_TRY_VOID(transaction_.begin_change());
    }
    drop_first(*found);
  }
  return found->floor;
}

void MemoryRelayStore::drop_first(MemoryGroup& group) {
  MemoryLine line = std::move(group.lines.front());
  group.lines.pop_front();
  group.cursors.erase(line.info.blob);
  --state_.totals.lines;
  const wire::Position floor = group.floor;
  group.floor = {.cursor = line.info.cursor, .log_hash = line.info.log_hash};
  transaction_.undo_with([this, &group, floor, line = std::move(line)] {
    group.floor = floor;
    group.cursors.emplace(line.info.blob, line.info.cursor);
    group.lines.push_front(line);
    ++state_.totals.lines;
  });
}

Result<RelayTotals> MemoryRelayStore::totals() {
  ZEROK_TRY_VOID(transaction_.usable());
  return state_.totals;
}

Result<Bytes> MemoryRelayStore::value(std::string_view name) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(check_name(name));
  const auto found = state_.values.find(name);
  return found == state_.values.end() ? Bytes() : found->second;
}

Result<void> MemoryRelayStore::put_value(std::string_view name, ByteView value) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(check_value(name, value));
  ZEROK_TRY_VOID(transaction_.begin_change());
  put_memory_value(transaction_, state_.values, name, value);
  return {};
}

}  // namespace zerok::store
