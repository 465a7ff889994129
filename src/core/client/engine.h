// SPDX-License-Identifier: MIT OR Apache-2.0
// ClientEngine: one device of a group, pure. Messages, time and the application's wishes go in,
// ordered effects come out (effect.h); its parts hold the rules, this has the one switch over the
// session's states. Rebuilt from a ClientSnapshot at the start and whenever a commit failed. The
// driver commits what it took before it carries out what is not for the store, so the engine speaks
// of everything it has decided as done.
#pragma once

#include <memory>

#include "core/client/deletes.h"
#include "core/client/inbox.h"
#include "core/client/log_reader.h"
#include "core/client/pace.h"
#include "core/client/peers.h"
#include "core/client/requests.h"
#include "core/session_proof.h"
#include "wire/messages/any.h"

namespace zerok::core {

// All that the store knows.
struct ClientSnapshot {
  ClientRecord record;
  std::vector<EpochSecret> secrets;  // none: no group
  std::vector<Bytes> roster;
  std::vector<OutboxEntry> outbox;  // by number
  std::vector<PutChain> chains;
  std::vector<InboxEntry> inbox;  // the ready ones by number
  std::vector<PutPeerState> peer_states;
  std::vector<AddNotice> notices;
  Bytes losses;
  Bytes heard;
  Bytes deletes;
};

enum class SessionState : std::uint8_t {
  kNone,
  kOpening,     // HELLO or MAILBOX_JOIN is not answered yet
  kFull,        // a device of the group, as the relay knows it
  kUnenrolled,  // brings the relay the roster that names us
  kGuest,
};

struct PairingAnswer {
  std::uint32_t request = 0;
  std::uint8_t type = 0;
  Bytes body;
  std::optional<wire::WireErrorCode> refused;
  bool closed = false;
};

enum class ProposalState : std::uint8_t { kNone, kPending, kEnrolled, kRefused };

class ClientEngine {
 public:
  // keys and rng must outlive it. kWrongPeer for another device's record, kMalformed for parts that
  // don't fit, ClientGroup's.
  static Result<std::unique_ptr<ClientEngine>> restore(const crypto::DeviceKeys& keys, Rng& rng,
                                                       const ClientLimits& limits,
                                                       ClientSnapshot snapshot, UnixMs wall);

  // --- the session
  // Whether there is anything to connect for.
  bool wants_session() const;
  void handle_open(const SessionBinding& binding, Instant now, UnixMs wall);
  void handle_message(const wire::MessageKey& key, ByteView body, Instant now, UnixMs wall);
  void handle_end();
  // Decides what is to be sent; once after everything that has arrived, and at next_timeout().
  void pump(Instant now, UnixMs wall);
  Instant next_timeout() const;
  std::optional<ClientEffect> poll_effect() { return journal_.poll(); }
  bool has_effects() const { return !journal_.empty(); }
  void handle_pending(std::uint64_t number, ByteView sealed);
  // That SendPush can't go out: the store has lost the bytes of one of its blobs.
  void handle_damaged_push(std::uint32_t request, std::uint64_t number);
  void handle_quarantined(const InboxEntry& entry, ByteView sealed);

  // --- the application
  struct PreparedPush {
    OutboxEntry entry;
    Bytes sealed;
    ClientRecord record;  // to be stored with it
  };
  // Changes nothing; errors as Client::push.
  Result<PreparedPush> prepare_push(ByteView payload, ByteView tag, Padding padding, UnixMs wall);
  // It has been committed.
  void pushed(const PreparedPush& push);
  Result<void> remove(const BlobId& blob);
  void confirm(std::uint64_t number);
  void confirm_notices(std::uint64_t number) { journal_.confirm_notices(number); }
  void notice(NoticeKind kind, const NoticeDetail& detail);
  // Another relay's log is read from its beginning, and the relay gets what it lacks.
  void set_relay(const EndpointId& relay, const std::optional<Bytes>& admission_token);
  // The group is new here; what has to be stored besides is the caller's: secrets and roster.
  void set_group(ClientGroup group, UnixMs wall);
  // No new PULLs; what is pending still goes out.
  void begin_close() { closing_ = true; }
  // Nothing is on its way, as far as that can be awaited.
  bool is_flushed() const;

  // --- pairing
  Result<std::uint32_t> pairing_request(wire::MessageType type, Bytes body, Instant now);
  std::optional<PairingAnswer> poll_pairing_answer();
  void begin_guest(const MailboxId& mailbox) { guest_mailbox_ = mailbox; }
  void end_guest() { guest_mailbox_.reset(); }
  // A live session of a guest, which goes on when set_group() makes it a member.
  bool is_guest() const { return session_ == SessionState::kGuest; }
  void propose_member(Bytes record, const crypto::Ed25519Signature& self_signature);
  ProposalState proposal() const { return proposal_.state; }

  // --- looking
  const ClientRecord& record() const { return journal_.record(); }
  const ClientGroup* group() const { return group_ ? &*group_ : nullptr; }
  SessionState session() const { return session_; }
  OutboxStatus outbox_status() const;
  BlobStatus blob_status(std::uint64_t number) const;
  const Inbox& inbox() const { return inbox_; }
  const Peers& peers() const { return peers_; }
  const Outbox& outbox() const { return outbox_; }
  std::uint64_t position() const { return record().position.cursor; }
  std::uint64_t highest() const { return session_ == SessionState::kFull ? reader_.highest() : 0; }
  bool caught_up() const { return session_ == SessionState::kFull && reader_.caught_up(); }
  const std::optional<RelayQuota>& quota() const { return quota_; }
  // By the relay's word; empty while there is no session.
  const std::map<DeviceId, wire::DevicePresence>& presence() const { return presence_; }
  const ClientLimits& limits() const { return limits_; }
  UnixMs wall() const { return wall_; }

 private:
  ClientEngine(const crypto::DeviceKeys& keys, Rng& rng, const ClientLimits& limits,
               const ClientRecord& record);
  Result<void> restore_parts(ClientSnapshot snapshot, UnixMs wall);
  DeviceId self() const { return record().device; }

  // engine.cc
  void handle_answer(const wire::MessageKey& key, ByteView body);
  void handle_notice(std::uint8_t type, ByteView body);
  void handle_refusal(RequestKind kind, std::uint32_t request, const wire::ErrorMessage& error);
  // expected_bytes: of body and answer together.
  std::uint32_t send_request(RequestKind kind, wire::MessageType type, Bytes body,
                             std::uint64_t expected_bytes = 0);
  Instant deadline_for(std::uint64_t bytes) const;
  void send_notice(wire::MessageType type, Bytes body);
  void close(CloseSession close);
  void misbehaves(const Error& error);
  Instant wait_until(std::uint32_t retry_after_ms) const;
  void write_down();

  // engine_welcome.cc
  void send_hello(const SessionBinding& binding);
  void handle_opening_refusal(const wire::ErrorMessage& error);
  void handle_welcome(const wire::Welcome& welcome);
  void compare_logs(const wire::Welcome& welcome);
  void begin_again_from(const wire::Position& floor, std::uint64_t own_lines);
  void begin_incarnation();

  // engine_roster.cc
  void take_roster(const wire::RosterPart& part);
  Result<void> take_entry(std::size_t number, ByteView entry);
  void roster_changed(std::size_t members_before);
  void send_roster();
  void handle_appended(const wire::RosterPart& part);
  void tell_fork(const DeviceId& shown_by);

  // engine_push.cc
  Result<PreparedPush> seal_next(BlobHeader header, ByteView payload, Padding padding);
  bool must_be_remade(const OutboxEntry& entry) const;
  void send_push();
  void send_delete();
  void handle_push_ack(const wire::PushAck& ack);
  void handle_stop(const wire::Refusal& stop, std::uint64_t number);
  void give_up(std::uint64_t number, wire::WireErrorCode code);
  void lose(std::uint64_t number);
  void put_off_pushes(WaitsFor reason, Instant until);

  // engine_pull.cc
  void send_pulls();
  void send_ack();
  void read_log();
  void take_line(const LogReader::Next& next);
  void handle_stub(const wire::Line& line);
  void handle_caught_up();
  void give_up_dropped();
  void tell_withheld();

  // engine_state.cc
  void send_state();
  void handle_state(const DeviceId& device, ByteView sealed);
  void use_state(const DeviceState& state, ByteView sealed);

  const crypto::DeviceKeys& keys_;
  Rng& rng_;
  ClientLimits limits_;
  Journal journal_;
  std::optional<ClientGroup> group_;
  Outbox outbox_;
  Inbox inbox_;
  Peers peers_;
  LossLedger losses_;
  Deletes deletes_;
  std::optional<Bytes> admission_token_;

  // Of the call that is running.
  Instant now_;
  UnixMs wall_ = 0;

  // The session, forgotten at its end.
  SessionState session_ = SessionState::kNone;
  bool ending_ = false;  // CloseSession was said: nothing more is done in it
  Requests requests_;
  LogReader reader_;
  wire::SessionLimits relay_limits_;
  wire::Position floor_;  // as WELCOME had it
  std::uint64_t welcome_highest_ = 0;
  std::uint32_t relay_roster_length_ = 0;
  bool roster_wanted_ = false;          // somebody has entries that we lack
  std::uint32_t appends_ = 0;           // tries to complete the relay's roster
  std::vector<std::uint64_t> pushing_;  // numbers in the open PUSH
  BlobId deleting_;
  std::uint64_t acked_ = 0;  // what the relay knows of our position
  Instant ack_due_;
  std::map<DeviceId, wire::DevicePresence> presence_;
  std::optional<RelayQuota> quota_;
  std::map<std::pair<DeviceId, std::uint64_t>, Instant> withheld_since_;
  Instant withheld_check_ = kNever;

  // Across sessions.
  bool create_ = false;             // the relay does not have the group
  std::uint32_t unenrolled_ = 0;    // sessions in a row that completed the relay's roster
  std::set<DeviceId> disputed_by_;  // who has said otherwise about our own chain
  std::uint32_t broken_logs_ = 0;   // sessions in a row that ended with another log than WELCOME's
  bool closing_ = false;
  WaitsFor waits_for_ = WaitsFor::kNothing;
  bool resumed_ = false;          // for a planted bug
  std::uint64_t own_cursor_ = 0;  // for a planted bug
  Pace push_pace_;
  Pace pull_pace_;
  Instant push_due_;
  Instant delete_due_;
  Instant pull_due_;
  Instant state_due_;
  // What the last DEVICE_STATE said, by version.
  struct SaidState {
    std::uint64_t heads = 0;
    std::uint64_t acknowledged = 0;
    std::size_t roster = 0;
    bool in_session = false;
    friend bool operator==(const SaidState&, const SaidState&) = default;
  };
  SaidState said_;
  Instant state_refresh_due_ = kNever;

  std::optional<MailboxId> guest_mailbox_;
  std::deque<PairingAnswer> pairing_answers_;
  std::set<std::uint32_t> pairing_open_;
  struct Proposal {
    ProposalState state = ProposalState::kNone;
    DeviceId device;
    Bytes record;
    crypto::Ed25519Signature self_signature;
    Bytes entry;  // as it was sent
  };
  Proposal proposal_;
};

}  // namespace zerok::core
