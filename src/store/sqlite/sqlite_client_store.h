// SPDX-License-Identifier: MIT OR Apache-2.0
// SqliteClientStore: a ClientStore in one SQLite file. Sealed blobs lie in tables of their own, so
// that marking a row does not move its content. Tables: client_schema.cc. Use it through
// sqlite_store.h.
#pragma once

#include "store/sqlite/database.h"

namespace zerok::store {

extern const Schema kClientSchema;

class SqliteClientStore final : public ClientStore {
 public:
  static Result<std::unique_ptr<ClientStore>> open(const SqliteOptions& options);

  Result<void> commit() override { return database_->commit(); }
  void rollback() override { database_->rollback(); }
  bool has_changes() const override { return database_->has_changes(); }

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
  explicit SqliteClientStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  // Whether a statement with these values gives a row.
  template <typename... Values>
  Result<bool> exists(const char* sql, const Values&... values) {
    auto row = database_->query(sql, values...);
    return row.next();
  }
  // Refuses a number that is not above the one that `sql` gives.
  Result<void> must_rise(const char* sql, std::uint64_t number);
  // `row` selects the row with this number, `sealed` its bytes and their checksum.
  Result<Bytes> checked_bytes(const char* row, const char* sealed, std::uint64_t number);
  Result<std::vector<InboxBlob>> read_inbox(Statement& rows);

  std::unique_ptr<Database> database_;
};

}  // namespace zerok::store
