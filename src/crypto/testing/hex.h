// SPDX-License-Identifier: MIT OR Apache-2.0
// For tests only: vectors are written as hex, and become bytes or typed keys here. A vector that is
// not hex, or has another size than the key, stops the test program.
#pragma once

#include "base/check.h"
#include "crypto/keys.h"

namespace zerok::crypto::testing {

inline Bytes hex(std::string_view text) {
  auto bytes = from_hex(text);
  ZEROK_ASSERT(bytes.has_value());
  return *std::move(bytes);
}

// Any Secret or Id of a fixed size.
template <typename Key>
Key key_of(ByteView bytes) {
  ZEROK_ASSERT(bytes.size() == Key::kSize);
  return Key(std::span<const std::uint8_t, Key::kSize>(bytes));
}
template <typename Key>
Key key_of(std::string_view text) {
  return key_of<Key>(ByteView(hex(text)));
}

// first, first + 1, ...
inline Bytes counting_bytes(std::size_t size, std::uint8_t first = 0) {
  Bytes bytes(size);
  for (auto& byte : bytes) byte = first++;
  return bytes;
}

}  // namespace zerok::crypto::testing
