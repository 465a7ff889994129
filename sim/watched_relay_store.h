// SPDX-License-Identifier: MIT OR Apache-2.0
// WatchedRelayStore: a RelayStore that passes everything on to another one, tells the checkers what
// became durable, and lets commits fail or the power go as the world wants. It looks at every byte
// for plaintext.
#pragma once

#include "sim/disk_fault.h"
#include "sim/forwarding_relay_store.h"
#include "sim/relay_ledger.h"

namespace zerok::sim {

class WatchedRelayStore final : public ForwardingRelayStore {
 public:
  // All must outlive it.
  WatchedRelayStore(store::RelayStore& inner, RelayLedger& ledger, SecrecyCheck& secrecy,
                    DiskFault& fault)
      : ForwardingRelayStore(inner), ledger_(ledger), secrecy_(secrecy), fault_(fault) {}

  Result<void> commit() override;
  void rollback() override;
  Result<store::GroupKey> create_group(const GroupId& group, ByteView first_roster_entry) override;
  Result<void> append_roster(store::GroupKey group, std::uint32_t number, ByteView entry) override;
  Result<void> put_device(store::GroupKey group, const store::RelayDevice& device) override;
  Result<void> put_state(store::GroupKey group, const DeviceId& device, ByteView state) override;
  Result<void> append_line(store::GroupKey group, const store::NewLine& line) override;
  Result<std::vector<store::StoredLine>> read_lines(
      store::GroupKey group, std::uint64_t after, std::size_t lines_max, std::size_t bytes_max,
      const std::optional<DeviceId>& without_payload_of) override;
  Result<void> make_stub(store::GroupKey group, std::uint64_t cursor, wire::StubReason reason,
                         UnixMs now) override;
  Result<wire::Position> drop_stubs(store::GroupKey group, std::uint64_t cursor,
                                    std::size_t lines_max) override;
  Result<void> put_value(std::string_view name, ByteView value) override;

 private:
  RelayLedger& ledger_;
  SecrecyCheck& secrecy_;
  DiskFault& fault_;
  std::vector<RelayChange> changes_;  // of the open transaction
};

}  // namespace zerok::sim
