// SPDX-License-Identifier: MIT OR Apache-2.0
// TimerHeap: a binary heap of things that have one deadline each, which changes with every packet:
// each thing knows its place, so moving it costs no search and no memory. T has members
// `Instant deadline` and `std::size_t heap_at` (TimerHeap's, start at kNowhere).
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/time.h"

namespace zerok::transport {

inline constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

template <typename T>
class TimerHeap {
 public:
  // kNever takes it out.
  void set(T& item, Instant deadline) {
    if (deadline == kNever) return remove(item);
    const Instant before = item.deadline;
    item.deadline = deadline;
    if (item.heap_at == kNowhere) {
      item.heap_at = items_.size();
      items_.push_back(&item);
      return up(item.heap_at);
    }
    deadline < before ? up(item.heap_at) : down(item.heap_at);
  }
  void remove(T& item) {
    if (item.heap_at == kNowhere) return;
    const std::size_t at = item.heap_at;
    T* last = items_.back();
    items_.pop_back();
    item.heap_at = kNowhere;
    if (last == &item) return;
    items_[at] = last;
    last->heap_at = at;
    up(at);
    down(last->heap_at);
  }
  T* first() const { return items_.empty() ? nullptr : items_.front(); }
  Instant next() const { return items_.empty() ? kNever : items_.front()->deadline; }
  std::size_t size() const { return items_.size(); }

 private:
  void swap_at(std::size_t a, std::size_t b) {
    std::swap(items_[a], items_[b]);
    items_[a]->heap_at = a;
    items_[b]->heap_at = b;
  }
  void up(std::size_t at) {
    while (at > 0 && items_[at]->deadline < items_[(at - 1) / 2]->deadline) {
      swap_at(at, (at - 1) / 2);
      at = (at - 1) / 2;
    }
  }
  void down(std::size_t at) {
    while (true) {
      std::size_t least = at;
      for (std::size_t child = 2 * at + 1; child <= 2 * at + 2 && child < items_.size(); ++child) {
        if (items_[child]->deadline < items_[least]->deadline) least = child;
      }
      if (least == at) return;
      swap_at(at, least);
      at = least;
    }
  }

  std::vector<T*> items_;
};

}  // namespace zerok::transport
