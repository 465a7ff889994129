// SPDX-License-Identifier: MIT OR Apache-2.0
// What a device has received of one sender's chain (docs/protocol/blob.md section 6): what is a
// duplicate, what is missing, and where two versions of the past were told. It holds places and
// hashes, never contents; the caller stores a content before it reports it here, and rebuilds the
// object from its store by the contiguous head and what lies beyond it. A refused content changes
// nothing.
#pragma once

#include <map>
#include <vector>

#include "core/blob_content.h"

namespace zerok::core {

// A chain up to `sequence`, whose content has this chain hash; {0, zero} before the first.
struct ChainPosition {
  std::uint64_t sequence = 0;
  ChainHash hash;
  friend bool operator==(const ChainPosition&, const ChainPosition&) = default;
};

// Two hashes for one place in one chain.
struct Contradiction {
  std::uint64_t sequence = 0;
  ChainHash held;                   // by what we have, or by the witness
  ChainHash other;                  // by what came now
  std::optional<DeviceId> witness;  // who signed one of them, when somebody did
};

enum class Receipt : std::uint8_t {
  kNext,           // extends the contiguous head, and joins what waited for it
  kAhead,          // held beyond a gap
  kDuplicate,      // this very content is held
  kHeld,           // held or covered: compare with the stored content, if it is there
  kContradiction,  // refused: does not fit what is held or what its sender signed
  kTooManyGaps,    // refused for now: kGapsMax
};

enum class ClaimCheck : std::uint8_t {
  kAgrees,
  kUnseen,         // beyond what is held; remembered, and checked when that place is received
  kHeld,           // held or covered, its hash is not here: compare with the stored content
  kContradiction,  // evidence against the witness, the sender or the relay
};

class SenderChain {
 public:
  static constexpr std::size_t kGapsMax = 256;
  // More than a roster can ever hold.
  static constexpr std::size_t kWitnessesMax = 512;

  struct Interval {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    friend bool operator==(const Interval&, const Interval&) = default;
  };
  struct Received {
    Receipt receipt;
    // With kContradiction; and beside an accepted content that another device than its sender
    // signed otherwise, since that device may be the liar.
    std::optional<Contradiction> evidence;
  };
  struct Claimed {
    ClaimCheck check;
    std::optional<Contradiction> evidence;
  };

  explicit SenderChain(const DeviceId& sender, const ChainPosition& head = {})
      : sender_(sender), head_(head) {}

  Received receive(std::uint64_t sequence, const ChainHash& previous, const ChainHash& hash);
  // A position of this chain out of a DEVICE_STATE that the witness signed.
  Claimed claim(const DeviceId& witness, const ChainPosition& position);
  // Everything up to position is covered otherwise, by a snapshot: the head is at least there.
  std::optional<Contradiction> cover(const ChainPosition& position);
  // Gives the first gap up for good: the head moves over it and over what it joins. Only when its
  // contents can't come any more and no device waits for them. Nothing without a gap.
  std::optional<Interval> skip_gap();

  // The highest place with everything up to it: what our own DEVICE_STATE names.
  const ChainPosition& head() const { return head_; }
  bool holds(std::uint64_t sequence) const;
  // What is missing before something that is held, lowest first; pending until the relay has been
  // read to its head.
  std::vector<Interval> gaps() const;
  // The highest place that somebody signed and that lies beyond all that is held, with who signed:
  // after the relay has been read to its head, a sign that it withholds something.
  struct Witnessed {
    DeviceId witness;
    ChainPosition position;
  };
  std::optional<Witnessed> claimed_beyond() const;

 private:
  // Held beyond a gap, keyed by its first sequence number.
  struct Range {
    std::uint64_t last;
    ChainHash before;  // what its first names as previous
    ChainHash hash;    // of its last
  };

  std::optional<ChainHash> hash_at(std::uint64_t sequence) const;
  std::optional<ChainHash> hash_expected_at(std::uint64_t sequence) const;
  std::optional<Contradiction> check_neighbours(std::uint64_t sequence, const ChainHash& previous,
                                                const ChainHash& hash) const;
  void insert(std::uint64_t sequence, const ChainHash& previous, const ChainHash& hash);
  void join_head();
  void forget_claims_held();

  DeviceId sender_;
  ChainPosition head_;
  std::map<std::uint64_t, Range> ranges_;
  std::map<DeviceId, ChainPosition> claims_;
};

}  // namespace zerok::core
