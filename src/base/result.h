// SPDX-License-Identifier: MIT OR Apache-2.0
// Result<T>: a value or an Error. ZEROK_TRY and ZEROK_TRY_VOID return the error to the caller.
#pragma once

#include <expected>
#include <utility>

#include "base/error.h"

namespace zerok {

template <typename T>
using Result = std::expected<T, Error>;

// fail(ErrorCode::kTruncated, "message ends inside its header")
inline std::unexpected<Error> fail(ErrorCode code, StaticText text, std::int64_t native = 0) {
  return std::unexpected<Error>(Error{code, text, native});
}

}  // namespace zerok

#define ZEROK_INTERNAL_CONCAT2(a, b) a##b
#define ZEROK_INTERNAL_CONCAT(a, b) ZEROK_INTERNAL_CONCAT2(a, b)

// ZEROK_TRY(const auto header, decode_header(bytes)); Each is several statements: never the lone
// body of an if or a loop.
#define ZEROK_TRY(declaration, expression)                                       \
  auto ZEROK_INTERNAL_CONCAT(zerok_try_, __LINE__) = (expression);               \
  if (!ZEROK_INTERNAL_CONCAT(zerok_try_, __LINE__)) {                            \
    return std::unexpected(ZEROK_INTERNAL_CONCAT(zerok_try_, __LINE__).error()); \
  }                                                                              \
  declaration = *std::move(ZEROK_INTERNAL_CONCAT(zerok_try_, __LINE__))

// ZEROK_TRY_VOID(check_length(bytes));
#define ZEROK_TRY_VOID(expression)                               \
  if (auto zerok_try_result = (expression); !zerok_try_result) { \
    return std::unexpected(zerok_try_result.error());            \
  }                                                              \
  static_assert(true, "")
