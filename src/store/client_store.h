// SPDX-License-Identifier: MIT OR Apache-2.0
// ClientStore: what a device must not forget. Two implementations, one contract suite: memory/ and
// sqlite/. A dumb, ordered, transactional store without a key in clear: blobs are kept as they were
// sealed, group secrets wrapped by the caller. Changes belong to one transaction that the first of
// them opens; reads see it. One process at a time (kInvalidState for a second). Not thread-safe.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "wire/messages/session.h"

namespace zerok::store {

// An own blob that is not yet known to be with every other device.
struct OutboxBlob {
  std::uint64_t number = 0;  // local, ascending in the order of push()
  BlobId blob{};
  GroupId epoch_group{};  // the epoch it is sealed for
  Incarnation incarnation{};
  std::uint64_t sequence = 0;
  ChainHash chain{};  // of this content
  std::uint64_t lamport = 0;
  std::uint64_t cursor = 0;   // its line at the relay; 0: not acknowledged by it
  std::uint16_t refusal = 0;  // the WireErrorCode that waiting does not mend; 0: none
  std::uint32_t payload_bytes = 0;
  UnixMs pushed = 0;
  std::uint32_t sealed_bytes = 0;
};

struct PushKeyRecord {
  std::uint64_t number = 0;
  BlobId blob{};
};

enum class InboxState : std::uint8_t {
  kWaiting = 1,      // its sender's earlier blobs are missing
  kReady = 2,        // to be handed over, in the order of `number`
  kQuarantined = 3,  // could not be opened
};

// A foreign blob that the application has not confirmed.
struct InboxBlob {
  std::uint64_t arrival = 0;  // ascending in the order of arrival; the row's name
  std::uint64_t number = 0;   // local hand-over number; 0 unless ready
  InboxState state = InboxState::kWaiting;
  std::uint8_t refusal = 0;  // kQuarantined: a core::BlobRefusal
  BlobId blob{};
  GroupId epoch_group{};
  DeviceId sender{};          // as the relay says while quarantined, else as the content says
  Incarnation incarnation{};  // from here on zeros while quarantined
  std::uint64_t sequence = 0;
  ChainHash previous{};
  ChainHash chain{};
  std::uint64_t lamport = 0;
  CiphertextHash ciphertext_hash{};
  std::uint32_t sealed_bytes = 0;  // 0: only the hash was kept
};

struct ChainHead {
  DeviceId sender{};
  Incarnation incarnation{};
  std::uint64_t sequence = 0;
  ChainHash hash{};
};

struct StoredEpoch {
  GroupId epoch_group{};
  EpochId epoch{};
  std::uint32_t number = 0;   // 0 for the first
  Bytes wrapped_secret = {};  // 1 to 256 bytes
};

// What another device last said of itself.
struct PeerState {
  DeviceId device{};
  std::uint64_t counter = 0;
  Bytes state = {};  // as it was signed and sealed
};

// Something the application has to be told, and keeps being told until it confirms.
struct Notice {
  std::uint64_t number = 0;
  std::uint16_t kind = 0;
  Bytes detail = {};
};

class ClientStore {
 public:
  virtual ~ClientStore() = default;

  // As RelayStore's, and so are errors and what they do to a transaction.
  virtual Result<void> commit() = 0;
  virtual void rollback() = 0;
  virtual bool has_changes() const = 0;

  // Small named values (identity, counters, positions): at most 64 bytes of name and 64 KiB of
  // value. Empty: not there; putting an empty value removes it.
  virtual Result<Bytes> value(std::string_view name) = 0;
  virtual Result<void> put_value(std::string_view name, ByteView value) = 0;

  virtual Result<std::vector<Bytes>> roster() = 0;
  virtual Result<void> append_roster(std::uint32_t number, ByteView entry) = 0;
  // By number, then by group id.
  virtual Result<std::vector<StoredEpoch>> epochs() = 0;
  // Adds it or replaces that with the same epoch_group.
  virtual Result<void> put_epoch(const StoredEpoch& epoch) = 0;

  // The outbox. Numbers are given by the caller and are above all that are there, and a blob id is
  // there once; kInvalidState otherwise. kInvalidArgument unless sealed_bytes is the size.
  virtual Result<void> add_outbox(const OutboxBlob& blob, ByteView sealed) = 0;
  // Blobs above number `after`, at most `count`.
  virtual Result<std::vector<OutboxBlob>> outbox(std::uint64_t after, std::size_t count) = 0;
  // kNotFound.
  virtual Result<Bytes> outbox_sealed(std::uint64_t number) = 0;
  // Replaces cursor and refusal; kNotFound.
  virtual Result<void> mark_outbox(std::uint64_t number, std::uint64_t cursor,
                                   std::uint16_t refusal) = 0;
  // No blob has a line at the relay any more: after a relay reset.
  virtual Result<void> clear_outbox_cursors() = 0;
  // The blob of this number as it is to be sent now: under another id, epoch or incarnation, as if
  // it had been added so. kNotFound.
  virtual Result<void> reseal_outbox(const OutboxBlob& blob, ByteView sealed) = 0;
  // Removing what is not there changes nothing, here and below.
  virtual Result<void> remove_outbox(std::uint64_t number) = 0;

  // Keys of push(), 1 to 64 bytes; kept for good. kInvalidState for one that is there.
  virtual Result<std::optional<PushKeyRecord>> find_push_key(ByteView key) = 0;
  virtual Result<void> add_push_key(ByteView key, const PushKeyRecord& record) = 0;

  // The inbox. Arrivals are given by the caller and are above all that are there, and no two ready
  // rows have one number; kInvalidState otherwise. kInvalidArgument unless sealed_bytes is the size
  // and exactly ready rows have a number.
  virtual Result<void> add_inbox(const InboxBlob& blob, ByteView sealed) = 0;
  // Everything but arrival, blob and sealed bytes may change; kNotFound.
  virtual Result<void> update_inbox(const InboxBlob& blob) = 0;
  // Rows in this state above arrival `after`, at most `count`.
  virtual Result<std::vector<InboxBlob>> inbox(InboxState state, std::uint64_t after,
                                               std::size_t count) = 0;
  // Ready rows above hand-over number `after`, at most `count`.
  virtual Result<std::vector<InboxBlob>> ready(std::uint64_t after, std::size_t count) = 0;
  // Empty where only the hash was kept. kNotFound.
  virtual Result<Bytes> inbox_sealed(std::uint64_t arrival) = 0;
  virtual Result<void> remove_inbox(std::uint64_t arrival) = 0;
  // All ready rows up to this hand-over number.
  virtual Result<void> remove_ready(std::uint64_t number) = 0;

  // By sender, then by incarnation; each pair once.
  virtual Result<std::vector<ChainHead>> chain_heads() = 0;
  virtual Result<void> put_chain_head(const ChainHead& head) = 0;

  // By device; each once.
  virtual Result<std::vector<PeerState>> peer_states() = 0;
  virtual Result<void> put_peer_state(const PeerState& state) = 0;

  // Numbers are given by the caller and are above all that are there; kInvalidState otherwise.
  virtual Result<void> add_notice(const Notice& notice) = 0;
  virtual Result<std::vector<Notice>> notices(std::uint64_t after, std::size_t count) = 0;
  // All up to this number.
  virtual Result<void> remove_notices(std::uint64_t number) = 0;
};

}  // namespace zerok::store
