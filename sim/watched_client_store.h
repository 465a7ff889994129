// SPDX-License-Identifier: MIT OR Apache-2.0
// WatchedClientStore: a ClientStore that passes everything on to another one, tells the checkers
// what became durable, and lets commits fail or the power go as the world wants.
#pragma once

#include "sim/device_ledger.h"
#include "sim/disk_fault.h"
#include "store/client_store.h"

namespace zerok::sim {

class WatchedClientStore final : public store::ClientStore {
 public:
  // All must outlive it.
  WatchedClientStore(store::ClientStore& inner, DeviceLedger& ledger, DiskFault& fault)
      : inner_(inner), ledger_(ledger), fault_(fault) {}

  Result<void> commit() override;
  void rollback() override;
  bool has_changes() const override { return inner_.has_changes(); }

  Result<Bytes> value(std::string_view name) override { return inner_.value(name); }
  Result<void> put_value(std::string_view name, ByteView value) override {
    return inner_.put_value(name, value);
  }
  Result<std::vector<Bytes>> roster() override { return inner_.roster(); }
  Result<void> append_roster(std::uint32_t number, ByteView entry) override;
  Result<std::vector<store::StoredEpoch>> epochs() override { return inner_.epochs(); }
  Result<void> put_epoch(const store::StoredEpoch& epoch) override {
    return inner_.put_epoch(epoch);
  }

  Result<void> add_outbox(const store::OutboxBlob& blob, ByteView sealed) override;
  Result<std::vector<store::OutboxBlob>> outbox(std::uint64_t after, std::size_t count) override {
    return inner_.outbox(after, count);
  }
  Result<Bytes> outbox_sealed(std::uint64_t number) override {
    return inner_.outbox_sealed(number);
  }
  Result<void> mark_outbox(std::uint64_t number, std::uint64_t cursor,
                           std::uint16_t refusal) override;
  Result<void> clear_outbox_cursors() override;
  Result<void> reseal_outbox(const store::OutboxBlob& blob, ByteView sealed) override;
  Result<void> remove_outbox(std::uint64_t number) override;

  Result<std::optional<store::PushKeyRecord>> find_push_key(ByteView key) override {
    return inner_.find_push_key(key);
  }
  Result<void> add_push_key(ByteView key, const store::PushKeyRecord& record) override {
    return inner_.add_push_key(key, record);
  }

  Result<void> add_inbox(const store::InboxBlob& blob, ByteView sealed) override;
  Result<void> update_inbox(const store::InboxBlob& blob) override;
  Result<std::vector<store::InboxBlob>> inbox(store::InboxState state, std::uint64_t after,
                                              std::size_t count) override {
    return inner_.inbox(state, after, count);
  }
  Result<std::vector<store::InboxBlob>> ready(std::uint64_t after, std::size_t count) override {
    return inner_.ready(after, count);
  }
  Result<Bytes> inbox_sealed(std::uint64_t arrival) override {
    return inner_.inbox_sealed(arrival);
  }
  Result<void> remove_inbox(std::uint64_t arrival) override { return inner_.remove_inbox(arrival); }
  Result<void> remove_ready(std::uint64_t number) override;

  Result<std::vector<store::ChainHead>> chain_heads() override { return inner_.chain_heads(); }
  Result<void> put_chain_head(const store::ChainHead& head) override {
    return inner_.put_chain_head(head);
  }
  Result<std::vector<store::PeerState>> peer_states() override { return inner_.peer_states(); }
  Result<void> put_peer_state(const store::PeerState& state) override {
    return inner_.put_peer_state(state);
  }
  Result<void> add_notice(const store::Notice& notice) override;
  Result<std::vector<store::Notice>> notices(std::uint64_t after, std::size_t count) override {
    return inner_.notices(after, count);
  }
  Result<void> remove_notices(std::uint64_t number) override {
    return inner_.remove_notices(number);
  }

 private:
  store::ClientStore& inner_;
  DeviceLedger& ledger_;
  DiskFault& fault_;
  std::vector<DeviceChange> changes_;  // of the open transaction
};

}  // namespace zerok::sim
