// SPDX-License-Identifier: MIT OR Apache-2.0
#include "crypto/sign.h"

#include <sodium.h>

#include <utility>

namespace zerok::crypto {

Ed25519KeyPair::Ed25519KeyPair(Ed25519Seed seed, const Ed25519PublicKey& public_key)
    : seed_(std::move(seed)), public_key_(public_key) {}

Ed25519KeyPair Ed25519KeyPair::generate(Rng& rng) {
  Ed25519Seed seed;
  rng.fill(seed.mutable_bytes());
  return from_seed(std::move(seed));
}

Ed25519KeyPair Ed25519KeyPair::from_seed(Ed25519Seed seed) {
  Ed25519PublicKey public_key;
  Secret<crypto_sign_ed25519_SECRETKEYBYTES> expanded;
  crypto_sign_ed25519_seed_keypair(public_key.mutable_bytes().data(),
                                   expanded.mutable_bytes().data(), seed.bytes().data());
  return {std::move(seed), public_key};
}

Ed25519Signature Ed25519KeyPair::sign(ByteView message) const {
  // libsodium wants the seed with the public key behind it.
  Secret<crypto_sign_ed25519_SECRETKEYBYTES> expanded;
  const auto to = expanded.mutable_bytes();
  std::memcpy(to.data(), seed_.bytes().data(), Ed25519Seed::kSize);
  std::memcpy(to.data() + Ed25519Seed::kSize, public_key_.bytes().data(), Ed25519PublicKey::kSize);
  Ed25519Signature signature;
  crypto_sign_ed25519_detached(signature.mutable_bytes().data(), nullptr, message.data(),
                               message.size(), expanded.bytes().data());
  return signature;
}

Result<void> ed25519_verify(const Ed25519PublicKey& public_key, ByteView message,
                            const Ed25519Signature& signature) {
  if (crypto_sign_ed25519_verify_detached(signature.bytes().data(), message.data(), message.size(),
                                          public_key.bytes().data()) != 0) {
    return fail(ErrorCode::kCryptoFailed, "the signature does not hold");
  }
  return {};
}

}  // namespace zerok::crypto
