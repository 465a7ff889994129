// SPDX-License-Identifier: MIT OR Apache-2.0
#include "relay/relay.h"

#include <algorithm>
#include <deque>
#include <map>

#include "base/log.h"
#include "base/planted_bug.h"
#include "core/relay/hub.h"
#include "link/endpoint.h"
#include "relay/store_effects.h"

namespace zerok::relay {
namespace {

using core::SessionId;
using link::LinkEvent;
using link::LinkId;

// One transaction takes in so much, then it is committed and answered.
constexpr std::size_t kBatchMessagesMax = 1024;
constexpr std::size_t kBatchHeldBytesMax = std::size_t{32} << 20;
// What a step does before it looks at the network again.
constexpr int kBatchesPerStep = 4;
constexpr int kChoresPerBatch = 8;
// More than that unsent, and notices are put off.
constexpr std::size_t kCongestedBytes = std::size_t{256} << 10;
// What may arrive before HELLO, and from guests always: their largest message.
constexpr std::size_t kSmallMessageBytesMax = std::size_t{64} << 10;

std::size_t small_message_bytes_max(std::uint8_t type) {
  return std::min(wire::message_bytes_max(type), kSmallMessageBytesMax);
}

link::EndpointConfig endpoint_config(const core::RelayLimits& limits) {
  link::EndpointConfig config;
  config.accept = true;
  config.links_max = limits.sessions_max;
  config.channel.receive = {.message_bytes_max = &small_message_bytes_max,
                            .open_messages_max = 8,
                            .open_bytes_max = 2 * kSmallMessageBytesMax};
  return config;
}

SessionId session_of(LinkId link) { return static_cast<SessionId>(link); }
LinkId link_of(SessionId session) { return static_cast<LinkId>(session); }

}  // namespace

// Everything of one relay; the parts know one another, so they stay in place.
struct Relay::Parts {
  Parts(store::RelayStore& a_store, transport::Transport& transport, const crypto::RelayKeys& keys,
        Rng& rng, const RelayConfig& a_config, const core::RetentionClock& clock,
        const core::DiskUse& use, Instant now)
      : store(a_store),
        config(a_config),
        static_keys(noise::StaticKeys::from_secrets(keys.noise.dh.clone(), keys.noise.kem)),
        endpoint_id(keys.endpoint_id()),
        endpoint(transport, static_keys, rng, endpoint_config(config.limits)),
        hub({.limits = config.limits, .admission_token = config.admission_token}, endpoint_id,
            clock, use, now),
        disk(use) {}

  bool run_batch(Instant now, UnixMs wall);
  void handle_event(const LinkEvent& event, Instant now);
  void carry_out(Instant now);
  void fail_batch(const Error& error, Instant now);
  void finish_batch(Instant now);
  bool leaves_changes() const { return !commit_was_put_off && store.has_changes(); }
  void hold(core::Send&& send, Instant now);
  void transmit(core::Send&& send, Instant now);
  void release(Instant now);
  void release_once(Instant now);
  void mind_queue(LinkId link, Instant now);

  store::RelayStore& store;
  RelayConfig config;
  noise::StaticKeys static_keys;
  EndpointId endpoint_id;
  link::Endpoint endpoint;
  core::RelayHub hub;
  core::DiskUse disk;

  std::deque<core::Send> held;  // until the commit
  std::size_t held_bytes = 0;
  std::map<SessionId, std::size_t> held_by_session;
  std::set<LinkId> paused;
  Instant stepped{};
  bool more_waits = false;
  std::optional<Instant> shut_down_at;
  bool commit_was_put_off = false;  // by a planted bug only
  std::uint64_t commits = 0;
  std::uint64_t commits_failed = 0;
};

Relay::Relay(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Relay::~Relay() = default;

Result<std::unique_ptr<Relay>> Relay::open(store::RelayStore& store,
                                           transport::Transport& transport,
                                           const crypto::RelayKeys& keys, Rng& rng,
                                           const RelayConfig& config, Instant now, UnixMs wall) {
  ZEROK_TRY_VOID(config.limits.validate());
  if (config.admission_token && (config.admission_token->empty() ||
                                 config.admission_token->size() > wire::kAdmissionTokenBytesMax)) {
    return fail(ErrorCode::kInvalidArgument, "an admission token has 1 to 64 bytes");
  }
  ZEROK_TRY(const Bytes saved, store.value(kClockValue));
  ZEROK_TRY(const auto clock, core::RetentionClock::start(saved, now, wall));
  // At once, so that even a relay that always stops soon has a clock that goes on.
  ZEROK_TRY_VOID(store.put_value(kClockValue, clock.save(now, wall)));
  ZEROK_TRY_VOID(store.commit());
  ZEROK_TRY(const auto use, disk_use(store));
  return std::unique_ptr<Relay>(
      new Relay(std::make_unique<Parts>(store, transport, keys, rng, config, clock, use, now)));
}

void Relay::step(Instant now, UnixMs wall) {
  parts_->stepped = now;
  parts_->endpoint.step(now);
  parts_->more_waits = false;
  for (int i = 0; i < kBatchesPerStep; ++i) {
    parts_->more_waits = parts_->run_batch(now, wall);
    if (!parts_->more_waits) break;
  }
  // Sending may have changed something too, as a peer that is gone. No step leaves that open.
  for (int i = 0; i < kBatchesPerStep && parts_->leaves_changes(); ++i) parts_->finish_batch(now);
  if (parts_->leaves_changes()) parts_->more_waits = true;
  parts_->endpoint.step(now);
}

Instant Relay::next_timeout() const {
  if (parts_->more_waits) return parts_->stepped;
  return std::min(parts_->endpoint.next_timeout(), parts_->hub.next_timeout());
}

// Whatever arrived so far becomes one transaction. True when more waits.
bool Relay::Parts::run_batch(Instant now, UnixMs wall) {
  if (commit_was_put_off) finish_batch(now);
  for (int i = 0; i < kChoresPerBatch && hub.next_timeout() <= now; ++i) {
    hub.handle_timeout(now, wall);
    carry_out(now);
  }
  // On its own, so that a failure to clean up fails nobody's request.
  if (store.has_changes()) finish_batch(now);
  bool more = true;
  for (std::size_t i = 0; i < kBatchMessagesMax && held_bytes < kBatchHeldBytesMax; ++i) {
    const auto event = endpoint.poll_event();
    if (!event) {
      more = false;
      break;
    }
    handle_event(*event, now);
    carry_out(now);
  }
  const bool puts_off =
      planted(PlantedBug::kAckBeforeSync) || planted(PlantedBug::kCursorOutOfOrder);
  if (puts_off && store.has_changes()) {
    commit_was_put_off = true;
    return more;
  }
  finish_batch(now);
  return more;
}

void Relay::Parts::handle_event(const LinkEvent& event, Instant now) {
  const SessionId session = session_of(event.link);
  switch (event.kind) {
    case LinkEvent::Kind::kOpened: {
      const auto info = endpoint.info(event.link);
      if (!info) return;
      log::debug("{} connected", info->endpoint);
      return hub.handle_opened(session,
                               {.endpoint = info->endpoint,
                                .noise_identity = info->noise_identity,
                                .handshake_hash = info->handshake_hash},
                               now);
    }
    case LinkEvent::Kind::kMessage:
      return hub.handle_message(session, event.message->key(), event.message->body(), now);
    case LinkEvent::Kind::kDrained:
      if (paused.erase(event.link) > 0) endpoint.set_reading(event.link, true);
      return hub.set_congested(session, false, now);
    case LinkEvent::Kind::kClosed:
      paused.erase(event.link);
      return hub.handle_closed(session, now);
  }
}

void Relay::Parts::carry_out(Instant now) {
  while (auto effect = hub.poll_effect()) {
    if (auto* send = std::get_if<core::Send>(&*effect)) {
      hold(std::move(*send), now);
    } else if (const auto* raise = std::get_if<core::RaiseBounds>(&*effect)) {
      endpoint.set_receive_limits(link_of(raise->session), wire::AssemblerLimits{});
    } else if (const auto* close = std::get_if<core::CloseSession>(&*effect)) {
      paused.erase(link_of(close->session));
      endpoint.close(link_of(close->session), link::CloseCode::kNormal);
      hub.handle_closed(close->session, now);
    } else {
      auto answer = apply_to_store(store, *effect);
      if (!answer) {
        fail_batch(answer.error(), now);
      } else if (*answer) {
        hub.handle_read(std::move(**answer), now);
      }
    }
  }
}

// Nothing of this transaction happened, and nobody was told that it had.
void Relay::Parts::fail_batch(const Error& error, Instant now) {
  log::error("the store failed: {}", error);
  ++commits_failed;
  store.rollback();
  std::erase_if(held, [&](const core::Send& one) { return hub.depends_on_commit(one.session); });
  hub.handle_store_failed(now);
}

void Relay::Parts::finish_batch(Instant now) {
  commit_was_put_off = false;
  const bool changed = store.has_changes();
  if (const auto committed = store.commit(); !committed) {
    fail_batch(committed.error(), now);
    carry_out(now);
  } else if (changed) {
    ++commits;
    // A sum that can't be read now is as it was.
    if (const auto use = disk_use(store)) disk = *use;
  }
  hub.handle_committed(disk, now);
  carry_out(now);
  release(now);
}

void Relay::Parts::hold(core::Send&& send, Instant now) {
  const auto type = static_cast<wire::MessageType>(send.key.type);
  if (planted(PlantedBug::kAckBeforeSync) && type == wire::MessageType::kPushAck) {
    return transmit(std::move(send), now);
  }
  if (planted(PlantedBug::kCursorOutOfOrder) && type == wire::MessageType::kPullResponse) {
    return transmit(std::move(send), now);
  }
  const LinkId link = link_of(send.session);
  std::size_t& waiting = held_by_session[send.session];
  waiting += send.body.size();
  held_bytes += send.body.size();
  // Who asks for more than it takes has to wait with its next request.
  if (waiting + endpoint.queued_bytes(link) > config.limits.send_queue_bytes_max) {
    paused.insert(link);
    endpoint.set_reading(link, false);
  }
  held.push_back(std::move(send));
}

void Relay::Parts::transmit(core::Send&& send, Instant now) {
  const LinkId link = link_of(send.session);
  const auto sent = endpoint.send(link, send.priority, send.key, std::move(send.body));
  if (sent || sent.error().code == ErrorCode::kNotFound) return;
  // It does not read what it is sent.
  log::debug("closed a connection: {}", sent.error());
  paused.erase(link);
  endpoint.close(link, link::CloseCode::kOverloaded);
  hub.handle_closed(send.session, now);
}

void Relay::Parts::release(Instant now) {
  do {
    release_once(now);
    carry_out(now);  // notices that waited for what went out
  } while (!held.empty());
}

void Relay::Parts::release_once(Instant now) {
  while (!held.empty()) {
    core::Send send = std::move(held.front());
    held.pop_front();
    transmit(std::move(send), now);
  }
  for (const auto& [session, bytes] : std::exchange(held_by_session, {})) {
    mind_queue(link_of(session), now);
  }
  held_bytes = 0;
}

void Relay::Parts::mind_queue(LinkId link, Instant now) {
  const std::size_t queued = endpoint.queued_bytes(link);
  if (queued > kCongestedBytes) hub.set_congested(session_of(link), true, now);
  if (queued > 0) return;  // told by kDrained
  hub.set_congested(session_of(link), false, now);
  if (paused.erase(link) > 0) endpoint.set_reading(link, true);
}

void Relay::shut_down(Instant now) {
  parts_->shut_down_at = now;
  parts_->hub.shut_down(now);
}

bool Relay::is_shut_down() const {
  if (!parts_->shut_down_at) return false;
  // Whoever goes on connecting does not keep it running.
  const Instant latest =
      saturating_add(*parts_->shut_down_at, 2 * parts_->config.limits.close_linger);
  return parts_->hub.sessions() == 0 || parts_->stepped >= latest;
}

core::RelayTicket Relay::ticket(std::vector<std::string> addresses) const {
  return {.endpoint = parts_->endpoint_id,
          .noise_identity = parts_->static_keys.identity().id(),
          .addresses = std::move(addresses),
          .admission_token = parts_->config.admission_token};
}

RelayStats Relay::stats() const {
  const core::RelayHub& hub = parts_->hub;
  return {.connections = parts_->endpoint.links(),
          .sessions = hub.sessions(),
          .groups = hub.groups(),
          .mailboxes = hub.mailboxes(),
          .stored_payload_bytes = parts_->disk.payload_bytes,
          .stored_lines = parts_->disk.lines,
          .blobs_committed = hub.blobs_committed(),
          .commits = parts_->commits,
          .commits_failed = parts_->commits_failed,
          .requests = hub.requests(),
          .errors_sent = hub.errors(),
          .payloads_removed = hub.payloads_removed()};
}

}  // namespace zerok::relay
