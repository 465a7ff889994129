// SPDX-License-Identifier: MIT OR Apache-2.0
// Client: one device of a group, a driver of core/client on a store and a transport. A push is
// committed before it returns; nothing is acknowledged, claimed or told before it is committed.
// What a device made offline goes out by itself when the relay is there. Not thread-safe: one
// caller turns step() at next_timeout() and on input, and calls everything else in between.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "core/client/limits.h"
#include "core/client/notice.h"
#include "core/client/status.h"
#include "core/ticket.h"
#include "crypto/device_keys.h"
#include "crypto/group_keys.h"
#include "store/client_store.h"
#include "transport/transport.h"

namespace zerok::client {

struct ClientConfig {
  core::ClientLimits limits;
};

struct PushOptions {
  // The application's own name for this change, 1 to 64 bytes: pushed again under it, the first
  // result comes back. Empty: none.
  ByteView key{};
  // Sealed with the payload, 1 to 64 bytes. Empty: none.
  ByteView tag{};
  bool padded = true;
};
struct Pushed {
  std::uint64_t number = 0;  // of this device, rising; for blob_status()
  BlobId blob{};
  bool repeated = false;  // the key was there: nothing was pushed
};

struct Received {
  std::uint64_t number = 0;  // of this device, rising without gaps; for confirm()
  BlobId blob{};
  DeviceId device{};  // who pushed it
  Incarnation incarnation{};
  std::uint64_t sequence = 0;
  std::uint64_t lamport = 0;  // (lamport, device, incarnation, sequence) orders alike everywhere
  std::optional<Bytes> tag;
  Bytes payload;
};

enum class Connection : std::uint8_t {
  kNone,        // nothing to connect to or for: no relay is set, or no group
  kOffline,     // waits for the next attempt
  kConnecting,  // dials, or has not been welcomed yet
  kOnline,
  kStopped,  // the relay refuses this device for good: stopped_by says why
};

struct ClientStatus {
  Connection connection = Connection::kNone;
  Instant since{};                                // of this connection state
  Instant next_attempt = kNever;                  // kOffline
  std::optional<wire::WireErrorCode> stopped_by;  // kStopped
  std::optional<Error> last_error;                // why the last connection ended
  core::OutboxStatus outbox;
  // Of the relay's log: what is stored here, and its last line as far as we were told.
  std::uint64_t position = 0;
  std::uint64_t highest = 0;
  // A live session, everything there read, nothing pending.
  bool synced = false;
  std::size_t ready = 0;                  // blobs that wait to be confirmed by the application
  std::size_t held_back = 0;              // blobs that wait for earlier ones of their sender
  std::size_t quarantined = 0;            // blobs that could not be used
  std::optional<core::RelayQuota> quota;  // while the relay says that space runs out
};

struct DeviceInfo {
  DeviceId id{};
  std::string name;  // the device's own claim; empty if it can't be opened
  bool active = false;
  bool is_self = false;
  std::optional<bool> online;           // nothing while we are offline ourselves
  std::optional<std::uint32_t> away_s;  // by the relay's word
  DeviceId added_by{};
  // What it signed to have of this device's blobs in the present incarnation.
  std::uint64_t stored_sequence = 0;
  bool dormant = false;  // not heard of for so long that nothing waits for it
};

struct Notice {
  std::uint64_t number = 0;
  core::NoticeKind kind{};
  core::NoticeDetail detail;
};

// Something changed; ask for what. Each kind waits at most once.
using ClientEvent = core::ClientEvent;

// An address of the relay that is a name: the program resolves it and says so by resolved().
struct RelayName {
  std::string host;
  std::uint16_t port = 0;
};

// The answer to pairing_request(); or kClosed when the session ended before it came.
struct PairingReply {
  std::uint32_t request = 0;
  std::uint8_t type = 0;                       // MAILBOX_READY, DONE, MAILBOX_MESSAGE
  Bytes body;                                  // to be decoded by its type
  std::optional<wire::WireErrorCode> refused;  // ERROR came instead
  bool closed = false;
};

class Client {
 public:
  // Store, transport, keys and rng must outlive the client. A new store gets an install id and an
  // incarnation. Errors: kWrongPeer for the store of another device, kUnsupported for one written
  // by a newer 0k-Sync, kMalformed for one that holds what nobody wrote, and the store's own.
  static Result<std::unique_ptr<Client>> open(store::ClientStore& store,
                                              transport::Transport& transport,
                                              const crypto::DeviceKeys& keys, Rng& rng,
                                              const ClientConfig& config, Instant now, UnixMs wall);
  // As a crash would: what was not committed is gone. See begin_close().
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // --- relay and group; all committed when they return
  // Where to sync. Kept in the store. Another relay than before is read from its beginning and gets
  // what it lacks. kInvalidArgument for an address that is none.
  Result<void> set_relay(const core::RelayTicket& ticket);
  std::optional<core::RelayTicket> relay() const;
  // Names in the ticket that wait to be resolved, and the answer. No addresses: it failed.
  std::vector<RelayName> unresolved() const;
  void resolved(const RelayName& name, const std::vector<transport::SocketAddress>& addresses);

  // The first device of a new group; usable at once, made at the relay when that is there.
  // kInvalidState if there is a group, kInvalidArgument for a name that is not UTF-8 of at most 127
  // bytes.
  Result<GroupId> create_group(std::string_view device_name);
  bool has_group() const;
  std::optional<GroupId> group() const;  // its constant name
  DeviceId device_id() const;

  // --- sending
  // Seals, commits, returns. Errors, after which nothing has changed: kInvalidState (no group),
  // kInvalidArgument (key or tag past 64 bytes), kTooLarge (payload past 1 MiB), kOverloaded (the
  // outbox is full), kPermissionDenied (this device has left the group), the store's.
  Result<Pushed> push(ByteView payload, const PushOptions& options = {});
  // The payload is to be removed everywhere it has not arrived yet. Durable until the relay has
  // done it. kOverloaded when too many wait, and the store's.
  Result<void> remove(const BlobId& blob);
  core::BlobStatus blob_status(std::uint64_t number) const;

  // --- receiving
  // The next blobs, at most `max`, per sender in order. Handed out once per run until confirmed,
  // again after a restart.
  Result<std::vector<Received>> take(std::size_t max);
  // The application has all blobs up to this number for good; committed when it returns.
  Result<void> confirm(std::uint64_t number);

  // --- looking
  ClientStatus status() const;
  std::vector<DeviceInfo> devices() const;
  // Oldest first, until confirmed.
  Result<std::vector<Notice>> notices() const;
  // All up to this number; committed when it returns.
  Result<void> confirm_notices(std::uint64_t number);

  // --- turning
  void step(Instant now, UnixMs wall);
  Instant next_timeout() const;
  std::optional<ClientEvent> poll_event();
  // Connect at once, forgetting the backoff: the program came to the foreground, or the network
  // changed (which also drops a connection that may be dead).
  void foreground(Instant now);
  void network_changed(Instant now);
  // Stops beginning new things; is_closed() once what was on its way is answered, 500 ms at most.
  // Never blocks: go on with step().
  void begin_close(Instant now);
  bool is_closed(Instant now) const;

  // --- pairing: what the exchange of docs/protocol/pairing.md needs of a connection. A member of a
  // group uses its ordinary session; a device without a group becomes a guest.
  // Sends one mailbox request (its encoded body) and returns its number; the answer comes as a
  // PairingReply. kInvalidState while there is no live session, kInvalidArgument for another type.
  Result<std::uint32_t> pairing_request(wire::MessageType type, Bytes body);
  std::optional<PairingReply> poll_pairing_reply();
  // A device without a group connects to the relay for this mailbox and says MAILBOX_JOIN first;
  // its answer is a PairingReply with request 1. After a connection is lost it joins again by
  // itself, and says so by another one. kInvalidState with a group.
  Result<void> begin_guest(const MailboxId& mailbox);
  void end_guest();
  // Enrols a device that asked for it, through the relay: makes the ADD, and makes it anew if
  // another device was faster. Its end is a kPairing event and member_proposal().
  Result<void> propose_member(Bytes record, const crypto::Ed25519Signature& self_signature);
  enum class Proposal : std::uint8_t { kNone, kPending, kEnrolled, kRefused };
  Proposal member_proposal() const;
  // What the device that is joining needs to be told: all group secrets held here, oldest first.
  struct GroupSecrets {
    struct Epoch {
      EpochId epoch{};
      crypto::GroupSecret secret;
    };
    std::vector<Epoch> epochs;
    std::vector<Bytes> roster;
  };
  // kInvalidState without a group.
  Result<GroupSecrets> group_secrets() const;
  // The other side of it: this device is in that roster. Committed when it returns; the ordinary
  // session follows, after end_guest() if this is a guest's. kInvalidState with a group,
  // kPermissionDenied if the roster does not name this device as active, kCryptoFailed if secrets
  // and roster do not belong together.
  Result<void> join_group(GroupSecrets secrets);

 private:
  struct Parts;
  explicit Client(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace zerok::client
