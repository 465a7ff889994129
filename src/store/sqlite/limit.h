// SPDX-License-Identifier: MIT OR Apache-2.0
// Numbers of a caller as the signed ones of an SQL statement.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "wire/messages/limits.h"

namespace zerok::store {

// No row has a number above the bound.
inline std::uint64_t as_bound(std::uint64_t number) { return std::min(number, wire::kCountMax); }

inline std::uint64_t as_limit(std::size_t count) {
  return std::min<std::uint64_t>(count, wire::kCountMax);
}

}  // namespace zerok::store
