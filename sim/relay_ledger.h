// SPDX-License-Identifier: MIT OR Apache-2.0
// RelayLedger: every line that a relay's disk ever kept, learned from its commits, and what must be
// true of them: a cursor names one blob for ever, without gaps, and one blob has one cursor; only
// enrolled devices have lines; an acknowledgement counts only what the device stores durably; a
// payload goes only for a reason that holds, and never without a stub. A reset by the world begins
// a new generation.
#pragma once

#include <variant>

#include "sim/secrecy.h"
#include "sim/truth.h"
#include "store/relay_store.h"

namespace zerok::sim {

struct LedgerLine {
  BlobId blob{};
  CiphertextHash hash{};
  LogHash log_hash{};
  DeviceId sender{};
  UnixMs committed = 0;
  Instant committed_at{};
  std::optional<wire::StubReason> stub = {};
  bool dropped = false;
};

// One change within a transaction.
struct LineAppended {
  store::GroupKey group{};
  std::uint64_t cursor = 0;
  LedgerLine line;
};
struct LineStubbed {
  store::GroupKey group{};
  std::uint64_t cursor = 0;
  wire::StubReason reason{};
};
struct LinesDropped {
  store::GroupKey group{};
  std::uint64_t up_to = 0;
};
struct DeviceAcknowledged {
  store::GroupKey group{};
  DeviceId device{};
  std::uint64_t cursor = 0;
};
struct GroupCreated {
  store::GroupKey group{};
  GroupId id{};
};
using RelayChange =
    std::variant<GroupCreated, LineAppended, LineStubbed, LinesDropped, DeviceAcknowledged>;

class RelayLedger {
 public:
  struct Group {
    GroupId id{};
    std::map<std::uint64_t, LedgerLine> lines;
    std::map<BlobId, std::uint64_t> cursors;  // of lines above the floor
    std::map<DeviceId, std::uint64_t> acknowledged;
    std::uint64_t floor = 0;
    std::uint64_t head = 0;
  };

  RelayLedger(const Truth& truth, Findings& findings) : truth_(truth), findings_(findings) {}

  void set_time(Instant now) { now_ = now; }
  Instant now() const { return now_; }
  void set_ttl(std::uint64_t ttl_s) { ttl_s_ = ttl_s; }
  // A clock that jumped while the relay was down may take up to a day for gone by.
  void set_retention_may_be_early() { retention_may_be_early_ = true; }
  // The group of the world's devices; others that strangers make are looked at less closely.
  void set_group(const GroupId& group) { group_ = group; }
  // While a relay lies about lines, what devices tell it follows from its lies.
  void set_relay_lies() { relay_lies_ = true; }
  bool relay_lies() const { return relay_lies_; }

  // A transaction became durable.
  void committed(const std::vector<RelayChange>& changes);
  // What a reader was given out of the log.
  void read(store::GroupKey group, std::uint64_t cursor, const store::LineInfo& line);

  // The world put another disk in: empty, or an old copy.
  struct Copy {
    std::map<store::GroupKey, Group> groups;
  };
  Copy copy() const { return {groups_}; }
  void reset(Copy copy);
  // When that was the last time.
  Instant reset_at() const { return reset_at_; }

  // Of the world's group; null while the relay has none.
  const Group* group() const;
  // The blob's line in this generation, if the relay has one or had one that was dropped.
  const LedgerLine* find(const BlobId& blob) const;
  // Whether a payload was removed from the relay, now or before it was restored: whoever did not
  // have it then was told that it is lost, and does not take it any more.
  bool is_gone(const BlobId& blob) const { return gone_.contains(blob); }
  // Whether a device that does not have it can still get it: from the relay, or from its sender
  // when the relay has lost it.
  bool can_be_had(const PushedBlob& blob) const;
  // Whether a lying relay showed somebody a stub of it.
  bool may_seem_gone(const BlobId& blob) const { return shown_removed_.contains(blob); }
  bool has_shown_removed() const { return !shown_removed_.empty(); }
  void show_removed(const BlobId& blob) { shown_removed_.insert(blob); }
  struct Missing {
    std::uint64_t cursor = 0;
    Instant since{};
  };
  // The first line above `after` whose payload is there and that another device than this pushed.
  std::optional<Missing> first_missing(DeviceIndex device, std::uint64_t after) const;
  // Whether some relay's disk had this line, in this generation or before.
  bool was_committed(const BlobId& blob, std::uint64_t cursor) const {
    return ever_.contains({blob, cursor});
  }
  std::uint64_t lines_ever() const { return lines_ever_; }

 private:
  void apply(const GroupCreated& change);
  void apply(const LineAppended& change);
  void apply(const LineStubbed& change);
  void apply(const LinesDropped& change);
  void apply(const DeviceAcknowledged& change);
  void check_confirmed(const Group& group, const LedgerLine& line, std::uint64_t cursor);
  bool is_ours(const Group& group) const { return group.id == group_; }

  const Truth& truth_;
  Findings& findings_;
  Instant now_{};
  std::uint64_t ttl_s_ = 0;
  GroupId group_{};
  bool relay_lies_ = false;
  bool retention_may_be_early_ = false;
  std::map<store::GroupKey, Group> groups_;
  Instant reset_at_{};
  std::uint64_t lines_ever_ = 0;
  std::set<std::pair<BlobId, std::uint64_t>> ever_;
  std::set<BlobId> gone_;
  std::set<BlobId> shown_removed_;
};

}  // namespace zerok::sim
