// SPDX-License-Identifier: MIT OR Apache-2.0
// DeviceLedger: what one device's disk kept and what its application was told, and what must be
// true of it: what push() returned for is durable; what is handed over is what was pushed, once, in
// each sender's order, under a number that stays; nothing leaves the outbox before every other
// device has it; nothing counts as acknowledged that the relay's disk never had.
#pragma once

#include <variant>

#include "client/client.h"
#include "sim/relay_ledger.h"
#include "store/client_store.h"

namespace zerok::sim {

// One change within a transaction.
struct RosterGrew {
  Bytes entry;
};
struct OutboxAdded {
  store::OutboxBlob blob;
};
struct OutboxMarked {
  std::uint64_t number = 0;
  std::uint64_t cursor = 0;
  std::uint16_t refusal = 0;
};
struct OutboxCleared {};
struct OutboxResealed {
  store::OutboxBlob blob;
};
struct OutboxRemoved {
  std::uint64_t number = 0;
};
struct InboxChanged {
  store::InboxBlob blob;
};
struct ReadyRemoved {
  std::uint64_t number = 0;
};
struct NoticeAdded {
  std::uint16_t kind = 0;
};
using DeviceChange =
    std::variant<RosterGrew, OutboxAdded, OutboxMarked, OutboxCleared, OutboxResealed,
                 OutboxRemoved, InboxChanged, ReadyRemoved, NoticeAdded>;

class DeviceLedger {
 public:
  DeviceLedger(DeviceIndex index, Truth& truth, RelayLedger& relay, SecrecyCheck& secrecy,
               Findings& findings)
      : index_(index), truth_(truth), relay_(relay), secrecy_(secrecy), findings_(findings) {}

  // From the store.
  void sealed(const GroupId& epoch_group, const BlobId& blob, ByteView bytes) {
    secrecy_.sealed(epoch_group, blob, bytes);
  }
  void committed(const std::vector<DeviceChange>& changes);

  // From the application. begin_push() says what the next blob in the outbox holds.
  void begin_push(ByteView payload, ByteView key);
  void end_push(const Result<client::Pushed>& result);
  void cut_in_push() { pushing_.reset(); }
  void took(const std::vector<client::Received>& blobs);
  void begin_confirm(std::uint64_t number) { confirm_asked_ = std::max(confirm_asked_, number); }
  // A new process on the same disk.
  void restarted() { taken_this_run_ = 0; }

  std::uint64_t last_taken() const { return taken_this_run_; }
  std::uint64_t confirmed_up_to() const { return confirmed_; }
  bool has_handed_over(const BlobId& blob) const { return handed_blobs_.contains(blob); }
  std::uint64_t notices(core::NoticeKind kind) const;
  // Blobs in the outbox that every other device has.
  std::size_t kept_for_nobody() const;
  // All that was handed over.
  bool has_confirmed_all() const {
    return handed_.empty() || handed_.rbegin()->first <= confirmed_;
  }
  // Blobs that the relay has not acknowledged and may still take.
  std::size_t unacknowledged() const;
  // Numbers in the outbox, for looking at some.
  std::vector<std::uint64_t> outbox_numbers() const;
  // What the device says of one of them.
  void check_blob_status(std::uint64_t number, const core::BlobStatus& status);
  // Whose ADD or CREATE, and no LEAVE, is in the roster on this disk.
  const std::set<DeviceId>& roster() const { return roster_; }
  std::uint64_t pushes() const { return pushes_; }
  std::uint64_t handed_over() const { return handed_.size(); }

 private:
  struct Pushing {
    Bytes payload;
    Bytes key;
    std::optional<BlobId> committed;
  };
  struct Handed {
    BlobId blob{};
    std::uint64_t lamport = 0;
  };
  struct Own {
    BlobId blob{};
    std::uint64_t cursor = 0;
    std::uint16_t refusal = 0;
  };

  void apply(const RosterGrew& change);
  void apply(const OutboxAdded& change);
  void apply(const OutboxMarked& change);
  void apply(const OutboxCleared&);
  void apply(const OutboxResealed& change);
  void apply(const OutboxRemoved& change);
  void apply(const InboxChanged& change);
  void apply(const ReadyRemoved& change);
  void apply(const NoticeAdded& change);
  void check_handed(const client::Received& received);
  // Devices that this one knows of and that neither have the blob nor could get it any more.
  std::vector<DeviceIndex> lacking(const PushedBlob& pushed) const;
  void check_sender_order(const client::Received& received, const PushedBlob& pushed);

  const DeviceIndex index_;
  Truth& truth_;
  RelayLedger& relay_;
  SecrecyCheck& secrecy_;
  Findings& findings_;

  std::optional<Pushing> pushing_;
  std::map<Bytes, BlobId> keys_;
  std::map<std::uint64_t, Own> outbox_;
  std::set<DeviceId> roster_;
  std::map<std::uint16_t, std::uint64_t> notices_;

  std::map<std::uint64_t, Handed> handed_;
  std::map<BlobId, std::uint64_t> handed_blobs_;
  std::map<std::pair<DeviceId, Incarnation>, std::uint64_t> last_sequence_;
  std::uint64_t taken_this_run_ = 0;
  std::uint64_t confirm_asked_ = 0;
  std::uint64_t confirmed_ = 0;  // durably
  std::uint64_t lamport_seen_ = 0;
  std::uint64_t pushes_ = 0;
};

}  // namespace zerok::sim
