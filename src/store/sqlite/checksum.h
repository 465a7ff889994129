// SPDX-License-Identifier: MIT OR Apache-2.0
// A 64-bit checksum against disks that return other bytes than were written. Not against people:
// what must not be forged is sealed. Any change within one aligned word of 8 bytes is noticed for
// certain, because each step is a bijection of the word and of the state; others with odds of 2^64.
#pragma once

#include "base/bytes.h"

namespace zerok::store {

// `place` is part of it, for bytes that turn up where others belong.
inline std::uint64_t checksum(ByteView bytes, std::uint64_t place = 0) {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  std::uint64_t state = (bytes.size() ^ (place << 32) ^ (place >> 32)) * kOdd;
  const auto mix = [&](std::uint64_t word) {
    state = (state ^ word) * kOdd;
    state ^= state >> 32;
  };
  while (bytes.size() >= 8) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < 8; ++i) word |= std::uint64_t{bytes[i]} << (8 * i);
    mix(word);
    bytes = bytes.subspan(8);
  }
  std::uint64_t rest = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) rest |= std::uint64_t{bytes[i]} << (8 * i);
  mix(rest);
  return state;
}

}  // namespace zerok::store
