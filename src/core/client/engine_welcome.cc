// SPDX-License-Identifier: MIT OR Apache-2.0
// How a session begins: HELLO, and what a device makes of WELCOME (docs/protocol/messages.md,
// section 4) or of a refusal.
#include "core/client/engine.h"

namespace zerok::core {
namespace {

constexpr std::uint32_t kUnenrolledMax = 2;
// Others follow 64 incarnations of a device (SenderChains). A relay or a member that lies could use
// them up; then it is only told.
constexpr std::uint32_t kRenewalsMax = 48;

}  // namespace

void ClientEngine::handle_open(const SessionBinding& binding, Instant now, UnixMs wall) {
  now_ = now;
  wall_ = wall;
  session_ = SessionState::kOpening;
  ending_ = false;
  if (group_) return send_hello(binding);
  if (!guest_mailbox_) return close({AfterEnd::kRetry, 0, {ErrorCode::kClosed, "not needed"}, {}});
  wire::MailboxJoin join;
  join.minor = wire::kMinorVersion;
  join.mailbox = *guest_mailbox_;
  if (auto body = join.encode()) {
    send_request(RequestKind::kOpening, wire::MessageType::kMailboxJoin, *std::move(body));
  }
}

void ClientEngine::send_hello(const SessionBinding& binding) {
  wire::Hello hello;
  hello.minor = wire::kMinorVersion;
  hello.features = wire::kFeaturePresence | wire::kFeatureInline;
  hello.position = record().position;
  hello.roster_length = static_cast<std::uint32_t>(group_->roster().size());
  hello.roster_head = group_->roster().head();
  if (create_) {
    hello.create = group_->roster().entries().front();
    if (admission_token_) hello.admission_token = *admission_token_;
  }
  sign_hello(hello, keys_.signing, group_->membership(), binding);
  auto body = hello.encode();
  if (!body) return close({AfterEnd::kRetry, 0, body.error(), {}});
  send_request(RequestKind::kOpening, wire::MessageType::kHello, *std::move(body));
}

// Also an ERROR that ends a session later on: it says the same.
void ClientEngine::handle_opening_refusal(const wire::ErrorMessage& error) {
  const wire::Refusal& refusal = error.refusal;
  CloseSession end{AfterEnd::kRetry,
                   refusal.retry_after_ms,
                   {ErrorCode::kPermissionDenied, "the relay refuses this session"},
                   refusal.code};
  if (guest_mailbox_ && !group_) {
    pairing_answers_.push_back({1, 0, {}, refusal.code, false});
    journal_.tell(ClientEvent::kPairing);
    if (wire::refusal_kind(refusal.code) == wire::RefusalKind::kRequest) guest_mailbox_.reset();
    return close(std::move(end));
  }
  switch (refusal.code) {
    case wire::WireErrorCode::kUnknownGroup:
      // Asked with `create` it can't mean that; then it is tried again with the backoff.
      if (!create_) end.after = AfterEnd::kAtOnce;
      create_ = true;
      break;
    case wire::WireErrorCode::kUnauthorized:
    case wire::WireErrorCode::kDeviceRevoked: {
      end.after = AfterEnd::kStop;
      NoticeDetail detail;
      detail.code = static_cast<std::uint32_t>(refusal.code);
      journal_.notice(NoticeKind::kRefused, detail);
      break;
    }
    default:
      break;
  }
  close(std::move(end));
}

void ClientEngine::handle_welcome(const wire::Welcome& welcome) {
  create_ = false;
  relay_limits_ = welcome.limits;
  if (record().sealed_bytes_max != relay_limits_.sealed_bytes_max) {
    journal_.change().sealed_bytes_max = relay_limits_.sealed_bytes_max;
  }
  relay_roster_length_ = static_cast<std::uint32_t>(welcome.roster.length());
  const Member* member = group_->roster().find(self());
  const bool enrolled = member != nullptr && member->entry < relay_roster_length_;
  session_ = enrolled ? SessionState::kFull : SessionState::kUnenrolled;
  journal_.tell(ClientEvent::kConnection);
  take_roster(welcome.roster);
  if (ending_) return;
  if (!enrolled) {
    if (++unenrolled_ > kUnenrolledMax) {
      unenrolled_ = 0;
      misbehaves({ErrorCode::kMalformed, "the relay forgets who is in the group"});
    }
    return;
  }
  unenrolled_ = 0;
  floor_ = welcome.floor;
  welcome_highest_ = welcome.highest;
  compare_logs(welcome);
  reader_.begin(record().position, welcome.highest, relay_limits_.pull_lines_max,
                relay_limits_.pull_bytes_max);
  // What an earlier session was told of our position may be a log that is gone.
  acked_ = 0;
  pushing_.clear();
  push_due_ = delete_due_ = pull_due_ = ack_due_ = now_;
  waits_for_ = WaitsFor::kNothing;
  withheld_check_ = saturating_add(now_, limits_.withheld_after);
  for (const wire::StateOfDevice& state : welcome.states) {
    if (!ending_) handle_state(state.device, state.state);
  }
}

void ClientEngine::compare_logs(const wire::Welcome& welcome) {
  const wire::Position position = record().position;
  const std::uint64_t at_most = record().own_lines + outbox_.pending();
  // What a relay has of ours from before we left it for another one is not known.
  const bool is_new_here = record().read_before && position.cursor == 0 && record().own_lines == 0;
  if (welcome.own_lines > at_most && !is_new_here) {
    // Somebody pushes in this device's name: whatever comes next has to be told apart from that.
    journal_.notice(NoticeKind::kStoreCopied, {});
    begin_incarnation();
  }
  const bool below_floor = position.cursor < welcome.floor.cursor;
  const bool other_log = !below_floor && (!welcome.hash_at_position ||
                                          *welcome.hash_at_position != position.log_hash ||
                                          position.cursor > welcome.highest);
  if (other_log || welcome.own_lines < record().own_lines || broken_logs_ >= 2) {
    broken_logs_ = 0;
    NoticeDetail detail;
    detail.first = position.cursor;
    journal_.notice(NoticeKind::kRelayReset, detail);
    begin_again_from(welcome.floor, welcome.own_lines);
    // Whether any of it is missing here will show.
    for (const Member& member : group_->roster().members()) {
      if (welcome.floor.cursor > 0 && member.device != self()) {
        losses_.suspect_unknown(member.device);
      }
    }
    return;
  }
  if (welcome.own_lines != record().own_lines) journal_.change().own_lines = welcome.own_lines;
  if (!below_floor) return;
  NoticeDetail detail;
  detail.first = position.cursor + 1;
  detail.last = welcome.floor.cursor;
  detail.count = welcome.floor.cursor - position.cursor;
  journal_.notice(NoticeKind::kHistoryLost, detail);
  for (const Member& member : group_->roster().members()) {
    if (member.device != self()) losses_.add_unknown(member.device);
  }
  journal_.change().position = welcome.floor;
}

void ClientEngine::begin_again_from(const wire::Position& floor, std::uint64_t own_lines) {
  ClientRecord& changed = journal_.change();
  // Of several readings the first reached furthest.
  if (changed.position.cursor > 0 && !changed.read_before) changed.read_before = changed.position;
  changed.position = floor;
  changed.own_lines = own_lines;
  outbox_.forget_relay(journal_);
  deletes_.forget_relay();
}

// Sequence numbers start again under a name that no other copy of this store knows. What is pending
// is made anew under it before it goes out (send_push).
void ClientEngine::begin_incarnation() {
  if (record().renewals >= kRenewalsMax) return;
  ClientRecord& changed = journal_.change();
  ++changed.renewals;
  inbox_.keep_own_chain(changed.incarnation, changed.acknowledged);
  rng_.fill(changed.incarnation.mutable_bytes());
  changed.sent = {};
  changed.acknowledged = {};
}

void ClientEngine::set_relay(const EndpointId& relay, const std::optional<Bytes>& admission_token) {
  admission_token_ = admission_token;
  if (record().relay == relay) return;
  journal_.change().relay = relay;
  journal_.change().sealed_bytes_max = 0;
  create_ = false;
  begin_again_from({}, 0);
  write_down();
}

void ClientEngine::set_group(ClientGroup group, UnixMs wall) {
  ClientRecord& changed = journal_.change();
  changed.group = group.id();
  changed.epoch_group = group.epoch_group();
  group_.emplace(std::move(group));
  for (const Member& member : group_->roster().members()) {
    if (member.active && member.device != self()) peers_.first_seen(member.device, wall);
  }
  guest_mailbox_.reset();
  journal_.tell(ClientEvent::kDevices);
  write_down();
}

}  // namespace zerok::core
