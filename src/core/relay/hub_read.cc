// SPDX-License-Identifier: MIT OR Apache-2.0
// RelayHub: PULL and ACK, docs/protocol/messages.md, section 7.
#include <algorithm>

#include "base/planted_bug.h"
#include "core/relay/hub.h"

namespace zerok::core {

using wire::WireErrorCode;

void RelayHub::begin_pull(SessionId id, RelaySession& session, std::uint32_t request,
                          const wire::Pull& pull, Instant now) {
  const Group& group = *group_of(session);
  if (pull.after > group.state.head().cursor) {
    return end(id, request, WireErrorCode::kInvalidMessage, now);
  }
  acknowledge(session, pull.stored, now);
  const PullOp op{.session = id,
                  .request = request,
                  .after = std::max(pull.after, group.state.floor().cursor),
                  .lines_max = std::min(pull.lines_max, limits().pull_lines_max),
                  .bytes_max = std::min(pull.bytes_max, limits().pull_bytes_max),
                  .own_content = pull.own_content};
  op_ = op;
  read_lines(op, session, group);
}

void RelayHub::read_lines(const PullOp& op, const RelaySession& session, const Group& group) {
  effects_.push_back(ReadLines{
      .group = group.state.key(),
      .after = op.after,
      .lines_max = op.lines_max,
      .bytes_max = op.bytes_max,
      .without_payload_of = op.own_content ? std::nullopt : std::optional(session.device)});
}

void RelayHub::handle_pull_lines(const PullOp& op, const ReadLines::Answer& read, Instant now) {
  RelaySession& session = *find(op.session);
  Group& group = *group_of(session);
  if (read.is_damaged) {
    // The line goes on without its payload, or nobody would ever get past it.
    effects_.push_back(MakeStub{.group = group.state.key(),
                                .cursor = op.after + 1,
                                .reason = wire::StubReason::kDamaged,
                                .now = clock_.at(now)});
    touch(group);
    op_ = op;
    return read_lines(op, session, group);
  }
  wire::PullResponse response{.highest = group.state.head().cursor};
  response.before = {.cursor = op.after, .log_hash = read.before.value_or(LogHash())};
  for (const LineWithPayload& read_line : read.lines) {
    const LineRecord& line = read_line.line;
    wire::Line told{.blob = line.blob, .sender = line.sender};
    if (line.stub) {
      if (planted(PlantedBug::kStubMissing)) continue;
      told.kind = wire::LineKind::kStub;
      told.ciphertext_hash = line.ciphertext_hash;
      told.reason = *line.stub;
    } else if (line.sender == session.device && !op.own_content) {
      told.kind = wire::LineKind::kOwn;
      told.ciphertext_hash = line.ciphertext_hash;
    } else {
      told.kind = wire::LineKind::kBlob;
      told.group = line.epoch_group;
      told.sealed = read_line.sealed;
    }
    response.lines.push_back(told);
  }
  const std::uint64_t last = op.after + response.lines.size();
  session.shown = std::max(session.shown, last);
  session.read_to = std::max(session.read_to, last);
  answer(op.session, op.request, response);
}

// Steers the space of this relay and nothing else, and only by what this session has seen of this
// very log.
void RelayHub::acknowledge(RelaySession& session, std::uint64_t stored, Instant now) {
  Group& group = *group_of(session);
  if (group.state.acknowledge(session.device, std::min(stored, session.shown))) {
    want_chores(group, true, now);
  }
}

}  // namespace zerok::core
