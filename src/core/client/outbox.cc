// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/client/outbox.h"

namespace zerok::core {

std::vector<OutboxEntry> Outbox::next_batch(std::size_t blobs_max, std::size_t bytes_max) const {
  std::vector<OutboxEntry> batch;
  std::size_t bytes = 0;
  for (auto at = entries_.upper_bound(settled_); at != entries_.end(); ++at) {
    const OutboxEntry& entry = at->second;
    if (!is_pending(entry)) continue;
    if (batch.size() == blobs_max) break;
    if (!batch.empty() && (entry.epoch_group != batch.front().epoch_group ||
                           bytes + entry.sealed_bytes > bytes_max)) {
      break;
    }
    bytes += entry.sealed_bytes;
    batch.push_back(entry);
  }
  return batch;
}

void Outbox::acknowledged(std::uint64_t number, std::uint64_t cursor, Journal& journal) {
  const auto at = entries_.find(number);
  if (at == entries_.end() || at->second.cursor == cursor) return;
  count(at->second, false);
  at->second.cursor = cursor;
  at->second.refusal = 0;
  count(at->second, true);
  journal.add(MarkOutbox{number, cursor, 0});
  journal.tell(ClientEvent::kOutbox);
  // Batches begin after settled_, so this is the lowest pending one but for failed ones before it.
  const auto next = entries_.upper_bound(settled_);
  for (auto step = next; step != entries_.end() && !is_pending(step->second); ++step) {
    settled_ = step->first;
  }
}

void Outbox::failed(std::uint64_t number, std::uint16_t code, Journal& journal) {
  const auto at = entries_.find(number);
  if (at == entries_.end() || !is_pending(at->second)) return;
  count(at->second, false);
  at->second.refusal = code;
  count(at->second, true);
  journal.add(MarkOutbox{number, 0, code});
  journal.tell(ClientEvent::kOutbox);
  NoticeDetail detail;
  detail.number = number;
  detail.blob = at->second.blob;
  detail.code = code;
  journal.notice(NoticeKind::kPushFailed, detail);
}

void Outbox::forget_relay(Journal& journal) {
  settled_ = 0;
  if (on_relay_ == 0 && failed_ == 0) return;
  for (auto& [number, entry] : entries_) {
    if (is_pending(entry)) continue;
    count(entry, false);
    if (entry.refusal != 0) journal.add(MarkOutbox{number, 0, 0});
    entry.cursor = 0;
    entry.refusal = 0;
    count(entry, true);
  }
  journal.add(ClearOutboxCursors{});
  journal.tell(ClientEvent::kOutbox);
}

void Outbox::remove(std::uint64_t number, Journal& journal) {
  const auto at = entries_.find(number);
  if (at == entries_.end()) return;
  count(at->second, false);
  bytes_ -= at->second.sealed_bytes;
  forget_place(at->second);
  entries_.erase(at);
  journal.add(RemoveOutbox{number});
  journal.tell(ClientEvent::kOutbox);
}

void Outbox::replace(const OutboxEntry& entry) {
  const auto at = entries_.find(entry.number);
  if (at == entries_.end()) return;
  count(at->second, false);
  bytes_ -= at->second.sealed_bytes;
  forget_place(at->second);
  at->second = entry;
  by_sequence_[entry.incarnation][entry.sequence] = entry.number;
  bytes_ += entry.sealed_bytes;
  count(entry, true);
}

bool Outbox::fail_above(std::uint32_t sealed_bytes_max, std::uint16_t code, Journal& journal) {
  std::vector<std::uint64_t> numbers;
  for (auto at = entries_.upper_bound(settled_); at != entries_.end(); ++at) {
    if (is_pending(at->second) && at->second.sealed_bytes > sealed_bytes_max) {
      numbers.push_back(at->first);
    }
  }
  for (const std::uint64_t number : numbers) failed(number, code, journal);
  return !numbers.empty();
}

void Outbox::forget_place(const OutboxEntry& entry) {
  const auto chain = by_sequence_.find(entry.incarnation);
  chain->second.erase(entry.sequence);
  if (chain->second.empty()) by_sequence_.erase(chain);
}

const OutboxEntry* Outbox::find(std::uint64_t number) const {
  const auto at = entries_.find(number);
  return at == entries_.end() ? nullptr : &at->second;
}

const OutboxEntry* Outbox::find(const Incarnation& incarnation, std::uint64_t sequence) const {
  const auto chain = by_sequence_.find(incarnation);
  if (chain == by_sequence_.end()) return nullptr;
  const auto at = chain->second.find(sequence);
  return at == chain->second.end() ? nullptr : find(at->second);
}

const OutboxEntry* Outbox::find(const BlobId& blob) const {
  for (const auto& [number, entry] : entries_) {
    if (entry.blob == blob) return &entry;
  }
  return nullptr;
}

std::uint64_t Outbox::first_failed(const Incarnation& incarnation) const {
  const auto chain = failed_sequences_.find(incarnation);
  return chain == failed_sequences_.end() ? kSequenceMax : *chain->second.begin();
}

void Outbox::insert(const OutboxEntry& entry) {
  if (entries_.empty() || entries_.rbegin()->first == settled_) {
    if (!is_pending(entry)) settled_ = entry.number;
  }
  entries_.emplace(entry.number, entry);
  by_sequence_[entry.incarnation][entry.sequence] = entry.number;
  bytes_ += entry.sealed_bytes;
  count(entry, true);
}

void Outbox::count(const OutboxEntry& entry, bool in) {
  const std::size_t one = in ? 1 : static_cast<std::size_t>(-1);
  if (entry.refusal != 0) {
    failed_ += one;
    auto& sequences = failed_sequences_[entry.incarnation];
    if (in) sequences.insert(entry.sequence);
    if (!in) sequences.erase(entry.sequence);
    if (sequences.empty()) failed_sequences_.erase(entry.incarnation);
  } else if (entry.cursor != 0) {
    on_relay_ += one;
  } else {
    pending_ += one;
    pending_bytes_ += in ? entry.sealed_bytes : ~std::uint64_t{entry.sealed_bytes} + 1;
  }
}

}  // namespace zerok::core
