// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/watched_client_store.h"

namespace zerok::sim {

Result<void> WatchedClientStore::commit() {
  const bool had_changes = inner_.has_changes();
  std::vector<DeviceChange> changes = std::move(changes_);
  changes_.clear();
  if (!had_changes) return inner_.commit();
  try {
    ZEROK_TRY_VOID(fault_.commit(inner_));
  } catch (const PowerCut& cut) {
    if (cut.durable) ledger_.committed(changes);
    throw;
  }
  ledger_.committed(changes);
  return {};
}

void WatchedClientStore::rollback() {
  changes_.clear();
  inner_.rollback();
}

Result<void> WatchedClientStore::append_roster(std::uint32_t number, ByteView entry) {
  ZEROK_TRY_VOID(inner_.append_roster(number, entry));
  changes_.push_back(RosterGrew{Bytes(entry.begin(), entry.end())});
  return {};
}

Result<void> WatchedClientStore::add_outbox(const store::OutboxBlob& blob, ByteView sealed) {
  ZEROK_TRY_VOID(inner_.add_outbox(blob, sealed));
  ledger_.sealed(blob.epoch_group, blob.blob, sealed);
  changes_.push_back(OutboxAdded{blob});
  return {};
}

Result<void> WatchedClientStore::mark_outbox(std::uint64_t number, std::uint64_t cursor,
                                             std::uint16_t refusal) {
  ZEROK_TRY_VOID(inner_.mark_outbox(number, cursor, refusal));
  changes_.push_back(OutboxMarked{number, cursor, refusal});
  return {};
}

Result<void> WatchedClientStore::clear_outbox_cursors() {
  ZEROK_TRY_VOID(inner_.clear_outbox_cursors());
  changes_.push_back(OutboxCleared{});
  return {};
}

Result<void> WatchedClientStore::reseal_outbox(const store::OutboxBlob& blob, ByteView sealed) {
  ZEROK_TRY_VOID(inner_.reseal_outbox(blob, sealed));
  ledger_.sealed(blob.epoch_group, blob.blob, sealed);
  changes_.push_back(OutboxResealed{blob});
  return {};
}

Result<void> WatchedClientStore::remove_outbox(std::uint64_t number) {
  ZEROK_TRY_VOID(inner_.remove_outbox(number));
  changes_.push_back(OutboxRemoved{number});
  return {};
}

Result<void> WatchedClientStore::add_inbox(const store::InboxBlob& blob, ByteView sealed) {
  ZEROK_TRY_VOID(inner_.add_inbox(blob, sealed));
  changes_.push_back(InboxChanged{blob});
  return {};
}

Result<void> WatchedClientStore::update_inbox(const store::InboxBlob& blob) {
  ZEROK_TRY_VOID(inner_.update_inbox(blob));
  changes_.push_back(InboxChanged{blob});
  return {};
}

Result<void> WatchedClientStore::remove_ready(std::uint64_t number) {
  ZEROK_TRY_VOID(inner_.remove_ready(number));
  changes_.push_back(ReadyRemoved{number});
  return {};
}

Result<void> WatchedClientStore::add_notice(const store::Notice& notice) {
  ZEROK_TRY_VOID(inner_.add_notice(notice));
  changes_.push_back(NoticeAdded{notice.kind});
  return {};
}

}  // namespace zerok::sim
