// SPDX-License-Identifier: MIT OR Apache-2.0
// ForwardingRelayStore: a RelayStore that passes every call on to another one, for those that watch
// or change some of them.
#pragma once

#include "store/relay_store.h"

namespace zerok::sim {

class ForwardingRelayStore : public store::RelayStore {
 public:
  // inner must outlive it.
  explicit ForwardingRelayStore(store::RelayStore& inner) : inner_(inner) {}

  Result<void> commit() override { return inner_.commit(); }
  void rollback() override { return inner_.rollback(); }
  bool has_changes() const override { return inner_.has_changes(); }
  Result<std::optional<store::RelayGroup>> load_group(const GroupId& group) override {
    return inner_.load_group(group);
  }
  Result<store::GroupKey> create_group(const GroupId& group, ByteView first_roster_entry) override {
    return inner_.create_group(group, first_roster_entry);
  }
  Result<void> append_roster(store::GroupKey group, std::uint32_t number, ByteView entry) override {
    return inner_.append_roster(group, number, entry);
  }
  Result<void> put_device(store::GroupKey group, const store::RelayDevice& device) override {
    return inner_.put_device(group, device);
  }
  Result<void> put_state(store::GroupKey group, const DeviceId& device, ByteView state) override {
    return inner_.put_state(group, device, state);
  }
  Result<void> append_line(store::GroupKey group, const store::NewLine& line) override {
    return inner_.append_line(group, line);
  }
  Result<std::optional<store::LineInfo>> find_blob(store::GroupKey group,
                                                   const BlobId& blob) override {
    return inner_.find_blob(group, blob);
  }
  Result<std::optional<LogHash>> log_hash_at(store::GroupKey group, std::uint64_t cursor) override {
    return inner_.log_hash_at(group, cursor);
  }
  Result<std::vector<store::StoredLine>> read_lines(
      store::GroupKey group, std::uint64_t after, std::size_t lines_max, std::size_t bytes_max,
      const std::optional<DeviceId>& without_payload_of) override {
    return inner_.read_lines(group, after, lines_max, bytes_max, without_payload_of);
  }
  Result<std::uint64_t> count_foreign(store::GroupKey group, std::uint64_t after,
                                      const DeviceId& device) override {
    return inner_.count_foreign(group, after, device);
  }
  Result<std::vector<store::LineInfo>> payload_lines(store::GroupKey group, std::uint64_t after,
                                                     std::size_t lines_max) override {
    return inner_.payload_lines(group, after, lines_max);
  }
  Result<std::vector<store::LineRef>> payloads_older_than(UnixMs before,
                                                          std::size_t lines_max) override {
    return inner_.payloads_older_than(before, lines_max);
  }
  Result<void> make_stub(store::GroupKey group, std::uint64_t cursor, wire::StubReason reason,
                         UnixMs now) override {
    return inner_.make_stub(group, cursor, reason, now);
  }
  Result<std::vector<store::LineRef>> stubs_older_than(UnixMs before,
                                                       std::size_t groups_max) override {
    return inner_.stubs_older_than(before, groups_max);
  }
  Result<wire::Position> drop_stubs(store::GroupKey group, std::uint64_t cursor,
                                    std::size_t lines_max) override {
    return inner_.drop_stubs(group, cursor, lines_max);
  }
  Result<store::RelayTotals> totals() override { return inner_.totals(); }
  Result<Bytes> value(std::string_view name) override { return inner_.value(name); }
  Result<void> put_value(std::string_view name, ByteView value) override {
    return inner_.put_value(name, value);
  }

 protected:
  store::RelayStore& inner_;
};

}  // namespace zerok::sim
