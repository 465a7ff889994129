// SPDX-License-Identifier: MIT OR Apache-2.0
// MemoryClientStore: a ClientStore on a MemoryDisk, which opens it. All containers are ordered, so
// that nothing depends on addresses.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "store/memory/memory_disk.h"

namespace zerok::store {

struct MemoryClientState {
  template <typename Row>
  struct Sealed {
    Row row;
    Bytes sealed;
  };

  MemoryValues values;
  std::vector<Bytes> roster;
  std::map<GroupId, StoredEpoch> epochs;
  std::map<std::uint64_t, Sealed<OutboxBlob>> outbox;
  std::set<BlobId> outbox_blobs;
  std::map<Bytes, PushKeyRecord> push_keys;
  std::map<std::uint64_t, Sealed<InboxBlob>> inbox;
  std::map<std::uint64_t, std::uint64_t> ready;  // hand-over number, arrival
  std::map<std::pair<DeviceId, Incarnation>, ChainHead> chain_heads;
  std::map<DeviceId, PeerState> peer_states;
  std::map<std::uint64_t, Notice> notices;
  // Rows whose sealed bytes the disk has damaged.
  std::set<std::uint64_t> damaged_outbox;
  std::set<std::uint64_t> damaged_inbox;
};

class MemoryClientStore final : public ClientStore {
 public:
  MemoryClientStore(MemoryDisk& disk, bool& in_use, MemoryClientState& state)
      : state_(state), transaction_(disk, in_use) {}

  Result<void> commit() override { return transaction_.commit(); }
  void rollback() override { transaction_.rollback(); }
  bool has_changes() const override { return transaction_.has_changes(); }

  Result<Bytes> value(std::string_view name) override;
  Result<void> put_value(std::string_view name, ByteView value) override;
  Result<std::vector<Bytes>> roster() override;
  Result<void> append_roster(std::uint32_t number, ByteView entry) override;
  Result<std::vector<StoredEpoch>> epochs() override;
  Result<void> put_epoch(const StoredEpoch& epoch) override;

  Result<void> add_outbox(const OutboxBlob& blob, ByteView sealed) override;
  Result<std::vector<OutboxBlob>> outbox(std::uint64_t after, std::size_t count) override;
  Result<Bytes> outbox_sealed(std::uint64_t number) override;
  Result<void> mark_outbox(std::uint64_t number, std::uint64_t cursor,
                           std::uint16_t refusal) override;
  Result<void> clear_outbox_cursors() override;
  Result<void> reseal_outbox(const OutboxBlob& blob, ByteView sealed) override;
  Result<void> remove_outbox(std::uint64_t number) override;
  Result<std::optional<PushKeyRecord>> find_push_key(ByteView key) override;
  Result<void> add_push_key(ByteView key, const PushKeyRecord& record) override;

  Result<void> add_inbox(const InboxBlob& blob, ByteView sealed) override;
  Result<void> update_inbox(const InboxBlob& blob) override;
  Result<std::vector<InboxBlob>> inbox(InboxState state, std::uint64_t after,
                                       std::size_t count) override;
  Result<std::vector<InboxBlob>> ready(std::uint64_t after, std::size_t count) override;
  Result<Bytes> inbox_sealed(std::uint64_t arrival) override;
  Result<void> remove_inbox(std::uint64_t arrival) override;
  Result<void> remove_ready(std::uint64_t number) override;

  Result<std::vector<ChainHead>> chain_heads() override;
  Result<void> put_chain_head(const ChainHead& head) override;
  Result<std::vector<PeerState>> peer_states() override;
  Result<void> put_peer_state(const PeerState& state) override;
  Result<void> add_notice(const Notice& notice) override;
  Result<std::vector<Notice>> notices(std::uint64_t after, std::size_t count) override;
  Result<void> remove_notices(std::uint64_t number) override;

 private:
  // Each changes one container and remembers how to take that back.
  template <typename Map>
  void put(Map& map, const typename Map::key_type& key, typename Map::mapped_type row);
  template <typename Map>
  void erase(Map& map, typename Map::iterator place);

  MemoryClientState& state_;
  MemoryTransaction transaction_;
};

}  // namespace zerok::store
