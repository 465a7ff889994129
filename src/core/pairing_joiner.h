// SPDX-License-Identifier: MIT OR Apache-2.0
// The device that joins: it proves by a code that it is the one its user means, waits for the
// other's user, and takes nothing for its group before it has verified all of it:
// docs/protocol/pairing.md. Pure: inputs are the handle_ functions, then poll_effect() and
// poll_event() until both have nothing. Its connection to the relay is a guest's: MAILBOX_JOIN of
// mailbox(), under the device's own keys.
#pragma once

#include "core/pairing_exchange.h"
#include "core/pairing_mailbox.h"
#include "core/roster.h"

namespace zerok::core {

// What a device has to store to be a member.
struct JoinedGroup {
  Roster roster;                   // this device is active in it; roster.group() is group_id_0
  std::vector<EpochGrant> epochs;  // oldest first
  RelayTicket relay;               // with the group's admission token, if the creator had one
};

class PairingJoiner {
 public:
  // keys and rng must outlive it. name: what the device calls itself, UTF-8 of at most
  // kNameBytesMax bytes, else kInvalidArgument. Draws 128 bytes. For a long code the caller asks
  // has_expired() first.
  static Result<PairingJoiner> start(const crypto::DeviceKeys& keys, const PairingOffer& offer,
                                     std::string name, Rng& rng, Instant now);

  const MailboxId& mailbox() const { return mailbox_.id(); }

  // --- from the relay ---
  // A guest's session in mailbox() has begun (again), with MAILBOX_READY: what the relay has not
  // answered is asked once more. Before the first one nothing is asked.
  void handle_connected();
  void handle_message(std::uint32_t number, ByteView content, Instant now);
  void handle_put_done(std::uint32_t number);
  // An ERROR as answer to MAILBOX_JOIN (kCreate), MAILBOX_PUT or MAILBOX_TAKE.
  void handle_refusal(pairing::Request request, wire::WireErrorCode code,
                      std::uint32_t retry_after_ms, Instant now);

  // --- from the store, the user, the clock ---
  void handle_group_stored();
  // Ignored from StoreGroup on: then it is a device of the group, and leaves it by the roster.
  void cancel();
  void handle_timeout(Instant now);
  Instant next_timeout() const;

  std::optional<pairing::Effect> poll_effect();
  std::optional<pairing::Event> poll_event();
  // No effect and no event will come any more: time to drop the object.
  bool is_over() const;

  // There from StoreGroup on.
  const JoinedGroup& joined() const { return *joined_; }

 private:
  enum class State : std::uint8_t {
    kOpening,   // waits for ANSWER
    kProving,   // waits for REVEAL
    kWaiting,   // waits for RECORD, that is for the creator's user
    kSigned,    // waits for GRANT
    kReading,   // waits for ENTRIES
    kStoring,   // waits for the store
    kAccepted,  // tells the creator
    kOver,
  };

  PairingJoiner(const crypto::DeviceKeys& keys, const PairingOffer& offer, std::string name,
                JoinerExchange exchange, Rng& rng, Instant now);
  // All that makes it one is verified.
  bool is_member() const { return joined_.has_value(); }
  void handle_answer(ByteView content);
  Result<void> handle_sealed(std::uint32_t number, ByteView content);
  Result<void> handle_reveal(ByteView content);
  Result<void> handle_record(ByteView content);
  Result<void> handle_grant(ByteView content);
  Result<void> handle_entries(ByteView content);
  Result<void> accept_group();
  void put_sealed(ByteView plaintext);
  void fail(pairing::Failure reason);
  void fail_with(const Error& error);
  void finish(pairing::Event event);

  const crypto::DeviceKeys* keys_;
  Rng* rng_;
  std::string name_;
  RelayTicket relay_;
  Instant deadline_;
  State state_ = State::kOpening;
  PairingMailbox mailbox_;
  std::optional<JoinerExchange> exchange_;
  std::optional<PairingChannel> channel_;
  std::optional<PairingParty> creator_;
  ByteArray<32> commitment_{};
  GroupId group_;
  Bytes record_;
  std::optional<PairingGrant> grant_;
  std::vector<Bytes> entries_;
  std::size_t entry_bytes_ = 0;
  std::optional<JoinedGroup> joined_;
  std::deque<pairing::Effect> effects_;
  std::deque<pairing::Event> events_;
};

}  // namespace zerok::core
