// SPDX-License-Identifier: MIT OR Apache-2.0
#include "noise/identity.h"

#include <utility>

#include "crypto/hash.h"

namespace zerok::noise {

IdentityHash PeerIdentity::id() const {
  // Every part has a fixed length, so the concatenation can be read in one way only.
  return IdentityHash(crypto::Sha256()
                          .update(as_bytes("0k-sync noise identity"))
                          .update(dh.bytes())
                          .update(kem.bytes())
                          .finish());
}

StaticKeys StaticKeys::from_secrets(crypto::X25519SecretKey dh, const crypto::MlKemSeed& kem) {
  return {crypto::X25519KeyPair::from_secret(std::move(dh)), crypto::MlKemKeyPair::from_seed(kem)};
}

StaticKeys StaticKeys::generate(Rng& rng) {
  auto dh = crypto::X25519KeyPair::generate(rng);
  return {std::move(dh), crypto::MlKemKeyPair::generate(rng)};
}

}  // namespace zerok::noise
