// SPDX-License-Identifier: MIT OR Apache-2.0
// Schedule: what is going to happen, ordered by (time, order of scheduling), so that equal times
// have one order on every machine.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace zerok::sim {

template <typename Action>
class Schedule {
 public:
  void add(Instant at, Action action) {
    heap_.push_back({at, ++sequence_, std::move(action)});
    std::push_heap(heap_.begin(), heap_.end());
  }
  Instant next() const { return heap_.empty() ? kNever : heap_.front().at; }
  Action take() {
    std::pop_heap(heap_.begin(), heap_.end());
    Action action = std::move(heap_.back().action);
    heap_.pop_back();
    return action;
  }
  bool empty() const { return heap_.empty(); }

 private:
  struct Entry {
    Instant at;
    std::uint64_t sequence;
    Action action;
    // For the heap functions: the earliest is the greatest.
    bool operator<(const Entry& other) const {
      return at != other.at ? at > other.at : sequence > other.sequence;
    }
  };
  std::vector<Entry> heap_;
  std::uint64_t sequence_ = 0;
};

}  // namespace zerok::sim
