// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/sqlite/sqlite_client_store.h"

#include "store/rules.h"
#include "store/sqlite/checksum.h"
#include "store/sqlite/limit.h"
#include "store/sqlite/named_values.h"

namespace zerok::store {

Result<std::unique_ptr<ClientStore>> open_sqlite_client_store(const SqliteOptions& options) {
  return SqliteClientStore::open(options);
}

Result<std::unique_ptr<ClientStore>> SqliteClientStore::open(const SqliteOptions& options) {
  ZEROK_TRY(auto database, Database::open(options, kClientSchema));
  return std::unique_ptr<ClientStore>(new SqliteClientStore(std::move(database)));
}

Result<void> SqliteClientStore::must_rise(const char* sql, std::uint64_t number) {
  auto row = database_->query(sql);
  ZEROK_TRY_VOID(row.next());
  if (!row.is_null(0) && row.number(0) >= number) return number_does_not_rise();
  return {};
}

Result<Bytes> SqliteClientStore::checked_bytes(const char* row, const char* sealed,
                                               std::uint64_t number) {
  ZEROK_TRY_VOID(database_->usable());
  if (!check_number(number)) return no_row();
  ZEROK_TRY(const bool is_there, exists(row, number));
  if (!is_there) return no_row();
  const DamageTolerance tolerance(*database_);
  auto bytes = database_->query(sealed, number);
  ZEROK_TRY(const bool found, bytes.next());
  if (!found || checksum(bytes.bytes(0), number) != bytes.number(1)) {
    return damaged_blob();
  }
  return bytes.copy(0);
}

Result<Bytes> SqliteClientStore::value(std::string_view name) {
  return named_value(*database_, name);
}

Result<void> SqliteClientStore::put_value(std::string_view name, ByteView value) {
  return put_named_value(*database_, name, value);
}

Result<std::vector<Bytes>> SqliteClientStore::roster() {
  std::vector<Bytes> entries;
  auto rows = database_->query("SELECT entry FROM roster ORDER BY number");
  while (true) {
    ZEROK_TRY(const bool another, rows.next());
    if (!another) return entries;
    entries.push_back(rows.copy(0));
  }
}

Result<void> SqliteClientStore::append_roster(std::uint32_t number, ByteView entry) {
  ZEROK_TRY_VOID(check_roster_entry(entry));
  {
    auto last = database_->query("SELECT max(number) FROM roster");
    ZEROK_TRY_VOID(last.next());
    const std::uint64_t next = last.is_null(0) ? 0 : last.number(0) + 1;
    if (number != next) return roster_has_another_length();
  }
  ZEROK_TRY_VOID(database_->change("INSERT INTO roster VALUES (?, ?)", number, entry));
  return {};
}

Result<std::vector<StoredEpoch>> SqliteClientStore::epochs() {
  std::vector<StoredEpoch> epochs;
  auto rows = database_->query(
      "SELECT epoch_group, epoch, number, wrapped_secret FROM epochs "
      "ORDER BY number, epoch_group");
  while (true) {
    ZEROK_TRY(const bool another, rows.next());
    if (!another) break;
    epochs.push_back({.epoch_group = rows.id<GroupId>(0),
                      .epoch = rows.id<EpochId>(1),
                      .number = static_cast<std::uint32_t>(rows.number(2)),
                      .wrapped_secret = rows.copy(3)});
  }
  ZEROK_TRY_VOID(rows.sound());
  return epochs;
}

Result<void> SqliteClientStore::put_epoch(const StoredEpoch& epoch) {
  ZEROK_TRY_VOID(check_epoch(epoch));
  ZEROK_TRY_VOID(database_->change("INSERT OR REPLACE INTO epochs VALUES (?, ?, ?, ?)",
                                   epoch.epoch_group, epoch.epoch, epoch.number,
                                   epoch.wrapped_secret));
  return {};
}

Result<std::vector<ChainHead>> SqliteClientStore::chain_heads() {
  std::vector<ChainHead> heads;
  auto rows = database_->query(
      "SELECT sender, incarnation, sequence, hash FROM chain_heads ORDER BY sender, incarnation");
  while (true) {
    ZEROK_TRY(const bool another, rows.next());
    if (!another) break;
    heads.push_back({.sender = rows.id<DeviceId>(0),
                     .incarnation = rows.id<Incarnation>(1),
                     .sequence = rows.number(2),
                     .hash = rows.id<ChainHash>(3)});
  }
  ZEROK_TRY_VOID(rows.sound());
  return heads;
}

Result<void> SqliteClientStore::put_chain_head(const ChainHead& head) {
  ZEROK_TRY_VOID(check_chain_head(head));
  ZEROK_TRY_VOID(database_->change("INSERT OR REPLACE INTO chain_heads VALUES (?, ?, ?, ?)",
                                   head.sender, head.incarnation, head.sequence, head.hash));
  return {};
}

Result<std::vector<PeerState>> SqliteClientStore::peer_states() {
  std::vector<PeerState> states;
  auto rows = database_->query("SELECT device, counter, state FROM peer_states ORDER BY device");
  while (true) {
    ZEROK_TRY(const bool another, rows.next());
    if (!another) break;
    states.push_back(
        {.device = rows.id<DeviceId>(0), .counter = rows.number(1), .state = rows.copy(2)});
  }
  ZEROK_TRY_VOID(rows.sound());
  return states;
}

Result<void> SqliteClientStore::put_peer_state(const PeerState& state) {
  ZEROK_TRY_VOID(check_peer_state(state));
  ZEROK_TRY_VOID(database_->change("INSERT OR REPLACE INTO peer_states VALUES (?, ?, ?)",
                                   state.device, state.counter, state.state));
  return {};
}

Result<void> SqliteClientStore::add_notice(const Notice& notice) {
  ZEROK_TRY_VOID(check_notice(notice));
  ZEROK_TRY_VOID(must_rise("SELECT max(number) FROM notices", notice.number));
  ZEROK_TRY_VOID(database_->change("INSERT INTO notices VALUES (?, ?, ?)", notice.number,
                                   notice.kind, notice.detail));
  return {};
}

Result<std::vector<Notice>> SqliteClientStore::notices(std::uint64_t after, std::size_t count) {
  std::vector<Notice> notices;
  auto rows = database_->query(
      "SELECT number, kind, detail FROM notices WHERE number > ? ORDER BY number LIMIT ?",
      as_bound(after), as_limit(count));
  while (true) {
    ZEROK_TRY(const bool another, rows.next());
    if (!another) return notices;
    notices.push_back({.number = rows.number(0),
                       .kind = static_cast<std::uint16_t>(rows.number(1)),
                       .detail = rows.copy(2)});
  }
}

Result<void> SqliteClientStore::remove_notices(std::uint64_t number) {
  ZEROK_TRY_VOID(database_->change("DELETE FROM notices WHERE number <= ?", as_bound(number)));
  return {};
}

}  // namespace zerok::store
