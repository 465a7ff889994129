// SPDX-License-Identifier: MIT OR Apache-2.0
// This program again, as a process of its own, so that nothing else is in its memory and its CPU
// time. The child speaks with its parent over a socket pair, which is its standard input: it says
// something first, and then answers every byte.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace zerok::bench {

class Child {
 public:
  static Result<std::unique_ptr<Child>> start(std::vector<std::string> arguments);
  // Stops it and waits for its end.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // T: plain bytes. kInternal when the child is gone.
  template <typename T>
  Result<void> read(T& out) {
    return read_bytes(&out, sizeof(out));
  }
  template <typename T>
  Result<T> ask() {
    T out{};
    ZEROK_TRY_VOID(send_question());
    ZEROK_TRY_VOID(read(out));
    return out;
  }

 private:
  explicit Child(int socket) : socket_(socket) {}
  Result<void> read_bytes(void* out, std::size_t size);
  Result<void> send_question();

  int socket_;
  pid_t pid_ = -1;
};

// The child's side: what to say first, and what to each question.
bool send_to_parent(int socket, const void* bytes, std::size_t size);
// What the parent's end had: nothing, a question, or its end.
enum class Asked : std::uint8_t { kNothing, kQuestion, kEnd };
Asked asked_by_parent(int socket);

// Of this process.
std::uint64_t resident_bytes();

}  // namespace zerok::bench
