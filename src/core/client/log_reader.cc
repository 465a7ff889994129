// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/client/log_reader.h"

#include <algorithm>

namespace zerok::core {
namespace {

std::uint64_t sealed_bytes_of(const std::vector<wire::Line>& lines) {
  std::uint64_t bytes = 0;
  for (const wire::Line& line : lines) bytes += line.sealed.size();
  return bytes;
}

}  // namespace

void LogReader::begin(const wire::Position& position, std::uint64_t highest,
                      std::uint32_t relay_lines_max, std::uint32_t relay_bytes_max) {
  end();
  position_ = position;
  highest_ = highest;
  relay_lines_max_ = std::max<std::uint32_t>(1, relay_lines_max);
  relay_bytes_max_ = std::max<std::uint32_t>(1, relay_bytes_max);
}

void LogReader::end() {
  asked_.clear();
  kept_.clear();
  taking_.reset();
  highest_ = 0;
  notified_ = 0;
}

std::optional<LogReader::Ask> LogReader::next_ask(const ClientLimits& limits,
                                                  std::uint32_t bytes_max) const {
  if (asked_.size() >= limits.pulls_max) return std::nullopt;
  const bool idle = asked_.empty() && kept_.empty() && !taking_;
  const std::uint64_t after = idle ? position_.cursor : asked_through_;
  const std::uint64_t target = highest();
  if (after >= target) return std::nullopt;
  Ask ask;
  ask.after = after;
  ask.bytes_max =
      std::min({bytes_max, relay_bytes_max_, static_cast<std::uint32_t>(wire::kBatchBytesMax)});
  const std::uint64_t fit = std::max<std::uint64_t>(1, ask.bytes_max / line_bytes_);
  ask.lines_max = static_cast<std::uint32_t>(std::min<std::uint64_t>(
      {fit, limits.pull_lines_max, relay_lines_max_, wire::kPullLinesMax, target - after}));
  return ask;
}

void LogReader::asked(std::uint32_t request, const Ask& ask) {
  asked_.emplace(request, ask);
  asked_through_ = ask.after + ask.lines_max;
  // The answer is newer than every notice so far, and so is its highest.
  highest_ = std::max(highest_, std::min(notified_, asked_through_));
  notified_ = 0;
}

bool LogReader::answered(std::uint32_t request, ByteView body) {
  const auto at = asked_.find(request);
  if (at == asked_.end()) return true;
  const Ask ask = at->second;
  asked_.erase(at);
  Kept kept{ask, Bytes(body.begin(), body.end()), {}, 0};
  auto response = wire::PullResponse::decode(kept.body);
  if (!response) return false;
  const std::size_t lines = response->lines.size();
  // That the lines fit under its highest was checked by decode().
  if (response->before.cursor < ask.after || lines > ask.lines_max) return false;
  kept.response = *std::move(response);
  kept_.insert_or_assign(ask.after, std::move(kept));
  return true;
}

void LogReader::refused() { forget_asked(); }

void LogReader::notified(const wire::Notify& notify, bool take_inline) {
  notified_ = std::max(notified_, notify.highest);
  if (!take_inline || !notify.line || notify.line->cursor != position_.cursor + 1 || taking_ ||
      !asked_.empty() || !kept_.empty()) {
    return;
  }
  // Taken as if it had been asked for.
  const wire::Line& line = notify.line->line;
  Kept kept{{position_.cursor, 1, 0}, Bytes(line.sealed.begin(), line.sealed.end()), {}, 0};
  kept.response.before = position_;
  kept.response.lines.push_back(line);
  kept.response.lines.back().sealed = kept.body;
  kept.response.highest = std::max(notify.line->cursor, notify.highest);
  kept_.emplace(position_.cursor, std::move(kept));
  notified_ = 0;
}

LogReader::Turn LogReader::next_turn() {
  if (taking_) return Turn::kTake;
  std::erase_if(kept_, [&](const auto& entry) { return entry.first < position_.cursor; });
  const auto at = kept_.find(position_.cursor);
  if (at == kept_.end()) {
    // What was asked for later can't be put behind our position any more.
    if (asked_.empty() && !kept_.empty()) kept_.clear();
    return Turn::kWait;
  }
  Kept kept = std::move(at->second);
  kept_.erase(at);
  if (kept.response.before.cursor > position_.cursor) return Turn::kLost;
  if (kept.response.before.log_hash != position_.log_hash) return Turn::kReset;
  const std::size_t lines = kept.response.lines.size();
  if (lines > 0) {
    const std::uint64_t average = sealed_bytes_of(kept.response.lines) / lines;
    line_bytes_ = std::max<std::uint64_t>(64, (line_bytes_ + average + 1) / 2);
  }
  highest_ = kept.response.highest;
  if (lines < kept.ask.lines_max) forget_asked();
  if (lines == 0) return next_turn();
  taking_ = std::move(kept);
  return Turn::kTake;
}

std::optional<LogReader::Next> LogReader::take_next() {
  if (!taking_) return std::nullopt;
  if (taking_->taken == taking_->response.lines.size()) {
    taking_.reset();
    return std::nullopt;
  }
  Next next;
  next.line = taking_->response.lines[taking_->taken++];
  next.cursor = position_.cursor + 1;
  next.ciphertext = next.line.kind == wire::LineKind::kBlob ? ciphertext_hash(next.line.sealed)
                                                            : next.line.ciphertext_hash;
  position_.log_hash =
      extend_log_hash(position_.log_hash, next.cursor, next.line.blob, next.ciphertext);
  position_.cursor = next.cursor;
  return next;
}

// Answers that come after a short one would leave a gap: what follows is asked for anew.
void LogReader::forget_asked() {
  asked_.clear();
  kept_.clear();
}

}  // namespace zerok::core
