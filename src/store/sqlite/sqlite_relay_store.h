// SPDX-License-Identifier: MIT OR Apache-2.0
// SqliteRelayStore: a RelayStore in one SQLite file. Heads, counters and totals are kept in memory
// while a transaction runs and written once, at its end; a rollback forgets them. Tables and what
// each index is for: relay_schema.cc. Use it through sqlite_store.h.
#pragma once

#include <map>
#include <set>
#include <tuple>

#include "store/sqlite/database.h"

namespace zerok::store {

extern const Schema kRelaySchema;

class SqliteRelayStore final : public RelayStore {
 public:
  static Result<std::unique_ptr<RelayStore>> open(const SqliteOptions& options);

  Result<void> commit() override;
  void rollback() override;
  bool has_changes() const override { return database_->has_changes(); }

  Result<std::optional<RelayGroup>> load_group(const GroupId& group) override;
  Result<GroupKey> create_group(const GroupId& group, ByteView first_roster_entry) override;
  Result<void> append_roster(GroupKey group, std::uint32_t number, ByteView entry) override;
  Result<void> put_device(GroupKey group, const RelayDevice& device) override;
  Result<void> put_state(GroupKey group, const DeviceId& device, ByteView state) override;
  Result<void> append_line(GroupKey group, const NewLine& line) override;
  Result<std::optional<LineInfo>> find_blob(GroupKey group, const BlobId& blob) override;
  Result<std::optional<LogHash>> log_hash_at(GroupKey group, std::uint64_t cursor) override;
  Result<std::vector<StoredLine>> read_lines(
      GroupKey group, std::uint64_t after, std::size_t lines_max, std::size_t bytes_max,
      const std::optional<DeviceId>& without_payload_of) override;
  Result<std::uint64_t> count_foreign(GroupKey group, std::uint64_t after,
                                      const DeviceId& device) override;
  Result<std::vector<LineInfo>> payload_lines(GroupKey group, std::uint64_t after,
                                              std::size_t lines_max) override;
  Result<std::vector<LineRef>> payloads_older_than(UnixMs before, std::size_t lines_max) override;
  Result<void> make_stub(GroupKey group, std::uint64_t cursor, wire::StubReason reason,
                         UnixMs now) override;
  Result<std::vector<LineRef>> stubs_older_than(UnixMs before, std::size_t groups_max) override;
  Result<wire::Position> drop_stubs(GroupKey group, std::uint64_t cursor,
                                    std::size_t lines_max) override;
  Result<RelayTotals> totals() override;
  Result<Bytes> value(std::string_view name) override;
  Result<void> put_value(std::string_view name, ByteView value) override;

 private:
  // The row of a group. It is right until the file says otherwise, which only we make it do.
  struct Group {
    wire::Position head{};
    wire::Position floor{};
    std::uint64_t payload_bytes = 0;
    std::uint32_t roster_length = 0;
    std::optional<UnixMs> first_removed{};  // when the first line became a stub, if it is one
  };
  // A line's row.
  struct Row {
    LineInfo info;
    std::optional<std::uint64_t> payload{};  // its row there; nothing for a stub
    std::uint64_t payload_checksum = 0;
    UnixMs removed = 0;
  };
  using LiveKey = std::tuple<GroupKey, std::uint64_t, DeviceId>;

  explicit SqliteRelayStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  // As Group: read once, written at the end of a transaction.
  Result<RelayTotals*> cached_totals();
  // kNotFound, or the error of a lost transaction. Valid until the commit or rollback.
  Result<Group*> find(GroupKey key);
  Result<void> write_groups();
  Result<void> write_live();
  Result<void> write_totals();

  static std::uint64_t row_checksum(GroupKey group, const Row& row);
  // Of a statement that selects kColumns.
  static Result<Row> read_row(GroupKey group, Statement& statement);
  Result<std::optional<Row>> line_at(GroupKey group, std::uint64_t cursor);
  // Nothing if it is not what was written.
  Result<std::optional<Bytes>> payload_of(const Row& row);

  std::unique_ptr<Database> database_;
  std::map<GroupKey, Group> groups_;
  std::set<GroupKey> touched_;  // groups whose row is to be written
  // How many payloads more or less there are, per block of lines and sender.
  std::map<LiveKey, std::int64_t> live_;
  std::optional<RelayTotals> totals_;
  bool totals_touched_ = false;
  std::uint64_t next_payload_ = 1;
};

}  // namespace zerok::store
