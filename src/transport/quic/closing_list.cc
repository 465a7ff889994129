// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/quic/closing_list.h"

#include <bit>

namespace zerok::transport {

ClosingList::~ClosingList() {
  start_fresh(Instant{});
  while (!by_end_.empty()) drop_first();
}

void ClosingList::add(ConnectionId id, Farewell farewell) {
  if (entries_.size() >= kEntriesMax) {
    if (by_end_.empty()) start_fresh(Instant::min());
    drop_first();
  }
  if (entries_.try_emplace(id, Entry{std::move(farewell)}).second) fresh_.push_back(id);
}

void ClosingList::start_fresh(Instant now) {
  for (const ConnectionId id : fresh_) {
    by_end_.emplace(saturating_add(now, entries_.find(id)->second.farewell.linger), id);
  }
  fresh_.clear();
}

ByteView ClosingList::answer(ConnectionId id, const SocketAddress& remote) {
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) return {};
  Entry& state = entry->second;
  ++state.late_packets;
  // To the address the connection had and nowhere else; the first late packet, the second, the
  // fourth, the eighth ...
  if (remote != state.farewell.path.remote || !std::has_single_bit(state.late_packets)) return {};
  return state.farewell.packet;
}

void ClosingList::expire(Instant now) {
  start_fresh(now);
  while (!by_end_.empty() && by_end_.begin()->first <= now) drop_first();
}

void ClosingList::drop_first() {
  const auto first = by_end_.begin();
  const auto entry = entries_.find(first->second);
  for (const Cid& cid : entry->second.farewell.cids) table_.remove(cid);
  entries_.erase(entry);
  by_end_.erase(first);
}

}  // namespace zerok::transport
