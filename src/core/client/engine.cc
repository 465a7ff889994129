// SPDX-License-Identifier: MIT OR Apache-2.0
// ClientEngine: its parts put together from the store, messages to whom they concern, timeouts.
#include "core/client/engine.h"

#include <algorithm>
#include <tuple>

namespace zerok::core {

ClientEngine::ClientEngine(const crypto::DeviceKeys& keys, Rng& rng, const ClientLimits& limits,
                           const ClientRecord& record)
    : keys_(keys),
      rng_(rng),
      limits_(limits),
      journal_(record, limits.notices_max),
      inbox_(record.device, limits),
      push_pace_(limits.batch_bytes_min, limits.push_bytes_max),
      pull_pace_(limits.batch_bytes_min, limits.pull_bytes_max) {}

Result<std::unique_ptr<ClientEngine>> ClientEngine::restore(const crypto::DeviceKeys& keys,
                                                            Rng& rng, const ClientLimits& limits,
                                                            ClientSnapshot snapshot, UnixMs wall) {
  if (snapshot.record.device != keys.device_id()) {
    return fail(ErrorCode::kWrongPeer, "the store of another device");
  }
  std::unique_ptr<ClientEngine> engine(new ClientEngine(keys, rng, limits, snapshot.record));
  ZEROK_TRY_VOID(engine->restore_parts(std::move(snapshot), wall));
  return engine;
}

Result<void> ClientEngine::restore_parts(ClientSnapshot snapshot, UnixMs wall) {
  wall_ = wall;
  if (snapshot.record.group.has_value() != !snapshot.secrets.empty()) {
    return fail(ErrorCode::kMalformed, "a group without its secret, or the other way round");
  }
  if (!snapshot.secrets.empty()) {
    ZEROK_TRY(group_, ClientGroup::restore(std::move(snapshot.secrets), snapshot.roster));
    if (group_->id() != *snapshot.record.group ||
        group_->epoch_group() != snapshot.record.epoch_group) {
      return fail(ErrorCode::kMalformed, "a stored group that is another one");
    }
  }
  for (const OutboxEntry& entry : snapshot.outbox) outbox_.restore(entry);
  ZEROK_TRY(losses_, LossLedger::decode(snapshot.losses));
  ZEROK_TRY(deletes_, Deletes::decode(snapshot.deletes));
  ZEROK_TRY_VOID(peers_.restore_heard(snapshot.heard));
  for (const PutChain& chain : snapshot.chains) {
    ZEROK_TRY_VOID(inbox_.restore_chain(chain.sender, chain.incarnation, chain.head));
  }
  // Rows that wait are put behind the head in the order of their chain, whatever came first.
  std::ranges::sort(snapshot.inbox, {}, [](const InboxEntry& entry) {
    return std::tuple(entry.number, entry.sequence, entry.arrival);
  });
  for (const InboxEntry& entry : snapshot.inbox) ZEROK_TRY_VOID(inbox_.restore_row(entry));
  if (inbox_.ready() != snapshot.record.ready_number - snapshot.record.confirmed) {
    return fail(ErrorCode::kMalformed, "stored blobs to be handed over are missing");
  }
  for (const AddNotice& notice : snapshot.notices) {
    journal_.restore_notice(notice.number, notice.kind, notice.detail);
  }
  if (!group_) return {};
  // What contradicts was told when the state came.
  Journal told(record(), 0);
  for (const PutPeerState& stored : snapshot.peer_states) {
    const auto name = sealed_state_group(stored.state);
    const StateEpoch* epoch = name ? group_->state_epoch(*name) : nullptr;
    if (epoch == nullptr) continue;
    const auto state = open_device_state(*epoch, stored.device, stored.state);
    if (!state) continue;  // it comes again with the next WELCOME
    peers_.take(*state, stored.state, self(), record(), outbox_);
    for (const StoredHead& head : state->heads) inbox_.claim(state->device, head, told);
  }
  for (const Member& member : group_->roster().members()) {
    if (member.active && member.device != self()) peers_.first_seen(member.device, wall);
  }
  return {};
}

bool ClientEngine::wants_session() const {
  return group_ ? group_->roster().is_active(self()) : guest_mailbox_.has_value();
}

void ClientEngine::handle_message(const wire::MessageKey& key, ByteView body, Instant now,
                                  UnixMs wall) {
  now_ = now;
  wall_ = wall;
  if (session_ == SessionState::kNone || ending_) return;
  if (key.response) {
    handle_answer(key, body);
  } else if (key.request == 0) {
    handle_notice(key.type, body);
  }
  // A relay asks nothing of a device; a newer one's question goes unanswered.
}

void ClientEngine::handle_answer(const wire::MessageKey& key, ByteView body) {
  const auto kind = requests_.end(key.request);
  if (!kind) return misbehaves({ErrorCode::kMalformed, "an answer to nothing that was asked"});
  if (*kind == RequestKind::kPull &&
      key.type == static_cast<std::uint8_t>(wire::MessageType::kPullResponse)) {
    if (!reader_.answered(key.request, body)) {
      return misbehaves({ErrorCode::kMalformed, "an answer to PULL that does not fit it"});
    }
    pull_pace_.went_well();
    return read_log();
  }
  const auto message = wire::decode_message(key.type, body);
  if (!message) return misbehaves(message.error());
  if (const auto* error = std::get_if<wire::ErrorMessage>(&*message)) {
    return handle_refusal(*kind, key.request, *error);
  }
  bool fits = false;
  switch (*kind) {
    case RequestKind::kOpening:
      if (const auto* welcome = std::get_if<wire::Welcome>(&*message); welcome && group_) {
        fits = true;
        handle_welcome(*welcome);
      } else if (std::holds_alternative<wire::MailboxReady>(*message) && !group_) {
        fits = true;
        session_ = SessionState::kGuest;
        pairing_answers_.push_back(
            {key.request, key.type, Bytes(body.begin(), body.end()), {}, {}});
        journal_.tell(ClientEvent::kConnection);
        journal_.tell(ClientEvent::kPairing);
      }
      break;
    case RequestKind::kPush:
      if (const auto* ack = std::get_if<wire::PushAck>(&*message)) {
        fits = true;
        handle_push_ack(*ack);
      }
      break;
    case RequestKind::kPull:
      break;
    case RequestKind::kState:
      fits = std::holds_alternative<wire::Done>(*message);
      break;
    case RequestKind::kDelete:
      if (std::holds_alternative<wire::Done>(*message)) {
        fits = true;
        deletes_.done(deleting_, outbox_);
        journal_.tell(ClientEvent::kOutbox);
      }
      break;
    case RequestKind::kRosterGet:
    case RequestKind::kRosterAppend:
      if (const auto* roster = std::get_if<wire::Roster>(&*message)) {
        fits = true;
        if (*kind == RequestKind::kRosterGet) {
          take_roster(roster->part);
        } else {
          handle_appended(roster->part);
        }
      }
      break;
    case RequestKind::kPairing:
      fits = pairing_open_.erase(key.request) > 0;
      pairing_answers_.push_back({key.request, key.type, Bytes(body.begin(), body.end()), {}, {}});
      journal_.tell(ClientEvent::kPairing);
      break;
  }
  if (!fits) misbehaves({ErrorCode::kMalformed, "an answer of another kind than was asked for"});
}

void ClientEngine::handle_notice(std::uint8_t type, ByteView body) {
  const auto message = wire::decode_message(type, body);
  if (!message) {
    // A newer relay may have more to say.
    if (message.error().code == ErrorCode::kUnsupported) return;
    return misbehaves(message.error());
  }
  if (const auto* error = std::get_if<wire::ErrorMessage>(&*message)) {
    if (!error->ends_session) return;
    return handle_refusal(RequestKind::kOpening, 0, *error);
  }
  // WELCOME covers whatever was said before it.
  if (session_ != SessionState::kFull) return;
  if (const auto* notify = std::get_if<wire::Notify>(&*message)) {
    reader_.notified(*notify, !closing_ && !inbox_.is_full() && now_ >= pull_due_);
    read_log();
  } else if (const auto* presence = std::get_if<wire::Presence>(&*message)) {
    presence_.clear();
    for (const wire::DevicePresence& device : presence->devices) {
      presence_.emplace(device.device, device);
    }
    journal_.tell(ClientEvent::kDevices);
  } else if (const auto* state = std::get_if<wire::DeviceState>(&*message)) {
    handle_state(state->device, state->state);
  } else if (const auto* quota = std::get_if<wire::Quota>(&*message)) {
    quota_ = RelayQuota{quota->bytes_used, quota->bytes_max, {}};
    if (quota->laggard) quota_->laggard = quota->laggard->device;
    journal_.tell(ClientEvent::kConnection);
  } else if (const auto* roster = std::get_if<wire::Roster>(&*message)) {
    relay_roster_length_ = static_cast<std::uint32_t>(roster->part.length());
    take_roster(roster->part);
  }
}

void ClientEngine::handle_refusal(RequestKind kind, std::uint32_t request,
                                  const wire::ErrorMessage& error) {
  const wire::Refusal& refusal = error.refusal;
  switch (kind) {
    case RequestKind::kOpening:
      return handle_opening_refusal(error);
    case RequestKind::kPush:
      if (!pushing_.empty()) handle_stop(refusal, pushing_.front());
      pushing_.clear();
      break;
    case RequestKind::kPull:
      reader_.refused();
      pull_due_ = wait_until(refusal.retry_after_ms);
      break;
    case RequestKind::kState:
      said_ = {};
      state_due_ = wait_until(refusal.retry_after_ms);
      break;
    case RequestKind::kDelete:
      if (wire::refusal_kind(refusal.code) == wire::RefusalKind::kRequest) {
        NoticeDetail detail;
        detail.blob = deleting_;
        detail.code = static_cast<std::uint32_t>(refusal.code);
        journal_.notice(NoticeKind::kPushFailed, detail);
        deletes_.give_up(deleting_);
      } else {
        delete_due_ = wait_until(refusal.retry_after_ms);
      }
      break;
    case RequestKind::kRosterGet:
      roster_wanted_ = false;
      break;
    case RequestKind::kRosterAppend:
      if (proposal_.state == ProposalState::kPending && !proposal_.entry.empty()) {
        proposal_.state = ProposalState::kRefused;
        journal_.tell(ClientEvent::kPairing);
      }
      break;
    case RequestKind::kPairing:
      pairing_open_.erase(request);
      pairing_answers_.push_back({request, 0, {}, refusal.code, false});
      journal_.tell(ClientEvent::kPairing);
      break;
  }
  if (error.ends_session && !ending_) {
    close({AfterEnd::kRetry,
           refusal.retry_after_ms,
           {ErrorCode::kClosed, "the relay ended the session"},
           refusal.code});
  }
}

void ClientEngine::handle_end() {
  const bool was_live = session_ != SessionState::kNone;
  if (requests_.is_open(RequestKind::kPush)) push_pace_.was_cut();
  if (requests_.is_open(RequestKind::kPull)) pull_pace_.was_cut();
  session_ = SessionState::kNone;
  ending_ = false;
  requests_.clear();
  reader_.end();
  pushing_.clear();
  presence_.clear();
  quota_.reset();
  withheld_since_.clear();
  appends_ = 0;
  roster_wanted_ = false;
  said_.in_session = false;
  resumed_ = true;
  for (const std::uint32_t request : std::exchange(pairing_open_, {})) {
    pairing_answers_.push_back({request, 0, {}, {}, true});
    journal_.tell(ClientEvent::kPairing);
  }
  if (proposal_.state == ProposalState::kPending) proposal_.entry.clear();
  if (was_live) journal_.tell(ClientEvent::kConnection);
  write_down();
}

void ClientEngine::pump(Instant now, UnixMs wall) {
  now_ = now;
  wall_ = wall;
  if (session_ != SessionState::kNone && !ending_ && requests_.next_deadline() <= now) {
    close({AfterEnd::kRetry, 0, {ErrorCode::kTimedOut, "the relay did not answer in time"}, {}});
  }
  if ((session_ == SessionState::kFull || session_ == SessionState::kUnenrolled) && !ending_) {
    send_roster();
  }
  if (session_ == SessionState::kFull && !ending_) {
    send_delete();
    send_push();
    send_pulls();
    handle_caught_up();
    send_ack();
    send_state();
  }
  write_down();
}

// Everything that changed becomes effects, the record last.
void ClientEngine::write_down() {
  inbox_.flush(journal_);
  if (losses_.changed()) journal_.add(PutValue{kLossesValue, losses_.encode()});
  if (deletes_.changed()) journal_.add(PutValue{kDeletesValue, deletes_.encode()});
  if (peers_.heard_changed()) journal_.add(PutValue{kHeardValue, peers_.encode_heard()});
  journal_.close();
}

Instant ClientEngine::next_timeout() const {
  if (!journal_.empty()) return now_;
  Instant next = requests_.next_deadline();
  const auto at = [&](Instant due) {
    if (due > now_) next = std::min(next, due);
  };
  if (session_ != SessionState::kFull || ending_) return next;
  at(push_due_);
  at(delete_due_);
  at(pull_due_);
  at(ack_due_);
  at(state_due_);
  at(state_refresh_due_);
  at(withheld_check_);
  return next;
}

std::uint32_t ClientEngine::send_request(RequestKind kind, wire::MessageType type, Bytes body,
                                         std::uint64_t expected_bytes) {
  const std::uint64_t bytes = std::max<std::uint64_t>(expected_bytes, body.size());
  const std::uint32_t request = requests_.begin(kind, deadline_for(bytes), bytes);
  const wire::MessageKey key{request, static_cast<std::uint8_t>(type), false};
  journal_.add(SendMessage{wire::Priority::kBulk, key, std::move(body)});
  return request;
}

// Everything that is on its way shares one line.
Instant ClientEngine::deadline_for(std::uint64_t bytes) const {
  const std::uint64_t on_the_way = requests_.bytes() + bytes;
  const auto extra = std::chrono::seconds(on_the_way / std::max(1U, limits_.slowest_bytes_per_s));
  return saturating_add(now_, limits_.request_timeout + extra);
}

void ClientEngine::send_notice(wire::MessageType type, Bytes body) {
  const wire::MessageKey key{0, static_cast<std::uint8_t>(type), false};
  journal_.add(SendMessage{wire::Priority::kUrgent, key, std::move(body)});
}

void ClientEngine::close(CloseSession close) {
  if (ending_) return;
  ending_ = true;
  journal_.add(std::move(close));
}

void ClientEngine::misbehaves(const Error& error) {
  NoticeDetail detail;
  detail.code = static_cast<std::uint32_t>(error.code);
  journal_.notice(NoticeKind::kRelayMisbehaves, detail);
  close({AfterEnd::kRetry, 0, error, {}});
}

Instant ClientEngine::wait_until(std::uint32_t retry_after_ms) const {
  const Duration wait = retry_after_ms == 0 ? limits_.refusal_wait
                                            : Duration(std::chrono::milliseconds(retry_after_ms));
  return saturating_add(now_, wait);
}

void ClientEngine::confirm(std::uint64_t number) {
  inbox_.confirmed(number, journal_);
  write_down();
}

void ClientEngine::notice(NoticeKind kind, const NoticeDetail& detail) {
  journal_.notice(kind, detail);
  write_down();
}

bool ClientEngine::is_flushed() const {
  if (session_ != SessionState::kFull) return true;
  return (outbox_.pending() == 0 || waits_for_ != WaitsFor::kNothing) &&
         !requests_.is_open(RequestKind::kPush) && !requests_.is_open(RequestKind::kState) &&
         !requests_.is_open(RequestKind::kDelete);
}

}  // namespace zerok::core
