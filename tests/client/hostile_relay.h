// SPDX-License-Identifier: MIT OR Apache-2.0
// For tests only: one device whose relay is the test itself, two honest members and a log.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/engine_world.h"

namespace zerok::client::testing {

class HostileRelayTest : public ::testing::Test {
 protected:
  wire::Line next(FakeMember& member, std::string_view payload) {
    made_.push_back(member.next(payload));
    return made_.back().line;
  }
  EngineWorld world_;
  FakeMember second_{2};
  FakeMember third_{3};
  std::vector<wire::Line> log_;
  std::vector<FakeMember::Made> made_;  // keeps the bytes of lines alive
};

}  // namespace zerok::client::testing
