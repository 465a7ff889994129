// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/pairing_joiner.h"

#include <algorithm>

#include "base/check.h"

namespace zerok::core {
namespace {

using pairing::Failure;

Failure failure_of(PairingEndReason reason) {
  switch (reason) {
    case PairingEndReason::kRefused:
      return Failure::kRefused;
    case PairingEndReason::kGroupFull:
      return Failure::kGroupFull;
    case PairingEndReason::kDeviceGone:
      return Failure::kDeviceGone;
    case PairingEndReason::kFailed:
      break;
  }
  return Failure::kRelayRefused;
}

Result<Roster> read_roster(std::span<const Bytes> entries, const GroupId& group) {
  ZEROK_TRY(Roster roster, Roster::create(entries[0], group));
  const auto extension = roster.extend(entries.subspan(1));
  if (extension.refused) return std::unexpected(*extension.refused);
  return roster;
}

}  // namespace

PairingJoiner::PairingJoiner(const crypto::DeviceKeys& keys, const PairingOffer& offer,
                             std::string name, JoinerExchange exchange, Rng& rng, Instant now)
    : keys_(&keys),
      rng_(&rng),
      name_(std::move(name)),
      relay_(offer.relay),
      deadline_(saturating_add(now, std::chrono::seconds(kPairingLifeSeconds))),
      mailbox_(offer.mailbox),
      exchange_(std::move(exchange)) {
  mailbox_.put(exchange_->open_message());
  mailbox_.take();
}

Result<PairingJoiner> PairingJoiner::start(const crypto::DeviceKeys& keys,
                                           const PairingOffer& offer, std::string name, Rng& rng,
                                           Instant now) {
  ZEROK_TRY_VOID(encode_pairing_name(name));
  ZEROK_TRY(JoinerExchange exchange, JoinerExchange::start(keys, offer, rng));
  return PairingJoiner(keys, offer, std::move(name), std::move(exchange), rng, now);
}

void PairingJoiner::handle_connected() { mailbox_.handle_connected(); }

void PairingJoiner::handle_message(std::uint32_t number, ByteView content, Instant now) {
  handle_timeout(now);
  if (state_ == State::kOver || !mailbox_.accept(number)) return;
  if (state_ == State::kOpening) return handle_answer(content);
  if (const auto handled = handle_sealed(number, content); !handled) fail_with(handled.error());
}

void PairingJoiner::handle_put_done(std::uint32_t number) {
  mailbox_.handle_put_done(number);
  if (state_ == State::kAccepted && mailbox_.is_flushed()) {
    finish(pairing::Paired{creator_->device});
  }
}

void PairingJoiner::handle_refusal(pairing::Request request, wire::WireErrorCode code,
                                   std::uint32_t retry_after_ms, Instant now) {
  if (state_ == State::kOver) return;
  if (mailbox_.handle_refusal(request, code, retry_after_ms, now)) return;
  if (!is_member()) {
    const bool gone = code == wire::WireErrorCode::kUnknownMailbox;
    return fail(gone ? Failure::kEnded : Failure::kRelayRefused);
  }
  // The creator has given everything; whether it hears of that changes nothing.
  mailbox_.stop();
  if (state_ == State::kAccepted) finish(pairing::Paired{creator_->device});
}

void PairingJoiner::handle_answer(ByteView content) {
  auto finished = (*std::exchange(exchange_, std::nullopt)).finish(content, name_, *rng_);
  if (!finished) return fail_with(finished.error());
  channel_ = std::move(finished->channel);
  creator_ = finished->creator;
  commitment_ = finished->commitment;
  state_ = State::kProving;
  mailbox_.put(std::move(finished->proof));
  mailbox_.take();
}

Result<void> PairingJoiner::handle_sealed(std::uint32_t number, ByteView content) {
  ZEROK_TRY(const PairingPlaintext opened, channel_->open(number, content));
  ZEROK_TRY(const auto end, decode_pairing_end(opened.bytes()));
  if (end) {
    fail(failure_of(*end));
    return {};
  }
  switch (state_) {
    case State::kProving:
      return handle_reveal(opened.bytes());
    case State::kWaiting:
      return handle_record(opened.bytes());
    case State::kSigned:
      return handle_grant(opened.bytes());
    case State::kReading:
      return handle_entries(opened.bytes());
    case State::kOpening:
    case State::kStoring:
    case State::kAccepted:
    case State::kOver:
      break;  // nothing is asked for in these
  }
  return {};
}

Result<void> PairingJoiner::handle_reveal(ByteView content) {
  ZEROK_TRY(const auto nonce, decode_pairing_reveal(content));
  if (!opens_pairing_commitment(commitment_, nonce)) {
    return zerok::fail(ErrorCode::kMalformed, "a nonce that was not committed to");
  }
  state_ = State::kWaiting;
  mailbox_.take();
  events_.emplace_back(pairing::AwaitingApproval{creator_->device, {channel_->words(nonce)}});
  return {};
}

Result<void> PairingJoiner::handle_record(ByteView content) {
  ZEROK_TRY(const PairingRecord message, PairingRecord::decode(content));
  ZEROK_TRY(const MemberRecord record, MemberRecord::decode(message.record));
  // The name is sealed under a key that this device does not have yet.
  const Bytes own = MemberRecord::of(*keys_, record.name).encode();
  if (!std::ranges::equal(own, message.record)) {
    return zerok::fail(ErrorCode::kMalformed, "a record with another device's keys");
  }
  group_ = message.group;
  record_ = own;
  state_ = State::kSigned;
  const PairingSignature signatures{sign_member_record(keys_->signing, group_, record_),
                                    channel_->sign_device(keys_->signing)};
  put_sealed(signatures.encode());
  mailbox_.take();
  return {};
}

Result<void> PairingJoiner::handle_grant(ByteView content) {
  ZEROK_TRY(grant_, PairingGrant::decode(content));
  // A roster of this version has no rotations, so it names one epoch.
  const EpochGrant& first = grant_->epochs.front();
  if (grant_->epochs.size() != 1 || first.parent != EpochId() ||
      first.roster_head != RosterHead()) {
    return zerok::fail(ErrorCode::kUnsupported, "a newer 0k-Sync is needed for the group's epochs");
  }
  if (crypto::GroupKeys::derive(first.secret).group_id() != group_) {
    return zerok::fail(ErrorCode::kCryptoFailed, "a secret that is not the group's");
  }
  state_ = State::kReading;
  mailbox_.take();
  return {};
}

Result<void> PairingJoiner::handle_entries(ByteView content) {
  ZEROK_TRY(const PairingEntries part, PairingEntries::decode(content));
  for (const ByteView entry : part.entries) {
    entry_bytes_ += entry.size();
    if (entries_.size() == grant_->roster_length || entry_bytes_ > Roster::kBytesMax) {
      return zerok::fail(ErrorCode::kTooLarge, "more entries than the roster has");
    }
    entries_.emplace_back(entry.begin(), entry.end());
  }
  if (entries_.size() == grant_->roster_length) return accept_group();
  mailbox_.take();
  return {};
}

// Everything that makes the group this device's: its own creation, the creator's and our own place
// in it, under exactly the keys that were used here.
Result<void> PairingJoiner::accept_group() {
  ZEROK_TRY(Roster roster, read_roster(entries_, group_));
  if (roster.head() != grant_->roster_head) {
    return zerok::fail(ErrorCode::kMalformed, "a roster that is not the one that was told");
  }
  const Member* creator = roster.find(creator_->device);
  const Member* self = roster.find(keys_->device_id());
  if (creator == nullptr || !creator->active || !creator_->matches(roster.record(*creator))) {
    return zerok::fail(ErrorCode::kWrongPeer, "the other device is not in its group's roster");
  }
  if (self == nullptr || !self->active ||
      !std::ranges::equal(roster.record(*self).encode(), record_)) {
    return zerok::fail(ErrorCode::kMalformed, "this device is not in the roster");
  }
  RelayTicket relay = relay_;
  if (grant_->admission_token) relay.admission_token = grant_->admission_token;
  joined_.emplace(JoinedGroup{std::move(roster), std::move(grant_->epochs), std::move(relay)});
  grant_.reset();
  entries_.clear();
  state_ = State::kStoring;
  effects_.emplace_back(pairing::StoreGroup{});
  return {};
}

void PairingJoiner::handle_group_stored() {
  if (state_ != State::kStoring) return;
  if (!mailbox_.is_open()) return finish(pairing::Paired{creator_->device});
  state_ = State::kAccepted;
  put_sealed(encode_pairing_accepted());
}

void PairingJoiner::put_sealed(ByteView plaintext) {
  mailbox_.put(channel_->seal(mailbox_.next_number(), plaintext));
}

void PairingJoiner::cancel() {
  if (!is_member()) fail(Failure::kCancelled);
}

void PairingJoiner::handle_timeout(Instant now) {
  mailbox_.handle_timeout(now);
  if (now < deadline_) return;
  if (state_ == State::kAccepted) return finish(pairing::Paired{creator_->device});
  if (!is_member()) fail(Failure::kTimedOut);
}

Instant PairingJoiner::next_timeout() const {
  if (state_ == State::kOver || state_ == State::kStoring) return kNever;
  return std::min(deadline_, mailbox_.next_timeout());
}

void PairingJoiner::fail(Failure reason) {
  if (state_ == State::kOver) return;
  if (mailbox_.is_open()) effects_.emplace_back(pairing::CloseMailbox{mailbox_.id()});
  finish(pairing::Failed{reason, false});
}

void PairingJoiner::fail_with(const Error& error) {
  switch (error.code) {
    case ErrorCode::kUnsupported:
      return fail(Failure::kNewerVersion);
    case ErrorCode::kWrongPeer:
      return fail(Failure::kWrongDevice);
    default:
      return fail(Failure::kBadMessage);
  }
}

void PairingJoiner::finish(pairing::Event event) {
  mailbox_.stop();
  state_ = State::kOver;
  events_.emplace_back(std::move(event));
}

std::optional<pairing::Effect> PairingJoiner::poll_effect() {
  if (!effects_.empty()) {
    const pairing::Effect effect = effects_.front();
    effects_.pop_front();
    return effect;
  }
  return mailbox_.poll_effect();
}

std::optional<pairing::Event> PairingJoiner::poll_event() {
  if (events_.empty()) return std::nullopt;
  std::optional<pairing::Event> event(std::move(events_.front()));
  events_.pop_front();
  return event;
}

bool PairingJoiner::is_over() const {
  return state_ == State::kOver && effects_.empty() && events_.empty();
}

}  // namespace zerok::core
