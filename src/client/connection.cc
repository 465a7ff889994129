// SPDX-License-Identifier: MIT OR Apache-2.0
#include "client/connection.h"

#include <algorithm>

#include "base/log.h"

namespace zerok::client {

Result<void> RelayConnection::set_ticket(core::RelayTicket ticket, Instant now) {
  std::vector<Place> places;
  for (const std::string& address : ticket.addresses) {
    if (const auto literal = transport::SocketAddress::parse(address)) {
      places.push_back({{}, {*literal}, true});
      continue;
    }
    const auto name = core::parse_host_port(address);
    if (!name) return fail(ErrorCode::kInvalidArgument, "an address of the relay that is none");
    places.push_back({RelayName{name->host, name->port}, {}, false});
  }
  drop(link::CloseCode::kNormal);
  ticket_ = std::move(ticket);
  preferred_ = 0;
  places_ = std::move(places);
  at_once(now);
  return {};
}

void RelayConnection::forget_ticket() {
  drop(link::CloseCode::kNormal);
  ticket_.reset();
  places_.clear();
}

std::vector<RelayName> RelayConnection::unresolved() const {
  std::vector<RelayName> out;
  for (const Place& place : places_) {
    if (place.name && !place.answered) out.push_back(*place.name);
  }
  return out;
}

void RelayConnection::resolved(const RelayName& name,
                               const std::vector<transport::SocketAddress>& addresses,
                               Instant now) {
  bool first = false;
  for (Place& place : places_) {
    if (!place.name || place.name->host != name.host || place.name->port != name.port) continue;
    place.answered = true;
    if (addresses.empty()) continue;
    first = first || place.addresses.empty();
    place.addresses = addresses;
  }
  // Later answers only change where the next round goes.
  if (first && !link_ && state_ == Connection::kOffline) reconnect_.again_at_once(now);
}

std::vector<transport::SocketAddress> RelayConnection::candidates() const {
  std::vector<transport::SocketAddress> out;
  for (const Place& place : places_) {
    out.insert(out.end(), place.addresses.begin(), place.addresses.end());
  }
  return out;
}

void RelayConnection::step(bool wanted, Instant now) {
  wanted = wanted && ticket_.has_value();
  if (!wanted) {
    if (link_ && state_ != Connection::kStopped) drop(link::CloseCode::kNormal);
    if (!link_ && state_ != Connection::kStopped) set_state(Connection::kNone, now);
    return;
  }
  if (state_ == Connection::kStopped) return;
  if (link_ && now >= give_up_) {
    endpoint_.close(*link_, link::CloseCode::kTimedOut);
    lost({ErrorCode::kTimedOut, "the relay could not be reached in time"}, now);
  }
  if (link_) return;
  if (state_ == Connection::kNone) {
    reconnect_.reset(now);
    set_state(Connection::kOffline, now);
  }
  if (now >= reconnect_.due()) dial(now);
}

void RelayConnection::dial(Instant now) {
  const auto addresses = candidates();
  if (addresses.empty()) {
    // Names only, and none is resolved.
    for (Place& place : places_) place.answered = false;
    return lost({ErrorCode::kUnreachable, "the relay's name is not resolved"}, now);
  }
  reconnect_.begin();
  const auto dialled = endpoint_.dial(addresses[(preferred_ + turn_) % addresses.size()],
                                      ticket_->endpoint, ticket_->noise_identity, now);
  if (!dialled) return lost(dialled.error(), now);
  link_ = *dialled;
  give_up_ = saturating_add(now, limits_.connect_timeout);
  set_state(Connection::kConnecting, now);
}

Instant RelayConnection::next_timeout(bool wanted) const {
  if (!wanted || !ticket_ || state_ == Connection::kStopped) return kNever;
  if (link_) return give_up_;
  return state_ == Connection::kNone ? Instant::min() : reconnect_.due();
}

std::optional<core::SessionBinding> RelayConnection::opened() {
  give_up_ = kNever;
  preferred_ += turn_;
  turn_ = 0;
  const auto info = link_ ? endpoint_.info(*link_) : std::nullopt;
  if (!info) return std::nullopt;
  return core::SessionBinding{info->handshake_hash, info->endpoint};
}

void RelayConnection::welcomed(Instant now) {
  reconnect_.succeeded();
  last_error_.reset();
  set_state(Connection::kOnline, now);
}

void RelayConnection::lost(const Error& error, Instant now) {
  log::debug("no connection to {}: {}", ticket_ ? ticket_->endpoint : EndpointId{}, error);
  // Somebody was there: another address leads to the same relay.
  const bool was_reached = link_ && give_up_ == kNever;
  link_.reset();
  give_up_ = kNever;
  last_error_ = error;
  set_state(Connection::kOffline, now);
  const std::size_t addresses = candidates().size();
  if (!was_reached && ++turn_ < addresses) {
    reconnect_.again_at_once(now);
    return;
  }
  turn_ = 0;
  // The names may mean something else by now.
  for (Place& place : places_) {
    if (place.name && !place.addresses.empty()) place.answered = false;
  }
  reconnect_.failed(now, Duration::zero(), rng_);
}

void RelayConnection::close(const core::CloseSession& why, Instant now) {
  if (link_) endpoint_.close(*link_, link::CloseCode::kNormal);
  link_.reset();
  give_up_ = kNever;
  last_error_ = why.error;
  switch (why.after) {
    case core::AfterEnd::kAtOnce:
      last_error_.reset();
      set_state(Connection::kOffline, now);
      return reconnect_.again_at_once(now);
    case core::AfterEnd::kRetry:
      set_state(Connection::kOffline, now);
      return reconnect_.failed(now, std::chrono::milliseconds(why.wait_ms), rng_);
    case core::AfterEnd::kStop:
      stopped_by_ = why.refused;
      reconnect_.stop();
      return set_state(Connection::kStopped, now);
  }
}

void RelayConnection::drop(link::CloseCode code) {
  if (link_) endpoint_.close(*link_, code);
  link_.reset();
  give_up_ = kNever;
}

void RelayConnection::at_once(Instant now) {
  turn_ = 0;
  stopped_by_.reset();
  if (link_) return;
  reconnect_.reset(now);
  set_state(Connection::kOffline, now);
}

void RelayConnection::network_changed(Instant now) {
  drop(link::CloseCode::kNormal);
  at_once(now);
}

void RelayConnection::set_state(Connection state, Instant now) {
  if (state_ == state) return;
  state_ = state;
  since_ = now;
}

}  // namespace zerok::client
