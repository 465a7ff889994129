// SPDX-License-Identifier: MIT OR Apache-2.0
// MemoryRelayStore: a RelayStore on a MemoryDisk, which opens it. All containers are ordered, so
// that nothing depends on addresses.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <tuple>

#include "store/memory/memory_disk.h"

namespace zerok::store {

struct MemoryLine {
  LineInfo info;
  Bytes sealed;
  UnixMs removed = 0;  // when it became a stub
};

struct MemoryGroup {
  GroupId group{};
  wire::Position head{};
  wire::Position floor{};
  std::uint64_t payload_bytes = 0;
  std::vector<Bytes> roster;
  std::map<DeviceId, RelayDevice> devices;
  std::deque<MemoryLine> lines;  // from the floor's successor on
  std::map<BlobId, std::uint64_t> cursors;
};

struct MemoryRelayState {
  // A group's key is its index and one.
  std::deque<MemoryGroup> groups;
  std::map<GroupId, GroupKey> keys;
  // Committed at, group, cursor of all payloads that are here.
  std::set<std::tuple<UnixMs, GroupKey, std::uint64_t>> payloads;
  RelayTotals totals;
  MemoryValues values;
};

class MemoryRelayStore final : public RelayStore {
 public:
  MemoryRelayStore(MemoryDisk& disk, bool& in_use, MemoryRelayState& state)
      : state_(state), transaction_(disk, in_use) {}

  Result<void> commit() override { return transaction_.commit(); }
  void rollback() override { transaction_.rollback(); }
  bool has_changes() const override { return transaction_.has_changes(); }

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
  // kNotFound, or the error of a lost transaction.
  Result<MemoryGroup*> find(GroupKey key);
  void drop_first(MemoryGroup& group);

  MemoryRelayState& state_;
  MemoryTransaction transaction_;
};

}  // namespace zerok::store
