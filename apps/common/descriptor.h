// SPDX-License-Identifier: MIT OR Apache-2.0
// A file descriptor that is closed when it dies; -1 is none.
#pragma once

#include <unistd.h>

namespace zerok::apps {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace zerok::apps
