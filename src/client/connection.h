// SPDX-License-Identifier: MIT OR Apache-2.0
// RelayConnection: reaching the relay of a ticket: its addresses in turn, names among them once the
// program has resolved them, with the backoff between rounds. What is said over the link is the
// engine's affair.
#pragma once

#include "client/client.h"
#include "core/client/effect.h"
#include "core/client/reconnect.h"
#include "core/session_proof.h"
#include "link/endpoint.h"

namespace zerok::client {

class RelayConnection {
 public:
  RelayConnection(link::Endpoint& endpoint, Rng& rng, const core::ClientLimits& limits)
      : endpoint_(endpoint), rng_(rng), limits_(limits), reconnect_(limits) {}

  // kInvalidArgument for an address that is neither a literal nor a name with a port.
  Result<void> set_ticket(core::RelayTicket ticket, Instant now);
  void forget_ticket();
  const std::optional<core::RelayTicket>& ticket() const { return ticket_; }
  std::vector<RelayName> unresolved() const;
  void resolved(const RelayName& name, const std::vector<transport::SocketAddress>& addresses,
                Instant now);

  // Dials when that is due and wanted; gives an attempt up that takes too long.
  void step(bool wanted, Instant now);
  Instant next_timeout(bool wanted) const;

  std::optional<link::LinkId> link() const { return link_; }
  // Of the link, once it is open.
  std::optional<core::SessionBinding> opened();
  void welcomed(Instant now);
  // The link has ended, or could not be made.
  void lost(const Error& error, Instant now);
  // The engine ends the session.
  void close(const core::CloseSession& why, Instant now);
  void drop(link::CloseCode code);
  void at_once(Instant now);
  void network_changed(Instant now);

  Connection state() const { return state_; }
  Instant since() const { return since_; }
  Instant next_attempt() const { return reconnect_.due(); }
  const std::optional<Error>& last_error() const { return last_error_; }
  const std::optional<wire::WireErrorCode>& stopped_by() const { return stopped_by_; }

 private:
  struct Place {
    std::optional<RelayName> name;  // nothing for a literal
    std::vector<transport::SocketAddress> addresses;
    bool answered = false;  // by resolved(), in this round
  };
  std::vector<transport::SocketAddress> candidates() const;
  void dial(Instant now);
  void set_state(Connection state, Instant now);

  link::Endpoint& endpoint_;
  Rng& rng_;
  core::ClientLimits limits_;
  core::Reconnect reconnect_;
  std::optional<core::RelayTicket> ticket_;
  std::vector<Place> places_;
  std::size_t turn_ = 0;       // of the candidates, in this round
  std::size_t preferred_ = 0;  // the candidate that was reached last: a round begins there
  std::optional<link::LinkId> link_;
  Instant give_up_ = kNever;
  Connection state_ = Connection::kNone;
  Instant since_{};
  std::optional<Error> last_error_;
  std::optional<wire::WireErrorCode> stopped_by_;
};

}  // namespace zerok::client
