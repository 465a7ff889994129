// SPDX-License-Identifier: MIT OR Apache-2.0
// Rng: where random bytes come from. Passed as a parameter, so the same code runs test vectors, the
// simulator and production. SystemRng is the operating system's generator; DeterministicRng is for
// tests and simulations only.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace zerok {

class Rng {
 public:
  virtual ~Rng() = default;
  virtual void fill(MutableByteView out) = 0;

  std::uint64_t next_u64();
  // Uniform in [0, bound), without modulo bias; bound > 0.
  std::uint64_t below(std::uint64_t bound);
};

// The operating system's generator through libsodium. Safe to use from any thread.
class SystemRng final : public Rng {
 public:
  SystemRng();
  void fill(MutableByteView out) override;
};

// xoshiro256++ seeded by splitmix64 (Blackman and Vigna). Fast, reproducible, and NOT for keys.
class DeterministicRng final : public Rng {
 public:
  explicit DeterministicRng(std::uint64_t seed);
  void fill(MutableByteView out) override;
  // An independent generator, so that one component's draws never shift another's.
  DeterministicRng fork();

 private:
  std::uint64_t step();
  std::uint64_t state_[4];
};

}  // namespace zerok
