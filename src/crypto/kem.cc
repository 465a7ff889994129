// SPDX-License-Identifier: MIT OR Apache-2.0
#include "crypto/kem.h"

#include <sodium.h>

#include "base/check.h"

namespace zerok::crypto {

MlKemKeyPair MlKemKeyPair::generate(Rng& rng) {
  MlKemSeed seed;
  rng.fill(seed.mutable_bytes());
  return from_seed(seed);
}

MlKemKeyPair MlKemKeyPair::from_seed(const MlKemSeed& seed) {
  MlKemKeyPair pair;
  ZEROK_ASSERT(crypto_kem_mlkem768_seed_keypair(pair.public_key.mutable_bytes().data(),
                                                pair.secret.mutable_bytes().data(),
                                                seed.bytes().data()) == 0);
  return pair;
}

Result<MlKemEncapsulation> mlkem_encapsulate(const MlKemPublicKey& peer, Rng& rng) {
  Secret<32> m;
  rng.fill(m.mutable_bytes());
  MlKemEncapsulation out;
  if (crypto_kem_mlkem768_enc_deterministic(out.ciphertext.mutable_bytes().data(),
                                            out.secret.mutable_bytes().data(), peer.bytes().data(),
                                            m.bytes().data()) != 0) {
    return fail(ErrorCode::kCryptoFailed, "the peer's ML-KEM key is not a valid encoding");
  }
  return out;
}

MlKemSharedSecret mlkem_decapsulate(const MlKemDecapsulationKey& secret,
                                    const MlKemCiphertext& ciphertext) {
  MlKemSharedSecret shared;
  // The key is our own expansion, so its consistency check can't fail; a bad ciphertext is rejected
  // implicitly.
  ZEROK_ASSERT(crypto_kem_mlkem768_dec(shared.mutable_bytes().data(), ciphertext.bytes().data(),
                                       secret.bytes().data()) == 0);
  return shared;
}

}  // namespace zerok::crypto
