// SPDX-License-Identifier: MIT OR Apache-2.0
// RelayHub: what comes with time, and what the end of a transaction means to everybody.
#include <algorithm>
#include <utility>

#include "core/relay/hub.h"

namespace zerok::core {

using wire::WireErrorCode;

Instant RelayHub::next_timeout() const {
  Instant next = std::min({cleanup_at_, save_clock_at_, mailboxes_.next_timeout()});
  if (!timers_.empty()) next = std::min(next, timers_.begin()->first);
  if (!chores_.empty()) next = std::min(next, chores_.begin()->first);
  return next;
}

void RelayHub::handle_timeout(Instant now, UnixMs wall) {
  wall_ = wall;
  acting_.reset();
  tell(mailboxes_.handle_timeout(now));
  while (!timers_.empty() && timers_.begin()->first <= now) wake(timers_.begin()->second, now);
  if (save_clock_at_ <= now) {
    save_clock_at_ = saturating_add(now, limits().clock_save_interval);
    effects_.push_back(SaveClock{clock_.save(now, wall)});
  }
  // One at a time, as each may have to read.
  if (!chores_.empty() && chores_.begin()->first <= now) {
    return do_chores(groups_.at(chores_.begin()->second));
  }
  if (cleanup_at_ <= now) {
    cleanup_at_ = saturating_add(now, limits().cleanup_interval);
    const UnixMs ttl_ms = UnixMs{1000} * limits().ttl_s;
    op_ = ExpiryOp{};
    effects_.push_back(
        ReadExpired{.before = clock_.at(now) - ttl_ms, .lines_max = limits().cleanup_lines_max});
  }
}

void RelayHub::wake(SessionId id, Instant now) {
  RelaySession& session = sessions_.at(id);
  if (session.deadline <= now) {
    if (session.kind == SessionKind::kNew) return end(id, 0, WireErrorCode::kInvalidMessage, now);
    if (session.kind != SessionKind::kEnding) {
      return end(id, 0, WireErrorCode::kRelayOverloaded, now);
    }
    // Closed again should this be lost.
    session.deadline = saturating_add(now, limits().close_linger);
    effects_.push_back(CloseSession{.session = id});
    return schedule(id, session);
  }
  if (session.notify_again <= now) {
    session.notify_again = kNever;
    session.notify_due = true;
  }
  flush_notices(id, session, now);
  schedule(id, session);
}

void RelayHub::handle_committed(const DiskUse& use, Instant now) {
  use_ = use;
  added_bytes_ = 0;
  added_groups_ = 0;
  ended_.clear();
  for (const auto& [id, request] : std::exchange(answered_, {})) {
    RelaySession* session = find(id);
    if (session == nullptr) continue;
    session->open.erase(request);
    session->push_open = false;
  }
  told_.clear();
  for (const GroupId& id : std::exchange(touched_, {})) {
    Group& group = groups_.at(id);
    group.touched = false;
    group.before.reset();
    tell_group(group, now);
    drop_if_idle(id);
  }
}

void RelayHub::handle_store_failed(Instant now) {
  constexpr std::uint32_t kRetryMs = 5'000;
  effects_.clear();
  const Op op = std::exchange(op_, std::monostate{});
  if (const auto* sweep = std::get_if<SweepOp>(&op))
    want_chores(groups_.at(sweep->group), true, now);
  added_bytes_ = 0;
  added_groups_ = 0;
  const auto changed = std::exchange(touched_, {});
  const auto lost = std::exchange(told_, {});
  const auto acting = std::exchange(acting_, std::nullopt);
  // First the groups, so that nothing of them is changed any more.
  for (const GroupId& id : changed) {
    Group& group = groups_.at(id);
    const bool is_idle = group.online.empty() && group.unenrolled.empty();
    if (lost.contains(id) || is_idle) {
      forget(id);
    } else {
      undo_chores(group, now);
    }
  }
  for (auto& [id, session] : sessions_) {
    const bool asked = acting && acting->first == id;
    if (!lost.contains(session.group) && !asked) continue;
    std::uint32_t request = session.open.empty() ? 0 : *session.open.begin();
    if (asked) request = acting->second;
    // A last word that did not go out is said anew.
    if (session.kind == SessionKind::kEnding) {
      if (!ended_.contains(id)) continue;
      session.kind = SessionKind::kNew;
    }
    end(id, request, WireErrorCode::kRelayOverloaded, now, kRetryMs);
  }
}

}  // namespace zerok::core
