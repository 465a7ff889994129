// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/device_ledger.h"

#include <algorithm>

#include "core/roster_entry.h"

namespace zerok::sim {

void DeviceLedger::committed(const std::vector<DeviceChange>& changes) {
  for (const DeviceChange& change : changes) {
    std::visit([this](const auto& one) { apply(one); }, change);
  }
}

std::uint64_t DeviceLedger::notices(core::NoticeKind kind) const {
  const auto found = notices_.find(static_cast<std::uint16_t>(kind));
  return found == notices_.end() ? 0 : found->second;
}

std::size_t DeviceLedger::unacknowledged() const {
  return static_cast<std::size_t>(std::ranges::count_if(outbox_, [](const auto& entry) {
    return entry.second.cursor == 0 && entry.second.refusal == 0;
  }));
}

void DeviceLedger::apply(const RosterGrew& change) {
  const auto entry = core::RosterEntry::decode(change.entry);
  if (!entry) {
    findings_.fail("roster", "device {} stored a roster entry that can't be read", index_);
    return;
  }
  ByteView record;
  switch (static_cast<core::RosterKind>(entry->kind)) {
    case core::RosterKind::kCreate:
      if (const auto body = core::CreateBody::decode(entry->body)) record = body->record;
      break;
    case core::RosterKind::kAdd:
      if (const auto body = core::AddBody::decode(entry->body)) record = body->record;
      break;
    case core::RosterKind::kLeave:
      roster_.erase(entry->actor);
      return;
  }
  const auto member = core::MemberRecord::decode(record);
  if (!member) {
    findings_.fail("roster", "device {} stored a member that can't be read", index_);
    return;
  }
  roster_.insert(member->device);
  if (const auto device = truth_.find(member->device)) {
    truth_.devices[*device].enrolled = true;
  } else {
    findings_.fail("roster", "device {} believes in a device that nobody enrolled", index_);
  }
}

void DeviceLedger::begin_push(ByteView payload, ByteView key) {
  pushing_ = Pushing{Bytes(payload.begin(), payload.end()), Bytes(key.begin(), key.end()), {}};
}

void DeviceLedger::apply(const OutboxAdded& change) {
  if (!pushing_ || pushing_->committed) {
    findings_.fail("outbox", "device {} stored a blob that its application did not push", index_);
    return;
  }
  PushedBlob pushed;
  pushed.device = index_;
  pushed.blob = change.blob.blob;
  pushed.number = change.blob.number;
  pushed.incarnation = change.blob.incarnation;
  pushed.sequence = change.blob.sequence;
  pushed.lamport = change.blob.lamport;
  pushed.pushed_at = relay_.now();
  pushed.payload = pushing_->payload;
  pushed.key = pushing_->key;
  if (change.blob.lamport <= lamport_seen_) {
    findings_.fail("order", "device {} pushed with Lamport number {} after it had seen {}", index_,
                   change.blob.lamport, lamport_seen_);
  }
  lamport_seen_ = change.blob.lamport;
  if (!pushed.key.empty() && !keys_.emplace(pushed.key, pushed.blob).second) {
    findings_.fail("keys", "device {} pushed twice under one application key", index_);
  }
  if (!truth_.blobs.emplace(pushed.blob, std::move(pushed)).second) {
    findings_.fail("outbox", "device {} used a blob id again", index_);
  }
  outbox_[change.blob.number] = {change.blob.blob};
  pushing_->committed = change.blob.blob;
}

void DeviceLedger::end_push(const Result<client::Pushed>& result) {
  const Pushing pushing = *std::move(pushing_);
  pushing_.reset();
  if (!result) {
    if (pushing.committed) {
      findings_.fail("durability", "device {} stored a blob and said that it failed", index_);
    }
    return;
  }
  ++pushes_;
  const auto known = keys_.find(pushing.key);
  if (result->repeated) {
    if (pushing.key.empty() || known == keys_.end() || known->second != result->blob) {
      findings_.fail("keys", "device {} repeated a push that it never made", index_);
    }
  } else if (!pushing.committed || *pushing.committed != result->blob) {
    findings_.fail("durability", "device {}: push() returned before its blob was durable", index_);
    return;
  }
  if (PushedBlob* pushed = truth_.find_blob(result->blob)) {
    pushed->returned = true;
    if (pushed->number != result->number || pushed->payload != pushing.payload) {
      findings_.fail("keys", "device {} names another push than the one it repeats", index_);
    }
  }
}

void DeviceLedger::apply(const OutboxMarked& change) {
  const auto found = outbox_.find(change.number);
  if (found == outbox_.end()) {
    findings_.fail("outbox", "device {} marked blob {}, which is not in its outbox", index_,
                   change.number);
    return;
  }
  found->second.cursor = change.cursor;
  found->second.refusal = change.refusal;
  if (change.cursor != 0 && !relay_.was_committed(found->second.blob, change.cursor)) {
    findings_.fail("acknowledgement",
                   "device {} holds its blob {} for acknowledged as line {}, which no relay's disk "
                   "ever had",
                   index_, change.number, change.cursor);
  }
}

void DeviceLedger::apply(const OutboxCleared&) {
  for (auto& [number, own] : outbox_) own.cursor = 0;
}

// Only a device whose store was copied or restored has a reason to, and none is.
void DeviceLedger::apply(const OutboxResealed& change) {
  findings_.fail("outbox", "device {} sealed its blob {} again", index_, change.blob.number);
}

// What nobody gave a reason for must not be said.
void DeviceLedger::apply(const NoticeAdded& change) {
  ++notices_[change.kind];
  const auto kind = static_cast<core::NoticeKind>(change.kind);
  if (kind == core::NoticeKind::kHistoryLost || kind == core::NoticeKind::kQuarantined) {
    truth_.devices[index_].told_of_loss = true;
  }
  if (kind == core::NoticeKind::kRosterForked && relay_.reset_at() != Instant{}) {
    truth_.roster_forked = true;
    return;
  }
  if (relay_.relay_lies()) return;
  switch (kind) {
    case core::NoticeKind::kHistoryLost:
    case core::NoticeKind::kRelayReset:
    case core::NoticeKind::kGap:
    case core::NoticeKind::kDeviceAdded:
    case core::NoticeKind::kDeviceLeft:
    case core::NoticeKind::kMore:
    case core::NoticeKind::kWithheld:
    case core::NoticeKind::kPushFailed:
      return;
    case core::NoticeKind::kStateRolledBack:
      if (relay_.reset_at() != Instant{}) return;
      break;
    default:
      break;
  }
  findings_.fail("notice", "device {} gives notice {} without a reason", index_, change.kind);
}

void DeviceLedger::apply(const OutboxRemoved& change) {
  const auto found = outbox_.find(change.number);
  if (found == outbox_.end()) return;
  const Own own = found->second;
  outbox_.erase(found);
  PushedBlob* pushed = truth_.find_blob(own.blob);
  if (pushed == nullptr) return;
  pushed->kept = false;
  for (const DeviceIndex other : lacking(*pushed)) {
    findings_.fail("durability", "device {} dropped its blob {} before device {} had it", index_,
                   change.number, other);
  }
}

std::vector<DeviceIndex> DeviceLedger::lacking(const PushedBlob& pushed) const {
  std::vector<DeviceIndex> out;
  if (pushed.deleted || relay_.is_gone(pushed.blob) || relay_.may_seem_gone(pushed.blob)) {
    return out;
  }
  for (const DeviceId& id : roster_) {
    const auto other = truth_.find(id);
    if (!other || *other == index_ || !truth_.is_active(*other)) continue;
    // What a lying relay made a device put aside or give up, it says so to its user.
    if (relay_.relay_lies() && truth_.devices[*other].told_of_loss) continue;
    if (!pushed.stored.contains(*other)) out.push_back(*other);
  }
  return out;
}

std::size_t DeviceLedger::kept_for_nobody() const {
  std::size_t count = 0;
  for (const auto& [number, own] : outbox_) {
    const PushedBlob* pushed = truth_.find_blob(own.blob);
    if (pushed == nullptr || pushed->deleted) continue;
    bool wanted = false;
    for (DeviceIndex i = 0; i < truth_.devices.size(); ++i) {
      wanted |= i != index_ && truth_.is_active(i) && !pushed->stored.contains(i);
    }
    if (!wanted) ++count;
  }
  return count;
}

std::vector<std::uint64_t> DeviceLedger::outbox_numbers() const {
  std::vector<std::uint64_t> out;
  for (const auto& [number, own] : outbox_) out.push_back(number);
  return out;
}

void DeviceLedger::check_blob_status(std::uint64_t number, const core::BlobStatus& status) {
  const Own& own = outbox_.at(number);
  const PushedBlob* pushed = truth_.find_blob(own.blob);
  if (pushed == nullptr) return;
  const auto missing = lacking(*pushed);
  if (status.place == core::BlobPlace::kDelivered && !missing.empty()) {
    findings_.fail("status", "device {} says that blob {} is delivered, and device {} lacks it",
                   index_, number, missing.front());
  }
  if (status.devices - status.delivered_to < missing.size()) {
    findings_.fail("status", "device {} says that {} of {} devices have blob {}, and {} lack it",
                   index_, status.delivered_to, status.devices, number, missing.size());
  }
  if (status.place == core::BlobPlace::kOnRelay && own.cursor == 0) {
    findings_.fail("status", "device {} says that blob {} is on the relay; nobody told it so",
                   index_, number);
  }
}

void DeviceLedger::apply(const InboxChanged& change) {
  if (change.blob.state == store::InboxState::kQuarantined) return;
  PushedBlob* pushed = truth_.find_blob(change.blob.blob);
  if (pushed == nullptr) {
    findings_.fail("strangers", "device {} stored a blob that nobody pushed", index_);
    return;
  }
  if (truth_.devices[pushed->device].id != change.blob.sender ||
      pushed->incarnation != change.blob.incarnation || pushed->sequence != change.blob.sequence ||
      pushed->lamport != change.blob.lamport) {
    findings_.fail("integrity", "device {} stored a blob under another name than it was pushed",
                   index_);
  }
  pushed->stored.insert(index_);
}

void DeviceLedger::apply(const ReadyRemoved& change) {
  if (change.number > confirm_asked_) {
    findings_.fail("hand-over", "device {} dropped {}, and only {} was confirmed", index_,
                   change.number, confirm_asked_);
  }
  confirmed_ = std::max(confirmed_, change.number);
}

void DeviceLedger::took(const std::vector<client::Received>& blobs) {
  for (const client::Received& received : blobs) {
    if (taken_this_run_ == 0 && !handed_.empty()) {
      // After a restart it begins with what was handed over and never confirmed.
      const auto first = handed_.upper_bound(confirmed_);
      if (first != handed_.end() && first->first != received.number) {
        findings_.fail("hand-over", "device {} began again at {} and not at {}", index_,
                       received.number, first->first);
      }
    }
    check_handed(received);
    taken_this_run_ = std::max(taken_this_run_, received.number);
  }
}

void DeviceLedger::check_handed(const client::Received& received) {
  const PushedBlob* pushed = truth_.find_blob(received.blob);
  if (pushed == nullptr) {
    findings_.fail("strangers", "device {} was handed a blob that nobody pushed", index_);
    return;
  }
  const DeviceTruth& sender = truth_.devices[pushed->device];
  if (pushed->device == index_) {
    findings_.fail("hand-over", "device {} was handed its own blob {}", index_, pushed->number);
  }
  if (received.payload != pushed->payload) {
    findings_.fail("integrity", "device {} was handed {} bytes where {} were pushed", index_,
                   received.payload.size(), pushed->payload.size());
  }
  if (received.device != sender.id || received.incarnation != pushed->incarnation ||
      received.sequence != pushed->sequence || received.lamport != pushed->lamport) {
    findings_.fail("order", "device {} was handed a blob with another place in the order", index_);
  }
  if (received.number <= confirmed_) {
    findings_.fail("hand-over", "device {} was handed {} again after confirming up to {}", index_,
                   received.number, confirmed_);
  }
  // What was confirmed counts as taken, even if another process took it.
  const std::uint64_t last = std::max(taken_this_run_, confirmed_);
  if (taken_this_run_ != 0 && received.number != last + 1) {
    findings_.fail("hand-over", "device {} was handed {} after {}", index_, received.number, last);
  }
  const auto known = handed_.find(received.number);
  if (known != handed_.end()) {
    if (known->second.blob != received.blob) {
      findings_.fail("hand-over", "device {}: {} was one blob and is another now", index_,
                     received.number);
    }
    return;
  }
  if (!handed_.empty() && received.number != handed_.rbegin()->first + 1) {
    findings_.fail("hand-over", "device {} was handed {} for the first time after {}", index_,
                   received.number, handed_.rbegin()->first);
  }
  if (const auto again = handed_blobs_.find(received.blob); again != handed_blobs_.end()) {
    findings_.fail("hand-over", "device {} was handed {} again as {}", index_, again->second,
                   received.number);
  }
  check_sender_order(received, *pushed);
  handed_[received.number] = {received.blob, received.lamport};
  handed_blobs_[received.blob] = received.number;
  lamport_seen_ = std::max(lamport_seen_, received.lamport);
}

void DeviceLedger::check_sender_order(const client::Received& received, const PushedBlob& pushed) {
  std::uint64_t& last = last_sequence_[{received.device, received.incarnation}];
  if (received.sequence <= last) {
    findings_.fail("hand-over", "device {} was handed {} of device {} after its {}", index_,
                   received.sequence, pushed.device, last);
  }
  if (relay_.relay_lies() && (truth_.devices[index_].told_of_loss || relay_.has_shown_removed())) {
    last = received.sequence;
    return;
  }
  // What it skips must be gone for good: whoever still has it would hand it over out of order.
  for (const auto& [id, other] : truth_.blobs) {
    if (other.device == pushed.device && other.incarnation == pushed.incarnation &&
        other.sequence > last && other.sequence < received.sequence && !other.deleted &&
        relay_.can_be_had(other)) {
      findings_.fail("hand-over", "device {} was handed {} of device {} without its {}", index_,
                     received.sequence, pushed.device, other.sequence);
    }
  }
  last = received.sequence;
}

}  // namespace zerok::sim
