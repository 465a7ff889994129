// SPDX-License-Identifier: MIT OR Apache-2.0
// Requests: the open requests of one session, what each was for, and when its answer is overdue. An
// answer that fits none is the relay's mistake.
#pragma once

#include <map>
#include <optional>

#include "base/time.h"
#include "wire/messages/limits.h"

namespace zerok::core {

enum class RequestKind : std::uint8_t {
  kOpening,  // HELLO or MAILBOX_JOIN
  kPush,
  kPull,
  kState,
  kDelete,
  kRosterGet,
  kRosterAppend,
  kPairing,
};

class Requests {
 public:
  // bytes: what asking and answering may take.
  std::uint32_t begin(RequestKind kind, Instant deadline, std::uint64_t bytes) {
    open_.emplace(++last_, Open{kind, deadline, bytes});
    return last_;
  }
  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [request, open] : open_) sum += open.bytes;
    return sum;
  }
  void set_deadline(std::uint32_t request, Instant deadline) {
    const auto at = open_.find(request);
    if (at != open_.end()) at->second.deadline = deadline;
  }
  // Forgets it; nothing if there is none.
  std::optional<RequestKind> end(std::uint32_t request) {
    const auto at = open_.find(request);
    if (at == open_.end()) return std::nullopt;
    const RequestKind kind = at->second.kind;
    open_.erase(at);
    return kind;
  }
  bool is_open(RequestKind kind) const {
    for (const auto& [request, open] : open_) {
      if (open.kind == kind) return true;
    }
    return false;
  }
  std::size_t size() const { return open_.size(); }
  std::size_t free() const { return wire::kOpenRequestsMax - open_.size(); }
  Instant next_deadline() const {
    Instant next = kNever;
    for (const auto& [request, open] : open_) next = std::min(next, open.deadline);
    return next;
  }
  void clear() {
    open_.clear();
    last_ = 0;
  }

 private:
  struct Open {
    RequestKind kind;
    Instant deadline;
    std::uint64_t bytes;
  };
  std::map<std::uint32_t, Open> open_;
  std::uint32_t last_ = 0;
};

}  // namespace zerok::core
