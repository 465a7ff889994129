// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench/awake.h"

#include <pthread.h>
#include <sched.h>

namespace zerok::bench {

Awake::Awake()
    : thread_([this] {
        const sched_param lowest{};
        // Any other thread of the machine goes first; where that can't be had, better no thread.
        if (::pthread_setschedparam(::pthread_self(), SCHED_IDLE, &lowest) != 0) return;
        while (!stop_.load(std::memory_order_relaxed)) {
        }
      }) {}

Awake::~Awake() {
  stop_.store(true, std::memory_order_relaxed);
  thread_.join();
}

}  // namespace zerok::bench
