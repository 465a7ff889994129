// SPDX-License-Identifier: MIT OR Apache-2.0
// Pace: how many bytes to send or ask for at once. Halved when a session ended in the middle of it,
// doubled when it went well, within its bounds.
#pragma once

#include <algorithm>
#include <cstdint>

namespace zerok::core {

class Pace {
 public:
  Pace(std::uint32_t bytes_min, std::uint32_t bytes_max)
      : min_(std::min(bytes_min, bytes_max)), max_(bytes_max), bytes_(bytes_max) {}

  std::uint32_t bytes() const { return bytes_; }
  void went_well() { bytes_ = bytes_ > max_ / 2 ? max_ : bytes_ * 2; }
  void was_cut() { bytes_ = std::max(min_, bytes_ / 2); }

 private:
  std::uint32_t min_;
  std::uint32_t max_;
  std::uint32_t bytes_;
};

}  // namespace zerok::core
