// SPDX-License-Identifier: MIT OR Apache-2.0
// RelayHub: what is removed and when, docs/protocol/messages.md, section 3, in small steps between
// requests. A payload goes when every other active device has acknowledged it or its time is over;
// its stub when every active device has acknowledged past it, or after the longest life of a stub.
#include <algorithm>

#include "core/relay/hub.h"

namespace zerok::core {
namespace {

// Acknowledgements are written and acted on together.
constexpr Duration kChoresDelay = std::chrono::seconds(1);
constexpr Duration kNextStepDelay = std::chrono::milliseconds(10);
constexpr Duration kRetryDelay = std::chrono::seconds(10);
constexpr std::size_t kOldStubGroupsMax = 16;
// Rate counters of devices that are not connected, looked at per step.
constexpr std::size_t kRatesPerStep = 256;

}  // namespace

void RelayHub::want_chores(Group& group, bool sweep, Instant now) {
  if (sweep) {
    group.sweep_wanted = true;
    group.sweep_to = 0;
  }
  if (group.chores_at != kNever) return;
  set_chores(group, saturating_add(now, kChoresDelay));
}

void RelayHub::set_chores(Group& group, Instant at) {
  if (group.chores_at != kNever) chores_.erase({group.chores_at, group.state.id()});
  group.chores_at = at;
  if (at != kNever) chores_.insert({at, group.state.id()});
}

// Nobody was told of it, so the sessions go on: as if it had not been begun, and again later.
void RelayHub::undo_chores(Group& group, Instant now) {
  if (group.before) group.state.undo(group.before->payload_bytes, group.before->floor);
  group.before.reset();
  group.touched = false;
  group.sweep_wanted = true;
  group.sweep_to = 0;
  set_chores(group, saturating_add(now, kRetryDelay));
}

void RelayHub::save_devices(Group& group) {
  for (DeviceRecord& record : group.state.take_unsaved()) {
    effects_.push_back(PutDevice{.group = group.state.key(), .device = std::move(record)});
    touch_quietly(group);
  }
}

std::set<DeviceId> RelayHub::online_of(const Group& group) const {
  std::set<DeviceId> online;
  for (const auto& [device, session] : group.online) online.insert(device);
  return online;
}

RelayHub::Group* RelayHub::loaded(LogKey key) {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &groups_.at(found->second);
}

void RelayHub::removed(LogKey key, std::uint64_t sealed_bytes) {
  ++payloads_removed_;
  if (Group* group = loaded(key)) {
    touch_quietly(*group);
    group->state.payload_removed(sealed_bytes);
  }
}

// One step: what is to be saved, then some lines that may be confirmed, then the floor.
void RelayHub::do_chores(Group& group) {
  set_chores(group, kNever);
  save_devices(group);
  const std::uint64_t confirmed = group.state.confirmed_max(online_of(group));
  const std::uint64_t after = std::max(group.sweep_to, group.state.floor().cursor);
  if (group.sweep_wanted && after < confirmed) {
    op_ = SweepOp{.group = group.state.id(), .asked = limits().cleanup_lines_max};
    effects_.push_back(ReadPayloads{
        .group = group.state.key(), .after = after, .lines_max = limits().cleanup_lines_max});
    return;
  }
  group.sweep_wanted = false;
  const std::uint64_t droppable = group.state.acknowledged_by_all();
  if (droppable > group.state.floor().cursor) {
    op_ = StubsOp{.lines = {LineKey{group.state.key(), droppable}}};
    drop_next_stubs();
  }
}

void RelayHub::handle_sweep(const SweepOp& op, const ReadPayloads::Answer& lines, Instant now) {
  const auto found = groups_.find(op.group);
  if (found == groups_.end()) return;
  Group& group = found->second;
  const auto online = online_of(group);
  const std::uint64_t end = group.state.confirmed_max(online);
  bool done = lines.size() < op.asked;
  for (const LineRecord& line : lines) {
    if (line.cursor > end) {
      done = true;
      break;
    }
    group.sweep_to = line.cursor;
    if (line.cursor > group.state.confirmed_to(line.sender, online)) continue;
    effects_.push_back(MakeStub{.group = group.state.key(),
                                .cursor = line.cursor,
                                .reason = wire::StubReason::kConfirmed,
                                .now = clock_.at(now)});
    removed(group.state.key(), line.sealed_bytes);
  }
  if (done) group.sweep_to = end;
  // Once more at least: the floor comes after the last payload.
  set_chores(group, saturating_add(now, kNextStepDelay));
}

void RelayHub::handle_cleanup_read(Op op, RelayAnswer answer, Instant now) {
  if (const auto* sweep = std::get_if<SweepOp>(&op)) {
    return handle_sweep(*sweep, std::get<ReadPayloads::Answer>(answer), now);
  }
  if (auto* expiry = std::get_if<ExpiryOp>(&op)) {
    if (auto* lines = std::get_if<ReadExpired::Answer>(&answer)) {
      expiry->lines = std::move(*lines);
      // There may be more: not only at the next round.
      if (expiry->lines.size() >= limits().cleanup_lines_max) {
        cleanup_at_ = saturating_add(now, kNextStepDelay);
      }
    } else {
      expire_line(*expiry, std::get<ReadPayloads::Answer>(answer), now);
    }
    op_ = std::move(*expiry);
    return expire_next(now);
  }
  if (auto* stubs = std::get_if<StubsOp>(&op)) {
    if (auto* lines = std::get_if<ReadOldStubs::Answer>(&answer)) {
      stubs->lines = std::move(*lines);
    } else {
      handle_floor(stubs->lines[stubs->next++], std::get<DropStubs::Answer>(answer), now);
    }
    op_ = std::move(*stubs);
    return drop_next_stubs();
  }
}

// The next expired line, and what it weighs.
void RelayHub::expire_next(Instant now) {
  const auto& op = std::get<ExpiryOp>(op_);
  if (op.next == op.lines.size()) return begin_old_stubs(now);
  const LineKey& line = op.lines[op.next];
  effects_.push_back(ReadPayloads{.group = line.group, .after = line.cursor - 1, .lines_max = 1});
}

void RelayHub::expire_line(ExpiryOp& op, const ReadPayloads::Answer& found, Instant now) {
  const LineKey line = op.lines[op.next++];
  if (found.empty() || found.front().cursor != line.cursor) return;
  effects_.push_back(MakeStub{.group = line.group,
                              .cursor = line.cursor,
                              .reason = wire::StubReason::kExpired,
                              .now = clock_.at(now)});
  removed(line.group, found.front().sealed_bytes);
  if (Group* group = loaded(line.group)) want_chores(*group, true, now);
}

void RelayHub::begin_old_stubs(Instant now) {
  drop_idle_rates(now);
  const auto life = std::chrono::duration_cast<std::chrono::milliseconds>(limits().stub_life);
  op_ = StubsOp{};
  effects_.push_back(
      ReadOldStubs{.before = clock_.at(now) - life.count(), .groups_max = kOldStubGroupsMax});
}

void RelayHub::drop_next_stubs() {
  const auto& op = std::get<StubsOp>(op_);
  if (op.next == op.lines.size()) {
    op_ = std::monostate{};
    return;
  }
  const LineKey& line = op.lines[op.next];
  effects_.push_back(DropStubs{
      .group = line.group, .cursor = line.cursor, .lines_max = limits().cleanup_lines_max});
}

void RelayHub::handle_floor(const LineKey& asked, const wire::Position& floor, Instant now) {
  Group* group = loaded(asked.group);
  if (group == nullptr) return;
  const std::uint64_t before = group->state.floor().cursor;
  if (floor.cursor == before) return;
  touch_quietly(*group);
  group->state.set_floor(floor);
  // A long run goes in several steps.
  if (floor.cursor - before < limits().cleanup_lines_max || floor.cursor >= asked.cursor) return;
  set_chores(*group, saturating_add(now, kNextStepDelay));
}

// A device that comes back finds its counters as it left them, until they would be full anyway.
void RelayHub::drop_idle_rates(Instant now) {
  auto at = rates_.upper_bound(rates_from_);
  for (std::size_t i = 0; i < kRatesPerStep && !rates_.empty(); ++i) {
    if (at == rates_.end()) {
      rates_from_ = {};
      return;
    }
    rates_from_ = at->first;
    const bool idle = at->second.blobs.is_full(now) && at->second.bytes.is_full(now);
    at = idle ? rates_.erase(at) : std::next(at);
  }
}

}  // namespace zerok::core
