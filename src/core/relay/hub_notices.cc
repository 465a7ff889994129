// SPDX-License-Identifier: MIT OR Apache-2.0
// RelayHub: what devices are told unasked, docs/protocol/messages.md, section 8. A session holds
// one mark per kind of notice, so notices coalesce and none is lost.
#include <algorithm>

#include "core/relay/hub.h"

namespace zerok::core {
namespace {

// Blobs that one commit may bring to one session by NOTIFY; who lacks more pulls.
constexpr std::size_t kInlineLinesMax = 16;
constexpr std::size_t kInlineTotalBytesMax = std::size_t{64} << 10;

}  // namespace

// After the commit: everybody else learns what is new.
void RelayHub::tell_group(Group& group, Instant now) {
  const bool is_short = is_short_of_space(group);
  const bool newly_short = is_short && !group.quota_told;
  group.quota_told = is_short;
  for (const auto& [device, id] : group.online) {
    RelaySession& session = *find(id);
    if (group.fresh_roster && session.roster_shown < group.state.roster().size()) {
      session.roster_due = true;
    }
    for (const DeviceId& changed : group.fresh_states) {
      if (changed != device) session.states_due.insert(changed);
    }
    if (newly_short) session.quota_due = true;
    if (!group.fresh.empty()) notify_lines(id, session, group, now);
    flush_notices(id, session, now);
    schedule(id, session);
  }
  for (const SessionId id : group.unenrolled) {
    RelaySession& session = *find(id);
    if (group.fresh_roster && session.roster_shown < group.state.roster().size()) {
      session.roster_due = true;
      flush_notices(id, session, now);
    }
  }
  group.fresh.clear();
  group.fresh_bytes = 0;
  group.fresh_states.clear();
  group.fresh_roster = false;
}

void RelayHub::notify_lines(SessionId id, RelaySession& session, const Group& group, Instant now) {
  std::size_t lines = 0;
  std::size_t bytes = 0;
  for (const FreshLine& line : group.fresh) {
    if (line.sender == session.device) continue;
    session.notify_due = true;
    const bool fits = !line.sealed.empty() && lines < kInlineLinesMax &&
                      bytes + line.sealed.size() <= kInlineTotalBytesMax;
    if (session.congested || (session.features & wire::kFeatureInline) == 0 || !fits ||
        line.cursor != session.read_to + 1) {
      continue;
    }
    wire::Notify notify{.highest = group.state.head().cursor};
    notify.line = wire::InlineLine{.cursor = line.cursor,
                                   .line = {.kind = wire::LineKind::kBlob,
                                            .blob = line.blob,
                                            .sender = line.sender,
                                            .group = group.state.id(),
                                            .sealed = line.sealed}};
    send(id, 0, notify);
    ++lines;
    bytes += line.sealed.size();
    session.read_to = line.cursor;
    session.shown = std::max(session.shown, line.cursor);
  }
  // The last of them said all there is to say.
  if (session.notify_due && session.read_to == group.state.head().cursor) {
    session.notify_due = false;
    session.notify_again = saturating_add(now, limits().notify_repeat);
  }
}

void RelayHub::flush_notices(SessionId id, RelaySession& session, Instant now) {
  if (session.congested) return;
  Group* group = group_of(session);
  if (group == nullptr) return;
  const RelayGroup& state = group->state;
  if (session.kind == SessionKind::kUnenrolled) {
    if (session.roster_due) send_roster(id, session, 0, *group, session.roster_shown);
    session.roster_due = false;
    return;
  }
  if (session.kind != SessionKind::kFull) return;
  if (session.roster_due) {
    session.roster_due = false;
    send_roster(id, session, 0, *group, session.roster_shown);
  }
  if (session.notify_due) send_notify(id, session, *group, now);
  for (const DeviceId& device : std::exchange(session.states_due, {})) {
    const DeviceRecord* record = state.find(device);
    if (record == nullptr || record->state.empty()) continue;
    send(id, 0, wire::DeviceState{.device = device, .state = record->state});
  }
  if (session.quota_due) {
    session.quota_due = false;
    send(id, 0,
         wire::Quota{.bytes_used = state.payload_bytes(),
                     .bytes_max = limits().group_bytes_max,
                     .laggard = state.laggard()});
  }
  if (session.presence_due && session.presence_after <= now) {
    send_presence(id, session, *group, now);
  }
}

void RelayHub::send_notify(SessionId id, RelaySession& session, const Group& group, Instant now) {
  session.notify_due = false;
  const std::uint64_t highest = group.state.head().cursor;
  const DeviceRecord* record = group.state.find(session.device);
  // Who has everything needs no reminder.
  if (highest == 0 || record == nullptr || record->acknowledged >= highest) return;
  send(id, 0, wire::Notify{.highest = highest});
  session.notify_again = saturating_add(now, limits().notify_repeat);
}

void RelayHub::presence_changed(Group& group, Instant now) {
  for (const auto& [device, id] : group.online) {
    RelaySession& session = *find(id);
    if ((session.features & wire::kFeaturePresence) == 0) continue;
    session.presence_due = true;
    session.presence_after = std::max(session.presence_after, now);
    schedule(id, session);
  }
}

void RelayHub::send_presence(SessionId id, RelaySession& session, const Group& group, Instant now) {
  session.presence_due = false;
  session.presence_after = saturating_add(now, limits().presence_interval);
  wire::Presence presence;
  for (const auto& [device, record] : group.state.devices()) {
    if (device == session.device || !group.state.roster().is_active(device)) continue;
    wire::DevicePresence one{.device = device, .online = group.online.contains(device)};
    if (!one.online && record.last_seen > 0) {
      const UnixMs away_s = (clock_.at(now) - record.last_seen) / 1000;
      one.away_s = static_cast<std::uint32_t>(std::clamp<UnixMs>(away_s, 0, wire::kSecondsMax));
    }
    presence.devices.push_back(one);
  }
  send(id, 0, presence);
}

bool RelayHub::is_short_of_space(const Group& group) const {
  const std::uint64_t max = limits().group_bytes_max;
  const std::uint64_t percent = limits().quota_notice_percent;
  return group.state.payload_bytes() >= max / 100 * percent + max % 100 * percent / 100;
}

}  // namespace zerok::core
