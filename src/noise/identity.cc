// SPDX-License-Identifier: MIT OR Apache-2.0
#include "noise/identity.h"

#include <string_view>
#include <utility>

#include "crypto/hash.h"

namespace zerok::noise {

IdentityHash PeerIdentity::id() const {
  constexpr std::string_view kLabel = "0k-sync/2 noise identity";
  // With the label's length in front, no input under another label can equal one under this.
  constexpr ByteArray<1> kLabelSize = {kLabel.size()};
  return IdentityHash(crypto::Sha256()
                          .update(kLabelSize)
                          .update(as_bytes(kLabel))
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
