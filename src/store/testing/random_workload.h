// SPDX-License-Identifier: MIT OR Apache-2.0
// Random calls of a store, for comparing stores with each other and what is there after a crash
// with what was there before. What a workload does depends on its seed and on the store's answers
// only, so two stores that keep the contract see the same calls.
#pragma once

#include <string>

#include "base/rng.h"
#include "store/client_store.h"
#include "store/relay_store.h"

namespace zerok::store {

class RandomRelayWorkload {
 public:
  explicit RandomRelayWorkload(std::uint64_t seed) : rng_(seed) {}
  // One change or question; what it gave, as text.
  std::string step(RelayStore& store);

 private:
  std::string append(RelayStore& store, const RelayGroup& group);
  std::string remove(RelayStore& store, const RelayGroup& group);
  std::string read(RelayStore& store, const RelayGroup& group);

  DeterministicRng rng_;
  UnixMs now_ = 1000;
  std::uint64_t blobs_ = 0;
};

class RandomClientWorkload {
 public:
  explicit RandomClientWorkload(std::uint64_t seed) : rng_(seed) {}
  std::string step(ClientStore& store);

 private:
  std::string change_outbox(ClientStore& store);
  std::string change_inbox(ClientStore& store);
  std::string change_others(ClientStore& store);

  DeterministicRng rng_;
  std::uint64_t numbers_ = 0;
};

// All that a store holds, as text. Of a relay's store: the groups that RandomRelayWorkload makes.
std::string contents(RelayStore& store);
std::string contents(ClientStore& store);

}  // namespace zerok::store
