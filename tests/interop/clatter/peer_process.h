// SPDX-License-Identifier: MIT OR Apache-2.0
// A child process that speaks length-prefixed frames over its standard input and output. Every wait
// has an end: past the deadline calls fail, and the destructor kills the child by its id. Linux;
// for tests, one thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace zerok::interop {

class PeerProcess {
 public:
  // Starts the program with the arguments; all of its life must fit into the time limit.
  PeerProcess(const std::string& program, const std::vector<std::string>& arguments,
              std::chrono::seconds time_limit);
  PeerProcess(const PeerProcess&) = delete;
  PeerProcess& operator=(const PeerProcess&) = delete;
  ~PeerProcess();

  bool is_started() const { return pid_ > 0; }
  // Sends a 16-bit big-endian length and the bytes. False when the child no longer reads.
  bool write_frame(ByteView frame);
  // Nothing when the child has closed its output, or at the deadline.
  std::optional<Bytes> read_frame();
  // Sends bytes as they are.
  bool write_raw(ByteView bytes);
  void close_input();
  // The exit code; nothing if a signal ended it or it had to be killed at the deadline.
  std::optional<int> wait();

 private:
  using Clock = std::chrono::steady_clock;
  bool wait_for(int fd, short events) const;
  bool read_exactly(MutableByteView out);

  Clock::time_point deadline_;
  int pid_ = -1;
  int to_child_ = -1;
  int from_child_ = -1;
};

}  // namespace zerok::interop
