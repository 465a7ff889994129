// SPDX-License-Identifier: MIT OR Apache-2.0
#include "link/endpoint.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace zerok::link {
namespace {

CloseCode close_code_for(const Error& error) {
  switch (error.code) {
    case ErrorCode::kClosed:
      return CloseCode::kNormal;
    case ErrorCode::kTimedOut:
      return CloseCode::kTimedOut;
    case ErrorCode::kOverloaded:
      return CloseCode::kOverloaded;
    default:
      return CloseCode::kChannelFailed;
  }
}

// RFC 9000 section 2.1: bit 1 set means unidirectional.
bool is_bidirectional(transport::StreamId stream) {
  return (static_cast<std::uint64_t>(stream) & 2) == 0;
}

}  // namespace

Endpoint::Endpoint(transport::Transport& transport, const noise::StaticKeys& keys, Rng& rng,
                   const EndpointConfig& config)
    : transport_(&transport), keys_(&keys), rng_(&rng), config_(config) {}

Result<LinkId> Endpoint::dial(const transport::SocketAddress& address, const EndpointId& endpoint,
                              const noise::IdentityHash& noise_identity, Instant now) {
  now_ = std::max(now_, now);
  if (links_.size() >= config_.links_max) {
    return fail(ErrorCode::kOverloaded, "too many connections");
  }
  ZEROK_TRY(const LinkId id, transport_->dial(address, endpoint, now));
  Entry& entry = links_[id];
  entry.dialled = true;
  entry.endpoint = endpoint;
  entry.pin = noise_identity;
  entry.started = now;
  dirty_ = true;
  return id;
}

Result<void> Endpoint::send(LinkId link, wire::Priority priority, wire::MessageKey key,
                            Bytes body) {
  const auto at = links_.find(link);
  if (at == links_.end()) return fail(ErrorCode::kNotFound, "no such connection");
  Entry& entry = at->second;
  if (!entry.opened) return fail(ErrorCode::kInvalidState, "the channel is not established");
  auto sent = entry.link->channel().send(priority, key, std::move(body));
  if (!sent && sent.error().code == ErrorCode::kOverloaded) entry.told_full = true;
  if (sent && entry.link->flush(*transport_)) dirty_ = true;
  if (!entry.link->channel().is_drained()) entry.told_full = true;
  return sent;
}

std::size_t Endpoint::queued_bytes(LinkId link) const {
  const auto at = links_.find(link);
  return at == links_.end() || !at->second.link ? 0 : at->second.link->channel().queued_bytes();
}

void Endpoint::set_reading(LinkId link, bool on) {
  const auto at = links_.find(link);
  if (at == links_.end() || at->second.reading == on) return;
  at->second.reading = on;
  if (on) mark_ready(link, at->second);
}

void Endpoint::set_receive_limits(LinkId link, const wire::AssemblerLimits& limits) {
  const auto at = links_.find(link);
  if (at != links_.end() && at->second.link) at->second.link->channel().set_receive_limits(limits);
}

void Endpoint::close(LinkId link, CloseCode code) {
  const auto at = links_.find(link);
  if (at == links_.end()) return;
  transport_->close(link, static_cast<std::uint64_t>(code));
  dirty_ = true;
  remove(at);
}

std::optional<LinkInfo> Endpoint::info(LinkId link) const {
  const auto at = links_.find(link);
  if (at == links_.end() || !at->second.opened) return std::nullopt;
  const Entry& entry = at->second;
  const auto peer = entry.link->channel().confirmed_peer();
  if (!peer) return std::nullopt;
  return LinkInfo{.dialled = entry.dialled,
                  .endpoint = entry.endpoint,
                  .noise_identity = *peer,
                  .handshake_hash = entry.link->channel().handshake_hash(),
                  .setup_time = entry.setup_time,
                  .transport_time = entry.transport_time};
}

void Endpoint::step(Instant now) {
  now_ = std::max(now_, now);
  dirty_ = false;
  transport_->step(now_);
  take_transport_events();
  expire();
}

void Endpoint::take_transport_events() {
  while (!ending_) {
    const auto event = transport_->poll_event();
    if (!event) return;
    const auto at = links_.find(event->connection);
    if (event->kind == transport::Event::Kind::kClosed && at != links_.end() && at->second.link) {
      ending_ = event;
      mark_ready(event->connection, at->second);
    } else {
      handle(*event);
    }
  }
}

Instant Endpoint::next_timeout() const {
  // Work is waiting: events to poll, or writes that the transport has not sent.
  if (dirty_ || !ready_.empty() || !closed_.empty()) return now_;
  const Instant own = deadlines_.empty() ? kNever : deadlines_.begin()->first;
  return std::min(own, transport_->next_timeout());
}

void Endpoint::handle(const transport::Event& event) {
  using Kind = transport::Event::Kind;
  if (event.kind == Kind::kAccepted) return handle_accepted(event);
  const auto at = links_.find(event.connection);
  if (at == links_.end()) return;
  Entry& entry = at->second;
  switch (event.kind) {
    case Kind::kConnected:
      return handle_connected(event.connection, entry);
    case Kind::kStreamOpened:
      return handle_stream_opened(event.connection, entry, event.stream);
    case Kind::kClosed:
      return handle_closed(event);
    case Kind::kWritable:
      if (entry.link && entry.link->flush(*transport_)) dirty_ = true;
      return mark_ready(event.connection, entry);
    case Kind::kReadable:
    case Kind::kStreamReset:
      if (entry.link && event.stream == entry.link->stream()) mark_ready(event.connection, entry);
      return;
    case Kind::kStreamStopped:
      // Nothing we send arrives any more, and nobody else would ever say so.
      if (entry.link && event.stream == entry.link->stream()) {
        fail_link(event.connection, {ErrorCode::kReset, "the peer reads no more of the channel"});
      }
      return;
    case Kind::kAccepted:
    case Kind::kPeerMoved:
      return;
  }
}

void Endpoint::handle_connected(LinkId id, Entry& entry) {
  const auto stream = transport_->open_stream(id, transport::StreamKind::kBidirectional);
  if (!stream) return fail_link(id, stream.error());
  entry.transport_time = now_ - entry.started;
  entry.link.emplace(id, *stream,
                     core::Channel::initiator(*keys_, entry.pin, transport_->local_id(),
                                              entry.endpoint, *rng_, config_.channel, now_));
  entry.link->flush(*transport_);
  dirty_ = true;
  set_deadline(id, entry, entry.link->channel().next_timeout());
}

void Endpoint::handle_accepted(const transport::Event& event) {
  if (!config_.accept || links_.size() >= config_.links_max || unproven_ >= config_.unproven_max) {
    log::debug("refused {}: too many connections", event.peer);
    transport_->close(event.connection, static_cast<std::uint64_t>(CloseCode::kOverloaded));
    dirty_ = true;
    return;
  }
  Entry& entry = links_[event.connection];
  entry.endpoint = event.peer;
  entry.started = now_;
  ++unproven_;
  set_deadline(event.connection, entry, saturating_add(now_, config_.stream_timeout));
}

void Endpoint::handle_stream_opened(LinkId id, Entry& entry, transport::StreamId stream) {
  if (entry.dialled || entry.link || !is_bidirectional(stream)) return refuse_stream(id, stream);
  entry.link.emplace(id, stream,
                     core::Channel::responder(*keys_, transport_->local_id(), entry.endpoint, *rng_,
                                              config_.channel, now_));
  set_deadline(id, entry, entry.link->channel().next_timeout());
  mark_ready(id, entry);
}

void Endpoint::refuse_stream(LinkId id, transport::StreamId stream) {
  const auto code = static_cast<std::uint64_t>(CloseCode::kStreamRefused);
  transport_->stop_reading(id, stream, code);
  if (is_bidirectional(stream)) transport_->reset_stream(id, stream, code);
  dirty_ = true;
}

void Endpoint::handle_closed(const transport::Event& event) {
  const auto at = links_.find(event.connection);
  if (at == links_.end()) return;
  if (at->second.opened || at->second.dialled) {
    closed_.push_back({event.connection, event.error, event.code});
  }
  remove(at);
}

void Endpoint::expire() {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now_) {
    const LinkId id = deadlines_.begin()->second;
    Entry& entry = links_.at(id);
    if (!entry.link) {
      fail_link(id, {ErrorCode::kTimedOut, "the peer opened no stream"});
      continue;
    }
    entry.link->channel().handle_timeout(now_);
    set_deadline(id, entry, entry.link->channel().next_timeout());
    mark_ready(id, entry);
  }
}

void Endpoint::set_deadline(LinkId id, Entry& entry, Instant deadline) {
  if (entry.deadline == deadline) return;
  if (entry.deadline != kNever) deadlines_.erase({entry.deadline, id});
  entry.deadline = deadline;
  if (deadline != kNever) deadlines_.insert({deadline, id});
}

void Endpoint::mark_ready(LinkId id, Entry& entry) {
  if (entry.ready) return;
  entry.ready = true;
  ready_.push_back(id);
}

void Endpoint::fail_link(LinkId id, const Error& error) {
  const auto at = links_.find(id);
  if (at == links_.end()) return;
  log::debug("closed {}: {}", at->second.endpoint, error);
  if (at->second.opened || at->second.dialled) {
    closed_.push_back({id, error});
  }
  transport_->close(id, static_cast<std::uint64_t>(close_code_for(error)));
  dirty_ = true;
  remove(at);
}

void Endpoint::remove(Entries::iterator at) {
  Entry& entry = at->second;
  if (!entry.dialled && !entry.opened) --unproven_;
  set_deadline(at->first, entry, kNever);
  // A stale id in ready_ is skipped when its turn comes: ids are never reused.
  links_.erase(at);
}

std::optional<LinkEvent> Endpoint::poll_event() {
  for (;;) {
    if (!closed_.empty()) {
      const Closed closed = closed_.front();
      closed_.pop_front();
      return LinkEvent{.kind = LinkEvent::Kind::kClosed,
                       .link = closed.link,
                       .message = {},
                       .error = closed.error,
                       .code = closed.code};
    }
    while (!ready_.empty()) {
      const LinkId id = ready_.front();
      ready_.pop_front();
      const auto at = links_.find(id);
      if (at == links_.end()) continue;
      at->second.ready = false;
      if (auto event = poll_link(id, at->second)) {
        if (event->kind != LinkEvent::Kind::kClosed) mark_ready(id, at->second);
        return event;
      }
    }
    // Nobody has anything to read any more, so neither has the link that ends.
    if (!ending_) return std::nullopt;
    handle_closed(*std::exchange(ending_, std::nullopt));
    take_transport_events();
  }
}

std::optional<LinkEvent> Endpoint::poll_link(LinkId id, Entry& entry) {
  if (!entry.link) return std::nullopt;
  std::optional<core::ChannelEvent> event;
  if (entry.reading) {
    event = entry.link->poll_event(*transport_, now_);
    dirty_ = true;  // reading gave credit back, and the handshake may have answered
  }
  set_deadline(id, entry, entry.link->channel().next_timeout());
  if (!event) {
    if (entry.told_full && entry.link->channel().is_drained()) {
      entry.told_full = false;
      return LinkEvent{.kind = LinkEvent::Kind::kDrained, .link = id, .message = {}};
    }
    return std::nullopt;
  }
  switch (event->kind) {
    case core::ChannelEvent::Kind::kEstablished:
      if (!entry.dialled) --unproven_;
      entry.opened = true;
      entry.setup_time = now_ - entry.started;
      return LinkEvent{.kind = LinkEvent::Kind::kOpened, .link = id, .message = {}};
    case core::ChannelEvent::Kind::kMessage:
      return LinkEvent{
          .kind = LinkEvent::Kind::kMessage, .link = id, .message = std::move(event->message)};
    case core::ChannelEvent::Kind::kFailed:
      break;
  }
  const Error error = event->error;
  const bool known = entry.opened || entry.dialled;
  fail_link(id, error);
  if (!known) return std::nullopt;
  closed_.pop_back();  // fail_link's own note: it is returned right here
  return LinkEvent{.kind = LinkEvent::Kind::kClosed, .link = id, .message = {}, .error = error};
}

}  // namespace zerok::link
