// SPDX-License-Identifier: MIT OR Apache-2.0
// What core/client asks of its driver, as ordered data. Store effects belong to one transaction;
// whatever else stands among them is carried out only when that has been committed. A driver that
// can't commit starts over from its store.
#pragma once

#include <variant>
#include <vector>

#include "core/client/notice.h"
#include "core/client/record.h"
#include "core/client/status.h"
#include "wire/frame.h"
#include "wire/scheduler.h"

namespace zerok::core {

// An own blob that is not yet known to be with every other device.
struct OutboxEntry {
  std::uint64_t number = 0;
  BlobId blob{};
  GroupId epoch_group{};
  Incarnation incarnation{};
  std::uint64_t sequence = 0;
  ChainHash chain{};
  std::uint64_t lamport = 0;
  std::uint64_t cursor = 0;   // at the relay; 0: not acknowledged
  std::uint16_t refusal = 0;  // the code that waiting does not mend; 0: none
  std::uint32_t payload_bytes = 0;
  std::uint32_t sealed_bytes = 0;
  UnixMs pushed = 0;
};

enum class InboxPlace : std::uint8_t { kWaiting = 1, kReady = 2, kQuarantined = 3 };

// A blob of somebody else that the application has not confirmed.
struct InboxEntry {
  std::uint64_t arrival = 0;
  std::uint64_t number = 0;  // hand-over number; 0 unless ready
  InboxPlace place = InboxPlace::kWaiting;
  QuarantineReason reason{};  // only in quarantine
  BlobId blob{};
  GroupId epoch_group{};
  DeviceId sender{};          // by the relay's word in quarantine, else by the content's
  Incarnation incarnation{};  // zeros in quarantine, and so on
  std::uint64_t sequence = 0;
  ChainHash previous{};
  ChainHash chain{};
  std::uint64_t lamport = 0;
  CiphertextHash ciphertext_hash{};
  std::uint32_t sealed_bytes = 0;  // 0: only the hash is kept
};

// --- the store
// Names of small values.
inline constexpr std::string_view kRecordValue = "client";
inline constexpr std::string_view kLossesValue = "losses";
inline constexpr std::string_view kHeardValue = "heard";
inline constexpr std::string_view kDeletesValue = "deletes";

struct PutValue {
  std::string_view name;
  Bytes value;
};
struct AppendRoster {
  std::uint32_t number = 0;
  Bytes entry;
};
struct MarkOutbox {
  std::uint64_t number = 0;
  std::uint64_t cursor = 0;
  std::uint16_t refusal = 0;
};
struct ClearOutboxCursors {};
struct ResealOutbox {
  OutboxEntry entry;
  Bytes sealed;
};
struct RemoveOutbox {
  std::uint64_t number = 0;
};
struct AddInbox {
  InboxEntry entry;
  Bytes sealed;
};
struct UpdateInbox {
  InboxEntry entry;
};
struct RemoveInbox {
  std::uint64_t arrival = 0;
};
struct PutChain {
  DeviceId sender{};
  Incarnation incarnation{};
  ChainPosition head{};
};
struct PutPeerState {
  DeviceId device{};
  std::uint64_t counter = 0;
  Bytes state;
};
struct AddNotice {
  std::uint64_t number = 0;
  NoticeKind kind{};
  NoticeDetail detail;
};
// Read what is pending in the outbox, in order; each goes to handle_pending().
struct RemakeOutbox {};
// Read what lies in quarantine and may be used now; each goes to handle_quarantined().
struct RetryQuarantine {};

// --- the session
struct SendMessage {
  wire::Priority priority = wire::Priority::kBulk;
  wire::MessageKey key;
  Bytes body;
};
// PUSH, with the sealed bytes that the store has.
struct SendPush {
  std::uint32_t request = 0;
  GroupId epoch_group{};
  std::vector<std::uint64_t> numbers;
};
// What to do once this session has ended.
enum class AfterEnd : std::uint8_t {
  kRetry,  // with the backoff, and not before wait_ms
  kAtOnce,
  kStop,
};
struct CloseSession {
  AfterEnd after = AfterEnd::kRetry;
  std::uint32_t wait_ms = 0;
  Error error{ErrorCode::kClosed, "closed"};
  std::optional<wire::WireErrorCode> refused{};
};

// --- the application
struct Tell {
  ClientEvent event{};
};

using ClientEffect =
    std::variant<PutValue, AppendRoster, MarkOutbox, ClearOutboxCursors, ResealOutbox, RemoveOutbox,
                 AddInbox, UpdateInbox, RemoveInbox, PutChain, PutPeerState, AddNotice,
                 RemakeOutbox, RetryQuarantine, SendMessage, SendPush, CloseSession, Tell>;

}  // namespace zerok::core
