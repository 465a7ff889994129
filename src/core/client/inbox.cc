// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/client/inbox.h"

#include <algorithm>
#include <tuple>

#include "base/planted_bug.h"
#include "core/lamport.h"

namespace zerok::core {
namespace {

void tell_contradiction(const Contradiction& evidence, const DeviceId& sender,
                        const Incarnation& incarnation, Journal& journal) {
  NoticeDetail detail;
  detail.device = sender;
  detail.incarnation = incarnation;
  detail.first = evidence.sequence;
  if (evidence.witness) detail.other = *evidence.witness;
  journal.notice(NoticeKind::kContradiction, detail);
}

}  // namespace

Inbox::Outcome Inbox::receive(const Arrival& arrival, const ClientGroup& group, Journal& journal) {
  Placing placing;
  placing.entry.blob = arrival.blob;
  placing.entry.epoch_group = arrival.epoch_group;
  placing.entry.sender = arrival.sender;
  placing.entry.ciphertext_hash = arrival.ciphertext;
  placing.entry.sealed_bytes = static_cast<std::uint32_t>(arrival.sealed.size());
  placing.sealed = arrival.sealed;
  return sort(std::move(placing), group, journal);
}

Inbox::Outcome Inbox::retry(const InboxEntry& entry, ByteView sealed, const ClientGroup& group,
                            Journal& journal) {
  return sort({entry, sealed, true}, group, journal);
}

Inbox::Outcome Inbox::sort(Placing placing, const ClientGroup& group, Journal& journal) {
  const InboxEntry& entry = placing.entry;
  const auto content = group.keyring().open(entry.epoch_group, entry.blob, placing.sealed);
  if (!content) {
    return put_aside(std::move(placing), static_cast<QuarantineReason>(content.error()), journal);
  }
  const DeviceId& device = content->header().device;
  if (device != entry.sender || device == self_) {
    return put_aside(std::move(placing), QuarantineReason::kSenderMismatch, journal);
  }
  // A device that left may have sealed it before it did. That it sends nothing afterwards is the
  // relay's to see to: it keeps its group secret until the next epoch (roster.md section 7).
  if (group.roster().find(device) == nullptr && !planted(PlantedBug::kUnknownSender)) {
    return put_aside(std::move(placing), QuarantineReason::kUnknownSender, journal);
  }
  return place(std::move(placing), *content, journal);
}

Inbox::Outcome Inbox::place(Placing placing, const BlobContent& content, Journal& journal) {
  const BlobHeader& header = content.header();
  const Key key{header.device, header.incarnation};
  const auto chain = chains_.open(key);
  if (!chain) return put_aside(std::move(placing), QuarantineReason::kTooManyGaps, journal);
  const ChainHash hash = content.chain_hash();
  const auto received = (*chain)->receive(header.sequence, header.previous, hash);
  if (received.evidence) {
    tell_contradiction(*received.evidence, header.device, header.incarnation, journal);
  }
  InboxEntry& entry = placing.entry;
  const bool was_aside = placing.stored;
  switch (received.receipt) {
    case Receipt::kContradiction:
      return put_aside(std::move(placing), QuarantineReason::kContradiction, journal);
    case Receipt::kTooManyGaps:
      return put_aside(std::move(placing), QuarantineReason::kTooManyGaps, journal);
    case Receipt::kDuplicate:
    case Receipt::kHeld:
      if (was_aside) {
        journal.add(RemoveInbox{entry.arrival});
        --quarantined_;
        --retriable_;
        quarantined_bytes_ -= entry.sealed_bytes;
      }
      return Outcome::kHeld;
    case Receipt::kNext:
    case Receipt::kAhead:
      break;
  }
  if (was_aside) {
    --quarantined_;
    --retriable_;
    quarantined_bytes_ -= entry.sealed_bytes;
  }
  entry.incarnation = header.incarnation;
  entry.sequence = header.sequence;
  entry.previous = header.previous;
  entry.chain = hash;
  entry.lamport = header.lamport;
  LamportClock clock(journal.record().lamport);
  clock.observe(header.lamport);
  if (clock.value() != journal.record().lamport) journal.change().lamport = clock.value();
  if (received.receipt == Receipt::kAhead) {
    entry.place = InboxPlace::kWaiting;
    store(placing, journal);
    waiting_[key].emplace(entry.sequence, entry);
    ++waiting_count_;
    waiting_bytes_ += entry.sealed_bytes;
    return Outcome::kWaiting;
  }
  make_ready(entry, journal);
  store(placing, journal);
  touch(key);
  release_waiting(key, **chain, journal);
  return Outcome::kReady;
}

Inbox::Outcome Inbox::put_aside(Placing placing, QuarantineReason reason, Journal& journal) {
  InboxEntry& entry = placing.entry;
  aside_.insert(entry.sender);
  if (placing.stored && entry.reason == reason) return Outcome::kQuarantined;
  NoticeDetail detail;
  detail.blob = entry.blob;
  detail.device = entry.sender;
  detail.code = static_cast<std::uint32_t>(reason);
  journal.notice(NoticeKind::kQuarantined, detail);
  if (placing.stored) {
    --retriable_;
  } else {
    make_room(journal);
    if (quarantined_ >= limits_.quarantine_blobs_max) return Outcome::kQuarantined;
    if (quarantined_bytes_ + placing.sealed.size() > limits_.quarantine_bytes_max) {
      placing.sealed = {};
      entry.sealed_bytes = 0;
    }
    ++quarantined_;
    quarantined_bytes_ += entry.sealed_bytes;
  }
  entry.place = InboxPlace::kQuarantined;
  entry.reason = reason;
  const bool later = may_be_used_later(reason) && entry.sealed_bytes > 0;
  if (later) ++retriable_;
  store(placing, journal);
  if (!later) useless_.emplace(entry.arrival, entry.sealed_bytes);
  return Outcome::kQuarantined;
}

// What will never be used makes room for what may be: the oldest first.
void Inbox::make_room(Journal& journal) {
  while (!useless_.empty() && (quarantined_ >= limits_.quarantine_blobs_max ||
                               quarantined_bytes_ >= limits_.quarantine_bytes_max)) {
    const auto [arrival, bytes] = *useless_.begin();
    useless_.erase(useless_.begin());
    --quarantined_;
    quarantined_bytes_ -= bytes;
    journal.add(RemoveInbox{arrival});
  }
}

void Inbox::make_ready(InboxEntry& entry, Journal& journal) {
  entry.place = InboxPlace::kReady;
  entry.number = ++journal.change().ready_number;
  ready_sizes_.push_back(entry.sealed_bytes);
  ready_bytes_ += entry.sealed_bytes;
  journal.tell(ClientEvent::kReceived);
}

void Inbox::release_waiting(const Key& key, const SenderChain& chain, Journal& journal) {
  const auto held = waiting_.find(key);
  if (held == waiting_.end()) return;
  auto& entries = held->second;
  while (!entries.empty() && entries.begin()->first <= chain.head().sequence) {
    InboxEntry entry = entries.begin()->second;
    entries.erase(entries.begin());
    --waiting_count_;
    waiting_bytes_ -= entry.sealed_bytes;
    make_ready(entry, journal);
    journal.add(UpdateInbox{entry});
  }
  if (entries.empty()) waiting_.erase(held);
}

void Inbox::store(Placing& placing, Journal& journal) {
  if (placing.stored) {
    journal.add(UpdateInbox{placing.entry});
    return;
  }
  placing.entry.arrival = ++journal.change().arrival;
  journal.add(AddInbox{placing.entry, Bytes(placing.sealed.begin(), placing.sealed.end())});
}

void Inbox::settle_gaps(LossLedger& losses, Journal& journal) {
  for (const auto& [key, known] : chains_.all()) {
    for (;;) {
      const auto gaps = known.gaps();
      if (gaps.empty()) break;
      const auto& missing = gaps.front();
      NoticeDetail detail;
      detail.device = key.sender;
      detail.incarnation = key.incarnation;
      detail.first = missing.first;
      detail.last = missing.last;
      detail.count = missing.last - missing.first + 1;
      const auto cover = losses.spend(key.sender, detail.count);
      if (cover == LossLedger::Cover::kNone) break;
      if (cover == LossLedger::Cover::kUnknown) journal.notice(NoticeKind::kHistoryLost, detail);
      pass_over({key, missing, {}}, journal);
    }
  }
}

std::vector<Inbox::Gap> Inbox::gaps(Instant now) const {
  std::vector<Gap> out;
  for (const auto& [key, chain] : chains_.all()) {
    const auto gaps = chain.gaps();
    if (gaps.empty()) continue;
    const auto told = told_gaps_.find({key, gaps.front().first});
    out.push_back({key, gaps.front(), told == told_gaps_.end() ? now : told->second});
  }
  return out;
}

void Inbox::pass_over(const Gap& gap, Journal& journal) {
  SenderChain& chain = **chains_.open(gap.chain);
  chain.skip_gap();
  touch(gap.chain);
  release_waiting(gap.chain, chain, journal);
}

void Inbox::tell_gaps(Instant now, Journal& journal) {
  for (const Gap& gap : gaps(now)) {
    if (!told_gaps_.emplace(std::pair{gap.chain, gap.missing.first}, now).second) continue;
    NoticeDetail detail;
    detail.device = gap.chain.sender;
    detail.incarnation = gap.chain.incarnation;
    detail.first = gap.missing.first;
    detail.last = gap.missing.last;
    journal.notice(NoticeKind::kGap, detail);
  }
}

void Inbox::flush(Journal& journal) {
  for (const Key& key : moved_) {
    journal.add(PutChain{key.sender, key.incarnation, chains_.find(key)->head()});
  }
  moved_.clear();
}

void Inbox::confirmed(std::uint64_t number, Journal& journal) {
  number = std::min(number, journal.record().ready_number);
  while (journal.record().confirmed < number && !ready_sizes_.empty()) {
    ++journal.change().confirmed;
    ready_bytes_ -= ready_sizes_.front();
    ready_sizes_.pop_front();
  }
}

void Inbox::keep_own_chain(const Incarnation& incarnation, const ChainPosition& head) {
  const Key key{self_, incarnation};
  if (head.sequence == 0) return;
  const auto chain = chains_.open(key);
  if (!chain) return;
  (*chain)->cover(head);
  touch(key);
}

ChainPosition Inbox::own_chain(const Incarnation& incarnation) const {
  const SenderChain* chain = chains_.find({self_, incarnation});
  return chain == nullptr ? ChainPosition() : chain->head();
}

void Inbox::claim(const DeviceId& witness, const StoredHead& head, Journal& journal) {
  const Key key{head.sender, head.incarnation};
  if (head.sender == self_ || (witness != head.sender && chains_.find(key) == nullptr)) return;
  const auto chain = chains_.open(key);
  if (!chain) return;
  const auto claimed = (*chain)->claim(witness, head.position);
  if (claimed.evidence) {
    tell_contradiction(*claimed.evidence, head.sender, head.incarnation, journal);
  }
}

bool Inbox::misses(const DeviceId& sender) const {
  for (const auto& [key, chain] : chains_.all()) {
    if (key.sender == sender && (!chain.gaps().empty() || chain.claimed_beyond())) return true;
  }
  return false;
}

std::vector<SenderChain::Witnessed> Inbox::claimed_beyond(const DeviceId& sender) const {
  std::vector<SenderChain::Witnessed> out;
  for (const auto& [key, chain] : chains_.all()) {
    if (key.sender != sender) continue;
    if (const auto witnessed = chain.claimed_beyond()) out.push_back(*witnessed);
  }
  return out;
}

bool Inbox::has_chain_of(const DeviceId& sender) const {
  for (const auto& [key, chain] : chains_.all()) {
    if (key.sender == sender && chain.head().sequence > 0) return true;
  }
  return false;
}

bool Inbox::has_gap_of(const DeviceId& sender) const {
  const auto at = waiting_.lower_bound({sender, {}});
  return at != waiting_.end() && at->first.sender == sender;
}

std::vector<StoredHead> Inbox::heads(const Roster& roster) const {
  struct Ranked {
    bool left;
    bool newest;
    std::uint64_t moved;
    StoredHead head;
  };
  std::map<DeviceId, std::uint64_t> newest;
  const auto moved_at = [&](const Key& key) {
    const auto at = last_moved_.find(key);
    return at == last_moved_.end() ? 0 : at->second;
  };
  for (const auto& [key, chain] : chains_.all()) {
    newest[key.sender] = std::max(newest[key.sender], moved_at(key));
  }
  std::vector<Ranked> ranked;
  for (const auto& [key, chain] : chains_.all()) {
    if (chain.head().sequence == 0) continue;
    const std::uint64_t moved = moved_at(key);
    ranked.push_back({!roster.is_active(key.sender),
                      moved == newest[key.sender],
                      moved,
                      {key.sender, key.incarnation, chain.head()}});
  }
  // The last two make the order total.
  std::ranges::sort(ranked, {}, [](const Ranked& entry) {
    return std::tuple(entry.left, !entry.newest, ~entry.moved, entry.head.sender,
                      entry.head.incarnation);
  });
  std::vector<StoredHead> out;
  for (Ranked& entry : ranked) out.push_back(entry.head);
  return out;
}

bool Inbox::is_full() const {
  return ready_sizes_.size() + waiting_count_ >= limits_.inbox_blobs_max ||
         ready_bytes_ + waiting_bytes_ >= limits_.inbox_bytes_max;
}

void Inbox::touch(const Key& key) {
  moved_.insert(key);
  last_moved_[key] = ++heads_version_;
}

Result<void> Inbox::restore_chain(const DeviceId& sender, const Incarnation& incarnation,
                                  const ChainPosition& head) {
  ZEROK_TRY_VOID(chains_.open({sender, incarnation}, head));
  return {};
}

Result<void> Inbox::restore_row(const InboxEntry& entry) {
  switch (entry.place) {
    case InboxPlace::kReady:
      ready_sizes_.push_back(entry.sealed_bytes);
      ready_bytes_ += entry.sealed_bytes;
      return {};
    case InboxPlace::kQuarantined:
      aside_.insert(entry.sender);
      ++quarantined_;
      quarantined_bytes_ += entry.sealed_bytes;
      if (may_be_used_later(entry.reason) && entry.sealed_bytes > 0) {
        ++retriable_;
      } else {
        useless_.emplace(entry.arrival, entry.sealed_bytes);
      }
      return {};
    case InboxPlace::kWaiting:
      break;
  }
  const Key key{entry.sender, entry.incarnation};
  ZEROK_TRY(SenderChain * chain, chains_.open(key));
  if (entry.sequence == 0 ||
      chain->receive(entry.sequence, entry.previous, entry.chain).receipt != Receipt::kAhead) {
    return fail(ErrorCode::kMalformed, "a stored blob that does not fit its chain");
  }
  waiting_[key].emplace(entry.sequence, entry);
  ++waiting_count_;
  waiting_bytes_ += entry.sealed_bytes;
  return {};
}

}  // namespace zerok::core
