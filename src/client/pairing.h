// SPDX-License-Identifier: MIT OR Apache-2.0
// Inviting and Joining: the two sides of a pairing (core/pairing_creator.h, core/pairing_joiner.h)
// on a Client's connection. The caller turns the client, calls step() after each of its steps,
// drains poll_event(), and drops the object once is_over(). One pairing at a time per client, whose
// pairing replies are this object's. Nothing of an invite outlives the object.
#pragma once

#include <map>

#include "client/client.h"
#include "core/pairing_creator.h"
#include "core/pairing_joiner.h"

namespace zerok::client {

// What both sides share: which request asked for what, and whether there is a session to ask on.
class MailboxRequests {
 public:
  struct Asked {
    core::pairing::Request request{};
    MailboxId mailbox{};
    std::uint32_t number = 0;
    bool is_close = false;
  };

  explicit MailboxRequests(Client& client) : client_(&client) {}

  // False if there is no session; then all is asked again on the next one.
  bool ask(const core::pairing::CreateMailbox& effect);
  bool ask(const core::pairing::Put& effect);
  bool ask(const core::pairing::Take& effect);
  bool ask(const core::pairing::CloseMailbox& effect);
  // What this reply answers; nothing for one that nobody waits for.
  std::optional<Asked> take(const PairingReply& reply);
  void forget_all() { asked_.clear(); }
  // Everything that was asked has been answered.
  bool is_idle() const { return asked_.empty(); }

 private:
  bool send(wire::MessageType type, Result<Bytes> body, const Asked& asked);

  Client* client_;
  std::map<std::uint32_t, Asked> asked_;
};

class Inviting {
 public:
  // client, keys and rng must outlive it. kInvalidState without a group or a relay.
  static Result<std::unique_ptr<Inviting>> start(Client& client, const crypto::DeviceKeys& keys,
                                                 Rng& rng, Instant now, UnixMs wall);

  // The two codes, for the user alone.
  Result<std::string> long_code() const { return creator_.long_code().to_uri(); }
  std::string short_code() const { return creator_.short_code().to_text(); }
  // The relay has both mailboxes: the codes can be used.
  bool is_offered() const { return ready_ == 2; }

  void step(Instant now);
  Instant next_timeout() const { return creator_.next_timeout(); }
  // AskApproval, then Paired or Failed.
  std::optional<core::pairing::Event> poll_event() { return creator_.poll_event(); }
  // The answers to AskApproval. kInvalidState if the client's group can't be read.
  Result<void> approve(Instant now);
  void refuse() { creator_.refuse(); }
  void cancel() { creator_.cancel(); }
  // Nothing more is to be said, also not to the relay.
  bool is_over() const { return creator_.is_over() && requests_.is_idle(); }

 private:
  struct Group;
  Inviting(Client& client, const crypto::DeviceKeys& keys, const core::RelayTicket& relay, Rng& rng,
           Instant now, UnixMs wall);
  Result<Group> group() const;
  void watch_session();
  void handle_reply(const PairingReply& reply, Instant now);
  void enrol(const core::pairing::Enrol& effect);
  void watch_enrolment(Instant now);
  void carry_out(core::pairing::Effect effect, Instant now);

  Client* client_;
  core::PairingCreator creator_;
  MailboxRequests requests_;
  // The session on which the creator was told that there is one.
  std::optional<Instant> session_;
  unsigned ready_ = 0;
  std::optional<DeviceId> enrolling_;
};

class Joining {
 public:
  // The client is without a group. Its relay becomes the code's; what it was before comes back if
  // the pairing fails. Errors of PairingJoiner::start() and Client::set_relay().
  static Result<std::unique_ptr<Joining>> start(Client& client, const crypto::DeviceKeys& keys,
                                                const core::PairingOffer& offer, std::string name,
                                                Rng& rng, Instant now);

  void step(Instant now);
  Instant next_timeout() const { return joiner_.next_timeout(); }
  // AwaitingApproval, then Paired (the client is in the group, and committed) or Failed; neither
  // when the relay was lost after the client had entered the group.
  std::optional<core::pairing::Event> poll_event();
  void cancel() { joiner_.cancel(); }
  bool is_over() const { return is_cut_off_ || (joiner_.is_over() && requests_.is_idle()); }
  // The client goes on as what it is now: a member, or what it was before. Happens by itself once
  // it is over, and may be asked for earlier.
  void end();
  // Why the group could not be stored, if that was it.
  const std::optional<Error>& store_error() const { return store_error_; }

 private:
  Joining(Client& client, core::PairingJoiner joiner, std::optional<core::RelayTicket> before)
      : client_(&client),
        joiner_(std::move(joiner)),
        requests_(client),
        relay_before_(std::move(before)) {}
  void handle_reply(const PairingReply& reply, Instant now);
  void carry_out(core::pairing::Effect effect);
  Result<void> store_group();

  Client* client_;
  core::PairingJoiner joiner_;
  MailboxRequests requests_;
  std::optional<core::RelayTicket> relay_before_;
  bool is_guest_ = true;
  bool is_cut_off_ = false;
  std::optional<Error> store_error_;
};

}  // namespace zerok::client
