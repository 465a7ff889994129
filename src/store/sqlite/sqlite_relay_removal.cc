// SPDX-License-Identifier: MIT OR Apache-2.0
// SqliteRelayStore: what may be removed, and removing it in small steps.
#include <algorithm>

#include "store/rules.h"
#include "store/sqlite/limit.h"
#include "store/sqlite/live_blocks.h"
#include "store/sqlite/sqlite_relay_store.h"

namespace zerok::store {

Result<std::vector<LineInfo>> SqliteRelayStore::payload_lines(GroupKey group, std::uint64_t after,
                                                              std::size_t lines_max) {
  ZEROK_TRY_VOID(find(group));
  ZEROK_TRY_VOID(write_live());
  std::vector<LineInfo> lines;
  if (!check_number(after)) return lines;
  // Only blocks that have a payload: stubs can lie before it in any number.
  auto blocks = database_->query(
      "SELECT DISTINCT block FROM live WHERE group_key = ? AND block >= ? ORDER BY block", group,
      block_of(after));
  while (lines.size() < lines_max) {
    ZEROK_TRY(const bool another_block, blocks.next());
    if (!another_block) break;
    const std::uint64_t first = first_of_block(blocks.number(0));
    auto statement = database_->query(
        "SELECT " ZEROK_LINE_COLUMNS
        " FROM lines WHERE group_key = ? AND cursor > ? AND cursor >= ? AND cursor < ? "
        "AND payload IS NOT NULL ORDER BY cursor LIMIT ?",
        group, after, first, first + kBlockLines, as_limit(lines_max - lines.size()));
    while (true) {
      ZEROK_TRY(const bool another, statement.next());
      if (!another) break;
      ZEROK_TRY(const Row row, read_row(group, statement));
      lines.push_back(row.info);
    }
  }
  return lines;
}

Result<std::vector<LineRef>> SqliteRelayStore::payloads_older_than(UnixMs before,
                                                                   std::size_t lines_max) {
  std::vector<LineRef> lines;
  auto statement = database_->query(
      "SELECT group_key, cursor FROM lines WHERE payload IS NOT NULL AND committed < ? "
      "ORDER BY committed, group_key, cursor LIMIT ?",
      before, as_limit(lines_max));
  while (true) {
    ZEROK_TRY(const bool another, statement.next());
    if (!another) return lines;
    lines.push_back(
        {.group = static_cast<GroupKey>(statement.number(0)), .cursor = statement.number(1)});
  }
}

Result<void> SqliteRelayStore::make_stub(GroupKey group, std::uint64_t cursor,
                                         wire::StubReason reason, UnixMs now) {
  ZEROK_TRY(Group* const found, find(group));
  ZEROK_TRY(std::optional<Row> row, line_at(group, cursor));
  if (!row) return no_line();
  if (!row->payload) return {};
  ZEROK_TRY(RelayTotals* const totals, cached_totals());
  const std::uint64_t payload = *row->payload;
  row->payload = std::nullopt;
  row->info.stub = reason;
  row->removed = now;
  ZEROK_TRY_VOID(
      database_->change("UPDATE lines SET payload = NULL, reason = ?, removed = ?, checksum = ? "
                        "WHERE group_key = ? AND cursor = ?",
                        reason, now, row_checksum(group, *row), group, cursor));
  {
    const DamageTolerance tolerance(*database_);
    ZEROK_TRY_VOID(database_->change("DELETE FROM payloads WHERE id = ?", payload));
  }
  --live_[{group, block_of(cursor), row->info.sender}];
  found->payload_bytes -= row->info.sealed_bytes;
  if (cursor == found->floor.cursor + 1) found->first_removed = now;
  touched_.insert(group);
  totals->payload_bytes -= row->info.sealed_bytes;
  totals_touched_ = true;
  return {};
}

Result<std::vector<LineRef>> SqliteRelayStore::stubs_older_than(UnixMs before,
                                                                std::size_t groups_max) {
  ZEROK_TRY_VOID(write_groups());
  std::vector<LineRef> refs;
  auto groups = database_->query(
      "SELECT id, floor FROM groups WHERE first_removed IS NOT NULL AND first_removed < ? "
      "ORDER BY first_removed, id LIMIT ?",
      before, as_limit(groups_max));
  while (true) {
    ZEROK_TRY(const bool another_group, groups.next());
    if (!another_group) return refs;
    LineRef ref{.group = static_cast<GroupKey>(groups.number(0)), .cursor = groups.number(1)};
    auto lines = database_->query(
        "SELECT cursor FROM lines WHERE group_key = ? AND cursor > ? AND cursor <= ? "
        "AND NOT (payload IS NULL AND removed < ?) ORDER BY cursor LIMIT 1",
        ref.group, ref.cursor, ref.cursor + kStubRunMax, before);
    ZEROK_TRY(const bool ends, lines.next());
    ZEROK_TRY(const Group* const group, find(ref.group));
    ref.cursor =
        ends ? lines.number(0) - 1 : std::min(ref.cursor + kStubRunMax, group->head.cursor);
    refs.push_back(ref);
  }
}

Result<wire::Position> SqliteRelayStore::drop_stubs(GroupKey group, std::uint64_t cursor,
                                                    std::size_t lines_max) {
  ZEROK_TRY(Group* const found, find(group));
  ZEROK_TRY(RelayTotals* const totals, cached_totals());
  wire::Position floor = found->floor;
  std::optional<UnixMs> first_removed = found->first_removed;
  {
    auto statement = database_->query(
        "SELECT " ZEROK_LINE_COLUMNS " FROM lines WHERE group_key = ? ORDER BY cursor", group);
    for (std::size_t i = 0; i <= lines_max; ++i) {
      ZEROK_TRY(const bool another, statement.next());
      first_removed = std::nullopt;
      if (!another) break;
      ZEROK_TRY(const Row row, read_row(group, statement));
      if (row.payload) break;
      first_removed = row.removed;
      if (i == lines_max || row.info.cursor > cursor) break;
      floor = {.cursor = row.info.cursor, .log_hash = row.info.log_hash};
    }
  }
  if (floor == found->floor) return floor;
  ZEROK_TRY(const std::uint64_t dropped,
            database_->change("DELETE FROM lines WHERE group_key = ? AND cursor <= ?", group,
                              floor.cursor));
  found->floor = floor;
  found->first_removed = first_removed;
  touched_.insert(group);
  totals->lines -= dropped;
  totals_touched_ = true;
  return floor;
}

}  // namespace zerok::store
