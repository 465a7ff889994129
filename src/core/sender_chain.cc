// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/sender_chain.h"

#include <iterator>

#include "base/check.h"

namespace zerok::core {

SenderChain::Received SenderChain::receive(std::uint64_t sequence, const ChainHash& previous,
                                           const ChainHash& hash) {
  // BlobContent has no other.
  ZEROK_ASSERT(sequence >= 1 && sequence <= kSequenceMax);
  if (const auto held = hash_at(sequence)) {
    if (*held == hash) return {Receipt::kDuplicate, std::nullopt};
    return {Receipt::kContradiction, Contradiction{sequence, *held, hash, std::nullopt}};
  }
  if (holds(sequence)) return {Receipt::kHeld, std::nullopt};
  if (const auto evidence = check_neighbours(sequence, previous, hash)) {
    return {Receipt::kContradiction, evidence};
  }
  std::optional<Contradiction> evidence;
  for (const auto& [witness, position] : claims_) {
    if (position.sequence != sequence || position.hash == hash) continue;
    evidence = Contradiction{sequence, position.hash, hash, witness};
    // The sender's own word decides; anybody else's is evidence only.
    if (witness == sender_) return {Receipt::kContradiction, evidence};
  }
  const bool next = sequence == head_.sequence + 1;
  const bool touches = next || hash_at(sequence - 1) || hash_expected_at(sequence);
  if (!touches && ranges_.size() == kGapsMax) return {Receipt::kTooManyGaps, std::nullopt};
  insert(sequence, previous, hash);
  forget_claims_held();
  return {next ? Receipt::kNext : Receipt::kAhead, evidence};
}

SenderChain::Claimed SenderChain::claim(const DeviceId& witness, const ChainPosition& position) {
  auto known = hash_at(position.sequence);
  if (!known && position.sequence == 0) known = ChainHash{};
  if (!known) known = hash_expected_at(position.sequence);
  if (known && *known != position.hash) {
    return {ClaimCheck::kContradiction,
            Contradiction{position.sequence, *known, position.hash, witness}};
  }
  if (position.sequence == 0 || hash_at(position.sequence)) {
    return {ClaimCheck::kAgrees, std::nullopt};
  }
  if (holds(position.sequence)) return {ClaimCheck::kHeld, std::nullopt};
  const auto found = claims_.find(witness);
  if (found != claims_.end()) {
    if (found->second.sequence < position.sequence) found->second = position;
  } else if (claims_.size() < kWitnessesMax) {
    claims_.emplace(witness, position);
  }
  return {ClaimCheck::kUnseen, std::nullopt};
}

std::optional<Contradiction> SenderChain::cover(const ChainPosition& position) {
  auto known = hash_at(position.sequence);
  if (!known) known = hash_expected_at(position.sequence);
  if (known && *known != position.hash) {
    return Contradiction{position.sequence, *known, position.hash, std::nullopt};
  }
  if (position.sequence <= head_.sequence) return std::nullopt;
  head_ = position;
  while (!ranges_.empty() && ranges_.begin()->first <= head_.sequence) {
    const Range& range = ranges_.begin()->second;
    if (range.last > head_.sequence) head_ = {range.last, range.hash};
    ranges_.erase(ranges_.begin());
  }
  join_head();
  forget_claims_held();
  return std::nullopt;
}

std::optional<SenderChain::Interval> SenderChain::skip_gap() {
  if (ranges_.empty()) return std::nullopt;
  const auto& [first, range] = *ranges_.begin();
  const Interval gap{head_.sequence + 1, first - 1};
  head_ = {first - 1, range.before};
  join_head();
  forget_claims_held();
  return gap;
}

bool SenderChain::holds(std::uint64_t sequence) const {
  if (sequence == 0) return false;
  if (sequence <= head_.sequence) return true;
  const auto after = ranges_.upper_bound(sequence);
  return after != ranges_.begin() && std::prev(after)->second.last >= sequence;
}

std::vector<SenderChain::Interval> SenderChain::gaps() const {
  std::vector<Interval> out;
  std::uint64_t next = head_.sequence + 1;
  for (const auto& [first, range] : ranges_) {
    out.push_back({next, first - 1});
    next = range.last + 1;
  }
  return out;
}

std::optional<SenderChain::Witnessed> SenderChain::claimed_beyond() const {
  const std::uint64_t highest = ranges_.empty() ? head_.sequence : ranges_.rbegin()->second.last;
  std::optional<Witnessed> out;
  for (const auto& [witness, position] : claims_) {
    if (position.sequence <= highest) continue;
    if (!out || position.sequence > out->position.sequence) out = Witnessed{witness, position};
  }
  return out;
}

// The hash of what is held there, where it is known: at the ends of what is contiguous.
std::optional<ChainHash> SenderChain::hash_at(std::uint64_t sequence) const {
  if (sequence == head_.sequence) return head_.hash;
  const auto after = ranges_.upper_bound(sequence);
  if (after == ranges_.begin()) return std::nullopt;
  const Range& range = std::prev(after)->second;
  return range.last == sequence ? std::optional(range.hash) : std::nullopt;
}

// The hash that a held successor names for a place that is not held itself.
std::optional<ChainHash> SenderChain::hash_expected_at(std::uint64_t sequence) const {
  const auto successor = ranges_.find(sequence + 1);
  return successor == ranges_.end() ? std::nullopt : std::optional(successor->second.before);
}

std::optional<Contradiction> SenderChain::check_neighbours(std::uint64_t sequence,
                                                           const ChainHash& previous,
                                                           const ChainHash& hash) const {
  if (const auto before = hash_at(sequence - 1); before && *before != previous) {
    return Contradiction{sequence - 1, *before, previous, std::nullopt};
  }
  if (const auto expected = hash_expected_at(sequence); expected && *expected != hash) {
    return Contradiction{sequence, *expected, hash, std::nullopt};
  }
  return std::nullopt;
}

void SenderChain::insert(std::uint64_t sequence, const ChainHash& previous, const ChainHash& hash) {
  if (sequence == head_.sequence + 1) {
    head_ = {sequence, hash};
    join_head();
    return;
  }
  Range range{sequence, previous, hash};
  if (const auto successor = ranges_.find(sequence + 1); successor != ranges_.end()) {
    range.last = successor->second.last;
    range.hash = successor->second.hash;
    ranges_.erase(successor);
  }
  const auto after = ranges_.upper_bound(sequence);
  if (after != ranges_.begin() && std::prev(after)->second.last == sequence - 1) {
    Range& before = std::prev(after)->second;
    before.last = range.last;
    before.hash = range.hash;
  } else {
    ranges_.emplace(sequence, range);
  }
}

void SenderChain::join_head() {
  const auto next = ranges_.find(head_.sequence + 1);
  if (next == ranges_.end()) return;
  head_ = {next->second.last, next->second.hash};
  ranges_.erase(next);
}

// A claim at a place that is held was compared when that came, or is covered now: then it is
// compared again with the witness's next DEVICE_STATE.
void SenderChain::forget_claims_held() {
  std::erase_if(claims_, [&](const auto& claim) { return holds(claim.second.sequence); });
}

}  // namespace zerok::core
