// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/relay_ledger.h"

#include "core/log_hash.h"

namespace zerok::sim {

void RelayLedger::committed(const std::vector<RelayChange>& changes) {
  for (const RelayChange& change : changes) {
    std::visit([this](const auto& one) { apply(one); }, change);
  }
}

void RelayLedger::reset(Copy copy) {
  groups_ = std::move(copy.groups);
  reset_at_ = now_;
}

const RelayLedger::Group* RelayLedger::group() const {
  for (const auto& [key, group] : groups_) {
    if (group.id == group_) return &group;
  }
  return nullptr;
}

const LedgerLine* RelayLedger::find(const BlobId& blob) const {
  const Group* ours = group();
  if (ours == nullptr) return nullptr;
  // The newest line counts: below the floor nothing is remembered, so a blob may return.
  if (const auto cursor = ours->cursors.find(blob); cursor != ours->cursors.end()) {
    return &ours->lines.at(cursor->second);
  }
  for (auto line = ours->lines.rbegin(); line != ours->lines.rend(); ++line) {
    if (line->second.blob == blob) return &line->second;
  }
  return nullptr;
}

bool RelayLedger::can_be_had(const PushedBlob& blob) const {
  if (blob.deleted || is_gone(blob.blob) || may_seem_gone(blob.blob)) return false;
  return find(blob.blob) != nullptr || blob.kept;
}

std::optional<RelayLedger::Missing> RelayLedger::first_missing(DeviceIndex device,
                                                               std::uint64_t after) const {
  const Group* ours = group();
  if (ours == nullptr) return std::nullopt;
  for (auto line = ours->lines.upper_bound(after); line != ours->lines.end(); ++line) {
    if (line->second.stub || line->second.sender == truth_.devices[device].id) continue;
    return Missing{line->first, line->second.committed_at};
  }
  return std::nullopt;
}

void RelayLedger::apply(const GroupCreated& change) { groups_[change.group].id = change.id; }

void RelayLedger::apply(const LineAppended& change) {
  Group& group = groups_[change.group];
  ++lines_ever_;
  if (change.cursor != group.head + 1) {
    findings_.fail("cursors", "line {} was committed after line {}", change.cursor, group.head);
    return;
  }
  const LogHash before = group.head == 0 ? LogHash{} : group.lines.at(group.head).log_hash;
  if (change.line.log_hash !=
      core::extend_log_hash(before, change.cursor, change.line.blob, change.line.hash)) {
    findings_.fail("cursors", "line {} has a log hash that does not follow", change.cursor);
  }
  if (const auto known = group.cursors.find(change.line.blob); known != group.cursors.end()) {
    findings_.fail("cursors", "blob {} has line {} and got line {} too", short_id(change.line.blob),
                   known->second, change.cursor);
  }
  if (is_ours(group) && !relay_lies_) {
    const auto sender = truth_.find(change.line.sender);
    if (!sender || !truth_.devices[*sender].enrolled) {
      findings_.fail("strangers", "line {} is of a device that was never enrolled", change.cursor);
    }
    const PushedBlob* pushed = truth_.find_blob(change.line.blob);
    if (pushed == nullptr || (sender && pushed->device != *sender)) {
      findings_.fail("strangers", "line {} holds a blob that its sender did not push",
                     change.cursor);
    }
  }
  group.lines[change.cursor] = change.line;
  group.lines[change.cursor].committed_at = now_;
  group.cursors[change.line.blob] = change.cursor;
  group.head = change.cursor;
  ever_.insert({change.line.blob, change.cursor});
}

void RelayLedger::check_confirmed(const Group& group, const LedgerLine& line,
                                  std::uint64_t cursor) {
  const PushedBlob* pushed = truth_.find_blob(line.blob);
  if (pushed == nullptr) return;
  std::size_t counted = 0;
  for (DeviceIndex i = 0; i < truth_.devices.size(); ++i) {
    if (!truth_.is_active(i)) continue;
    // Who was enrolled a moment ago and was never here is counted once the relay knows of it.
    if (!group.acknowledged.contains(truth_.devices[i].id)) continue;
    ++counted;
    if (i != pushed->device && !pushed->stored.contains(i)) {
      findings_.fail("deletion", "line {} was removed as confirmed, and device {} does not have it",
                     cursor, i);
    }
  }
  if (counted < 2) {
    findings_.fail("deletion", "line {} was removed as confirmed in a group of {}", cursor,
                   counted);
  }
}

void RelayLedger::apply(const LineStubbed& change) {
  Group& group = groups_[change.group];
  const auto found = group.lines.find(change.cursor);
  if (found == group.lines.end() || found->second.dropped) {
    findings_.fail("deletion", "line {}, which is not there, became a stub", change.cursor);
    return;
  }
  LedgerLine& line = found->second;
  if (line.stub) return;
  line.stub = change.reason;
  // Removed once before, and back with an old copy of the disk: who came in between was told.
  const bool was_gone = !gone_.insert(line.blob).second;
  if (!is_ours(group) || relay_lies_ || was_gone) return;
  const PushedBlob* pushed = truth_.find_blob(line.blob);
  switch (change.reason) {
    case wire::StubReason::kConfirmed:
      check_confirmed(group, line, change.cursor);
      break;
    case wire::StubReason::kExpired:
      if (!retention_may_be_early_ && now_ - line.committed_at < std::chrono::seconds(ttl_s_)) {
        findings_.fail("deletion", "line {} expired after {} ms of its {} s", change.cursor,
                       (now_ - line.committed_at) / std::chrono::milliseconds(1), ttl_s_);
      }
      break;
    default:
      if (pushed == nullptr || !pushed->deleted) {
        findings_.fail("deletion", "line {} was deleted, and nobody asked for it", change.cursor);
      }
  }
}

void RelayLedger::apply(const LinesDropped& change) {
  Group& group = groups_[change.group];
  for (std::uint64_t cursor = group.floor + 1; cursor <= change.up_to; ++cursor) {
    const auto found = group.lines.find(cursor);
    if (found == group.lines.end() || !found->second.stub) {
      findings_.fail("deletion", "line {} was dropped without having been a stub", cursor);
      return;
    }
    found->second.dropped = true;
    group.cursors.erase(found->second.blob);
    if (!is_ours(group) || relay_lies_) continue;
    for (const auto& [id, acknowledged] : group.acknowledged) {
      const auto device = truth_.find(id);
      if (device && truth_.is_active(*device) && acknowledged < cursor) {
        findings_.fail("deletion", "stub {} was dropped before device {} was past it", cursor,
                       *device);
      }
    }
  }
  group.floor = std::max(group.floor, change.up_to);
}

void RelayLedger::apply(const DeviceAcknowledged& change) {
  Group& group = groups_[change.group];
  std::uint64_t& known = group.acknowledged[change.device];
  const std::uint64_t before = known;
  known = change.cursor;
  const auto device = truth_.find(change.device);
  if (!is_ours(group) || relay_lies_ || !device) return;
  for (std::uint64_t cursor = before + 1; cursor <= change.cursor; ++cursor) {
    const auto line = group.lines.find(cursor);
    if (line == group.lines.end()) {
      findings_.fail("acknowledgement", "device {} acknowledged line {}, which is not there",
                     *device, cursor);
      return;
    }
    const PushedBlob* pushed = truth_.find_blob(line->second.blob);
    if (pushed == nullptr || pushed->device == *device || pushed->deleted ||
        is_gone(pushed->blob)) {
      continue;
    }
    if (!pushed->stored.contains(*device)) {
      findings_.fail("acknowledgement", "device {} acknowledged line {} and does not store it",
                     *device, cursor);
      return;
    }
  }
}

void RelayLedger::read(store::GroupKey key, std::uint64_t cursor, const store::LineInfo& line) {
  const auto group = groups_.find(key);
  if (group == groups_.end() || cursor > group->second.head) return;  // not committed yet
  const auto known = group->second.lines.find(cursor);
  if (known == group->second.lines.end()) return;
  if (known->second.blob != line.blob || known->second.hash != line.ciphertext_hash) {
    findings_.fail("cursors", "line {} was one blob and is another now", cursor);
  }
}

}  // namespace zerok::sim
