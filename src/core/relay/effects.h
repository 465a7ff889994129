// SPDX-License-Identifier: MIT OR Apache-2.0
// What a RelayHub wants done, as data, in the order in which it is to be done. Changes (of the
// store) belong to the open transaction; a Send counts only once they are durable. A Read is
// answered with RelayHub::handle_read() before the next effect is taken. Views in effects are good
// until the next effect, and no longer than the message that caused them.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "wire/messages/pull.h"
#include "wire/scheduler.h"

namespace zerok::core {

// A connection whose peer is proven; the driver's name for it, never used again.
enum class SessionId : std::uint64_t {};
// A group's number in the store.
enum class LogKey : std::uint64_t {};

// What the store keeps of a device.
struct DeviceRecord {
  DeviceId device{};
  std::uint64_t acknowledged = 0;
  std::uint64_t own_lines = 0;
  UnixMs last_seen = 0;
  Bytes state;  // written by PutState alone
};
struct GroupRecord {
  LogKey key{};
  GroupId group{};
  wire::Position head{};
  wire::Position floor{};
  std::uint64_t payload_bytes = 0;
  std::vector<Bytes> roster;
  std::vector<DeviceRecord> devices;
};
// A line without its payload.
struct LineRecord {
  std::uint64_t cursor = 0;
  LogHash log_hash{};
  BlobId blob{};
  DeviceId sender{};
  GroupId epoch_group{};
  CiphertextHash ciphertext_hash{};
  std::uint32_t sealed_bytes = 0;
  std::optional<wire::StubReason> stub{};  // nothing while the payload is there
};
struct LineWithPayload {
  LineRecord line;
  Bytes sealed;  // empty for a stub, and where it was not asked for
};
// A line of any group.
struct LineKey {
  LogKey group{};
  std::uint64_t cursor = 0;
};

// Reads and their answers.
struct ReadGroup {
  using Answer = std::optional<GroupRecord>;
  GroupId group{};
};
struct ReadBlobs {
  using Answer = std::vector<std::optional<LineRecord>>;  // as many as asked for
  LogKey group{};
  std::vector<BlobId> blobs{};
};
// What WELCOME says of the log.
struct ReadStart {
  struct Answer {
    std::optional<LogHash> hash{};  // at `cursor`; nothing below the floor or above the head
    std::uint64_t foreign = 0;      // lines above `after` by others whose payload is there
  };
  LogKey group{};
  std::uint64_t cursor = 0;
  std::uint64_t after = 0;
  DeviceId device{};
};
struct ReadLines {
  struct Answer {
    std::optional<LogHash> before{};  // the hash at `after`
    std::vector<LineWithPayload> lines{};
    bool is_damaged = false;  // the first line's payload is not what was stored
  };
  LogKey group{};
  std::uint64_t after = 0;
  std::size_t lines_max = 0;
  std::size_t bytes_max = 0;
  std::optional<DeviceId> without_payload_of{};
};
// Lines above `after` whose payload is there.
struct ReadPayloads {
  using Answer = std::vector<LineRecord>;
  LogKey group{};
  std::uint64_t after = 0;
  std::size_t lines_max = 0;
};
// Of all groups, payloads committed before that.
struct ReadExpired {
  using Answer = std::vector<LineKey>;
  UnixMs before = 0;
  std::size_t lines_max = 0;
};
// Of all groups, the last line of each that became a stub before that.
struct ReadOldStubs {
  using Answer = std::vector<LineKey>;
  UnixMs before = 0;
  std::size_t groups_max = 0;
};
struct CreateGroup {
  using Answer = LogKey;
  GroupId group{};
  ByteView entry{};
};
// Moves a group's stub floor up to `cursor`, over stubs only, by lines_max at most.
struct DropStubs {
  using Answer = wire::Position;  // the floor now
  LogKey group{};
  std::uint64_t cursor = 0;
  std::size_t lines_max = 0;
};

// Changes.
struct AppendRoster {
  LogKey group{};
  std::uint32_t number = 0;
  ByteView entry{};
};
struct PutDevice {
  LogKey group{};
  DeviceRecord device{};
};
struct PutState {
  LogKey group{};
  DeviceId device{};
  ByteView state{};
};
struct AppendLine {
  LogKey group{};
  LineRecord line{};
  UnixMs committed = 0;
  ByteView sealed{};
};
struct MakeStub {
  LogKey group{};
  std::uint64_t cursor = 0;
  wire::StubReason reason{};
  UnixMs now = 0;
};
// The retention clock, to be found again at the next start.
struct SaveClock {
  Bytes saved{};
};

// To peers.
struct Send {
  SessionId session{};
  wire::Priority priority{};
  wire::MessageKey key{};
  Bytes body{};
};
// The peer has proven to belong here: from now on it may send large messages. At once.
struct RaiseBounds {
  SessionId session{};
};
// After what was sent before; what is queued may be dropped.
struct CloseSession {
  SessionId session{};
  bool overloaded = false;
};

using RelayEffect =
    std::variant<ReadGroup, ReadBlobs, ReadStart, ReadLines, ReadPayloads, ReadExpired,
                 ReadOldStubs, CreateGroup, DropStubs, AppendRoster, PutDevice, PutState,
                 AppendLine, MakeStub, SaveClock, Send, RaiseBounds, CloseSession>;
using RelayAnswer =
    std::variant<ReadGroup::Answer, ReadBlobs::Answer, ReadStart::Answer, ReadLines::Answer,
                 ReadPayloads::Answer, ReadExpired::Answer, CreateGroup::Answer, DropStubs::Answer>;

}  // namespace zerok::core
