// SPDX-License-Identifier: MIT OR Apache-2.0
// Who is a device of a group: an append-only, hash-chained log, verified entry by entry
// (docs/protocol/roster.md). The same object at the relay and on devices; it holds no key, and
// names stay sealed in it. It only ever grows: two logs that are not one the other's beginning
// can't both be applied. A refused entry changes nothing.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "core/roster_entry.h"

namespace zerok::core {

struct Member {
  DeviceId device;
  noise::IdentityHash noise_identity;
  DeviceId added_by;      // itself for the creator
  std::size_t entry = 0;  // index of the entry that enrolled it
  bool active = true;     // false for ever once it left
};

// What a peer's (length, head) is to this roster.
enum class RosterRelation : std::uint8_t {
  kSame,
  kOlder,   // a beginning of this one
  kNewer,   // longer than this one: its entries will show whether it extends it
  kForked,  // not the same log: evidence that somebody showed two
};

class Roster {
 public:
  static constexpr std::size_t kActiveMax = 32;
  // Part of the format, since all must refuse alike. What enrols a device stops earlier, so that
  // devices can still leave and be removed.
  static constexpr std::size_t kEntriesMax = 4096;
  static constexpr std::size_t kBytesMax = std::size_t{512} << 10;
  static constexpr std::size_t kEntriesMaxToAdd = 3072;
  static constexpr std::size_t kBytesMaxToAdd = std::size_t{384} << 10;

  // The roster of this first entry. kWrongPeer when it is another group's than `group`
  // (group_id_0); otherwise as apply().
  static Result<Roster> create(ByteView entry, const GroupId& group);

  // Appends one entry. Errors, in the order of the checks:
  //   kTooLarge, kTruncated, kMalformed, kNotCanonical  no entry of this format
  //   kInvalidState      does not follow the head: replayed, reordered, or of another roster
  //   kPermissionDenied  its actor is not an active device
  //   kCryptoFailed      a signature or key in it does not hold
  //   kUnsupported       an active device made it with a newer 0k-Sync: nothing after it can be
  //                      applied before an update (before the signature check only for a version
  //                      above 1, whose layout is not known)
  //   kOutOfRange        a 33rd active device, or the roster is full
  //   kInvalidArgument   enrols a device, or Noise keys, that were enrolled before
  Result<void> apply(ByteView entry);

  struct Extension {
    std::size_t applied = 0;
    std::optional<Error> refused;  // of entries[applied]
  };
  // Applies entries in order up to the first that is refused.
  Extension extend(std::span<const Bytes> entries);

  const GroupId& group() const { return group_; }
  // The first epoch's; group() is its hash.
  const crypto::Ed25519PublicKey& membership() const { return membership_; }
  std::size_t size() const { return entries_.size(); }
  const RosterHead& head() const { return heads_.back(); }
  RosterRelation relation(std::size_t size, const RosterHead& head) const;
  // As received: what is stored, and sent to who lacks it.
  const std::vector<Bytes>& entries() const { return entries_; }

  // Everybody who ever was a member, in the order of enrolment.
  const std::vector<Member>& members() const { return members_; }
  std::size_t active_count() const { return active_count_; }
  // Null for who never was a member; the member may have left.
  const Member* find(const DeviceId& device) const;
  bool is_active(const DeviceId& device) const;
  // Sealing keys and sealed name; member is one of members().
  MemberRecord record(const Member& member) const;

 private:
  Roster() = default;
  Result<void> check_order(const RosterEntry& entry) const;
  Result<void> check_room(std::size_t entry_bytes, bool adds) const;
  Result<void> apply_create(const RosterEntry& entry);
  Result<void> apply_add(const RosterEntry& entry);
  Result<void> apply_leave(const RosterEntry& entry);
  void enrol(const MemberRecord& record, const DeviceId& added_by);

  GroupId group_;
  crypto::Ed25519PublicKey membership_;
  std::vector<Bytes> entries_;
  std::size_t entry_bytes_ = 0;
  // heads_[n]: after n entries.
  std::vector<RosterHead> heads_{RosterHead{}};
  std::vector<Member> members_;
  std::map<DeviceId, std::size_t> by_device_;
  std::size_t active_count_ = 0;
};

}  // namespace zerok::core
