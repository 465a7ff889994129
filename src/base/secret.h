// SPDX-License-Identifier: MIT OR Apache-2.0
// Secret<N>: N bytes that are cleared when they die. It moves (clearing the source), copies only by
// name, has no text form, and compares in constant time. Typed keys derive from it (crypto/keys.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstring>

#include "base/bytes.h"

namespace zerok {

// Clears memory in a way the optimiser keeps.
void secure_wipe(MutableByteView bytes) noexcept;
// Constant time in the contents; false for different sizes.
bool constant_time_equal(ByteView a, ByteView b) noexcept;

template <std::size_t N>
class Secret {
 public:
  static constexpr std::size_t kSize = N;

  // Zeros, to be filled through mutable_bytes().
  Secret() = default;
  explicit Secret(std::span<const std::uint8_t, N> bytes) {
    std::memcpy(bytes_.data(), bytes.data(), N);
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      other.wipe();
    }
    return *this;
  }
  ~Secret() { wipe(); }

  // Reading and writing the bytes is always visible at the call: key.bytes().
  std::span<const std::uint8_t, N> bytes() const { return bytes_; }
  std::span<std::uint8_t, N> mutable_bytes() { return bytes_; }
  void wipe() noexcept { secure_wipe(bytes_); }

  friend bool operator==(const Secret& a, const Secret& b) {
    return constant_time_equal(a.bytes_, b.bytes_);
  }

 private:
  std::array<std::uint8_t, N> bytes_{};
};

}  // namespace zerok
