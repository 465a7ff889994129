// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/quic/closing_list.h"

#include <bit>

namespace zerok::transport {

ClosingList::~ClosingList() {
  while (!by_end_.empty()) drop_first();
}

void ClosingList::add(ConnectionId id, Farewell farewell, Instant now) {
  if (entries_.size() >= kEntriesMax) drop_first();
  by_end_.emplace(saturating_add(now, farewell.linger), id);
  entries_.try_emplace(id, Entry{std::move(farewell)});
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
