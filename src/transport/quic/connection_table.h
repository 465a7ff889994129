// SPDX-License-Identifier: MIT OR Apache-2.0
// ConnectionTable: which connection a datagram belongs to, by connection id, and which one a
// stateless reset ends, by token (a reset's connection id is random: RFC 9000 section 10.3).
// Connections add and remove their own entries; their number is bounded by theirs.
#pragma once

#include <optional>
#include <unordered_map>

#include "transport/quic/cid.h"
#include "transport/transport.h"

namespace zerok::transport {

class ConnectionTable {
 public:
  // False when another connection has that id; nothing changes then.
  bool add(const Cid& cid, ConnectionId connection) {
    const auto [entry, added] = by_cid_.try_emplace(cid, connection);
    return added || entry->second == connection;
  }
  void remove(const Cid& cid) { by_cid_.erase(cid); }
  std::optional<ConnectionId> find(const Cid& cid) const { return get(by_cid_, cid); }

  // A peer that gives two connections one token only confuses itself: the first keeps it.
  void add_token(const ResetToken& token, ConnectionId connection) {
    by_token_.try_emplace(token, connection);
  }
  void remove_token(const ResetToken& token, ConnectionId connection) {
    const auto entry = by_token_.find(token);
    if (entry != by_token_.end() && entry->second == connection) by_token_.erase(entry);
  }
  std::optional<ConnectionId> find_token(const ResetToken& token) const {
    return get(by_token_, token);
  }

  std::size_t cids() const { return by_cid_.size(); }
  std::size_t tokens() const { return by_token_.size(); }

 private:
  template <typename Map, typename Key>
  static std::optional<ConnectionId> get(const Map& map, const Key& key) {
    const auto entry = map.find(key);
    if (entry == map.end()) return std::nullopt;
    return entry->second;
  }

  std::unordered_map<Cid, ConnectionId, KeyedHash> by_cid_;
  std::unordered_map<ResetToken, ConnectionId, KeyedHash> by_token_;
};

}  // namespace zerok::transport
