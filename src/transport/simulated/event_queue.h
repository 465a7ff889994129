// SPDX-License-Identifier: MIT OR Apache-2.0
// EventQueue: the events of a simulated endpoint in order, at most one per connection, stream and
// kind. What was told and not polled yet is not told again.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <tuple>

#include "transport/transport.h"

namespace zerok::transport::simulated {

class EventQueue {
 public:
  void push(const Event& event) {
    if (waiting_.insert(key(event)).second) events_.push_back(event);
  }
  std::optional<Event> poll() {
    if (events_.empty()) return std::nullopt;
    const Event event = events_.front();
    events_.pop_front();
    waiting_.erase(key(event));
    return event;
  }
  // After the local side closed a connection nothing more is told about it.
  void drop(ConnectionId connection) {
    std::erase_if(events_, [&](const Event& event) { return event.connection == connection; });
    std::erase_if(waiting_, [&](const Key& one) { return std::get<0>(one) == connection; });
  }
  std::size_t size() const { return events_.size(); }

 private:
  using Key = std::tuple<ConnectionId, StreamId, Event::Kind>;
  static Key key(const Event& event) { return {event.connection, event.stream, event.kind}; }

  std::deque<Event> events_;
  std::set<Key> waiting_;
};

}  // namespace zerok::transport::simulated
