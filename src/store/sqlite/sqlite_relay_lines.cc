// SPDX-License-Identifier: MIT OR Apache-2.0
// SqliteRelayStore: appending, finding, reading and counting lines.
#include <algorithm>

#include "store/rules.h"
#include "store/sqlite/checksum.h"
#include "store/sqlite/live_blocks.h"
#include "store/sqlite/sqlite_relay_store.h"

namespace zerok::store {

std::uint64_t SqliteRelayStore::row_checksum(GroupKey group, const Row& row) {
  ByteArray<8 + 8 + 32 + 16 + 32 + 32 + 32 + 8 + 8 + 8 + 8 + 8 + 8> bytes;
  auto out = MutableByteView(bytes);
  const auto number = [&](std::uint64_t value) {
    store_be64(out, value);
    out = out.subspan(8);
  };
  const auto id = [&](const auto& value) {
    std::ranges::copy(value.bytes(), out.begin());
    out = out.subspan(value.kSize);
  };
  const LineInfo& info = row.info;
  number(static_cast<std::uint64_t>(group));
  number(info.cursor);
  id(info.log_hash);
  id(info.blob);
  id(info.sender);
  id(info.epoch_group);
  id(info.ciphertext_hash);
  number(static_cast<std::uint64_t>(info.committed));
  number(info.sealed_bytes);
  number(row.payload.value_or(0));
  number(info.stub ? 1 + static_cast<std::uint64_t>(*info.stub) : 0);
  number(static_cast<std::uint64_t>(row.removed));
  number(row.payload_checksum);
  ZEROK_ASSERT(out.empty());
  return checksum(bytes);
}

Result<SqliteRelayStore::Row> SqliteRelayStore::read_row(GroupKey group, Statement& statement) {
  Row row{.info = {.cursor = statement.number(0),
                   .log_hash = statement.id<LogHash>(1),
                   .blob = statement.id<BlobId>(2),
                   .sender = statement.id<DeviceId>(3),
                   .epoch_group = statement.id<GroupId>(4),
                   .ciphertext_hash = statement.id<CiphertextHash>(5),
                   .committed = statement.integer(6),
                   .sealed_bytes = static_cast<std::uint32_t>(statement.number(7))},
          .payload_checksum = statement.number(11),
          .removed = statement.integer(10)};
  if (!statement.is_null(8)) row.payload = statement.number(8);
  if (!statement.is_null(9)) row.info.stub = static_cast<wire::StubReason>(statement.number(9));
  ZEROK_TRY_VOID(statement.sound());
  if (row_checksum(group, row) != statement.number(12)) return statement.damaged();
  return row;
}

Result<std::optional<SqliteRelayStore::Row>> SqliteRelayStore::line_at(GroupKey group,
                                                                       std::uint64_t cursor) {
  if (!check_number(cursor)) return std::nullopt;
  auto statement = database_->query(
      "SELECT " ZEROK_LINE_COLUMNS " FROM lines WHERE group_key = ? AND cursor = ?", group, cursor);
  ZEROK_TRY(const bool found, statement.next());
  if (!found) return std::nullopt;
  return read_row(group, statement);
}

Result<void> SqliteRelayStore::append_line(GroupKey group, const NewLine& line) {
  ZEROK_TRY(Group* const found, find(group));
  ZEROK_TRY_VOID(check_line(line));
  if (line.cursor != found->head.cursor + 1) return cursor_does_not_follow();
  ZEROK_TRY(RelayTotals* const totals, cached_totals());
  const Row row{.info = {.cursor = line.cursor,
                         .log_hash = line.log_hash,
                         .blob = line.blob,
                         .sender = line.sender,
                         .epoch_group = line.epoch_group,
                         .ciphertext_hash = line.ciphertext_hash,
                         .committed = line.committed,
                         .sealed_bytes = static_cast<std::uint32_t>(line.sealed.size())},
                .payload = next_payload_,
                .payload_checksum = checksum(line.sealed)};
  ZEROK_TRY(
      const std::uint64_t added,
      database_->change("INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, 0, ?, ?) "
                        "ON CONFLICT (group_key, blob) DO NOTHING",
                        group, line.cursor, line.log_hash, line.blob, line.sender, line.epoch_group,
                        line.ciphertext_hash, line.committed, row.info.sealed_bytes, next_payload_,
                        row.payload_checksum, row_checksum(group, row)));
  if (added == 0) return blob_has_a_line();
  ZEROK_TRY_VOID(
      database_->change("INSERT INTO payloads VALUES (?, ?)", next_payload_, line.sealed));
  ++next_payload_;
  ++live_[{group, block_of(line.cursor), line.sender}];
  found->head = {.cursor = line.cursor, .log_hash = line.log_hash};
  found->payload_bytes += line.sealed.size();
  touched_.insert(group);
  totals->payload_bytes += line.sealed.size();
  ++totals->lines;
  totals_touched_ = true;
  return {};
}

Result<std::optional<LineInfo>> SqliteRelayStore::find_blob(GroupKey group, const BlobId& blob) {
  ZEROK_TRY_VOID(find(group));
  auto statement = database_->query(
      "SELECT " ZEROK_LINE_COLUMNS " FROM lines WHERE group_key = ? AND blob = ?", group, blob);
  ZEROK_TRY(const bool found, statement.next());
  if (!found) return std::nullopt;
  ZEROK_TRY(const Row row, read_row(group, statement));
  return row.info;
}

Result<std::optional<LogHash>> SqliteRelayStore::log_hash_at(GroupKey group, std::uint64_t cursor) {
  ZEROK_TRY(const Group* const found, find(group));
  if (cursor == found->floor.cursor) return found->floor.log_hash;
  if (cursor == found->head.cursor) return found->head.log_hash;
  ZEROK_TRY(const std::optional<Row> row, line_at(group, cursor));
  if (!row) return std::nullopt;
  return row->info.log_hash;
}

Result<std::optional<Bytes>> SqliteRelayStore::payload_of(const Row& row) {
  const DamageTolerance tolerance(*database_);
  auto statement = database_->query("SELECT sealed FROM payloads WHERE id = ?", row.payload);
  ZEROK_TRY(const bool found, statement.next());
  if (!found) return std::nullopt;
  const ByteView sealed = statement.bytes(0);
  if (sealed.size() != row.info.sealed_bytes || checksum(sealed) != row.payload_checksum) {
    return std::nullopt;
  }
  return Bytes(sealed.begin(), sealed.end());
}

Result<std::vector<StoredLine>> SqliteRelayStore::read_lines(
    GroupKey group, std::uint64_t after, std::size_t lines_max, std::size_t bytes_max,
    const std::optional<DeviceId>& without_payload_of) {
  ZEROK_TRY(const Group* const found, find(group));
  std::vector<StoredLine> lines;
  if (after >= found->head.cursor) return lines;
  auto statement = database_->query(
      "SELECT " ZEROK_LINE_COLUMNS " FROM lines WHERE group_key = ? AND cursor > ? ORDER BY cursor",
      group, after);
  std::size_t bytes = 0;
  std::uint64_t cursor = std::max(after, found->floor.cursor);
  while (lines.size() < lines_max && cursor < found->head.cursor) {
    ZEROK_TRY(const bool another, statement.next());
    if (!another) return statement.damaged();
    ZEROK_TRY(const Row row, read_row(group, statement));
    if (row.info.cursor != ++cursor) return statement.damaged();
    StoredLine line{.info = row.info};
    if (row.payload && row.info.sender != without_payload_of) {
      bytes += row.info.sealed_bytes;
      if (bytes > bytes_max && !lines.empty()) break;
      ZEROK_TRY(auto sealed, payload_of(row));
      if (!sealed) {
        if (!lines.empty()) break;
        return fail(ErrorCode::kMalformed, "the disk has damaged a payload");
      }
      line.sealed = std::move(*sealed);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

Result<std::uint64_t> SqliteRelayStore::count_foreign(GroupKey group, std::uint64_t after,
                                                      const DeviceId& device) {
  ZEROK_TRY_VOID(find(group));
  ZEROK_TRY_VOID(write_live());
  if (!check_number(after)) return 0;
  const std::uint64_t block = block_of(after);
  auto lines = database_->query(
      "SELECT count(*) FROM lines WHERE group_key = ? AND cursor > ? AND cursor < ? "
      "AND payload IS NOT NULL AND sender <> ?",
      group, after, first_of_block(block + 1), device);
  ZEROK_TRY_VOID(lines.next());
  auto blocks = database_->query(
      "SELECT sum(payloads) FROM live WHERE group_key = ? AND block > ? AND sender <> ?", group,
      block, device);
  ZEROK_TRY_VOID(blocks.next());
  return lines.number(0) + blocks.number(0);
}

Result<void> SqliteRelayStore::write_live() {
  for (const auto& [key, more] : live_) {
    if (more == 0) continue;
    const auto& [group, block, sender] = key;
    ZEROK_TRY_VOID(database_->change(
        "INSERT INTO live VALUES (?, ?, ?, ?) ON CONFLICT (group_key, block, sender) "
        "DO UPDATE SET payloads = payloads + excluded.payloads",
        group, block, sender, more));
    if (more > 0) continue;
    ZEROK_TRY_VOID(database_->change(
        "DELETE FROM live WHERE group_key = ? AND block = ? AND sender = ? AND payloads <= 0",
        group, block, sender));
  }
  live_.clear();
  return {};
}

}  // namespace zerok::store
