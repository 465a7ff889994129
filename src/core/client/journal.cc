// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/client/journal.h"

namespace zerok::core {
namespace {

// What makes two notices the same: all but how much of it there was.
Bytes subject_of(NoticeDetail detail) {
  detail.count = 0;
  return detail.encode();
}

}  // namespace

void Journal::tell(ClientEvent event) {
  if (told_.insert(event).second) effects_.emplace_back(Tell{event});
}

void Journal::notice(NoticeKind kind, const NoticeDetail& detail) {
  if (unconfirmed_.size() >= notices_max_) {
    const NoticeKey more{NoticeKind::kMore, subject_of({})};
    if (unconfirmed_.size() > notices_max_ || unconfirmed_.contains(more)) return;
    unconfirmed_.emplace(more, change().notice_number + 1);
    add(AddNotice{++change().notice_number, NoticeKind::kMore, {}});
    return;
  }
  const auto number = record_.notice_number + 1;
  if (!unconfirmed_.emplace(NoticeKey{kind, subject_of(detail)}, number).second) return;
  change().notice_number = number;
  add(AddNotice{number, kind, detail});
  tell(ClientEvent::kNotice);
}

void Journal::restore_notice(std::uint64_t number, NoticeKind kind, const NoticeDetail& detail) {
  unconfirmed_.emplace(NoticeKey{kind, subject_of(detail)}, number);
}

void Journal::confirm_notices(std::uint64_t number) {
  std::erase_if(unconfirmed_, [&](const auto& entry) { return entry.second <= number; });
}

void Journal::close() {
  if (!dirty_) return;
  dirty_ = false;
  add(PutValue{kRecordValue, record_.encode()});
}

std::optional<ClientEffect> Journal::poll() {
  if (effects_.empty()) return std::nullopt;
  ClientEffect effect = std::move(effects_.front());
  effects_.pop_front();
  if (effects_.empty()) told_.clear();
  return effect;
}

}  // namespace zerok::core
