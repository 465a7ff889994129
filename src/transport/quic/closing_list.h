// SPDX-License-Identifier: MIT OR Apache-2.0
// ClosingList: connections that are over but whose peers may not know yet (RFC 9000 section 10.2).
// For three probe timeouts their packets are answered with the same CONNECTION_CLOSE, ever more
// rarely, or swallowed; without this a server would take them for strangers' and two ends could
// exchange stateless resets for ever. Bounded: the oldest make way.
#pragma once

#include <map>
#include <unordered_map>

#include "transport/quic/connection.h"

namespace zerok::transport {

class ClosingList {
 public:
  static constexpr std::size_t kEntriesMax = 4'096;

  explicit ClosingList(ConnectionTable& table) : table_(table) {}
  ~ClosingList();
  ClosingList(const ClosingList&) = delete;
  ClosingList& operator=(const ClosingList&) = delete;

  // Its time begins with the next expire().
  void add(ConnectionId id, Farewell farewell);
  bool contains(ConnectionId id) const { return entries_.contains(id); }
  // A late packet came from there. The packet to answer with, or nothing.
  ByteView answer(ConnectionId id, const SocketAddress& remote);
  void expire(Instant now);
  // Instant::min() when expire() has yet to hear what time it is.
  Instant next_timeout() const {
    if (!fresh_.empty()) return Instant::min();
    return by_end_.empty() ? kNever : by_end_.begin()->first;
  }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Farewell farewell;
    std::uint32_t late_packets = 0;
  };
  void start_fresh(Instant now);
  void drop_first();

  ConnectionTable& table_;
  std::unordered_map<ConnectionId, Entry> entries_;
  std::multimap<Instant, ConnectionId> by_end_;
  // Closed since the last expire(): a caller that closes may not have told the time for long.
  std::vector<ConnectionId> fresh_;
};

}  // namespace zerok::transport
