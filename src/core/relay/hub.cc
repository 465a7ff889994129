// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/relay/hub.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace zerok::core {
namespace {

using wire::MessageType;
using wire::WireErrorCode;

// What is small goes before large answers, in order: a NOTIFY waits for nobody's PULL_RESPONSE.
constexpr std::size_t kUrgentBytesMax = std::size_t{64} << 10;

wire::Priority priority_of(std::size_t bytes) {
  return bytes > kUrgentBytesMax ? wire::Priority::kBulk : wire::Priority::kUrgent;
}

MailboxLimits mailbox_limits(const RelayLimits& limits) {
  return {.mailboxes_max = limits.mailboxes_max,
          .per_group_max = limits.mailboxes_per_group_max,
          .waiting_max = limits.mailbox_waiting_max};
}

std::uint32_t milliseconds(Duration wait) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(ms, 1, wire::kRetryAfterMsMax));
}

}  // namespace

RelayHub::RelayHub(const RelayPolicy& policy, const EndpointId& relay, const RetentionClock& clock,
                   const DiskUse& use, Instant now)
    : policy_(policy),
      relay_(relay),
      clock_(clock),
      mailboxes_(mailbox_limits(policy.limits)),
      new_groups_(policy.limits.new_groups_per_hour,
                  std::uint64_t{60} * policy.limits.new_groups_burst, now),
      use_(use),
      cleanup_at_(now),
      save_clock_at_(saturating_add(now, policy.limits.clock_save_interval)) {}

RelaySession* RelayHub::find(SessionId id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : &found->second;
}

RelayHub::Group* RelayHub::group_of(const RelaySession& session) {
  const auto found = groups_.find(session.group);
  return found == groups_.end() ? nullptr : &found->second;
}

void RelayHub::handle_opened(SessionId id, const SessionPeer& peer, Instant now) {
  const auto added = sessions_.try_emplace(
      id, peer, TokenBucket(limits().requests_per_minute, limits().requests_burst, now));
  ZEROK_ASSERT(added.second);
  RelaySession& session = added.first->second;
  session.deadline = saturating_add(now, limits().hello_timeout);
  if (shutting_down_) return end(id, 0, WireErrorCode::kRelayShuttingDown, now);
  if (sessions_.size() > limits().sessions_max) {
    return end(id, 0, WireErrorCode::kRelayOverloaded, now);
  }
  schedule(id, session);
}

void RelayHub::handle_closed(SessionId id, Instant now) {
  RelaySession* session = find(id);
  if (session == nullptr) return;
  unregister(id, *session, now);
  timers_.erase({session->wake, id});
  sessions_.erase(id);
}

// Out of its group and its mailboxes; the connection stays.
void RelayHub::unregister(SessionId id, RelaySession& session, Instant now) {
  if (session.kind == SessionKind::kGuest) --guests_;
  mailboxes_.handle_session_closed(id);
  Group* group = group_of(session);
  if (group != nullptr && session.kind == SessionKind::kUnenrolled) group->unenrolled.erase(id);
  if (group != nullptr && session.kind == SessionKind::kFull) {
    // A newer session of the same device may have taken the place.
    const auto online = group->online.find(session.device);
    if (online != group->online.end() && online->second == id) {
      group->online.erase(online);
      group->state.saw(session.device, clock_.at(now));
      want_chores(*group, false, now);
      presence_changed(*group, now);
    }
  }
  session.kind = SessionKind::kEnding;
  session.notify_again = kNever;
  session.presence_due = false;
  if (group != nullptr) drop_if_idle(session.group);
}

// Memory follows the groups that are connected, not those that exist.
void RelayHub::drop_if_idle(const GroupId& id) {
  const auto found = groups_.find(id);
  if (found == groups_.end()) return;
  Group& group = found->second;
  if (!group.online.empty() || !group.unenrolled.empty()) return;
  if (group.state.has_unsaved()) save_devices(group);
  if (group.touched) return;  // asked again after the commit
  forget(id);
}

void RelayHub::forget(const GroupId& id) {
  const auto found = groups_.find(id);
  set_chores(found->second, kNever);
  by_key_.erase(found->second.state.key());
  groups_.erase(found);
}

void RelayHub::touch(Group& group) {
  touch_quietly(group);
  told_.insert(group.state.id());
}

void RelayHub::touch_quietly(Group& group) {
  if (!group.touched) {
    group.before = Before{group.state.payload_bytes(), group.state.floor()};
  }
  group.touched = true;
  touched_.insert(group.state.id());
}

bool RelayHub::depends_on_commit(SessionId id) const {
  const auto found = sessions_.find(id);
  return found != sessions_.end() && told_.contains(found->second.group);
}

void RelayHub::schedule(SessionId id, RelaySession& session) {
  Instant wake = std::min(session.deadline, session.notify_again);
  if (session.presence_due && !session.congested) wake = std::min(wake, session.presence_after);
  if (wake == session.wake) return;
  timers_.erase({session.wake, id});
  session.wake = wake;
  if (wake != kNever) timers_.insert({wake, id});
}

void RelayHub::handle_message(SessionId id, wire::MessageKey key, ByteView body, Instant now) {
  RelaySession* session = find(id);
  // Devices have nothing to answer.
  if (session == nullptr || session->kind == SessionKind::kEnding || key.response) return;
  acting_ = {id, key.request};
  ++requests_;
  const auto message = wire::decode_message(key.type, body);
  const bool unknown = !message && message.error().code == ErrorCode::kUnsupported;
  if (session->kind == SessionKind::kNew && unknown) {
    return end(id, key.request, WireErrorCode::kInvalidMessage, now);
  }
  if (unknown) {
    if (key.request > 0 && begin_request(id, *session, key.request, now)) {
      refuse(id, key.request, WireErrorCode::kUnsupported);
    }
    return;
  }
  if (!message) return end(id, key.request, WireErrorCode::kInvalidMessage, now);
  if (session->kind == SessionKind::kNew) return handle_first(id, *session, key, *message, now);
  dispatch(id, *session, key.request, *message, now);
}

void RelayHub::handle_first(SessionId id, RelaySession& session, wire::MessageKey key,
                            const wire::AnyMessage& message, Instant now) {
  const auto* hello = std::get_if<wire::Hello>(&message);
  const auto* join = std::get_if<wire::MailboxJoin>(&message);
  if (key.request == 0 || (hello == nullptr && join == nullptr)) {
    return end(id, key.request, WireErrorCode::kInvalidMessage, now);
  }
  session.open.insert(key.request);
  if (hello != nullptr) return begin_hello(id, key.request, *hello, now);
  const auto answers = mailboxes_.join(caller_of(id, session, key.request), *join, now);
  if (const auto* error = std::get_if<wire::ErrorMessage>(&answers.front().message)) {
    return end(id, key.request, error->refusal.code, now, error->refusal.retry_after_ms);
  }
  if (guests_ >= limits().guests_max) {
    return end(id, key.request, WireErrorCode::kRelayOverloaded, now, 10'000);
  }
  ++guests_;
  session.kind = SessionKind::kGuest;
  session.deadline = saturating_add(now, limits().visit_time);
  schedule(id, session);
  tell(answers);
}

// False when the request was refused, or the session ended, instead.
bool RelayHub::begin_request(SessionId id, RelaySession& session, std::uint32_t request,
                             Instant now) {
  if (request == 0 || session.open.contains(request)) {
    end(id, request, WireErrorCode::kInvalidMessage, now);
    return false;
  }
  if (session.open.size() >= wire::kOpenRequestsMax) {
    refuse(id, request, WireErrorCode::kRateLimited);
    return false;
  }
  if (!session.requests.take(1, now)) {
    refuse(id, request, WireErrorCode::kRateLimited,
           milliseconds(session.requests.wait_for(1, now)));
    return false;
  }
  session.open.insert(request);
  return true;
}

void RelayHub::dispatch(SessionId id, RelaySession& session, std::uint32_t request,
                        const wire::AnyMessage& message, Instant now) {
  const MessageType type = wire::message_type(message);
  const bool is_full = session.kind == SessionKind::kFull;
  const bool is_guest = session.kind == SessionKind::kGuest;
  bool allowed = is_full;
  switch (type) {
    case MessageType::kHello:
      return end(id, request, WireErrorCode::kInvalidMessage, now);
    case MessageType::kAck:
      if (request != 0) return end(id, request, WireErrorCode::kInvalidMessage, now);
      // One too many is no loss: the next says more.
      if (is_full && session.requests.take(1, now)) {
        acknowledge(session, std::get<wire::Ack>(message).stored, now);
      }
      return;
    case MessageType::kPush:
    case MessageType::kPull:
    case MessageType::kDelete:
    case MessageType::kDeviceState:
    case MessageType::kMailboxCreate:
      break;
    case MessageType::kRosterGet:
    case MessageType::kRosterAppend:
      allowed = !is_guest;
      break;
    case MessageType::kMailboxJoin:
      allowed = is_guest;
      break;
    case MessageType::kMailboxPut:
    case MessageType::kMailboxTake:
    case MessageType::kMailboxClose:
      allowed = is_full || is_guest;
      break;
    default:
      // What only a relay says.
      if (request > 0 && begin_request(id, session, request, now)) {
        refuse(id, request, WireErrorCode::kUnsupported);
      }
      return;
  }
  if (!begin_request(id, session, request, now)) return;
  if (!allowed) return refuse(id, request, WireErrorCode::kUnauthorized);
  const auto caller = [&] { return caller_of(id, session, request); };
  switch (type) {
    case MessageType::kPush:
      return begin_push(id, session, request, std::get<wire::Push>(message));
    case MessageType::kPull:
      return begin_pull(id, session, request, std::get<wire::Pull>(message), now);
    case MessageType::kDelete:
      op_ = DeleteOp{id, request};
      effects_.push_back(ReadBlobs{.group = group_of(session)->state.key(),
                                   .blobs = {std::get<wire::Delete>(message).blob}});
      return;
    case MessageType::kDeviceState:
      return handle_device_state(id, session, request, std::get<wire::DeviceState>(message), now);
    case MessageType::kRosterGet:
      return send_roster(id, session, request, *group_of(session),
                         std::get<wire::RosterGet>(message).first);
    case MessageType::kRosterAppend:
      return handle_append(id, session, request, std::get<wire::RosterAppend>(message), now);
    case MessageType::kMailboxCreate:
      return tell(mailboxes_.create(caller(), std::get<wire::MailboxCreate>(message), now));
    case MessageType::kMailboxJoin:
      return tell(mailboxes_.join(caller(), std::get<wire::MailboxJoin>(message), now));
    case MessageType::kMailboxPut:
      return tell(mailboxes_.put(caller(), std::get<wire::MailboxPut>(message)));
    case MessageType::kMailboxTake:
      return tell(mailboxes_.take(caller(), std::get<wire::MailboxTake>(message)));
    case MessageType::kMailboxClose:
      return tell(mailboxes_.close(caller(), std::get<wire::MailboxClose>(message)));
    default:
      return;
  }
}

wire::Priority RelayHub::send(SessionId id, std::uint32_t request,
                              const wire::AnyMessage& message) {
  const MessageType type = wire::message_type(message);
  const wire::MessageKey key{
      .request = request, .type = static_cast<std::uint8_t>(type), .response = request > 0};
  auto body = wire::encode_message(message);
  // Everything was bounded on its way in, so only a damaged store makes what does not fit.
  if (!body) {
    effects_.push_back(CloseSession{.session = id});
    return wire::Priority::kUrgent;
  }
  const wire::Priority priority = priority_of(body->size());
  effects_.push_back(
      Send{.session = id, .priority = priority, .key = key, .body = std::move(*body)});
  return priority;
}

wire::Priority RelayHub::answer(SessionId id, std::uint32_t request,
                                const wire::AnyMessage& message) {
  answered_.emplace_back(id, request);
  return send(id, request, message);
}

void RelayHub::refuse(SessionId id, std::uint32_t request, WireErrorCode code,
                      std::uint32_t retry_after_ms) {
  ++errors_;
  answer(id, request,
         wire::ErrorMessage{.refusal = {.code = code, .retry_after_ms = retry_after_ms}});
}

void RelayHub::end(SessionId id, std::uint32_t request, WireErrorCode code, Instant now,
                   std::uint32_t retry_after_ms) {
  RelaySession* session = find(id);
  if (session == nullptr || session->kind == SessionKind::kEnding) return;
  ++errors_;
  send(id, request,
       wire::ErrorMessage{.refusal = {.code = code, .retry_after_ms = retry_after_ms},
                          .ends_session = true});
  unregister(id, *session, now);
  session->deadline = saturating_add(now, limits().close_linger);
  ended_.insert(id);
  schedule(id, *session);
}

void RelayHub::set_congested(SessionId id, bool congested, Instant now) {
  RelaySession* session = find(id);
  if (session == nullptr || session->congested == congested) return;
  session->congested = congested;
  if (!congested) flush_notices(id, *session, now);
  schedule(id, *session);
}

void RelayHub::shut_down(Instant now) {
  shutting_down_ = true;
  save_clock_at_ = now;
  for (auto& [id, session] : sessions_) {
    end(id, 0, WireErrorCode::kRelayShuttingDown, now);
  }
}

std::optional<RelayEffect> RelayHub::poll_effect() {
  if (effects_.empty()) {
    acting_.reset();  // whatever was asked is done
    return std::nullopt;
  }
  auto effect = std::move(effects_.front());
  effects_.pop_front();
  return effect;
}

}  // namespace zerok::core
