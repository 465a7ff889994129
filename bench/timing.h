// SPDX-License-Identifier: MIT OR Apache-2.0
// Clocks and the loop of the single-threaded measurements. They count the thread's CPU time, not
// the wall's, so that another program's work on the machine is not taken for ours.
#pragma once

#include <time.h>

#include <cstdint>

namespace zerok::bench {

inline double clock_seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}
inline double thread_cpu_seconds() { return clock_seconds(CLOCK_THREAD_CPUTIME_ID); }
inline double wall_seconds() { return clock_seconds(CLOCK_MONOTONIC); }

// Makes the compiler believe that somebody looks at the object.
template <typename T>
void keep(const T& object) {
  asm volatile("" : : "r"(&object) : "memory");
}

// CPU seconds that one call takes, over a window of about `seconds`.
template <typename Function>
double seconds_per_call(double seconds, Function&& function) {
  function();
  std::uint64_t calls = 0;
  std::uint64_t batch = 1;
  const double start = thread_cpu_seconds();
  double elapsed = 0;
  do {
    for (std::uint64_t i = 0; i < batch; ++i) function();
    calls += batch;
    elapsed = thread_cpu_seconds() - start;
    if (elapsed < seconds / 16) batch *= 2;
  } while (elapsed < seconds);
  return elapsed / static_cast<double>(calls);
}

inline constexpr double kMebibyte = 1048576.0;

}  // namespace zerok::bench
