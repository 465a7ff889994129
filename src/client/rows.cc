// SPDX-License-Identifier: MIT OR Apache-2.0
#include "client/rows.h"

#include <type_traits>

namespace zerok::client {
namespace {

// Rows read at once while loading.
constexpr std::size_t kPageRows = 4096;

core::OutboxEntry outbox_entry_of(const store::OutboxBlob& row) {
  core::OutboxEntry entry;
  entry.number = row.number;
  entry.blob = row.blob;
  entry.epoch_group = row.epoch_group;
  entry.incarnation = row.incarnation;
  entry.sequence = row.sequence;
  entry.chain = row.chain;
  entry.lamport = row.lamport;
  entry.cursor = row.cursor;
  entry.refusal = row.refusal;
  entry.payload_bytes = row.payload_bytes;
  entry.sealed_bytes = row.sealed_bytes;
  entry.pushed = row.pushed;
  return entry;
}

store::InboxState state_of(core::InboxPlace place) {
  switch (place) {
    case core::InboxPlace::kWaiting:
      return store::InboxState::kWaiting;
    case core::InboxPlace::kReady:
      return store::InboxState::kReady;
    case core::InboxPlace::kQuarantined:
      break;
  }
  return store::InboxState::kQuarantined;
}

core::InboxPlace place_of(store::InboxState state) {
  switch (state) {
    case store::InboxState::kWaiting:
      return core::InboxPlace::kWaiting;
    case store::InboxState::kReady:
      return core::InboxPlace::kReady;
    case store::InboxState::kQuarantined:
      break;
  }
  return core::InboxPlace::kQuarantined;
}

store::InboxBlob inbox_row_of(const core::InboxEntry& entry) {
  store::InboxBlob row;
  row.arrival = entry.arrival;
  row.number = entry.number;
  row.state = state_of(entry.place);
  row.refusal = static_cast<std::uint8_t>(entry.reason);
  row.blob = entry.blob;
  row.epoch_group = entry.epoch_group;
  row.sender = entry.sender;
  row.incarnation = entry.incarnation;
  row.sequence = entry.sequence;
  row.previous = entry.previous;
  row.chain = entry.chain;
  row.lamport = entry.lamport;
  row.ciphertext_hash = entry.ciphertext_hash;
  row.sealed_bytes = entry.sealed_bytes;
  return row;
}

}  // namespace

core::InboxEntry entry_of(const store::InboxBlob& row) {
  core::InboxEntry entry;
  entry.arrival = row.arrival;
  entry.number = row.number;
  entry.place = place_of(row.state);
  entry.reason = static_cast<core::QuarantineReason>(row.refusal);
  entry.blob = row.blob;
  entry.epoch_group = row.epoch_group;
  entry.sender = row.sender;
  entry.incarnation = row.incarnation;
  entry.sequence = row.sequence;
  entry.previous = row.previous;
  entry.chain = row.chain;
  entry.lamport = row.lamport;
  entry.ciphertext_hash = row.ciphertext_hash;
  entry.sealed_bytes = row.sealed_bytes;
  return entry;
}

namespace {

Result<void> load_rows(store::ClientStore& store, core::ClientSnapshot& out) {
  for (std::uint64_t after = 0;;) {
    ZEROK_TRY(const auto rows, store.outbox(after, kPageRows));
    for (const auto& row : rows) out.outbox.push_back(outbox_entry_of(row));
    if (rows.size() < kPageRows) break;
    after = rows.back().number;
  }
  for (std::uint64_t after = 0;;) {
    ZEROK_TRY(const auto rows, store.ready(after, kPageRows));
    for (const auto& row : rows) out.inbox.push_back(entry_of(row));
    if (rows.size() < kPageRows) break;
    after = rows.back().number;
  }
  for (const auto state : {store::InboxState::kWaiting, store::InboxState::kQuarantined}) {
    for (std::uint64_t after = 0;;) {
      ZEROK_TRY(const auto rows, store.inbox(state, after, kPageRows));
      for (const auto& row : rows) out.inbox.push_back(entry_of(row));
      if (rows.size() < kPageRows) break;
      after = rows.back().arrival;
    }
  }
  return {};
}

Result<void> load_group(store::ClientStore& store, const crypto::DeviceKeys& keys,
                        core::ClientSnapshot& out) {
  ZEROK_TRY(const auto epochs, store.epochs());
  for (const store::StoredEpoch& epoch : epochs) {
    ZEROK_TRY(auto secret,
              core::unwrap_from_store(keys, epoch.epoch_group.bytes(), epoch.wrapped_secret));
    if (secret.size() != crypto::GroupSecret::kSize) {
      return fail(ErrorCode::kMalformed, "a stored group secret of another size");
    }
    core::EpochSecret loaded{epoch.epoch, epoch.number,
                             crypto::GroupSecret(ByteView(secret).first<32>())};
    secure_wipe(secret);
    out.secrets.push_back(std::move(loaded));
  }
  ZEROK_TRY(out.roster, store.roster());
  return {};
}

// One overload per effect; those of the session and the application are no changes.
struct Applier {
  store::ClientStore& store;

  static Result<bool> done(Result<void> result) {
    if (!result) return std::unexpected(result.error());
    return true;
  }
  Result<bool> operator()(const core::PutValue& e) {
    return done(store.put_value(e.name, e.value));
  }
  Result<bool> operator()(const core::AppendRoster& e) {
    return done(store.append_roster(e.number, e.entry));
  }
  Result<bool> operator()(const core::MarkOutbox& e) {
    return done(store.mark_outbox(e.number, e.cursor, e.refusal));
  }
  Result<bool> operator()(const core::ClearOutboxCursors&) {
    return done(store.clear_outbox_cursors());
  }
  Result<bool> operator()(const core::ResealOutbox& e) {
    return done(store.reseal_outbox(row_of(e.entry), e.sealed));
  }
  Result<bool> operator()(const core::RemoveOutbox& e) {
    return done(store.remove_outbox(e.number));
  }
  Result<bool> operator()(const core::AddInbox& e) {
    return done(store.add_inbox(inbox_row_of(e.entry), e.sealed));
  }
  Result<bool> operator()(const core::UpdateInbox& e) {
    return done(store.update_inbox(inbox_row_of(e.entry)));
  }
  Result<bool> operator()(const core::RemoveInbox& e) {
    return done(store.remove_inbox(e.arrival));
  }
  Result<bool> operator()(const core::PutChain& e) {
    return done(store.put_chain_head({e.sender, e.incarnation, e.head.sequence, e.head.hash}));
  }
  Result<bool> operator()(const core::PutPeerState& e) {
    return done(store.put_peer_state({e.device, e.counter, e.state}));
  }
  Result<bool> operator()(const core::AddNotice& e) {
    return done(
        store.add_notice({e.number, static_cast<std::uint16_t>(e.kind), e.detail.encode()}));
  }
  Result<bool> operator()(const core::RemakeOutbox&) { return false; }
  Result<bool> operator()(const core::RetryQuarantine&) { return false; }
  Result<bool> operator()(const core::SendMessage&) { return false; }
  Result<bool> operator()(const core::SendPush&) { return false; }
  Result<bool> operator()(const core::CloseSession&) { return false; }
  Result<bool> operator()(const core::Tell&) { return false; }
};

}  // namespace

store::OutboxBlob row_of(const core::OutboxEntry& entry) {
  store::OutboxBlob row;
  row.number = entry.number;
  row.blob = entry.blob;
  row.epoch_group = entry.epoch_group;
  row.incarnation = entry.incarnation;
  row.sequence = entry.sequence;
  row.chain = entry.chain;
  row.lamport = entry.lamport;
  row.cursor = entry.cursor;
  row.refusal = entry.refusal;
  row.payload_bytes = entry.payload_bytes;
  row.sealed_bytes = entry.sealed_bytes;
  row.pushed = entry.pushed;
  return row;
}

Result<core::ClientSnapshot> load_snapshot(store::ClientStore& store,
                                           const crypto::DeviceKeys& keys, Rng& rng) {
  core::ClientSnapshot out;
  ZEROK_TRY(const Bytes record, store.value(core::kRecordValue));
  if (record.empty()) {
    out.record.device = keys.device_id();
    rng.fill(out.record.install.mutable_bytes());
    rng.fill(out.record.incarnation.mutable_bytes());
    ZEROK_TRY_VOID(store.put_value(core::kRecordValue, out.record.encode()));
    return out;
  }
  ZEROK_TRY(out.record, core::ClientRecord::decode(record));
  if (out.record.device != keys.device_id()) {
    return fail(ErrorCode::kWrongPeer, "the store of another device");
  }
  ZEROK_TRY_VOID(load_group(store, keys, out));
  ZEROK_TRY_VOID(load_rows(store, out));
  ZEROK_TRY(const auto heads, store.chain_heads());
  for (const auto& head : heads) {
    out.chains.push_back({head.sender, head.incarnation, {head.sequence, head.hash}});
  }
  ZEROK_TRY(const auto states, store.peer_states());
  for (const auto& state : states) {
    out.peer_states.push_back({state.device, state.counter, state.state});
  }
  ZEROK_TRY(const auto notices, store.notices(0, kPageRows));
  for (const auto& notice : notices) {
    ZEROK_TRY(const auto detail, core::NoticeDetail::decode(notice.detail));
    out.notices.push_back({notice.number, static_cast<core::NoticeKind>(notice.kind), detail});
  }
  ZEROK_TRY(out.losses, store.value(core::kLossesValue));
  ZEROK_TRY(out.heard, store.value(core::kHeardValue));
  ZEROK_TRY(out.deletes, store.value(core::kDeletesValue));
  return out;
}

Result<void> store_group(store::ClientStore& store, const core::ClientGroup& group,
                         const crypto::DeviceKeys& keys, Rng& rng) {
  for (const auto& [name, epoch] : group.epochs()) {
    ZEROK_TRY_VOID(
        store.put_epoch({name, epoch.state.epoch, epoch.number,
                         core::wrap_for_store(keys, name.bytes(), epoch.secret.bytes(), rng)}));
  }
  std::uint32_t number = 0;
  for (const Bytes& entry : group.roster().entries()) {
    ZEROK_TRY_VOID(store.append_roster(number++, entry));
  }
  return {};
}

Result<bool> apply_to_store(store::ClientStore& store, const core::ClientEffect& effect) {
  return std::visit(Applier{store}, effect);
}

}  // namespace zerok::client
