// SPDX-License-Identifier: MIT OR Apache-2.0
// Journal: where the parts of a client write down what is to happen: changes of its record, effects
// in order, events and notices within their bounds. Shared by reference; the engine owns it.
#pragma once

#include <deque>
#include <map>
#include <set>

#include "core/client/effect.h"
#include "core/client/limits.h"

namespace zerok::core {

class Journal {
 public:
  Journal(const ClientRecord& record, std::size_t notices_max)
      : record_(record), notices_max_(notices_max) {}

  const ClientRecord& record() const { return record_; }
  // For a change that is to be stored.
  ClientRecord& change() {
    dirty_ = true;
    return record_;
  }
  // One that has been stored already; nothing else may be waiting to be.
  void adopt(const ClientRecord& record) { record_ = record; }
  void add(ClientEffect effect) { effects_.push_back(std::move(effect)); }
  void tell(ClientEvent event);
  // Unless the same one waits to be confirmed already.
  void notice(NoticeKind kind, const NoticeDetail& detail);

  // Notices that the store holds, at the start; and those confirmed since.
  void restore_notice(std::uint64_t number, NoticeKind kind, const NoticeDetail& detail);
  void confirm_notices(std::uint64_t number);

  // Writes a changed record down; call before the effects are taken.
  void close();
  std::optional<ClientEffect> poll();
  bool empty() const { return effects_.empty() && !dirty_; }

 private:
  using NoticeKey = std::pair<NoticeKind, Bytes>;

  ClientRecord record_;
  std::size_t notices_max_;
  bool dirty_ = false;
  std::deque<ClientEffect> effects_;
  std::set<ClientEvent> told_;  // in effects_ already
  std::map<NoticeKey, std::uint64_t> unconfirmed_;
};

}  // namespace zerok::core
