// SPDX-License-Identifier: MIT OR Apache-2.0
// The roster between a device and a relay: entries that extend ours are taken, entries that the
// relay lacks are brought, a device is enrolled (docs/protocol/messages.md, section 9).
#include "core/client/engine.h"

#include <algorithm>

namespace zerok::core {
namespace {

constexpr std::uint32_t kAppendsMax = 3;

}  // namespace

void ClientEngine::tell_fork(const DeviceId& shown_by) {
  NoticeDetail detail;
  detail.other = shown_by;
  journal_.notice(NoticeKind::kRosterForked, detail);
}

void ClientEngine::take_roster(const wire::RosterPart& part) {
  Roster& roster = group_->roster();
  roster_wanted_ = false;
  if (part.first > roster.size()) {
    roster_wanted_ = true;
    return;
  }
  const std::size_t members_before = roster.members().size();
  const std::size_t size_before = roster.size();
  const std::size_t active_before = roster.active_count();
  for (std::size_t n = 0; n < part.entries.size(); ++n) {
    if (const auto taken = take_entry(part.first + n, part.entries[n]); !taken) {
      if (taken.error().code == ErrorCode::kUnsupported) {
        journal_.notice(NoticeKind::kUpdateNeeded, {});
      } else {
        tell_fork({});
      }
      break;
    }
  }
  if (roster.size() >= part.length() &&
      roster.relation(part.length(), part.head) == RosterRelation::kForked) {
    tell_fork({});
  }
  if (roster.size() != size_before || roster.active_count() != active_before) {
    roster_changed(members_before);
  }
}

Result<void> ClientEngine::take_entry(std::size_t number, ByteView entry) {
  Roster& roster = group_->roster();
  if (number < roster.size()) {
    if (std::ranges::equal(roster.entries()[number], entry)) return {};
    return fail(ErrorCode::kInvalidState, "another entry at this place of the roster");
  }
  ZEROK_TRY_VOID(roster.apply(entry));
  journal_.add(AppendRoster{static_cast<std::uint32_t>(number), Bytes(entry.begin(), entry.end())});
  return {};
}

void ClientEngine::roster_changed(std::size_t members_before) {
  const Roster& roster = group_->roster();
  for (std::size_t n = 0; n < roster.members().size(); ++n) {
    const Member& member = roster.members()[n];
    if (member.device == self()) continue;
    NoticeDetail detail;
    detail.device = member.device;
    detail.other = member.added_by;
    if (n >= members_before) journal_.notice(NoticeKind::kDeviceAdded, detail);
    if (member.active) {
      peers_.first_seen(member.device, wall_);
    } else if (peers_.forget(member.device) || n >= members_before) {
      detail.other = {};
      journal_.notice(NoticeKind::kDeviceLeft, detail);
    }
  }
  peers_.drop_delivered(outbox_, self(), roster, wall_, limits_, journal_);
  if (inbox_.may_retry()) journal_.add(RetryQuarantine{});
  journal_.tell(ClientEvent::kDevices);
  if (!roster.is_active(self())) {
    NoticeDetail detail;
    detail.code = static_cast<std::uint32_t>(wire::WireErrorCode::kDeviceRevoked);
    journal_.notice(NoticeKind::kRefused, detail);
    close({AfterEnd::kStop,
           0,
           {ErrorCode::kPermissionDenied, "this device has left the group"},
           wire::WireErrorCode::kDeviceRevoked});
  }
}

void ClientEngine::send_roster() {
  if (requests_.is_open(RequestKind::kRosterGet) || requests_.is_open(RequestKind::kRosterAppend)) {
    return;
  }
  const Roster& roster = group_->roster();
  const auto size = static_cast<std::uint32_t>(roster.size());
  if (roster_wanted_ && session_ == SessionState::kFull) {
    roster_wanted_ = false;
    wire::RosterGet get;
    get.first = size;
    if (auto body = get.encode()) {
      send_request(RequestKind::kRosterGet, wire::MessageType::kRosterGet, *std::move(body));
    }
    return;
  }
  wire::RosterAppend append;
  append.first = relay_roster_length_;
  if (proposal_.state == ProposalState::kPending && proposal_.entry.empty() &&
      roster.is_active(proposal_.device)) {
    // The answer to an earlier try was lost.
    proposal_.state = ProposalState::kEnrolled;
    journal_.tell(ClientEvent::kPairing);
  }
  const bool proposes = session_ == SessionState::kFull && relay_roster_length_ >= size &&
                        proposal_.state == ProposalState::kPending;
  if (relay_roster_length_ < size && relay_roster_length_ > 0 && appends_ < kAppendsMax) {
    ++appends_;
    for (std::size_t n = relay_roster_length_; n < size; ++n) {
      append.entries.emplace_back(roster.entries()[n]);
    }
  } else if (proposes) {
    proposal_.entry =
        make_add_entry(keys_.signing, roster.head(), proposal_.record, proposal_.self_signature);
    append.first = size;
    append.entries.emplace_back(proposal_.entry);
  } else {
    return;
  }
  if (auto body = append.encode()) {
    send_request(RequestKind::kRosterAppend, wire::MessageType::kRosterAppend, *std::move(body));
  }
}

void ClientEngine::handle_appended(const wire::RosterPart& part) {
  const std::size_t size_before = group_->roster().size();
  relay_roster_length_ = static_cast<std::uint32_t>(part.length());
  const bool proposed = proposal_.state == ProposalState::kPending && !proposal_.entry.empty();
  const Bytes entry = std::exchange(proposal_.entry, {});
  if (proposed && part.first == size_before + 1) {
    // The relay has it, durably, as the entry after all of ours.
    const std::size_t members_before = group_->roster().members().size();
    const auto taken = take_entry(size_before, entry);
    proposal_.state = taken ? ProposalState::kEnrolled : ProposalState::kRefused;
    if (taken) roster_changed(members_before);
    journal_.tell(ClientEvent::kPairing);
  }
  take_roster(part);
  // Our entries stand at the relay now, and so does this device.
  if (session_ == SessionState::kUnenrolled && !ending_) {
    const bool complete = part.first >= group_->roster().size();
    close({complete ? AfterEnd::kAtOnce : AfterEnd::kRetry,
           0,
           {ErrorCode::kClosed, "the relay's roster was completed"},
           {}});
  }
}

void ClientEngine::propose_member(Bytes record, const crypto::Ed25519Signature& self_signature) {
  const auto member = MemberRecord::decode(record);
  proposal_ = {ProposalState::kPending,
               member ? member->device : DeviceId(),
               std::move(record),
               self_signature,
               {}};
}

}  // namespace zerok::core
