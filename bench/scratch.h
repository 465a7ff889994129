// SPDX-License-Identifier: MIT OR Apache-2.0
// Where the measurements keep their databases: a folder of their own beside the program, since the
// system's folder for temporary files may be in memory, where a sync costs nothing.
#pragma once

#include <string>

#include "base/result.h"

namespace zerok::bench {

class Scratch {
 public:
  static Result<Scratch> make();
  // Removes the folder and all that is in it.
  ~Scratch();
  Scratch(Scratch&& other) noexcept : folder_(std::move(other.folder_)) { other.folder_.clear(); }
  Scratch& operator=(Scratch&&) = delete;

  std::string file(const std::string& name) const { return folder_ + "/" + name; }

 private:
  explicit Scratch(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

// "ext4", "tmpfs", or its number: what a figure with a sync in it was measured on.
std::string scratch_file_system();

}  // namespace zerok::bench
