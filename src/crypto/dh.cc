// SPDX-License-Identifier: MIT OR Apache-2.0
#include "crypto/dh.h"

#include <sodium.h>

namespace zerok::crypto {

X25519KeyPair X25519KeyPair::generate(Rng& rng) {
  X25519SecretKey secret;
  rng.fill(secret.mutable_bytes());
  return from_secret(std::move(secret));
}

X25519KeyPair X25519KeyPair::from_secret(X25519SecretKey secret) {
  X25519PublicKey public_key;
  crypto_scalarmult_curve25519_base(public_key.mutable_bytes().data(), secret.bytes().data());
  return {std::move(secret), public_key};
}

Result<X25519SharedSecret> x25519(const X25519SecretKey& secret, const X25519PublicKey& peer) {
  X25519SharedSecret shared;
  if (crypto_scalarmult_curve25519(shared.mutable_bytes().data(), secret.bytes().data(),
                                   peer.bytes().data()) != 0) {
    return fail(ErrorCode::kCryptoFailed, "the peer's X25519 key is a point of small order");
  }
  return shared;
}

}  // namespace zerok::crypto
