// SPDX-License-Identifier: MIT OR Apache-2.0
// Labels: whatever is hashed, signed or bound to a ciphertext starts with one byte for its label's
// length and the label, so that no input under one label can equal an input under another
// (docs/protocol/keys.md section 1). For the files of core only.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "crypto/hash.h"

namespace zerok::core {

// byte(length of label) || label, with room for size_after bytes that the caller appends. A label
// has at most 255 bytes.
inline Bytes begin_labelled(std::string_view label, std::size_t size_after) {
  Bytes out;
  out.reserve(1 + label.size() + size_after);
  out.push_back(static_cast<std::uint8_t>(label.size()));
  out.insert(out.end(), label.begin(), label.end());
  return out;
}

inline void append(Bytes& out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// H(label, bytes).
inline crypto::Hash256 labelled_hash(std::string_view label, ByteView bytes) {
  const auto size = static_cast<std::uint8_t>(label.size());
  return crypto::Sha256().update(ByteView(&size, 1)).update(as_bytes(label)).update(bytes).finish();
}

}  // namespace zerok::core
