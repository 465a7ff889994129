// SPDX-License-Identifier: MIT OR Apache-2.0
// For tests only: a file of docs/protocol/vectors/ as the code makes it now. A test
// compares it with the file in the tree.
#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "base/bytes.h"

namespace zerok::core::testing {

class VectorFile {
 public:
  explicit VectorFile(std::string_view remark) : text_("# " + std::string(remark) + "\n") {}

  void section(std::string_view name) { text_ += "\n[" + std::string(name) + "]\n"; }
  void add(std::string_view name, ByteView value) {
    text_ += std::string(name) + (value.empty() ? " =" : " = ") + to_hex(value) + "\n";
  }
  void add_number(std::string_view name, std::uint64_t value) {
    text_ += std::string(name) + " = " + std::to_string(value) + "\n";
  }
  void add_word(std::string_view name, std::string_view word) {
    text_ += std::string(name) + " = " + std::string(word) + "\n";
  }

  const std::string& text() const { return text_; }
  // The file of that name in the tree; written anew first when ZEROK_WRITE_VECTORS is set.
  std::string published(std::string_view name) const {
    const std::string path =
        std::string(ZEROK_SOURCE_DIR "/docs/protocol/vectors/") + std::string(name);
    if (std::getenv("ZEROK_WRITE_VECTORS") != nullptr) std::ofstream(path) << text_;
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

 private:
  std::string text_;
};

}  // namespace zerok::core::testing
