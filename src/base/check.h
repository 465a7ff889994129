// SPDX-License-Identifier: MIT OR Apache-2.0
// ZEROK_ASSERT stops the program on our own mistakes, in release builds too.
// Never put a condition here that a peer, a disk or a caller of the library can make false: those
// are Results.
#pragma once

namespace zerok::internal {
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;
}

#define ZEROK_ASSERT(condition) \
  (static_cast<bool>(condition) \
       ? static_cast<void>(0)   \
       : ::zerok::internal::assertion_failed(#condition, __FILE__, __LINE__))
