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

Result<void> check_mlkem_public_key(const MlKemPublicKey& key) {
  // 768 numbers of 12 bits, two in three bytes, least significant bits first; then the seed rho.
  constexpr std::size_t kSeedBytes = 32;
  constexpr unsigned kModulus = 3329;
  const ByteView numbers = ByteView(key.bytes()).first(MlKemPublicKey::kSize - kSeedBytes);
  for (std::size_t at = 0; at < numbers.size(); at += 3) {
    const unsigned middle = numbers[at + 1];
    const unsigned first = numbers[at] | (middle & 0x0fU) << 8;
    const unsigned second = middle >> 4 | unsigned{numbers[at + 2]} << 4;
    if (first >= kModulus || second >= kModulus) {
      return fail(ErrorCode::kCryptoFailed, "an ML-KEM key is not a valid encoding");
    }
  }
  return {};
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
