// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/sqlite/sqlite_relay_store.h"

#include "store/rules.h"
#include "store/sqlite/named_values.h"

namespace zerok::store {
namespace {

// Rows of groups kept in memory between transactions.
constexpr std::size_t kGroupsKept = 4096;

}  // namespace

Result<std::unique_ptr<RelayStore>> open_sqlite_relay_store(const SqliteOptions& options) {
  return SqliteRelayStore::open(options);
}

Result<std::unique_ptr<RelayStore>> SqliteRelayStore::open(const SqliteOptions& options) {
  ZEROK_TRY(auto database, Database::open(options, kRelaySchema));
  std::unique_ptr<SqliteRelayStore> store(new SqliteRelayStore(std::move(database)));
  auto last = store->database_->query("SELECT max(id) FROM payloads");
  ZEROK_TRY_VOID(last.next());
  store->next_payload_ = last.number(0) + 1;
  return store;
}

Result<RelayTotals*> SqliteRelayStore::cached_totals() {
  ZEROK_TRY_VOID(database_->usable());
  if (!totals_) {
    auto row = database_->query("SELECT groups, payload_bytes, lines FROM totals WHERE id = 1");
    ZEROK_TRY(const bool found, row.next());
    if (!found) return row.damaged();
    totals_ = {.groups = row.number(0), .payload_bytes = row.number(1), .lines = row.number(2)};
  }
  return &*totals_;
}

Result<void> SqliteRelayStore::commit() {
  if (!has_changes()) return database_->commit();
  Result<void> result = database_->usable();
  if (result) result = write_groups();
  if (result) result = write_live();
  if (result) result = write_totals();
  if (result) result = database_->commit();
  if (!result) {
    rollback();
    return result;
  }
  if (groups_.size() > kGroupsKept) groups_.clear();
  return {};
}

void SqliteRelayStore::rollback() {
  database_->rollback();
  groups_.clear();
  touched_.clear();
  live_.clear();
  totals_.reset();
  totals_touched_ = false;
}

Result<SqliteRelayStore::Group*> SqliteRelayStore::find(GroupKey key) {
  ZEROK_TRY_VOID(database_->usable());
  const auto known = groups_.find(key);
  if (known != groups_.end()) return &known->second;
  if (!check_number(static_cast<std::uint64_t>(key))) return no_group();
  auto row = database_->query(
      "SELECT head, head_hash, floor, floor_hash, payload_bytes, roster_length, first_removed "
      "FROM groups WHERE id = ?",
      key);
  ZEROK_TRY(const bool found, row.next());
  if (!found) return no_group();
  Group group{.head = {.cursor = row.number(0), .log_hash = row.id<LogHash>(1)},
              .floor = {.cursor = row.number(2), .log_hash = row.id<LogHash>(3)},
              .payload_bytes = row.number(4),
              .roster_length = static_cast<std::uint32_t>(row.number(5))};
  if (!row.is_null(6)) group.first_removed = row.integer(6);
  ZEROK_TRY_VOID(row.sound());
  return &groups_.emplace(key, group).first->second;
}

Result<void> SqliteRelayStore::write_groups() {
  for (const GroupKey key : touched_) {
    const Group& group = groups_.find(key)->second;
    ZEROK_TRY_VOID(database_->change(
        "UPDATE groups SET head = ?, head_hash = ?, floor = ?, floor_hash = ?, payload_bytes = ?, "
        "roster_length = ?, first_removed = ? WHERE id = ?",
        group.head.cursor, group.head.log_hash, group.floor.cursor, group.floor.log_hash,
        group.payload_bytes, group.roster_length, group.first_removed, key));
  }
  touched_.clear();
  return {};
}

Result<void> SqliteRelayStore::write_totals() {
  if (!totals_touched_) return {};
  ZEROK_TRY_VOID(
      database_->change("UPDATE totals SET groups = ?, payload_bytes = ?, lines = ? WHERE id = 1",
                        totals_->groups, totals_->payload_bytes, totals_->lines));
  totals_touched_ = false;
  return {};
}

Result<std::optional<RelayGroup>> SqliteRelayStore::load_group(const GroupId& group) {
  auto row = database_->query("SELECT id FROM groups WHERE group_id = ?", group);
  ZEROK_TRY(const bool found, row.next());
  if (!found) return std::nullopt;
  const auto key = static_cast<GroupKey>(row.number(0));
  ZEROK_TRY(const Group* const cached, find(key));
  RelayGroup loaded{.key = key,
                    .group = group,
                    .head = cached->head,
                    .floor = cached->floor,
                    .payload_bytes = cached->payload_bytes};
  auto entries =
      database_->query("SELECT entry FROM roster WHERE group_key = ? ORDER BY number", key);
  while (true) {
    ZEROK_TRY(const bool another, entries.next());
    if (!another) break;
    loaded.roster.push_back(entries.copy(0));
  }
  if (loaded.roster.size() != cached->roster_length) {
    return entries.damaged();
  }
  auto devices = database_->query(
      "SELECT device, acknowledged, own_lines, last_seen, state "
      "FROM devices LEFT JOIN states USING (group_key, device) WHERE group_key = ? ORDER BY device",
      key);
  while (true) {
    ZEROK_TRY(const bool another, devices.next());
    if (!another) break;
    loaded.devices.push_back({.device = devices.id<DeviceId>(0),
                              .acknowledged = devices.number(1),
                              .own_lines = devices.number(2),
                              .last_seen = devices.integer(3),
                              .state = devices.copy(4)});
  }
  ZEROK_TRY_VOID(devices.sound());
  return loaded;
}

Result<GroupKey> SqliteRelayStore::create_group(const GroupId& group, ByteView first_roster_entry) {
  ZEROK_TRY_VOID(check_roster_entry(first_roster_entry));
  {
    auto known = database_->query("SELECT id FROM groups WHERE group_id = ?", group);
    ZEROK_TRY(const bool found, known.next());
    if (found) return group_is_there();
  }
  ZEROK_TRY(RelayTotals* const totals, cached_totals());
  const auto key = static_cast<GroupKey>(totals->groups + 1);
  ZEROK_TRY_VOID(database_->change("INSERT INTO groups VALUES (?, ?, 0, ?, 0, ?, 0, 1, NULL)", key,
                                   group, LogHash(), LogHash()));
  ZEROK_TRY_VOID(database_->change("INSERT INTO roster VALUES (?, 0, ?)", key, first_roster_entry));
  ++totals->groups;
  totals_touched_ = true;
  return key;
}

Result<void> SqliteRelayStore::append_roster(GroupKey group, std::uint32_t number, ByteView entry) {
  ZEROK_TRY(Group* const found, find(group));
  ZEROK_TRY_VOID(check_roster_entry(entry));
  if (number != found->roster_length) return roster_has_another_length();
  ZEROK_TRY_VOID(database_->change("INSERT INTO roster VALUES (?, ?, ?)", group, number, entry));
  ++found->roster_length;
  touched_.insert(group);
  return {};
}

Result<void> SqliteRelayStore::put_device(GroupKey group, const RelayDevice& device) {
  ZEROK_TRY_VOID(find(group));
  ZEROK_TRY_VOID(check_device(device));
  ZEROK_TRY_VOID(database_->change(
      "INSERT INTO devices VALUES (?, ?, ?, ?, ?) ON CONFLICT (group_key, device) DO UPDATE SET "
      "acknowledged = excluded.acknowledged, own_lines = excluded.own_lines, "
      "last_seen = excluded.last_seen",
      group, device.device, device.acknowledged, device.own_lines, device.last_seen));
  return {};
}

Result<void> SqliteRelayStore::put_state(GroupKey group, const DeviceId& device, ByteView state) {
  ZEROK_TRY_VOID(find(group));
  ZEROK_TRY_VOID(check_state(state));
  {
    auto row =
        database_->query("SELECT 1 FROM devices WHERE group_key = ? AND device = ?", group, device);
    ZEROK_TRY(const bool found, row.next());
    if (!found) return no_device();
  }
  ZEROK_TRY_VOID(
      database_->change("INSERT OR REPLACE INTO states VALUES (?, ?, ?)", group, device, state));
  return {};
}

Result<RelayTotals> SqliteRelayStore::totals() {
  ZEROK_TRY(const RelayTotals* const totals, cached_totals());
  return *totals;
}

Result<Bytes> SqliteRelayStore::value(std::string_view name) {
  return named_value(*database_, name);
}

Result<void> SqliteRelayStore::put_value(std::string_view name, ByteView value) {
  return put_named_value(*database_, name, value);
}

}  // namespace zerok::store
