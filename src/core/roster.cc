// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/roster.h"

#include <algorithm>

#include "base/check.h"

namespace zerok::core {
namespace {

bool is_kind(const RosterEntry& entry, RosterKind kind) {
  return entry.kind == static_cast<std::uint64_t>(kind);
}

}  // namespace

Result<Roster> Roster::create(ByteView entry, const GroupId& group) {
  Roster roster;
  ZEROK_TRY_VOID(roster.apply(entry));
  if (roster.group_ != group) {
    return fail(ErrorCode::kWrongPeer, "the roster is another group's");
  }
  return roster;
}

Result<void> Roster::apply(ByteView bytes) {
  ZEROK_TRY(const RosterEntry entry, RosterEntry::decode(bytes));
  ZEROK_TRY_VOID(check_order(entry));
  ZEROK_TRY_VOID(entry.verify());
  ZEROK_TRY_VOID(check_room(bytes.size(), is_kind(entry, RosterKind::kAdd)));
  // Each changes the state after its last check.
  switch (entry.kind) {
    case static_cast<std::uint64_t>(RosterKind::kCreate):
      ZEROK_TRY_VOID(apply_create(entry));
      break;
    case static_cast<std::uint64_t>(RosterKind::kAdd):
      ZEROK_TRY_VOID(apply_add(entry));
      break;
    case static_cast<std::uint64_t>(RosterKind::kLeave):
      ZEROK_TRY_VOID(apply_leave(entry));
      break;
    default:
      return fail(ErrorCode::kUnsupported, "a newer 0k-Sync is needed for a roster entry");
  }
  entries_.emplace_back(bytes.begin(), bytes.end());
  entry_bytes_ += bytes.size();
  heads_.push_back(roster_head(bytes));
  return {};
}

Roster::Extension Roster::extend(std::span<const Bytes> entries) {
  Extension out;
  for (const Bytes& entry : entries) {
    if (const auto applied = apply(entry); !applied) {
      out.refused = applied.error();
      break;
    }
    ++out.applied;
  }
  return out;
}

RosterRelation Roster::relation(std::size_t size, const RosterHead& head) const {
  if (size > entries_.size()) return RosterRelation::kNewer;
  if (heads_[size] != head) return RosterRelation::kForked;
  return size == entries_.size() ? RosterRelation::kSame : RosterRelation::kOlder;
}

const Member* Roster::find(const DeviceId& device) const {
  const auto found = by_device_.find(device);
  return found == by_device_.end() ? nullptr : &members_[found->second];
}

bool Roster::is_active(const DeviceId& device) const {
  const Member* member = find(device);
  return member != nullptr && member->active;
}

MemberRecord Roster::record(const Member& member) const {
  // All of these were read when the entry was applied.
  const auto entry = RosterEntry::decode(entries_[member.entry]);
  ZEROK_ASSERT(entry.has_value());
  ByteView bytes;
  if (is_kind(*entry, RosterKind::kCreate)) {
    const auto body = CreateBody::decode(entry->body);
    ZEROK_ASSERT(body.has_value());
    bytes = body->record;
  } else {
    const auto body = AddBody::decode(entry->body);
    ZEROK_ASSERT(body.has_value());
    bytes = body->record;
  }
  const auto record = MemberRecord::decode(bytes);
  ZEROK_ASSERT(record.has_value());
  return *record;
}

// Who may act is known before a signature is looked at: strangers cost no arithmetic.
Result<void> Roster::check_order(const RosterEntry& entry) const {
  if (entry.previous != head()) {
    return fail(ErrorCode::kInvalidState, "a roster entry does not follow the last one");
  }
  if (is_kind(entry, RosterKind::kCreate) != entries_.empty()) {
    return fail(ErrorCode::kInvalidState, "a roster starts with CREATE, once");
  }
  if (!entries_.empty() && !is_active(entry.actor)) {
    return fail(ErrorCode::kPermissionDenied, "a roster entry by no device of the group");
  }
  return {};
}

Result<void> Roster::check_room(std::size_t entry_bytes, bool adds) const {
  const std::size_t entries_max = adds ? kEntriesMaxToAdd : kEntriesMax;
  const std::size_t bytes_max = adds ? kBytesMaxToAdd : kBytesMax;
  if (entries_.size() >= entries_max || entry_bytes_ + entry_bytes > bytes_max) {
    return fail(ErrorCode::kOutOfRange, "the roster is full");
  }
  return {};
}

Result<void> Roster::apply_create(const RosterEntry& entry) {
  ZEROK_TRY(const CreateBody body, CreateBody::decode(entry.body));
  ZEROK_TRY(const MemberRecord record, MemberRecord::decode(body.record));
  if (record.device != entry.actor) {
    return fail(ErrorCode::kMalformed, "CREATE enrols the device that signs it");
  }
  ZEROK_TRY_VOID(body.verify());
  membership_ = body.membership;
  group_ = crypto::group_id_of(body.membership);
  enrol(record, entry.actor);
  return {};
}

Result<void> Roster::apply_add(const RosterEntry& entry) {
  ZEROK_TRY(const AddBody body, AddBody::decode(entry.body));
  ZEROK_TRY(const MemberRecord record, MemberRecord::decode(body.record));
  ZEROK_TRY_VOID(body.verify(group_, record.device));
  if (active_count_ == kActiveMax) {
    return fail(ErrorCode::kOutOfRange, "a group has at most 32 devices");
  }
  const auto same = [&](const Member& member) {
    return member.device == record.device || member.noise_identity == record.noise_identity;
  };
  if (std::ranges::any_of(members_, same)) {
    return fail(ErrorCode::kInvalidArgument, "a device never returns, nor do its keys");
  }
  enrol(record, entry.actor);
  return {};
}

Result<void> Roster::apply_leave(const RosterEntry& entry) {
  ZEROK_TRY_VOID(decode_leave_body(entry.body));
  members_[by_device_.at(entry.actor)].active = false;
  --active_count_;
  return {};
}

void Roster::enrol(const MemberRecord& record, const DeviceId& added_by) {
  by_device_.emplace(record.device, members_.size());
  members_.push_back({record.device, record.noise_identity, added_by, entries_.size(), true});
  ++active_count_;
}

}  // namespace zerok::core
