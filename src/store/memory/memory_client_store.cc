// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/memory/memory_client_store.h"

#include <algorithm>
#include <tuple>

#include "store/rules.h"

namespace zerok::store {
namespace {

Bytes copy_of(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

template <typename Map>
bool rises(const Map& map, std::uint64_t number) {
  return map.empty() || number > map.rbegin()->first;
}

template <typename Map>
auto values_of(const Map& map) {
  std::vector<typename Map::mapped_type> rows;
  rows.reserve(map.size());
  for (const auto& [key, row] : map) rows.push_back(row);
  return rows;
}

}  // namespace

template <typename Map>
void MemoryClientStore::put(Map& map, const typename Map::key_type& key,
                            typename Map::mapped_type row) {
  const auto [place, is_new] = map.try_emplace(key);
  if (is_new) {
    transaction_.undo_with([&map, key] { map.erase(key); });
  } else {
    transaction_.undo_with([&map, key, old = place->second] { map[key] = old; });
  }
  place->second = std::move(row);
}

template <typename Map>
void MemoryClientStore::erase(Map& map, typename Map::iterator place) {
  transaction_.undo_with(
      [&map, key = place->first, old = std::move(place->second)] { map[key] = old; });
  map.erase(place);
}

Result<Bytes> MemoryClientStore::value(std::string_view name) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(check_name(name));
  const auto found = state_.values.find(name);
  return found == state_.values.end() ? Bytes() : found->second;
}

Result<void> MemoryClientStore::put_value(std::string_view name, ByteView value) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(check_value(name, value));
  ZEROK_TRY_VOID(transaction_.begin_change());
  put_memory_value(transaction_, state_.values, name, value);
  return {};
}

Result<std::vector<Bytes>> MemoryClientStore::roster() {
  ZEROK_TRY_VOID(transaction_.usable());
  return state_.roster;
}

Result<void> MemoryClientStore::append_roster(std::uint32_t number, ByteView entry) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(check_roster_entry(entry));
  if (number != state_.roster.size()) return roster_has_another_length();
  ZEROK_TRY_VOID(transaction_.begin_change());
  state_.roster.push_back(copy_of(entry));
  transaction_.undo_with([this] { state_.roster.pop_back(); });
  return {};
}

Result<std::vector<StoredEpoch>> MemoryClientStore::epochs() {
  ZEROK_TRY_VOID(transaction_.usable());
  auto epochs = values_of(state_.epochs);
  std::ranges::sort(epochs, {},
                    [](const StoredEpoch& e) { return std::tie(e.number, e.epoch_group); });
  return epochs;
}

Result<void> MemoryClientStore::put_epoch(const StoredEpoch& epoch) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(check_epoch(epoch));
  ZEROK_TRY_VOID(transaction_.begin_change());
  put(state_.epochs, epoch.epoch_group, epoch);
  return {};
}

Result<void> MemoryClientStore::add_outbox(const OutboxBlob& blob, ByteView sealed) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(check_outbox(blob, sealed));
  if (!rises(state_.outbox, blob.number)) return number_does_not_rise();
  if (state_.outbox_blobs.contains(blob.blob)) return blob_is_there();
  ZEROK_TRY_VOID(transaction_.begin_change());
  put(state_.outbox, blob.number, {.row = blob, .sealed = copy_of(sealed)});
  state_.outbox_blobs.insert(blob.blob);
  transaction_.undo_with([this, id = blob.blob] { state_.outbox_blobs.erase(id); });
  return {};
}

Result<std::vector<OutboxBlob>> MemoryClientStore::outbox(std::uint64_t after, std::size_t count) {
  ZEROK_TRY_VOID(transaction_.usable());
  std::vector<OutboxBlob> rows;
  for (auto place = state_.outbox.upper_bound(after);
       place != state_.outbox.end() && rows.size() < count; ++place) {
    rows.push_back(place->second.row);
  }
  return rows;
}

Result<Bytes> MemoryClientStore::outbox_sealed(std::uint64_t number) {
  ZEROK_TRY_VOID(transaction_.usable());
  const auto found = state_.outbox.find(number);
  if (found == state_.outbox.end()) return no_row();
  if (state_.damaged_outbox.contains(number)) return damaged_blob();
  return found->second.sealed;
}

Result<void> MemoryClientStore::mark_outbox(std::uint64_t number, std::uint64_t cursor,
                                            std::uint16_t refusal) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(check_number(cursor));
  const auto found = state_.outbox.find(number);
  if (found == state_.outbox.end()) return no_row();
  ZEROK_TRY_VOID(transaction_.begin_change());
  OutboxBlob& row = found->second.row;
  transaction_.undo_with([this, old = row] { state_.outbox[old.number].row = old; });
  row.cursor = cursor;
  row.refusal = refusal;
  return {};
}

Result<void> MemoryClientStore::clear_outbox_cursors() {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(transaction_.begin_change());
  for (auto place = state_.outbox.begin(); place != state_.outbox.end(); ++place) {
    OutboxBlob& row = place->second.row;
    if (row.cursor == 0) continue;
    transaction_.undo_with(
        [this, number = row.number, old = row.cursor] { state_.outbox[number].row.cursor = old; });
    row.cursor = 0;
  }
  return {};
}

Result<void> MemoryClientStore::reseal_outbox(const OutboxBlob& blob, ByteView sealed) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(check_outbox(blob, sealed));
  const auto found = state_.outbox.find(blob.number);
  if (found == state_.outbox.end()) return no_row();
  const BlobId old = found->second.row.blob;
  if (blob.blob != old && state_.outbox_blobs.contains(blob.blob)) return blob_is_there();
  ZEROK_TRY_VOID(transaction_.begin_change());
  state_.outbox_blobs.erase(old);
  state_.outbox_blobs.insert(blob.blob);
  transaction_.undo_with([this, old, id = blob.blob] {
    state_.outbox_blobs.erase(id);
    state_.outbox_blobs.insert(old);
  });
  put(state_.outbox, blob.number, {.row = blob, .sealed = copy_of(sealed)});
  return {};
}

Result<void> MemoryClientStore::remove_outbox(std::uint64_t number) {
  ZEROK_TRY_VOID(transaction_.usable());
  const auto found = state_.outbox.find(number);
  if (found == state_.outbox.end()) return {};
  ZEROK_TRY_VOID(transaction_.begin_change());
  const BlobId id = found->second.row.blob;
  state_.outbox_blobs.erase(id);
  transaction_.undo_with([this, id] { state_.outbox_blobs.insert(id); });
  erase(state_.outbox, found);
  return {};
}

Result<std::optional<PushKeyRecord>> MemoryClientStore::find_push_key(ByteView key) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(check_push_key(key));
  const auto found = state_.push_keys.find(copy_of(key));
  if (found == state_.push_keys.end()) return std::nullopt;
  return found->second;
}

Result<void> MemoryClientStore::add_push_key(ByteView key, const PushKeyRecord& record) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(check_push_key(key));
  ZEROK_TRY_VOID(check_number(record.number));
  if (state_.push_keys.contains(copy_of(key))) return push_key_is_there();
  ZEROK_TRY_VOID(transaction_.begin_change());
  put(state_.push_keys, copy_of(key), record);
  return {};
}

Result<void> MemoryClientStore::add_inbox(const InboxBlob& blob, ByteView sealed) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(check_inbox(blob, sealed));
  if (!rises(state_.inbox, blob.arrival)) return number_does_not_rise();
  if (blob.number != 0 && state_.ready.contains(blob.number)) return hand_over_number_is_there();
  ZEROK_TRY_VOID(transaction_.begin_change());
  put(state_.inbox, blob.arrival, {.row = blob, .sealed = copy_of(sealed)});
  if (blob.number != 0) put(state_.ready, blob.number, blob.arrival);
  return {};
}

Result<void> MemoryClientStore::update_inbox(const InboxBlob& blob) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(check_inbox_row(blob));
  const auto found = state_.inbox.find(blob.arrival);
  if (found == state_.inbox.end()) return no_row();
  const InboxBlob old = found->second.row;
  const auto holder = state_.ready.find(blob.number);
  if (holder != state_.ready.end() && holder->second != blob.arrival) {
    return hand_over_number_is_there();
  }
  ZEROK_TRY_VOID(transaction_.begin_change());
  transaction_.undo_with([this, old] { state_.inbox[old.arrival].row = old; });
  InboxBlob& row = found->second.row;
  row = blob;
  row.blob = old.blob;
  row.sealed_bytes = old.sealed_bytes;
  if (old.number != 0) erase(state_.ready, state_.ready.find(old.number));
  if (blob.number != 0) put(state_.ready, blob.number, blob.arrival);
  return {};
}

Result<std::vector<InboxBlob>> MemoryClientStore::inbox(InboxState state, std::uint64_t after,
                                                        std::size_t count) {
  ZEROK_TRY_VOID(transaction_.usable());
  std::vector<InboxBlob> rows;
  for (auto place = state_.inbox.upper_bound(after);
       place != state_.inbox.end() && rows.size() < count; ++place) {
    if (place->second.row.state == state) rows.push_back(place->second.row);
  }
  return rows;
}

Result<std::vector<InboxBlob>> MemoryClientStore::ready(std::uint64_t after, std::size_t count) {
  ZEROK_TRY_VOID(transaction_.usable());
  std::vector<InboxBlob> rows;
  for (auto place = state_.ready.upper_bound(after);
       place != state_.ready.end() && rows.size() < count; ++place) {
    rows.push_back(state_.inbox.find(place->second)->second.row);
  }
  return rows;
}

Result<Bytes> MemoryClientStore::inbox_sealed(std::uint64_t arrival) {
  ZEROK_TRY_VOID(transaction_.usable());
  const auto found = state_.inbox.find(arrival);
  if (found == state_.inbox.end()) return no_row();
  if (state_.damaged_inbox.contains(arrival)) return damaged_blob();
  return found->second.sealed;
}

Result<void> MemoryClientStore::remove_inbox(std::uint64_t arrival) {
  ZEROK_TRY_VOID(transaction_.usable());
  const auto found = state_.inbox.find(arrival);
  if (found == state_.inbox.end()) return {};
  ZEROK_TRY_VOID(transaction_.begin_change());
  const std::uint64_t number = found->second.row.number;
  if (number != 0) erase(state_.ready, state_.ready.find(number));
  erase(state_.inbox, found);
  return {};
}

Result<void> MemoryClientStore::remove_ready(std::uint64_t number) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(transaction_.begin_change());
  while (!state_.ready.empty() && state_.ready.begin()->first <= number) {
    erase(state_.inbox, state_.inbox.find(state_.ready.begin()->second));
    erase(state_.ready, state_.ready.begin());
  }
  return {};
}

Result<std::vector<ChainHead>> MemoryClientStore::chain_heads() {
  ZEROK_TRY_VOID(transaction_.usable());
  return values_of(state_.chain_heads);
}

Result<void> MemoryClientStore::put_chain_head(const ChainHead& head) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(check_chain_head(head));
  ZEROK_TRY_VOID(transaction_.begin_change());
  put(state_.chain_heads, {head.sender, head.incarnation}, head);
  return {};
}

Result<std::vector<PeerState>> MemoryClientStore::peer_states() {
  ZEROK_TRY_VOID(transaction_.usable());
  return values_of(state_.peer_states);
}

Result<void> MemoryClientStore::put_peer_state(const PeerState& state) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(check_peer_state(state));
  ZEROK_TRY_VOID(transaction_.begin_change());
  put(state_.peer_states, state.device, state);
  return {};
}

Result<void> MemoryClientStore::add_notice(const Notice& notice) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(check_notice(notice));
  if (!rises(state_.notices, notice.number)) return number_does_not_rise();
  ZEROK_TRY_VOID(transaction_.begin_change());
  put(state_.notices, notice.number, notice);
  return {};
}

Result<std::vector<Notice>> MemoryClientStore::notices(std::uint64_t after, std::size_t count) {
  ZEROK_TRY_VOID(transaction_.usable());
  std::vector<Notice> rows;
  for (auto place = state_.notices.upper_bound(after);
       place != state_.notices.end() && rows.size() < count; ++place) {
    rows.push_back(place->second);
  }
  return rows;
}

Result<void> MemoryClientStore::remove_notices(std::uint64_t number) {
  ZEROK_TRY_VOID(transaction_.usable());
  ZEROK_TRY_VOID(transaction_.begin_change());
  while (!state_.notices.empty() && state_.notices.begin()->first <= number) {
    erase(state_.notices, state_.notices.begin());
  }
  return {};
}

}  // namespace zerok::store
