// SPDX-License-Identifier: MIT OR Apache-2.0
// Ed25519 (RFC 8032, pure). Verification is the strict, unambiguous form, so that every peer
// decides alike about every signature: see ed25519_verify.
#pragma once

#include "base/result.h"
#include "base/rng.h"
#include "crypto/keys.h"

namespace zerok::crypto {

// A seed and the public key that belongs to it. The public key goes into every signature, so it is
// never taken from outside: signing with a wrong one would give the secret away.
class Ed25519KeyPair {
 public:
  // Draws 32 bytes.
  static Ed25519KeyPair generate(Rng& rng);
  // The seed is the 32-byte private key of RFC 8032 section 5.1.5.
  static Ed25519KeyPair from_seed(Ed25519Seed seed);

  const Ed25519PublicKey& public_key() const { return public_key_; }
  const Ed25519Seed& seed() const { return seed_; }
  // Deterministic. The caller puts a label first in the message, so that a signature made for one
  // purpose means nothing for another.
  Ed25519Signature sign(ByteView message) const;

 private:
  Ed25519KeyPair(Ed25519Seed seed, const Ed25519PublicKey& public_key);

  Ed25519Seed seed_;
  Ed25519PublicKey public_key_;
};

// kCryptoFailed unless the signature holds. Also refused, before the equation is looked at: S not
// below the group order; a public key that is not a canonical encoding; a public key or R of small
// order. The equation is checked without the cofactor and R by its bytes.
Result<void> ed25519_verify(const Ed25519PublicKey& public_key, ByteView message,
                            const Ed25519Signature& signature);

}  // namespace zerok::crypto
