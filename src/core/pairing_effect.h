// SPDX-License-Identifier: MIT OR Apache-2.0
// What the two sides of a pairing ask of their driver, and what they tell the application. Effects
// come in order. Those about a mailbox are requests of docs/protocol/messages.md section 10 to the
// relay of the code; the driver reports what came of each, and calls handle_connected() when it has
// a connection again, upon which what was not answered is asked once more. A driver needs no state
// about a pairing but which request an answer belongs to.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "crypto/keys.h"

namespace zerok::core::pairing {

// MAILBOX_CREATE, creator only. MAILBOX_READY: handle_mailbox_ready().
struct CreateMailbox {
  MailboxId mailbox;
  std::uint32_t lives_s = 0;
};
// MAILBOX_PUT. DONE: handle_put_done().
struct Put {
  MailboxId mailbox;
  std::uint32_t number = 0;
  Bytes content;
};
// MAILBOX_TAKE. MAILBOX_MESSAGE: handle_message().
struct Take {
  MailboxId mailbox;
  std::uint32_t number = 0;
};
// MAILBOX_CLOSE; nothing is reported.
struct CloseMailbox {
  MailboxId mailbox;
};
// Creator: the invite with these mailboxes is spent. To be stored durably if the invite is, so that
// no restart offers it again; then handle_burn_stored(), at once if nothing is stored of invites.
struct PersistBurn {
  MailboxId long_mailbox;
  MailboxId short_mailbox;
};
// Creator: the roster is to get an ADD of this record, made anew behind whatever others add first.
// Once it is there by the relay's confirmation, and at once if the device is active in the roster
// already: handle_enrolled(). If it can't be: handle_enrol_refused().
struct Enrol {
  DeviceId device;
  Bytes record;  // encoded MemberRecord
  crypto::Ed25519Signature self_signature;
};
// Joiner: all of joined() is to be stored durably, as one; then handle_group_stored().
struct StoreGroup {};

using Effect = std::variant<CreateMailbox, Put, Take, CloseMailbox, PersistBurn, Enrol, StoreGroup>;

// Which request an ERROR answers.
enum class Request : std::uint8_t { kCreate, kPut, kTake };

// 30 bits for both users to compare (as words or otherwise): equal on both devices unless somebody
// stands between them.
struct Words {
  std::uint32_t bits = 0;
};

// --- events ---

// Creator: may this device join? approve() or refuse().
struct AskApproval {
  std::string name;  // as it calls itself, made fit to be shown; may be empty, may be a lie
  DeviceId device;
  Words words;
};
// Joiner: the other device knows the code and its user is asked.
struct AwaitingApproval {
  DeviceId creator;
  Words words;
};
// The last event of a pairing that succeeded.
struct Paired {
  DeviceId peer;
};

enum class Failure : std::uint8_t {
  kTimedOut = 1,  // ten minutes
  kCancelled,     // here
  kWrongCode,     // creator: somebody tried a wrong code, or broke off after having tried one
  kWrongDevice,   // joiner: not the device that made the code answered
  kRefused,       // joiner: by the creator's user; creator: by refuse()
  kEnded,         // the mailbox is gone: the other side, or the relay, ended it
  kBadMessage,    // the other side, or the relay, sent what nobody may send
  kNewerVersion,  // the other device runs a newer 0k-Sync
  kGroupFull,     // no room in the roster
  kDeviceGone,    // the roster knows the joiner's keys, but not as an active device's: it needs new
                  // ones
  kRelayRefused,  // an ERROR of the relay that waiting won't change
};

// The last event of a pairing that did not.
struct Failed {
  Failure reason{};
  // Creator: the joiner is in the roster already, or will be, without a secret. It can be paired
  // again, with the same keys.
  bool may_be_enrolled = false;
};

using Event = std::variant<AskApproval, AwaitingApproval, Paired, Failed>;

}  // namespace zerok::core::pairing
