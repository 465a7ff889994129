// SPDX-License-Identifier: MIT OR Apache-2.0
// Results in assertions, with the error in the message. For tests of stores only.
#pragma once

#include <gtest/gtest.h>

#include "base/result.h"
#include "store/contract_harness.h"

namespace zerok::store {

// EXPECT_TRUE(is(result, code)): it failed so.
template <typename T>
testing::AssertionResult is(const Result<T>& result, ErrorCode code) {
  if (result) return testing::AssertionFailure() << "did not fail";
  if (result.error().code == code) return testing::AssertionSuccess();
  return testing::AssertionFailure() << error_code_name(result.error().code) << ": "
                                     << result.error().text.view() << " " << result.error().native;
}
// ASSERT_TRUE(good(result)), with the error as the message.
template <typename T>
testing::AssertionResult good(const Result<T>& result) {
  if (result) return testing::AssertionSuccess();
  return testing::AssertionFailure() << error_code_name(result.error().code) << ": "
                                     << result.error().text.view() << " " << result.error().native;
}

}  // namespace zerok::store
