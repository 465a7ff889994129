// SPDX-License-Identifier: MIT OR Apache-2.0
// What this device reads: PULLs, each line of the log, what is missing once all was read,
// acknowledgements.
#include "base/planted_bug.h"
#include "core/client/engine.h"

namespace zerok::core {
namespace {

// Requests that reading leaves to everything else.
constexpr std::size_t kRequestsKept = 8;

}  // namespace

void ClientEngine::send_pulls() {
  if (closing_ || now_ < pull_due_ || inbox_.is_full()) return;
  while (requests_.free() > kRequestsKept) {
    const auto ask = reader_.next_ask(limits_, pull_pace_.bytes());
    if (!ask) return;
    wire::Pull pull;
    pull.after = ask->after;
    pull.stored = record().position.cursor;
    pull.lines_max = ask->lines_max;
    pull.bytes_max = ask->bytes_max;
    auto body = pull.encode();
    if (!body) return;
    const std::uint32_t request = send_request(RequestKind::kPull, wire::MessageType::kPull,
                                               *std::move(body), ask->bytes_max);
    reader_.asked(request, *ask);
    acked_ = pull.stored;
  }
}

void ClientEngine::read_log() {
  for (;;) {
    switch (reader_.next_turn()) {
      case LogReader::Turn::kWait:
        return;
      case LogReader::Turn::kTake:
        while (const auto next = reader_.take_next()) {
          take_line(*next);
          if (record().read_before == reader_.position()) {
            losses_.drop_suspects();
            journal_.change().read_before.reset();
          }
        }
        journal_.change().position = reader_.position();
        break;
      case LogReader::Turn::kReset:
        // WELCOME of the next session says what it is. If it does not, it is one all the same.
        ++broken_logs_;
        return close(
            {AfterEnd::kRetry, 0, {ErrorCode::kReset, "the relay's log is another one"}, {}});
      case LogReader::Turn::kLost:
        ++broken_logs_;
        return close(
            {AfterEnd::kRetry, 0, {ErrorCode::kReset, "the relay's log begins later"}, {}});
    }
  }
}

void ClientEngine::take_line(const LogReader::Next& next) {
  const wire::Line& line = next.line;
  if (line.kind == wire::LineKind::kOwn || line.sender == self()) return;
  if (planted(PlantedBug::kOwnPushMovesPosition) && next.cursor <= own_cursor_) return;
  if (line.kind == wire::LineKind::kStub) return handle_stub(line);
  const auto outcome = inbox_.receive(
      {line.blob, line.group, line.sender, next.ciphertext, line.sealed}, *group_, journal_);
  if (outcome == Inbox::Outcome::kReady && !inbox_.has_gap_of(line.sender)) {
    losses_.settle(line.sender);
  }
}

void ClientEngine::handle_stub(const wire::Line& line) {
  // Whom the roster does not know sent nothing that could be missed: inventions would fill the
  // ledger for good.
  if (group_->roster().find(line.sender) == nullptr) return;
  const bool deleted = line.reason == wire::StubReason::kDeleted;
  if (record().read_before) {
    // Nobody can tell whether it is here. Taken for lost, a deleted one would be told for nothing;
    // taken as an excuse, it would let a gap pass that has nothing to do with it.
    if (!deleted) losses_.suspect(line.sender);
  } else if (deleted) {
    losses_.add_deleted(line.sender);
  } else {
    losses_.add_lost(line.sender);
  }
}

// Only now is it known what will not come by itself.
void ClientEngine::handle_caught_up() {
  if (!reader_.caught_up()) return;
  broken_logs_ = 0;
  losses_.decide([&](const DeviceId& sender) {
    return inbox_.misses(sender) || !inbox_.has_chain_of(sender);
  });
  for (const auto& [sender, count] : losses_.take_untold()) {
    NoticeDetail detail;
    detail.device = sender;
    detail.count = count;
    detail.last = record().position.cursor;
    journal_.notice(NoticeKind::kHistoryLost, detail);
  }
  inbox_.settle_gaps(losses_, journal_);
  give_up_dropped();
  inbox_.tell_gaps(now_, journal_);
  if (record().read_before) journal_.change().read_before.reset();
  if (now_ >= withheld_check_) tell_withheld();
}

// A sender lets go what every other device of its roster has. When the relay loses that too, before
// a device that came later has read it, nobody brings it any more, and to wait for it would hold
// back for ever what follows. Senders push in order, so a gap in a log that was read to its end is
// always of that kind, unless the relay withholds: where this device has had something of the chain
// already, it is given time to show it.
void ClientEngine::give_up_dropped() {
  for (const Inbox::Gap& gap : inbox_.gaps(now_)) {
    const bool came_later = gap.missing.first == 1 && !inbox_.has_aside(gap.chain.sender);
    if (!came_later && now_ < saturating_add(gap.since, limits_.withheld_after)) continue;
    NoticeDetail detail;
    detail.device = gap.chain.sender;
    detail.incarnation = gap.chain.incarnation;
    detail.first = gap.missing.first;
    detail.last = gap.missing.last;
    detail.count = gap.missing.last - gap.missing.first + 1;
    journal_.notice(NoticeKind::kHistoryLost, detail);
    inbox_.pass_over(gap, journal_);
  }
}

void ClientEngine::tell_withheld() {
  withheld_check_ = saturating_add(now_, limits_.withheld_after);
  decltype(withheld_since_) still;
  for (const Member& member : group_->roster().members()) {
    if (member.device == self()) continue;
    for (const auto& [witness, position] : inbox_.claimed_beyond(member.device)) {
      const auto key = std::pair{member.device, position.sequence};
      const auto before = withheld_since_.find(key);
      still.emplace(key, before == withheld_since_.end() ? now_ : before->second);
      if (before == withheld_since_.end()) continue;
      NoticeDetail detail;
      detail.device = member.device;
      detail.other = witness;
      detail.last = position.sequence;
      journal_.notice(NoticeKind::kWithheld, detail);
    }
  }
  withheld_since_ = std::move(still);
}

void ClientEngine::send_ack() {
  const std::uint64_t stored = record().position.cursor;
  if (stored <= acked_ || now_ < ack_due_) return;
  wire::Ack ack;
  ack.stored = stored;
  auto body = ack.encode();
  if (!body) return;
  send_notice(wire::MessageType::kAck, *std::move(body));
  acked_ = stored;
  ack_due_ = saturating_add(now_, limits_.ack_interval);
}

void ClientEngine::handle_quarantined(const InboxEntry& entry, ByteView sealed) {
  if (group_) inbox_.retry(entry, sealed, *group_, journal_);
}

}  // namespace zerok::core
