// SPDX-License-Identifier: MIT OR Apache-2.0
// RelayHub: from HELLO to WELCOME, docs/protocol/messages.md, sections 2, 4 and 9.
#include <algorithm>

#include "core/relay/hub.h"
#include "core/session_proof.h"

namespace zerok::core {
namespace {

using wire::WireErrorCode;

constexpr std::uint64_t kFeatures = wire::kFeaturePresence | wire::kFeatureInline;
constexpr std::uint32_t kRetryMs = 10'000;

}  // namespace

void RelayHub::begin_hello(SessionId id, std::uint32_t request, const wire::Hello& hello,
                           Instant now) {
  const RelaySession& session = *find(id);
  const SessionBinding binding{.handshake_hash = session.peer.handshake_hash, .relay = relay_};
  if (const auto verified = verify_hello(hello, binding, session.peer.endpoint); !verified) {
    return end(id, request, verified.error(), now);
  }
  const HelloOp op{.session = id, .request = request, .hello = hello};
  if (const auto found = groups_.find(hello.group); found != groups_.end()) {
    return admit(op, found->second, now);
  }
  op_ = op;
  effects_.push_back(ReadGroup{hello.group});
}

void RelayHub::handle_group_read(HelloOp op, std::optional<GroupRecord> record, Instant now) {
  const SessionId id = op.session;
  if (record) {
    auto group = adopt(std::move(*record));
    if (!group) return end(id, op.request, WireErrorCode::kRelayOverloaded, now, kRetryMs);
    return admit(std::move(op), **group, now);
  }
  const wire::Hello& hello = op.hello;
  if (!hello.create) return end(id, op.request, WireErrorCode::kUnknownGroup, now);
  if (policy_.admission_token) {
    const ByteView token = hello.admission_token.value_or(ByteView());
    if (!constant_time_equal(token, *policy_.admission_token)) {
      return end(id, op.request, WireErrorCode::kUnauthorized, now);
    }
  }
  if (!Roster::create(*hello.create, hello.group)) {
    return end(id, op.request, WireErrorCode::kUnauthorized, now);
  }
  // Only what nobody vouched for is counted by time.
  if (!policy_.admission_token && !new_groups_.take(60, now)) {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(new_groups_.wait_for(60, now));
    return end(
        id, op.request, WireErrorCode::kRateLimited, now,
        static_cast<std::uint32_t>(std::min<std::int64_t>(wait.count(), wire::kRetryAfterMsMax)));
  }
  if (use_.groups + added_groups_ >= limits().groups_max) {
    return end(id, op.request, WireErrorCode::kRelayOverloaded, now, kRetryMs);
  }
  ++added_groups_;
  const CreateGroup create{.group = hello.group, .entry = *hello.create};
  op_ = std::move(op);
  effects_.push_back(create);
}

void RelayHub::handle_group_created(HelloOp op, LogKey key, Instant now) {
  const ByteView entry = *op.hello.create;
  GroupRecord record{.key = key,
                     .group = op.hello.group,
                     .roster = {Bytes(entry.begin(), entry.end())},
                     .devices = {}};
  auto group = adopt(std::move(record));
  // The entry was verified before it was stored.
  if (!group) return end(op.session, op.request, WireErrorCode::kRelayOverloaded, now, kRetryMs);
  touch(**group);
  admit(std::move(op), **group, now);
}

Result<RelayHub::Group*> RelayHub::adopt(GroupRecord record) {
  const GroupId id = record.group;
  const LogKey key = record.key;
  ZEROK_TRY(RelayGroup state, RelayGroup::load(std::move(record)));
  by_key_.emplace(key, id);
  return &groups_.emplace(id, Group{.state = std::move(state)}).first->second;
}

void RelayHub::admit(HelloOp op, Group& group, Instant now) {
  const SessionId id = op.session;
  const GroupId group_id = op.hello.group;
  RelaySession& session = *find(id);
  const auto refuse_hello = [&](WireErrorCode code) {
    end(id, op.request, code, now, code == WireErrorCode::kRelayOverloaded ? kRetryMs : 0);
    drop_if_idle(group_id);
  };
  const Member* member = group.state.roster().find(op.hello.device);
  if (member != nullptr && !member->active) return refuse_hello(WireErrorCode::kDeviceRevoked);
  if (member != nullptr && member->noise_identity != session.peer.noise_identity) {
    return refuse_hello(WireErrorCode::kUnauthorized);
  }
  if (member == nullptr && group.unenrolled.size() >= limits().unenrolled_per_group_max) {
    return refuse_hello(WireErrorCode::kRelayOverloaded);
  }
  session.deadline = member == nullptr ? saturating_add(now, limits().visit_time) : kNever;
  session.group = group_id;
  session.device = op.hello.device;
  session.features = op.hello.features & kFeatures;
  session.roster_shown = static_cast<std::uint32_t>(group.state.roster().size());
  effects_.push_back(RaiseBounds{id});
  if (member == nullptr) {
    session.kind = SessionKind::kUnenrolled;
    group.unenrolled.insert(id);
    schedule(id, session);
    return welcome(op, {}, now);
  }
  register_full(id, session, group, now);
  const std::uint64_t cursor = op.hello.position.cursor;
  const ReadStart read{.group = group.state.key(),
                       .cursor = cursor,
                       .after = std::max(cursor, group.state.floor().cursor),
                       .device = session.device};
  op_ = std::move(op);
  effects_.push_back(read);
}

// The newest session of a device is the one: the older may be a dead connection that nobody closed.
void RelayHub::register_full(SessionId id, RelaySession& session, Group& group, Instant now) {
  session.kind = SessionKind::kFull;
  const auto [online, is_new] = group.online.try_emplace(session.device, id);
  if (!is_new) {
    const SessionId older = std::exchange(online->second, id);
    RelaySession& replaced = *find(older);
    unregister(older, replaced, now);
    replaced.deadline = saturating_add(now, limits().close_linger);
    schedule(older, replaced);
    effects_.push_back(CloseSession{.session = older});
  }
  group.state.saw(session.device, clock_.at(now));
  want_chores(group, true, now);
  presence_changed(group, now);
  session.presence_due = (session.features & wire::kFeaturePresence) != 0;
  session.presence_after = now;
  schedule(id, session);
}

wire::SessionLimits RelayHub::told_limits(const Group& group) const {
  const RelayLimits& l = limits();
  return {.sealed_bytes_max = l.sealed_bytes_max,
          .push_blobs_max = l.push_blobs_max,
          .pull_lines_max = l.pull_lines_max,
          .pull_bytes_max = l.pull_bytes_max,
          .blobs_per_minute = l.blobs_per_minute,
          .blobs_burst = l.blobs_burst,
          .bytes_per_minute = l.bytes_per_minute,
          .group_bytes_max = l.group_bytes_max,
          .group_bytes_used = group.state.payload_bytes(),
          .ttl_s = l.ttl_s};
}

void RelayHub::welcome(const HelloOp& op, const ReadStart::Answer& start, Instant now) {
  RelaySession& session = *find(op.session);
  const Group& group = *group_of(session);
  const RelayGroup& state = group.state;
  const wire::Position& position = op.hello.position;
  wire::Welcome message{.minor = wire::kMinorVersion, .features = session.features};
  const Roster& roster = state.roster();
  const std::size_t first = std::min<std::size_t>(op.hello.roster_length, roster.size());
  message.roster.first = static_cast<std::uint32_t>(first);
  message.roster.entries.assign(roster.entries().begin() + static_cast<std::ptrdiff_t>(first),
                                roster.entries().end());
  message.roster.head = roster.head();
  message.limits = told_limits(group);
  if (session.kind == SessionKind::kFull) {
    message.hash_at_position = start.hash;
    message.highest = state.head().cursor;
    message.floor = state.floor();
    message.pending = start.foreign;
    message.own_lines = state.find(session.device)->own_lines;
    for (const auto& [device, record] : state.devices()) {
      if (device == session.device || record.state.empty() || !roster.is_active(device)) continue;
      message.states.push_back({.device = device, .state = record.state});
    }
    if (start.hash == position.log_hash) {
      session.shown = position.cursor;
      session.read_to = position.cursor;
    }
    session.quota_due = is_short_of_space(group);
  }
  // No notice may arrive before it.
  if (answer(op.session, op.request, message) == wire::Priority::kBulk) session.congested = true;
  flush_notices(op.session, session, now);
}

void RelayHub::handle_read(RelayAnswer answer, Instant now) {
  Op op = std::exchange(op_, std::monostate{});
  if (auto* hello = std::get_if<HelloOp>(&op)) {
    if (auto* group = std::get_if<ReadGroup::Answer>(&answer)) {
      return handle_group_read(std::move(*hello), std::move(*group), now);
    }
    if (const auto* key = std::get_if<CreateGroup::Answer>(&answer)) {
      return handle_group_created(std::move(*hello), *key, now);
    }
    if (const auto* start = std::get_if<ReadStart::Answer>(&answer)) {
      return welcome(*hello, *start, now);
    }
  }
  if (const auto* blobs = std::get_if<ReadBlobs::Answer>(&answer)) {
    if (const auto* push = std::get_if<PushOp>(&op)) return handle_push_blobs(*push, *blobs, now);
    if (const auto* gone = std::get_if<DeleteOp>(&op)) {
      return handle_delete_blob(*gone, *blobs, now);
    }
  }
  if (const auto* pull = std::get_if<PullOp>(&op)) {
    return handle_pull_lines(*pull, std::get<ReadLines::Answer>(answer), now);
  }
  handle_cleanup_read(std::move(op), std::move(answer), now);
}

}  // namespace zerok::core
