// SPDX-License-Identifier: MIT OR Apache-2.0
// The device that invites: it makes one invite, good for one attempt by either of its codes within
// ten minutes, and leads the other device into the group: docs/protocol/pairing.md. Before it
// answers the first message it has the invite marked as spent, durably; before it gives away a
// secret its user has approved and the relay has the new device's roster entry, durably. Pure:
// inputs are the handle_ functions, then poll_effect() and poll_event() until both have nothing.
// The codes' secrets live in this object only, so an invite ends with it.
#pragma once

#include "base/time.h"
#include "core/pairing_exchange.h"
#include "core/pairing_mailbox.h"
#include "core/roster.h"

namespace zerok::core {

// The creator's group as its own device has it. The roster must hold nothing that the relay has not
// confirmed as durable.
struct PairingGroup {
  const Roster& roster;
  const crypto::RosterKey& roster_key;  // of the newest epoch
  std::span<const EpochGrant> epochs;   // all that are still held, oldest first; 1 to 32
  std::optional<ByteView> admission_token;
};

class PairingCreator {
 public:
  // rng must outlive it. Draws for the exchange, both mailboxes and passwords.
  // now_unix_s: the wall clock, for the long code's text alone.
  PairingCreator(const crypto::DeviceKeys& keys, const RelayTicket& relay, Rng& rng, Instant now,
                 std::uint64_t now_unix_s);

  // For the user. Worth nothing once the invite is spent.
  const LongCode& long_code() const { return long_code_; }
  const ShortCode& short_code() const { return short_code_; }

  // --- from the relay ---
  // There is a full session (again): what the relay has not answered is asked once more. Before the
  // first one nothing is asked.
  void handle_connected();
  void handle_mailbox_ready(const MailboxId& mailbox);
  void handle_message(const MailboxId& mailbox, std::uint32_t number, ByteView content,
                      Instant now);
  void handle_put_done(const MailboxId& mailbox, std::uint32_t number);
  // An ERROR as answer to a request of this mailbox.
  void handle_refusal(const MailboxId& mailbox, pairing::Request request, wire::WireErrorCode code,
                      std::uint32_t retry_after_ms, Instant now);

  // --- from the store, the roster, the user, the clock ---
  void handle_burn_stored(Instant now);
  // group: with the new device in its roster. Both ignored unless an Enrol was asked.
  void handle_enrolled(const PairingGroup& group, Instant now);
  void handle_enrol_refused(wire::WireErrorCode code);
  // Answers AskApproval; ignored at any other time.
  void approve(const PairingGroup& group, Instant now);
  void refuse();
  // At any time.
  void cancel();
  void handle_timeout(Instant now);
  Instant next_timeout() const;

  std::optional<pairing::Effect> poll_effect();
  std::optional<pairing::Event> poll_event();
  // No effect and no event will come any more: time to drop the object.
  bool is_over() const;

 private:
  enum class State : std::uint8_t {
    kOffered,    // waits for OPEN in either mailbox
    kBurning,    // waits until the invite is spent on disk
    kAnswered,   // waits for PROOF
    kAsking,     // waits for the user
    kRecorded,   // waits for SIGNATURE
    kEnrolling,  // waits for the roster
    kGranting,   // waits for ACCEPTED
    kEnding,     // an END message goes out
    kOver,
  };

  PairingMailbox* find(const MailboxId& mailbox);
  PairingMailbox& mailbox() { return mailboxes_[used_]; }
  void burn(std::size_t used, ByteView content);
  void handle_proof(ByteView content);
  void handle_signature(std::uint32_t number, ByteView content);
  void handle_accepted(std::uint32_t number, ByteView content);
  void put_sealed(ByteView plaintext);
  void grant(const PairingGroup& group);
  void fail(pairing::Failure reason);
  void fail_with(const Error& error, pairing::Failure otherwise);
  // As fail(), telling the joiner why.
  void end(PairingEndReason said, pairing::Failure reason);
  void close(PairingMailbox& box);
  void close_all();

  Rng* rng_;
  CreatorExchange exchange_;
  LongCode long_code_;
  ShortCode short_code_;
  Instant deadline_;
  State state_ = State::kOffered;
  std::array<PairingMailbox, 2> mailboxes_;  // of the long code, of the short one
  std::size_t used_ = 0;                     // from kBurning on
  Bytes open_message_;
  std::optional<PairingChannel> channel_;
  std::optional<PairingParty> joiner_;
  std::string name_;
  // From approve() on.
  GroupId group_;
  Bytes record_;
  bool may_be_enrolled_ = false;
  std::deque<pairing::Effect> effects_;
  std::deque<pairing::Event> events_;
};

}  // namespace zerok::core
