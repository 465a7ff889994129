// SPDX-License-Identifier: MIT OR Apache-2.0
// Outbox: what this device pushed and some other device does not have yet, without the sealed
// bytes, which the store keeps. Blobs go out in the order of their numbers and are acknowledged in
// it, so everything up to one number is at the relay or failed, and the rest is pending. A lost
// acknowledgement sends the same blob id again.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "core/client/journal.h"

namespace zerok::core {

class Outbox {
 public:
  // In the order of their numbers, before anything else.
  void restore(const OutboxEntry& entry) { insert(entry); }
  void add(const OutboxEntry& entry) { insert(entry); }
  bool has_room(const ClientLimits& limits, std::size_t sealed_bytes) const {
    return entries_.size() < limits.outbox_blobs_max &&
           bytes_ + sealed_bytes <= limits.outbox_bytes_max;
  }

  // What to push next: consecutive pending blobs of one epoch within the bounds; the first is
  // taken whatever its size. Empty: nothing is pending.
  std::vector<OutboxEntry> next_batch(std::size_t blobs_max, std::size_t bytes_max) const;
  void acknowledged(std::uint64_t number, std::uint64_t cursor, Journal& journal);
  // Waiting does not mend it; what comes after it goes on.
  void failed(std::uint64_t number, std::uint16_t code, Journal& journal);
  // The relay's log is another one: all is pending again, what it refused included.
  void forget_relay(Journal& journal);
  void remove(std::uint64_t number, Journal& journal);
  // A pending one gets another content, id and size.
  void replace(const OutboxEntry& entry);
  // Every pending one above this sealed size fails. True if there was one.
  bool fail_above(std::uint32_t sealed_bytes_max, std::uint16_t code, Journal& journal);

  const OutboxEntry* find(std::uint64_t number) const;
  const OutboxEntry* find(const Incarnation& incarnation, std::uint64_t sequence) const;
  const OutboxEntry* find(const BlobId& blob) const;
  // The lowest sequence number of that incarnation that failed; kSequenceMax: none.
  std::uint64_t first_failed(const Incarnation& incarnation) const;
  const std::map<std::uint64_t, OutboxEntry>& entries() const { return entries_; }
  // Numbers by incarnation and sequence.
  using Chains = std::map<Incarnation, std::map<std::uint64_t, std::uint64_t>>;
  const Chains& chains() const { return by_sequence_; }

  std::size_t pending() const { return pending_; }
  std::uint64_t pending_bytes() const { return pending_bytes_; }
  std::size_t on_relay() const { return on_relay_; }
  std::size_t failed() const { return failed_; }

 private:
  static bool is_pending(const OutboxEntry& entry) {
    return entry.cursor == 0 && entry.refusal == 0;
  }
  void insert(const OutboxEntry& entry);
  void forget_place(const OutboxEntry& entry);
  void count(const OutboxEntry& entry, bool in);

  std::map<std::uint64_t, OutboxEntry> entries_;
  Chains by_sequence_;
  // No entry up to here is pending.
  std::uint64_t settled_ = 0;
  std::size_t pending_ = 0;
  std::uint64_t pending_bytes_ = 0;
  std::size_t on_relay_ = 0;
  std::size_t failed_ = 0;
  std::map<Incarnation, std::set<std::uint64_t>> failed_sequences_;
  std::uint64_t bytes_ = 0;
};

}  // namespace zerok::core
