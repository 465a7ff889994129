// SPDX-License-Identifier: MIT OR Apache-2.0
// Client: opening, turning, looking.
#include "client/client.h"

#include <algorithm>

#include "client/client_parts.h"

namespace zerok::client {

namespace {

// Messages taken in one step: what one commit may have to carry.
constexpr std::size_t kMessagesPerStep = 256;
constexpr std::string_view kClockValue = "clock";
// How much the clock may fall behind in a crash.
constexpr Duration kClockSaveInterval = std::chrono::minutes(10);
constexpr Duration kCloseTimeout = std::chrono::milliseconds(500);

}  // namespace

Client::Client(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::open(store::ClientStore& store,
                                             transport::Transport& transport,
                                             const crypto::DeviceKeys& keys, Rng& rng,
                                             const ClientConfig& config, Instant now, UnixMs wall) {
  auto parts = std::make_unique<Parts>(store, transport, keys, rng, config);
  parts->now = now;
  parts->date = wall;
  ZEROK_TRY_VOID(parts->start_clock());
  ZEROK_TRY_VOID(parts->reload());
  ZEROK_TRY(const Bytes stored_ticket, store.value(kTicketValue));
  if (!stored_ticket.empty()) {
    ZEROK_TRY(const Bytes text,
              core::unwrap_from_store(keys, as_bytes(kTicketValue), stored_ticket));
    const std::string_view view(reinterpret_cast<const char*>(text.data()), text.size());
    ZEROK_TRY(auto ticket, core::RelayTicket::parse(view));
    parts->admission_token = ticket.admission_token;
    parts->engine->set_relay(ticket.endpoint, ticket.admission_token);
    ZEROK_TRY_VOID(parts->connection.set_ticket(std::move(ticket), now));
    ZEROK_TRY_VOID(parts->carry_out());
  }
  return std::unique_ptr<Client>(new Client(std::move(parts)));
}

void Client::step(Instant now, UnixMs wall) { parts_->step(now, wall); }

void Client::Parts::step(Instant at, UnixMs wall_at) {
  now = std::max(now, at);
  date = wall_at;
  wall = clock->at(now);
  dirty = false;
  if (broken && now >= reload_due) {
    if (const auto again = reload(); !again) give_up(again.error());
  }
  endpoint.step(now);
  const bool wanted = !broken && !closed && engine->wants_session();
  const bool had_link = connection.link().has_value();
  connection.step(wanted, now);
  if (had_link && !connection.link() && !broken) engine->handle_end();
  for (std::size_t n = 0;; ++n) {
    if (n == kMessagesPerStep) {
      dirty = true;
      break;
    }
    const auto event = endpoint.poll_event();
    if (!event) break;
    handle(*event);
  }
  if (!broken) {
    engine->pump(now, wall);
    auto carried = now < save_clock_at ? Result<void>{} : save_clock();
    if (carried) carried = carry_out();
    if (!carried) give_up(carried.error());
  }
  tell_connection();
  if (close_deadline != kNever && !closed &&
      (broken || now >= close_deadline || engine->is_flushed())) {
    closed = true;
    connection.drop(link::CloseCode::kNormal);
    if (!broken) engine->handle_end();
  }
  endpoint.step(now);
}

// Committed by reload().
Result<void> Client::Parts::start_clock() {
  ZEROK_TRY(const Bytes saved, store.value(kClockValue));
  ZEROK_TRY(clock, core::RetentionClock::start(saved, now, date));
  wall = clock->at(now);
  return save_clock();
}

Result<void> Client::Parts::save_clock() {
  save_clock_at = saturating_add(now, kClockSaveInterval);
  return store.put_value(kClockValue, clock->save(now, date));
}

void Client::Parts::handle(const link::LinkEvent& event) {
  if (connection.link() != event.link) return;
  switch (event.kind) {
    case link::LinkEvent::Kind::kOpened:
      if (const auto binding = connection.opened(); binding && !broken) {
        engine->handle_open(*binding, now, wall);
      }
      return;
    case link::LinkEvent::Kind::kMessage:
      if (!broken) engine->handle_message(event.message->key(), event.message->body(), now, wall);
      return;
    case link::LinkEvent::Kind::kDrained:
      return;
    case link::LinkEvent::Kind::kClosed:
      connection.lost(event.error, now);
      if (!broken) engine->handle_end();
      return;
  }
}

// What could not be committed has not happened: everything starts over from the store.
void Client::Parts::give_up(const Error& error) {
  store.rollback();
  released.clear();
  end_session();
  const bool was_broken = broken.has_value();
  broken = error;
  if (!was_broken) {
    if (reload()) return;
  }
  reload_due = saturating_add(now, config.limits.retry_base);
}

void Client::Parts::end_session() {
  if (!connection.link()) return;
  connection.close({core::AfterEnd::kRetry, 0, {ErrorCode::kIo, "the store failed"}, {}}, now);
}

void Client::Parts::tell(ClientEvent event) {
  if (waiting_events.insert(event).second) events.push_back(event);
}

void Client::Parts::tell_connection() {
  const bool live = !broken && (engine->session() == core::SessionState::kFull ||
                                engine->session() == core::SessionState::kGuest);
  if (live && connection.state() == Connection::kConnecting) connection.welcomed(now);
  if (connection.state() == told_connection) return;
  told_connection = connection.state();
  tell(ClientEvent::kConnection);
}

Instant Client::next_timeout() const {
  const Parts& parts = *parts_;
  if (parts.dirty) return parts.now;
  Instant next = parts.endpoint.next_timeout();
  if (parts.broken) return std::min(next, parts.reload_due);
  next = std::min(next, parts.engine->next_timeout());
  if (!parts.closed) {
    next = std::min(next, parts.connection.next_timeout(parts.engine->wants_session()));
  }
  if (!parts.closed) next = std::min(next, parts.close_deadline);
  return next;
}

std::optional<ClientEvent> Client::poll_event() {
  Parts& parts = *parts_;
  if (parts.events.empty()) return std::nullopt;
  const ClientEvent event = parts.events.front();
  parts.events.pop_front();
  parts.waiting_events.erase(event);
  return event;
}

void Client::foreground(Instant now) {
  parts_->connection.at_once(now);
  parts_->dirty = true;
}

void Client::network_changed(Instant now) {
  const bool had_link = parts_->connection.link().has_value();
  parts_->connection.network_changed(now);
  if (had_link && !parts_->broken) parts_->engine->handle_end();
  parts_->dirty = true;
}

void Client::begin_close(Instant now) {
  if (parts_->close_deadline != kNever) return;
  parts_->close_deadline = saturating_add(now, kCloseTimeout);
  if (!parts_->broken) parts_->engine->begin_close();
  parts_->dirty = true;
}

bool Client::is_closed(Instant now) const {
  return parts_->closed || now >= parts_->close_deadline;
}

bool Client::has_group() const { return parts_->engine->group() != nullptr; }
std::optional<GroupId> Client::group() const { return parts_->engine->record().group; }
DeviceId Client::device_id() const { return parts_->engine->record().device; }

ClientStatus Client::status() const {
  const Parts& parts = *parts_;
  const core::ClientEngine& engine = *parts.engine;
  ClientStatus out;
  out.connection = parts.connection.state();
  out.since = parts.connection.since();
  if (out.connection == Connection::kOffline) out.next_attempt = parts.connection.next_attempt();
  if (out.connection == Connection::kStopped) out.stopped_by = parts.connection.stopped_by();
  out.last_error = parts.broken ? parts.broken : parts.connection.last_error();
  out.outbox = engine.outbox_status();
  out.position = engine.position();
  out.highest = std::max(out.position, engine.highest());
  out.synced = engine.caught_up() && out.outbox.pending == 0 && !parts.broken;
  out.ready = engine.inbox().ready();
  out.held_back = engine.inbox().waiting();
  out.quarantined = engine.inbox().quarantined();
  out.quota = engine.quota();
  return out;
}

core::BlobStatus Client::blob_status(std::uint64_t number) const {
  return parts_->engine->blob_status(number);
}

std::vector<DeviceInfo> Client::devices() const {
  const core::ClientEngine& engine = *parts_->engine;
  std::vector<DeviceInfo> out;
  if (engine.group() == nullptr) return out;
  const bool live = engine.session() == core::SessionState::kFull;
  for (const core::Member& member : engine.group()->roster().members()) {
    DeviceInfo info;
    info.id = member.device;
    info.name = engine.group()->name_of(member);
    info.active = member.active;
    info.is_self = member.device == engine.record().device;
    info.added_by = member.added_by;
    if (info.is_self) {
      if (live) info.online = true;
    } else if (member.active) {
      const auto presence = engine.presence().find(member.device);
      if (presence != engine.presence().end()) {
        info.online = presence->second.online;
        info.away_s = presence->second.away_s;
      }
      info.stored_sequence = engine.peers().stored_by(member.device, engine.record().incarnation);
      info.dormant = engine.peers().is_dormant(member.device, parts_->wall, engine.limits());
    }
    out.push_back(std::move(info));
  }
  return out;
}

}  // namespace zerok::client
