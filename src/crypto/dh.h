// SPDX-License-Identifier: MIT OR Apache-2.0
// X25519 (RFC 7748).
#pragma once

#include "base/result.h"
#include "base/rng.h"
#include "crypto/keys.h"

namespace zerok::crypto {

struct X25519KeyPair {
  X25519SecretKey secret;
  X25519PublicKey public_key;

  // Draws 32 bytes.
  static X25519KeyPair generate(Rng& rng);
  static X25519KeyPair from_secret(X25519SecretKey secret);
};

// kCryptoFailed when the result is all zero: the peer sent a point of small order (RFC 7748
// section 6.1).
Result<X25519SharedSecret> x25519(const X25519SecretKey& secret, const X25519PublicKey& peer);

}  // namespace zerok::crypto
