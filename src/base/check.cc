// SPDX-License-Identifier: MIT OR Apache-2.0
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace zerok::internal {

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "0k-sync bug: '%s' is false at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace zerok::internal
