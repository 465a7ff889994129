// SPDX-License-Identifier: MIT OR Apache-2.0
// LyingRelayStore: what a relay's disk holds, told wrongly, so that an honest relay on it becomes a
// malicious one: it swaps, repeats, changes and withholds payloads, blames other senders, gets
// hashes and counts wrong. What is written goes through untouched, so that the truth is still there
// when the lying ends.
#pragma once

#include "base/rng.h"
#include "sim/forwarding_relay_store.h"
#include "sim/relay_ledger.h"

namespace zerok::sim {

struct Lies {
  std::uint32_t per_thousand = 0;  // of what is read; 0: honest
  DeterministicRng rng{0};
  std::uint64_t told = 0;

  bool tell() {
    if (per_thousand == 0 || rng.below(1000) >= per_thousand) return false;
    ++told;
    return true;
  }
};

class LyingRelayStore final : public ForwardingRelayStore {
 public:
  // All must outlive it.
  LyingRelayStore(store::RelayStore& inner, RelayLedger& ledger, Lies& lies)
      : ForwardingRelayStore(inner), ledger_(ledger), lies_(lies) {}

  Result<std::optional<LogHash>> log_hash_at(store::GroupKey group, std::uint64_t cursor) override;
  Result<std::vector<store::StoredLine>> read_lines(
      store::GroupKey group, std::uint64_t after, std::size_t lines_max, std::size_t bytes_max,
      const std::optional<DeviceId>& without_payload_of) override;

 private:
  void spoil(std::vector<store::StoredLine>& lines, std::size_t at);

  RelayLedger& ledger_;
  Lies& lies_;
};

}  // namespace zerok::sim
