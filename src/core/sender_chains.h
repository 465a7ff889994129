// SPDX-License-Identifier: MIT OR Apache-2.0
// All chains a device receives, by sender and incarnation, within bounds. Only senders that are in
// the roster get one: that is for the caller to check.
#pragma once

#include "base/result.h"
#include "core/sender_chain.h"

namespace zerok::core {

class SenderChains {
 public:
  // An honest device starts a new incarnation when its store was lost or copied.
  static constexpr std::size_t kIncarnationsMax = 64;

  struct Key {
    DeviceId sender;
    Incarnation incarnation;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  // The chain, started at `head` if it is new; valid until its sender is forgotten. kOverloaded for
  // a sender with kIncarnationsMax others.
  Result<SenderChain*> open(const Key& key, const ChainPosition& head = {}) {
    const auto found = chains_.find(key);
    if (found != chains_.end()) return &found->second;
    if (count_of(key.sender) >= kIncarnationsMax) {
      return fail(ErrorCode::kOverloaded, "a sender with too many incarnations");
    }
    return &chains_.emplace(key, SenderChain(key.sender, head)).first->second;
  }
  // Null when nothing of it was ever received.
  const SenderChain* find(const Key& key) const {
    const auto found = chains_.find(key);
    return found == chains_.end() ? nullptr : &found->second;
  }
  void forget(const DeviceId& sender) {
    std::erase_if(chains_, [&](const auto& entry) { return entry.first.sender == sender; });
  }
  // In the order of their keys, for DEVICE_STATE.
  const std::map<Key, SenderChain>& all() const { return chains_; }

 private:
  std::size_t count_of(const DeviceId& sender) const {
    std::size_t count = 0;
    for (auto at = chains_.lower_bound({sender, {}}); at != chains_.end(); ++at, ++count) {
      if (at->first.sender != sender) break;
    }
    return count;
  }

  std::map<Key, SenderChain> chains_;
};

}  // namespace zerok::core
