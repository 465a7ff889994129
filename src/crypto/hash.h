// SPDX-License-Identifier: MIT OR Apache-2.0
// Hashes and HMAC: SHA-256 and SHA-512 (FIPS 180-4), BLAKE2s-256 (RFC 7693, unkeyed). Incremental
// objects live on the stack, never allocate and clear their state when they die, because what they
// hashed may be secret.
#pragma once

#include "crypto/keys.h"

namespace zerok::crypto {

class Sha256 {
 public:
  static constexpr std::size_t kBlockSize = 64;

  Sha256();
  Sha256(const Sha256&) = default;
  Sha256& operator=(const Sha256&) = default;
  ~Sha256();
  Sha256& update(ByteView bytes);
  // Ends the computation; the object must not be used again.
  Hash256 finish();

 private:
  alignas(16) ByteArray<112> state_;
};

class Sha512 {
 public:
  static constexpr std::size_t kBlockSize = 128;
  static constexpr std::size_t kSize = 64;

  Sha512();
  Sha512(const Sha512&) = default;
  Sha512& operator=(const Sha512&) = default;
  ~Sha512();
  Sha512& update(ByteView bytes);
  // Ends the computation; the object must not be used again.
  ByteArray<kSize> finish();

 private:
  alignas(16) ByteArray<208> state_;
};

class Blake2s {
 public:
  static constexpr std::size_t kBlockSize = 64;

  Blake2s();
  Blake2s(const Blake2s&) = default;
  Blake2s& operator=(const Blake2s&) = default;
  ~Blake2s();
  Blake2s& update(ByteView bytes);
  Hash256 finish();

 private:
  alignas(64) ByteArray<192> state_;
};

// RFC 2104 over Sha256 or Blake2s, which both have 64-byte blocks. The key may be of any length.
template <typename Hash>
class Hmac {
 public:
  explicit Hmac(ByteView key) {
    ByteArray<Hash::kBlockSize> block{};
    if (key.size() > block.size()) {
      Hash256 digest = Hash().update(key).finish();
      std::copy(digest.begin(), digest.end(), block.begin());
      secure_wipe(digest);
    } else {
      std::copy(key.begin(), key.end(), block.begin());
    }
    for (auto& b : block) b ^= 0x36;
    inner_.update(block);
    for (auto& b : block) b ^= 0x36 ^ 0x5c;
    outer_.update(block);
    secure_wipe(block);
  }
  Hmac& update(ByteView bytes) {
    inner_.update(bytes);
    return *this;
  }
  Hash256 finish() {
    Hash256 inner = inner_.finish();
    outer_.update(inner);
    secure_wipe(inner);
    return outer_.finish();
  }

 private:
  Hash inner_;
  Hash outer_;
};

}  // namespace zerok::crypto
