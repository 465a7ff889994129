// SPDX-License-Identifier: MIT OR Apache-2.0
// RelayStore: what a relay must not forget. Two implementations, one contract suite: memory/ and
// sqlite/. A dumb, ordered, transactional store: which cursor a line gets, whether a blob was there
// before and what may be removed is decided above. Changes belong to one transaction that the first
// of them opens; reads see it. One process at a time (kInvalidState for a second). Not thread-safe:
// the relay's driver is the one writer. Destroying a store without commit() forgets, as a crash
// does.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "wire/messages/pull.h"

namespace zerok::store {

// A group's number in one store; never reused.
enum class GroupKey : std::uint64_t {};

struct RelayDevice {
  DeviceId device{};
  std::uint64_t acknowledged = 0;  // cursor up to which it has stored everything
  std::uint64_t own_lines = 0;     // lines it ever pushed, gone ones included
  UnixMs last_seen = 0;            // 0: never
  Bytes state = {};                // its DEVICE_STATE; empty: none yet
};

struct RelayGroup {
  GroupKey key{};
  GroupId group{};
  wire::Position head{};            // the last line
  wire::Position floor{};           // the stub floor: lines up to it are gone
  std::uint64_t payload_bytes = 0;  // of all lines whose payload is here
  std::vector<Bytes> roster = {};
  std::vector<RelayDevice> devices = {};  // by ascending device id
};

// A line to be appended.
struct NewLine {
  std::uint64_t cursor = 0;  // the head's and one
  LogHash log_hash{};        // up to and including this line
  BlobId blob{};
  DeviceId sender{};
  GroupId epoch_group{};
  CiphertextHash ciphertext_hash{};
  UnixMs committed = 0;
  ByteView sealed = {};
};

// What is known of a line without its payload.
struct LineInfo {
  std::uint64_t cursor = 0;
  LogHash log_hash{};
  BlobId blob{};
  DeviceId sender{};
  GroupId epoch_group{};
  CiphertextHash ciphertext_hash{};
  UnixMs committed = 0;
  std::uint32_t sealed_bytes = 0;             // as it was pushed
  std::optional<wire::StubReason> stub = {};  // nothing while the payload is here
};
struct StoredLine {
  LineInfo info = {};
  Bytes sealed = {};  // empty for a stub, and where the reader wanted none
};

struct LineRef {
  GroupKey group{};
  std::uint64_t cursor = 0;
};

struct RelayTotals {
  std::uint64_t groups = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t lines = 0;  // stubs included
};

// Refusals (kInvalidArgument, kInvalidState, kNotFound, kTooLarge, kOutOfRange; kMalformed of a
// read) change nothing, and the transaction goes on. Any other error is the disk's (kIo; a full one
// too) and loses the transaction: until rollback(), or a commit(), which fails as well, every call
// fails. Then the store is usable again as far as the disk is. Numbers above wire::kCountMax are
// kOutOfRange, an unknown group key is kNotFound.
class RelayStore {
 public:
  virtual ~RelayStore() = default;

  // Makes everything changed since the last commit durable: it survives a power cut once this has
  // returned. After an error nothing of it is there and the transaction is over. (Should the power
  // be cut right after an error, it may turn out to be there: nobody could be told.) Without
  // changes it costs nothing.
  virtual Result<void> commit() = 0;
  virtual void rollback() = 0;
  virtual bool has_changes() const = 0;

  virtual Result<std::optional<RelayGroup>> load_group(const GroupId& group) = 0;
  // kInvalidState if it is there.
  virtual Result<GroupKey> create_group(const GroupId& group, ByteView first_roster_entry) = 0;
  // number: how many entries come before it; kInvalidState if that is not so.
  virtual Result<void> append_roster(GroupKey group, std::uint32_t number, ByteView entry) = 0;

  // Adds the device or replaces all but its state.
  virtual Result<void> put_device(GroupKey group, const RelayDevice& device) = 0;
  // kNotFound for a device that was not put.
  virtual Result<void> put_state(GroupKey group, const DeviceId& device, ByteView state) = 0;

  // Moves the head and the group's bytes. kInvalidState unless the cursor follows the head;
  // kInvalidArgument if the blob id has a line above the floor.
  virtual Result<void> append_line(GroupKey group, const NewLine& line) = 0;
  virtual Result<std::optional<LineInfo>> find_blob(GroupKey group, const BlobId& blob) = 0;
  // Nothing for a line below the floor or above the head; the floor's and head's are known here.
  virtual Result<std::optional<LogHash>> log_hash_at(GroupKey group, std::uint64_t cursor) = 0;
  // Lines above `after` (or the floor), without a gap, at most lines_max, and at most bytes_max of
  // payload (the first comes whatever its size). Payloads of `without_payload_of` are left out and
  // not counted. A payload that the disk has damaged ends the answer before it; kMalformed if it is
  // the first: make_stub() still works on it.
  virtual Result<std::vector<StoredLine>> read_lines(
      GroupKey group, std::uint64_t after, std::size_t lines_max, std::size_t bytes_max,
      const std::optional<DeviceId>& without_payload_of) = 0;
  // Lines above `after` whose sender is not `device` and whose payload is here.
  virtual Result<std::uint64_t> count_foreign(GroupKey group, std::uint64_t after,
                                              const DeviceId& device) = 0;

  // Lines above `after` whose payload is here, in order; for removal in small steps.
  virtual Result<std::vector<LineInfo>> payload_lines(GroupKey group, std::uint64_t after,
                                                      std::size_t lines_max) = 0;
  // Of all groups: payloads committed before `before`, oldest first.
  virtual Result<std::vector<LineRef>> payloads_older_than(UnixMs before,
                                                           std::size_t lines_max) = 0;
  // Removes the payload, keeps the line; nothing if it is a stub already. kNotFound without a line.
  virtual Result<void> make_stub(GroupKey group, std::uint64_t cursor, wire::StubReason reason,
                                 UnixMs now) = 0;
  // Groups whose first line became a stub before `before`, the longest waiting first, each with the
  // highest cursor such that all lines up to it did. A long run may be cut short: ask again when
  // it is dropped. Every answer can be dropped, so none hides another.
  virtual Result<std::vector<LineRef>> stubs_older_than(UnixMs before, std::size_t groups_max) = 0;
  // Drops at most lines_max lines from the floor's successor up to `cursor`, stopping before the
  // first that is no stub, and returns the floor, which moves so far.
  virtual Result<wire::Position> drop_stubs(GroupKey group, std::uint64_t cursor,
                                            std::size_t lines_max) = 0;

  virtual Result<RelayTotals> totals() = 0;

  // Small named values: at most 64 bytes of name and 64 KiB of value. Empty: not there.
  virtual Result<Bytes> value(std::string_view name) = 0;
  virtual Result<void> put_value(std::string_view name, ByteView value) = 0;
};

}  // namespace zerok::store
