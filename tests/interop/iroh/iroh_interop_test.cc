// SPDX-License-Identifier: MIT OR Apache-2.0
// main() of the live interop test against iroh 1.0.2. All traffic stays on loopback, where the
// system allows it in a network namespace of its own.
#include <gtest/gtest.h>

#include <iostream>

#include "tests/interop/iroh/loopback_namespace.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (!GTEST_FLAG_GET(list_tests) && !zerok::interop::enter_loopback_namespace()) {
    std::cerr << "note: no network namespace of our own here; loopback is shared\n";
  }
  return RUN_ALL_TESTS();
}
