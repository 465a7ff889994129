// SPDX-License-Identifier: MIT OR Apache-2.0
// Keeps a core busy at the lowest priority there is while it exists. A virtual machine all of whose
// cores sleep may learn only at its next timer tick that its disk has finished; measurements say
// with which of the two they were made.
#pragma once

#include <atomic>
#include <thread>

namespace zerok::bench {

class Awake {
 public:
  Awake();
  ~Awake();
  Awake(const Awake&) = delete;
  Awake& operator=(const Awake&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace zerok::bench
