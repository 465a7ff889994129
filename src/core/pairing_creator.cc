// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/pairing_creator.h"

#include <algorithm>

#include "base/check.h"
#include "core/display_name.h"

namespace zerok::core {
namespace {

using pairing::Failure;

LongCode draw_long_code(const RelayTicket& relay, const CreatorExchange& exchange, Rng& rng,
                        std::uint64_t now_unix_s) {
  LongCode code;
  code.relay = relay;
  code.relay.admission_token.reset();
  rng.fill(code.mailbox.mutable_bytes());
  rng.fill(code.password.mutable_bytes());
  code.creator = exchange.party_hash();
  code.expires_unix_s = now_unix_s + kPairingLifeSeconds;
  return code;
}

}  // namespace

PairingCreator::PairingCreator(const crypto::DeviceKeys& keys, const RelayTicket& relay, Rng& rng,
                               Instant now, std::uint64_t now_unix_s)
    : rng_(&rng),
      exchange_(keys, rng),
      long_code_(draw_long_code(relay, exchange_, rng, now_unix_s)),
      short_code_(ShortCode::draw(rng)),
      deadline_(saturating_add(now, std::chrono::seconds(kPairingLifeSeconds))),
      mailboxes_{PairingMailbox(long_code_.mailbox, kPairingLifeSeconds),
                 PairingMailbox(short_code_.mailbox(), kPairingLifeSeconds)} {
  for (auto& box : mailboxes_) box.take();
}

PairingMailbox* PairingCreator::find(const MailboxId& id) {
  const auto found = std::ranges::find_if(
      mailboxes_, [&](const PairingMailbox& box) { return box.is_open() && box.id() == id; });
  return found == mailboxes_.end() ? nullptr : &*found;
}

void PairingCreator::handle_connected() {
  for (auto& box : mailboxes_) box.handle_connected();
}

void PairingCreator::handle_mailbox_ready(const MailboxId& id) {
  if (PairingMailbox* box = find(id)) box->handle_ready();
}

void PairingCreator::handle_message(const MailboxId& id, std::uint32_t number, ByteView content,
                                    Instant now) {
  handle_timeout(now);
  PairingMailbox* box = find(id);
  if (box == nullptr || state_ == State::kEnding || !box->accept(number)) return;
  switch (state_) {
    case State::kOffered:
      return burn(static_cast<std::size_t>(box - mailboxes_.data()), content);
    case State::kAnswered:
      return handle_proof(content);
    case State::kRecorded:
      return handle_signature(number, content);
    case State::kGranting:
      return handle_accepted(number, content);
    case State::kAsking:
    case State::kEnrolling:
      return fail(Failure::kBadMessage);
    case State::kBurning:
    case State::kEnding:
    case State::kOver:
      return;  // nothing is asked for in these
  }
}

void PairingCreator::handle_put_done(const MailboxId& id, std::uint32_t number) {
  if (PairingMailbox* box = find(id)) box->handle_put_done(number);
  // The joiner, or the end of its life, closes the mailbox once END was read.
  if (state_ == State::kEnding && mailbox().is_flushed()) {
    mailbox().stop();
    state_ = State::kOver;
  }
}

void PairingCreator::handle_refusal(const MailboxId& id, pairing::Request request,
                                    wire::WireErrorCode code, std::uint32_t retry_after_ms,
                                    Instant now) {
  PairingMailbox* box = find(id);
  if (box == nullptr) return;
  if (code != wire::WireErrorCode::kUnknownMailbox) {
    if (!box->handle_refusal(request, code, retry_after_ms, now)) fail(Failure::kRelayRefused);
    return;
  }
  box->stop();
  // One code is as good as the other until one is used.
  const bool one_left = mailboxes_[0].is_open() || mailboxes_[1].is_open();
  if (state_ == State::kOffered && one_left) return;
  // Whoever looks at the answer and goes may have tried a guess.
  fail(state_ == State::kAnswered ? Failure::kWrongCode : Failure::kEnded);
}

// The first message of all: whatever it is, the invite is spent.
void PairingCreator::burn(std::size_t used, ByteView content) {
  used_ = used;
  state_ = State::kBurning;
  open_message_.assign(content.begin(), content.end());
  effects_.emplace_back(pairing::PersistBurn{mailboxes_[0].id(), mailboxes_[1].id()});
  close(mailboxes_[1 - used]);
}

void PairingCreator::handle_burn_stored(Instant now) {
  handle_timeout(now);
  if (state_ != State::kBurning) return;
  const PairingContext context{mailbox().id(), pairing_relay_hash(long_code_.relay)};
  const PairingPassword password =
      used_ == 0 ? long_code_.password.clone() : short_code_.password();
  auto answer = exchange_.answer(context, password, open_message_, *rng_);
  if (!answer) return fail_with(answer.error(), Failure::kBadMessage);
  state_ = State::kAnswered;
  mailbox().put(*std::move(answer));
  mailbox().take();
}

void PairingCreator::handle_proof(ByteView content) {
  auto finished = exchange_.finish(content);
  if (!finished) return fail_with(finished.error(), Failure::kWrongCode);
  channel_ = std::move(finished->channel);
  joiner_ = finished->joiner;
  name_ = display_name(finished->name);
  state_ = State::kAsking;
  put_sealed(encode_pairing_reveal(exchange_.nonce()));
  // Nothing may come before RECORD, but that the joiner goes is to be noticed.
  mailbox().take();
  events_.emplace_back(
      pairing::AskApproval{name_, joiner_->device, {channel_->words(exchange_.nonce())}});
}

void PairingCreator::approve(const PairingGroup& group, Instant now) {
  handle_timeout(now);
  if (state_ != State::kAsking) return;
  const Roster& roster = group.roster;
  group_ = roster.group();
  const auto same_identity = [&](const Member& member) {
    return member.device == joiner_->device || member.noise_identity == joiner_->noise_identity;
  };
  const auto known = std::ranges::find_if(roster.members(), same_identity);
  if (known != roster.members().end()) {
    // Enrolled by a pairing that broke off before the end: it has to be the very same device.
    const MemberRecord record = roster.record(*known);
    if (!known->active || !joiner_->matches(record)) {
      return end(PairingEndReason::kDeviceGone, Failure::kDeviceGone);
    }
    may_be_enrolled_ = true;
    record_ = record.encode();
  } else {
    if (roster.active_count() >= Roster::kActiveMax) {
      return end(PairingEndReason::kGroupFull, Failure::kGroupFull);
    }
    const auto name = seal_name(group.roster_key, group_, joiner_->device, name_, *rng_);
    ZEROK_ASSERT(name.has_value());  // what display_name() gives is within its bounds
    record_ = joiner_->record(*name).encode();
  }
  state_ = State::kRecorded;
  put_sealed(PairingRecord{group_, record_}.encode());
}

void PairingCreator::handle_signature(std::uint32_t number, ByteView content) {
  const auto opened = channel_->open(number, content);
  if (!opened) return fail(Failure::kBadMessage);
  const auto message = PairingSignature::decode(opened->bytes());
  // The first of them may be as old as the roster: the second is by whoever is here now.
  if (!message || !AddBody{record_, message->member}.verify(group_, joiner_->device) ||
      !channel_->verify_device(joiner_->device, message->device)) {
    return fail(Failure::kBadMessage);
  }
  state_ = State::kEnrolling;
  may_be_enrolled_ = true;
  mailbox().take();
  effects_.emplace_back(pairing::Enrol{joiner_->device, record_, message->member});
}

void PairingCreator::handle_enrolled(const PairingGroup& group, Instant now) {
  handle_timeout(now);
  if (state_ != State::kEnrolling || !group.roster.is_active(joiner_->device)) return;
  grant(group);
}

void PairingCreator::handle_enrol_refused(wire::WireErrorCode code) {
  if (state_ != State::kEnrolling) return;
  if (code == wire::WireErrorCode::kGroupQuotaExceeded) {
    end(PairingEndReason::kGroupFull, Failure::kGroupFull);
  } else {
    end(PairingEndReason::kFailed, Failure::kRelayRefused);
  }
}

void PairingCreator::grant(const PairingGroup& group) {
  state_ = State::kGranting;
  PairingGrant message;
  for (const EpochGrant& epoch : group.epochs) message.epochs.push_back(epoch.clone());
  if (group.admission_token) {
    message.admission_token.emplace(group.admission_token->begin(), group.admission_token->end());
  }
  message.roster_length = static_cast<std::uint32_t>(group.roster.size());
  message.roster_head = group.roster.head();
  Bytes plaintext = message.encode();
  put_sealed(plaintext);
  secure_wipe(plaintext);
  for (std::span<const Bytes> rest = group.roster.entries(); !rest.empty();) {
    const auto part = rest.first(count_pairing_entries_that_fit(rest));
    put_sealed(PairingEntries{{part.begin(), part.end()}}.encode());
    rest = rest.subspan(part.size());
  }
}

void PairingCreator::handle_accepted(std::uint32_t number, ByteView content) {
  const auto opened = channel_->open(number, content);
  if (!opened || !decode_pairing_accepted(opened->bytes())) return fail(Failure::kBadMessage);
  close_all();
  events_.emplace_back(pairing::Paired{joiner_->device});
}

void PairingCreator::put_sealed(ByteView plaintext) {
  mailbox().put(channel_->seal(mailbox().next_number(), plaintext));
}

void PairingCreator::refuse() {
  if (state_ == State::kAsking) end(PairingEndReason::kRefused, Failure::kRefused);
}

void PairingCreator::cancel() { fail(Failure::kCancelled); }

void PairingCreator::handle_timeout(Instant now) {
  for (auto& box : mailboxes_) box.handle_timeout(now);
  if (now >= deadline_) fail(Failure::kTimedOut);
}

Instant PairingCreator::next_timeout() const {
  if (state_ == State::kOver) return kNever;
  return std::min({deadline_, mailboxes_[0].next_timeout(), mailboxes_[1].next_timeout()});
}

void PairingCreator::fail(Failure reason) {
  if (state_ == State::kOver) return;
  // The reason was told when END was put.
  if (state_ != State::kEnding) events_.emplace_back(pairing::Failed{reason, may_be_enrolled_});
  close_all();
}

void PairingCreator::fail_with(const Error& error, Failure otherwise) {
  fail(error.code == ErrorCode::kUnsupported ? Failure::kNewerVersion : otherwise);
}

void PairingCreator::end(PairingEndReason said, Failure reason) {
  events_.emplace_back(pairing::Failed{reason, may_be_enrolled_});
  put_sealed(encode_pairing_end(said));
  state_ = State::kEnding;
}

void PairingCreator::close_all() {
  // What is not asked of the relay yet must not be any more; that the invite is spent stays true.
  std::erase_if(effects_, [](const pairing::Effect& effect) {
    return std::holds_alternative<pairing::Enrol>(effect);
  });
  for (auto& box : mailboxes_) close(box);
  state_ = State::kOver;
}

void PairingCreator::close(PairingMailbox& box) {
  if (box.is_open()) effects_.emplace_back(pairing::CloseMailbox{box.id()});
  box.stop();
}

std::optional<pairing::Effect> PairingCreator::poll_effect() {
  if (!effects_.empty()) {
    const pairing::Effect effect = effects_.front();
    effects_.pop_front();
    return effect;
  }
  for (auto& box : mailboxes_) {
    if (auto effect = box.poll_effect()) return effect;
  }
  return std::nullopt;
}

std::optional<pairing::Event> PairingCreator::poll_event() {
  if (events_.empty()) return std::nullopt;
  std::optional<pairing::Event> event(std::move(events_.front()));
  events_.pop_front();
  return event;
}

bool PairingCreator::is_over() const {
  return state_ == State::kOver && effects_.empty() && events_.empty();
}

}  // namespace zerok::core
