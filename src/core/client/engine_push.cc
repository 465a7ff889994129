// SPDX-License-Identifier: MIT OR Apache-2.0
// What this device sends: a push made, batches on their way, acknowledgements and refusals,
// removals.
#include <algorithm>

#include "base/planted_bug.h"
#include "core/client/engine.h"
#include "core/lamport.h"

namespace zerok::core {
namespace {

// The same bytes every time, as a generator that was copied or not seeded would give.
Bytes seal_with_nonce_used_before(const BlobEpoch& epoch, const BlobId& id,
                                  const BlobContent& content, Padding padding) {
  DeterministicRng rng(6);
  return seal_blob(epoch, id, content, padding, rng);
}

bool is_padded(const BlobContent& content, ByteView sealed) {
  return sealed.size() == kSealBytes + padded_size(kLengthBytes + content.bytes().size());
}

}  // namespace

Result<ClientEngine::PreparedPush> ClientEngine::prepare_push(ByteView payload, ByteView tag,
                                                              Padding padding, UnixMs wall) {
  if (!group_) return fail(ErrorCode::kInvalidState, "this device is in no group");
  if (!group_->roster().is_active(self())) {
    return fail(ErrorCode::kPermissionDenied, "this device has left the group");
  }
  if (tag.size() > kTagBytesMax) {
    return fail(ErrorCode::kInvalidArgument, "a tag has 64 bytes at most");
  }
  LamportClock clock(record().lamport);
  BlobHeader header;
  header.lamport = clock.next();
  if (!tag.empty()) header.tag.emplace(tag.begin(), tag.end());
  ZEROK_TRY(PreparedPush push, seal_next(std::move(header), payload, padding));
  if (!outbox_.has_room(limits_, push.sealed.size())) {
    return fail(ErrorCode::kOverloaded, "too much waits to reach the other devices");
  }
  if (record().sealed_bytes_max != 0 && push.sealed.size() > record().sealed_bytes_max) {
    return fail(ErrorCode::kTooLarge, "more than this group's relay takes in one blob");
  }
  push.entry.number = ++push.record.outbox_number;
  push.entry.pushed = wall;
  push.record.lamport = clock.value();
  return push;
}

// The next content of this incarnation, sealed under a new id; everything but number and date.
Result<ClientEngine::PreparedPush> ClientEngine::seal_next(BlobHeader header, ByteView payload,
                                                           Padding padding) {
  if (record().sent.sequence == kSequenceMax) {
    return fail(ErrorCode::kOverloaded, "no sequence numbers are left");
  }
  header.device = self();
  header.incarnation = record().incarnation;
  header.sequence = record().sent.sequence + 1;
  header.previous = record().sent.hash;
  ZEROK_TRY(const BlobContent content, BlobContent::make(std::move(header), payload));
  const BlobEpoch& epoch = group_->blob_epoch();
  PreparedPush push;
  push.entry.blob = draw_blob_id(rng_);
  push.sealed = planted(PlantedBug::kNonceReused)
                    ? seal_with_nonce_used_before(epoch, push.entry.blob, content, padding)
                    : seal_blob(epoch, push.entry.blob, content, padding, rng_);
  push.entry.epoch_group = group_->epoch_group();
  push.entry.incarnation = content.header().incarnation;
  push.entry.sequence = content.header().sequence;
  push.entry.chain = content.chain_hash();
  push.entry.lamport = content.header().lamport;
  push.entry.payload_bytes = static_cast<std::uint32_t>(payload.size());
  push.entry.sealed_bytes = static_cast<std::uint32_t>(push.sealed.size());
  push.record = record();
  push.record.sent = {push.entry.sequence, push.entry.chain};
  return push;
}

// Of an incarnation that is over what a relay took once goes out as it is: others may have it, and
// would get it twice. The rest can't go on behind it, nor behind one that has failed.
bool ClientEngine::must_be_remade(const OutboxEntry& entry) const {
  if (entry.incarnation == record().incarnation) return false;
  return entry.sequence > inbox_.own_chain(entry.incarnation).sequence ||
         entry.sequence > outbox_.first_failed(entry.incarnation);
}

void ClientEngine::handle_pending(std::uint64_t number, ByteView sealed) {
  const OutboxEntry* old = outbox_.find(number);
  if (old == nullptr || old->cursor != 0 || old->refusal != 0 || !must_be_remade(*old)) return;
  const auto content = group_->keyring().open(old->epoch_group, old->blob, sealed);
  auto made = content ? seal_next(content->header(), content->payload(),
                                  is_padded(*content, sealed) ? Padding::kPadme : Padding::kNone)
                      : fail(ErrorCode::kCryptoFailed, "a stored blob that does not open");
  if (!made) return lose(number);
  made->entry.number = number;
  made->entry.pushed = old->pushed;
  deletes_.rename(old->blob, made->entry.blob);
  journal_.change().sent = made->record.sent;
  outbox_.replace(made->entry);
  journal_.add(ResealOutbox{made->entry, std::move(made->sealed)});
}

// One's own blob whose bytes are gone.
void ClientEngine::lose(std::uint64_t number) {
  NoticeDetail detail;
  detail.number = number;
  detail.blob = outbox_.find(number)->blob;
  journal_.notice(NoticeKind::kStoreDamaged, detail);
  outbox_.failed(number, static_cast<std::uint16_t>(wire::WireErrorCode::kInvalidMessage),
                 journal_);
}

// The others go on without it, as after give_up().
void ClientEngine::handle_damaged_push(std::uint32_t request, std::uint64_t number) {
  requests_.end(request);
  pushing_.clear();
  lose(number);
  begin_incarnation();
}

void ClientEngine::pushed(const PreparedPush& push) {
  journal_.adopt(push.record);
  outbox_.add(push.entry);
}

Result<void> ClientEngine::remove(const BlobId& blob) {
  ZEROK_TRY_VOID(deletes_.add(blob, outbox_, limits_.deletes_max));
  write_down();
  return {};
}

void ClientEngine::put_off_pushes(WaitsFor reason, Instant until) {
  if (waits_for_ != reason) journal_.tell(ClientEvent::kOutbox);
  waits_for_ = reason;
  push_due_ = until;
}

void ClientEngine::send_push() {
  if (now_ < push_due_ || requests_.is_open(RequestKind::kPush)) return;
  waits_for_ = WaitsFor::kNothing;
  const auto blobs_max = std::min({limits_.push_blobs_max, relay_limits_.push_blobs_max,
                                   static_cast<std::uint32_t>(wire::kPushBlobsMax)});
  const auto bytes_max =
      std::min(push_pace_.bytes(), static_cast<std::uint32_t>(wire::kBatchBytesMax));
  const auto batch_of_next = [&] { return outbox_.next_batch(blobs_max, bytes_max); };
  auto batch = batch_of_next();
  const auto is_too_large = [&](const OutboxEntry& entry) {
    return entry.sealed_bytes > relay_limits_.sealed_bytes_max;
  };
  if (std::ranges::any_of(batch, is_too_large)) {
    outbox_.fail_above(relay_limits_.sealed_bytes_max,
                       static_cast<std::uint16_t>(wire::WireErrorCode::kBlobTooLarge), journal_);
    begin_incarnation();
    batch = batch_of_next();
  }
  if (batch.empty()) return;
  const auto is_over = [&](const OutboxEntry& entry) { return must_be_remade(entry); };
  if (std::ranges::any_of(batch, is_over)) return journal_.add(RemakeOutbox{});
  if (planted(PlantedBug::kResendSkips) && resumed_ && batch.size() > 1) {
    outbox_.acknowledged(batch.front().number, 1, journal_);
    batch.erase(batch.begin());
  }
  resumed_ = false;
  std::uint64_t bytes = 0;
  for (const OutboxEntry& entry : batch) bytes += entry.sealed_bytes;
  const std::uint32_t request = requests_.begin(RequestKind::kPush, deadline_for(bytes), bytes);
  pushing_.clear();
  for (const OutboxEntry& entry : batch) pushing_.push_back(entry.number);
  journal_.add(SendPush{request, batch.front().epoch_group, pushing_});
}

void ClientEngine::handle_push_ack(const wire::PushAck& ack) {
  const auto numbers = std::exchange(pushing_, {});
  const bool all = ack.cursors.size() == numbers.size();
  if (ack.cursors.size() > numbers.size() || ack.stopped.has_value() == all) {
    return misbehaves({ErrorCode::kMalformed, "a PUSH_ACK that does not fit its PUSH"});
  }
  push_pace_.went_well();
  for (std::size_t n = 0; n < ack.cursors.size(); ++n) {
    const OutboxEntry* entry = outbox_.find(numbers[n]);
    if (entry == nullptr || entry->cursor != 0) continue;
    ClientRecord& changed = journal_.change();
    // A line from after WELCOME is one more than WELCOME counted.
    if (ack.cursors[n] > welcome_highest_) ++changed.own_lines;
    if (entry->incarnation != changed.incarnation) {
      inbox_.keep_own_chain(entry->incarnation, {entry->sequence, entry->chain});
    } else if (entry->sequence > changed.acknowledged.sequence) {
      changed.acknowledged = {entry->sequence, entry->chain};
    }
    if (planted(PlantedBug::kOwnPushMovesPosition)) {
      own_cursor_ = std::max(own_cursor_, ack.cursors[n]);
    }
    outbox_.acknowledged(numbers[n], ack.cursors[n], journal_);
  }
  peers_.drop_delivered(outbox_, self(), group_->roster(), wall_, limits_, journal_);
  if (ack.stopped) handle_stop(*ack.stopped, numbers[ack.cursors.size()]);
}

void ClientEngine::handle_stop(const wire::Refusal& stop, std::uint64_t number) {
  const Instant until = wait_until(stop.retry_after_ms);
  switch (stop.code) {
    case wire::WireErrorCode::kRateLimited:
      return put_off_pushes(WaitsFor::kRate, until);
    case wire::WireErrorCode::kGroupQuotaExceeded:
      return put_off_pushes(WaitsFor::kQuota, until);
    case wire::WireErrorCode::kStaleEpoch:
      return put_off_pushes(WaitsFor::kEpoch, until);
    case wire::WireErrorCode::kUnauthorized:
    case wire::WireErrorCode::kDeviceRevoked:
    case wire::WireErrorCode::kUnsupported:
      return put_off_pushes(WaitsFor::kRelay, until);
    default:
      break;
  }
  switch (wire::refusal_kind(stop.code)) {
    case wire::RefusalKind::kRequest:
      return give_up(number, stop.code);
    case wire::RefusalKind::kLimit:
      if (stop.code == wire::WireErrorCode::kBlobTooLarge) return give_up(number, stop.code);
      return put_off_pushes(WaitsFor::kRate, until);
    case wire::RefusalKind::kRelay:
      return put_off_pushes(WaitsFor::kRelay, until);
  }
}

// What comes after it must not seem to wait for it: a receiver would hold that back for ever.
void ClientEngine::give_up(std::uint64_t number, wire::WireErrorCode code) {
  outbox_.failed(number, static_cast<std::uint16_t>(code), journal_);
  begin_incarnation();
}

void ClientEngine::send_delete() {
  if (now_ < delete_due_ || requests_.is_open(RequestKind::kDelete)) return;
  const auto blob = deletes_.next(outbox_);
  if (!blob) return;
  wire::Delete message;
  message.blob = *blob;
  auto body = message.encode();
  if (!body) return;
  deleting_ = *blob;
  send_request(RequestKind::kDelete, wire::MessageType::kDelete, *std::move(body));
}

OutboxStatus ClientEngine::outbox_status() const {
  OutboxStatus out;
  out.pending = outbox_.pending();
  out.pending_bytes = outbox_.pending_bytes();
  out.on_relay = outbox_.on_relay();
  out.failed = outbox_.failed();
  out.removals = deletes_.waiting();
  out.last_number = record().outbox_number;
  if (out.pending == 0) {
    out.waits_for = WaitsFor::kNothing;
  } else {
    out.waits_for = session_ == SessionState::kFull ? waits_for_ : WaitsFor::kNetwork;
  }
  return out;
}

BlobStatus ClientEngine::blob_status(std::uint64_t number) const {
  BlobStatus out;
  if (number == 0 || number > record().outbox_number) return out;
  const OutboxEntry* entry = outbox_.find(number);
  if (entry == nullptr) {
    out.place = BlobPlace::kDelivered;
    return out;
  }
  out.blob = entry->blob;
  out.cursor = entry->cursor;
  out.refusal = entry->refusal;
  out.removal_pending = deletes_.contains(entry->blob);
  const auto delivery = peers_.delivery(*entry, self(), group_->roster(), wall_, limits_);
  out.delivered_to = delivery.delivered_to;
  out.devices = delivery.devices;
  if (entry->refusal != 0) {
    out.place = BlobPlace::kFailed;
  } else if (entry->cursor != 0) {
    out.place = delivery.done ? BlobPlace::kDelivered : BlobPlace::kOnRelay;
  } else {
    out.place = BlobPlace::kPending;
  }
  return out;
}

}  // namespace zerok::core
