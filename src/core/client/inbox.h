// SPDX-License-Identifier: MIT OR Apache-2.0
// Inbox: what becomes of a blob of somebody else: to be handed over next, held back until an
// earlier one of its sender comes, put aside because it can't be used, or nothing since it is here
// already. Everything it decides is stored before the position that passes it counts. Hand-over
// numbers are given in the order of each sender's chain and never change.
#pragma once

#include <deque>
#include <map>
#include <set>

#include "core/client/group.h"
#include "core/client/journal.h"
#include "core/client/loss_ledger.h"
#include "core/sender_chains.h"

namespace zerok::core {

class Inbox {
 public:
  Inbox(const DeviceId& self, const ClientLimits& limits) : self_(self), limits_(limits) {}

  // What the store holds, in this order: chains, then rows. kMalformed for rows that don't fit.
  Result<void> restore_chain(const DeviceId& sender, const Incarnation& incarnation,
                             const ChainPosition& head);
  Result<void> restore_row(const InboxEntry& entry);

  // A blob as it came with a line of the log.
  struct Arrival {
    BlobId blob{};
    GroupId epoch_group{};
    DeviceId sender{};  // by the relay's word
    CiphertextHash ciphertext{};
    ByteView sealed;
  };
  enum class Outcome : std::uint8_t { kReady, kWaiting, kHeld, kQuarantined };
  Outcome receive(const Arrival& arrival, const ClientGroup& group, Journal& journal);
  // The same for one that was put aside before.
  Outcome retry(const InboxEntry& entry, ByteView sealed, const ClientGroup& group,
                Journal& journal);
  // The next three only when the log has been read to its end, in this order.
  // Gaps that known losses explain are passed over, and what they held back becomes ready.
  void settle_gaps(LossLedger& losses, Journal& journal);
  // The first gap of each chain that has one.
  struct Gap {
    SenderChains::Key chain;
    SenderChain::Interval missing;
    Instant since{};  // when it was told
  };
  std::vector<Gap> gaps(Instant now) const;
  // Something in this sender's name was put aside: it may be what is missing.
  bool has_aside(const DeviceId& sender) const { return aside_.contains(sender); }
  // It will not come any more.
  void pass_over(const Gap& gap, Journal& journal);
  // The others are told, once.
  void tell_gaps(Instant now, Journal& journal);
  // Writes down the heads that have moved.
  void flush(Journal& journal);
  // All ready ones up to this number are the application's.
  void confirmed(std::uint64_t number, Journal& journal);

  // One of our own chains that is over, up to where a relay took it: what we signed of it, we go on
  // signing.
  void keep_own_chain(const Incarnation& incarnation, const ChainPosition& head);
  ChainPosition own_chain(const Incarnation& incarnation) const;

  // What `witness` signed to have of a chain. Nothing for our own chains, and only its sender's
  // word begins one that nothing was received of: others could fill a sender's places with
  // inventions.
  void claim(const DeviceId& witness, const StoredHead& head, Journal& journal);
  // Whether something of this sender is missing: a gap, or a place beyond all that is here that
  // somebody signed.
  bool misses(const DeviceId& sender) const;
  // Senders of which somebody signed more than is here.
  std::vector<SenderChain::Witnessed> claimed_beyond(const DeviceId& sender) const;
  bool has_chain_of(const DeviceId& sender) const;
  // Something of this sender waits for what is missing before it.
  bool has_gap_of(const DeviceId& sender) const;
  // For our DEVICE_STATE; the most important first.
  std::vector<StoredHead> heads(const Roster& roster) const;
  // Changes with every head that moves.
  std::uint64_t heads_version() const { return heads_version_; }

  bool is_full() const;
  std::size_t ready() const { return ready_sizes_.size(); }
  std::size_t waiting() const { return waiting_count_; }
  std::size_t quarantined() const { return quarantined_; }
  bool may_retry() const { return retriable_ > 0; }

 private:
  using Key = SenderChains::Key;
  // A blob on its way to its place; stored: it has a row already.
  struct Placing {
    InboxEntry entry;
    ByteView sealed;
    bool stored = false;
  };

  Outcome sort(Placing placing, const ClientGroup& group, Journal& journal);
  Outcome place(Placing placing, const BlobContent& content, Journal& journal);
  Outcome put_aside(Placing placing, QuarantineReason reason, Journal& journal);
  void make_room(Journal& journal);
  void make_ready(InboxEntry& entry, Journal& journal);
  void release_waiting(const Key& key, const SenderChain& chain, Journal& journal);
  void store(Placing& placing, Journal& journal);
  void touch(const Key& key);

  DeviceId self_;
  ClientLimits limits_;
  SenderChains chains_;
  std::map<Key, std::map<std::uint64_t, InboxEntry>> waiting_;  // by sequence
  std::size_t waiting_count_ = 0;
  std::uint64_t waiting_bytes_ = 0;
  std::deque<std::uint32_t> ready_sizes_;  // of the unconfirmed, by number
  std::uint64_t ready_bytes_ = 0;
  std::set<DeviceId> aside_;  // senders, by the relay's word, of what was put aside
  std::size_t quarantined_ = 0;
  std::size_t retriable_ = 0;
  std::map<std::uint64_t, std::uint32_t> useless_;  // arrivals in quarantine for good, and sizes
  std::uint64_t quarantined_bytes_ = 0;
  std::set<Key> moved_;
  std::map<Key, std::uint64_t> last_moved_;
  std::uint64_t heads_version_ = 0;
  std::map<std::pair<Key, std::uint64_t>, Instant> told_gaps_;  // since when
};

}  // namespace zerok::core
