// SPDX-License-Identifier: MIT OR Apache-2.0
#include "base/rng.h"

#include <sodium.h>

#include <bit>
#include <cstring>

#include "base/check.h"

namespace zerok {

std::uint64_t Rng::next_u64() {
  ByteArray<8> bytes;
  fill(bytes);
  return load_be64(bytes);
}

std::uint64_t Rng::below(std::uint64_t bound) {
  ZEROK_ASSERT(bound > 0);
  // Values under 2^64 mod bound would make the low results likelier.
  const std::uint64_t unfair = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t value = next_u64();
    if (value >= unfair) return value % bound;
  }
}

SystemRng::SystemRng() { ZEROK_ASSERT(sodium_init() >= 0); }

void SystemRng::fill(MutableByteView out) { randombytes_buf(out.data(), out.size()); }

DeterministicRng::DeterministicRng(std::uint64_t seed) {
  for (auto& word : state_) {
    seed += 0x9e3779b97f4a7c15;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    word = z ^ (z >> 31);
  }
}

std::uint64_t DeterministicRng::step() {
  const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

void DeterministicRng::fill(MutableByteView out) {
  while (!out.empty()) {
    ByteArray<8> word;
    store_be64(word, step());
    const std::size_t n = std::min(out.size(), word.size());
    std::memcpy(out.data(), word.data(), n);
    out = out.subspan(n);
  }
}

DeterministicRng DeterministicRng::fork() { return DeterministicRng(step()); }

}  // namespace zerok
