// SPDX-License-Identifier: MIT OR Apache-2.0
// ML-KEM-768 (FIPS 203). Decapsulating a wrong ciphertext gives a wrong secret, not an error
// (implicit rejection); whoever uses the secret notices by a failed tag.
#pragma once

#include "base/result.h"
#include "base/rng.h"
#include "crypto/keys.h"

namespace zerok::crypto {

struct MlKemKeyPair {
  MlKemDecapsulationKey secret;
  MlKemPublicKey public_key;

  // Draws 64 bytes, d then z.
  static MlKemKeyPair generate(Rng& rng);
  // ML-KEM.KeyGen_internal(d, z).
  static MlKemKeyPair from_seed(const MlKemSeed& seed);
};

struct MlKemEncapsulation {
  MlKemCiphertext ciphertext;
  MlKemSharedSecret secret;
};

// The check of FIPS 203 section 7.2 alone: kCryptoFailed for a coefficient of 3329 or more.
Result<void> check_mlkem_public_key(const MlKemPublicKey& key);

// Draws 32 bytes (m of ML-KEM.Encaps_internal). kCryptoFailed when the key fails FIPS 203
// section 7.2: a coefficient of 3329 or more.
Result<MlKemEncapsulation> mlkem_encapsulate(const MlKemPublicKey& peer, Rng& rng);
MlKemSharedSecret mlkem_decapsulate(const MlKemDecapsulationKey& secret,
                                    const MlKemCiphertext& ciphertext);

}  // namespace zerok::crypto
