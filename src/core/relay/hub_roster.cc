// SPDX-License-Identifier: MIT OR Apache-2.0
// RelayHub: ROSTER_GET and ROSTER_APPEND, docs/protocol/messages.md, section 9.
#include <algorithm>

#include "core/relay/hub.h"

namespace zerok::core {
namespace {

using wire::WireErrorCode;

WireErrorCode code_for(const Error& refused) {
  switch (refused.code) {
    case ErrorCode::kOutOfRange:
      return WireErrorCode::kGroupQuotaExceeded;
    case ErrorCode::kUnsupported:
      return WireErrorCode::kUnsupported;
    default:
      return WireErrorCode::kUnauthorized;
  }
}

}  // namespace

void RelayHub::send_roster(SessionId id, RelaySession& session, std::uint32_t request,
                           const Group& group, std::uint32_t first) {
  const Roster& roster = group.state.roster();
  wire::Roster message;
  message.part.first = std::min<std::uint32_t>(first, static_cast<std::uint32_t>(roster.size()));
  message.part.entries.assign(
      roster.entries().begin() + static_cast<std::ptrdiff_t>(message.part.first),
      roster.entries().end());
  message.part.head = roster.head();
  session.roster_shown = static_cast<std::uint32_t>(roster.size());
  if (request == 0) {
    send(id, 0, message);
  } else {
    answer(id, request, message);
  }
}

void RelayHub::handle_append(SessionId id, RelaySession& session, std::uint32_t request,
                             const wire::RosterAppend& message, Instant now) {
  Group& group = *group_of(session);
  const Roster& roster = group.state.roster();
  std::uint32_t number = message.first;
  std::optional<Error> refused;
  const std::size_t before = roster.size();
  for (const ByteView entry : message.entries) {
    if (number > roster.size()) break;
    if (number < roster.size()) {
      if (!std::ranges::equal(entry, roster.entries()[number])) break;
    } else if (auto applied = group.state.apply_roster_entry(entry); !applied) {
      refused = applied.error();
      break;
    } else {
      effects_.push_back(
          AppendRoster{.group = group.state.key(), .number = number, .entry = entry});
    }
    ++number;
  }
  if (roster.size() > before) {
    touch(group);
    group.fresh_roster = true;
    want_chores(group, true, now);
  }
  if (refused) {
    refuse(id, request, code_for(*refused));
  } else {
    send_roster(id, session, request, group, number);
  }
  if (roster.size() > before) end_left_devices(group, now);
}

// Who has left has no session any more, and no pairing under way.
void RelayHub::end_left_devices(Group& group, Instant now) {
  std::vector<std::pair<DeviceId, SessionId>> left;
  for (const auto& [device, session] : group.online) {
    if (!group.state.roster().is_active(device)) left.emplace_back(device, session);
  }
  for (const auto& [device, session] : left) {
    tell(mailboxes_.handle_device_left(group.state.id(), device));
    end(session, 0, WireErrorCode::kDeviceRevoked, now);
  }
}

}  // namespace zerok::core
