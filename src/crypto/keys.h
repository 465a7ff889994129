// SPDX-License-Identifier: MIT OR Apache-2.0
// Every kind of key has its own type: secrets move and are cleared (Secret), public values compare
// and are blinded in logs (Id). A function that takes an X25519 secret can't be handed an AEAD key.
#pragma once

#include "base/id.h"
#include "base/secret.h"

namespace zerok::crypto {

template <typename Tag, std::size_t N>
class SecretKey : public Secret<N> {
 public:
  using Secret<N>::Secret;
  // Copies on purpose, by name.
  SecretKey clone() const { return SecretKey(this->bytes()); }

  // Without this, keys of two kinds would compare through their common base.
  template <typename OtherTag, std::size_t M>
  bool operator==(const SecretKey<OtherTag, M>&) const = delete;
  friend bool operator==(const SecretKey& a, const SecretKey& b) {
    return constant_time_equal(a.bytes(), b.bytes());
  }
};

// RFC 7748. The secret is kept as it was drawn and clamped on use.
using X25519SecretKey = SecretKey<struct X25519SecretKeyTag, 32>;
using X25519SharedSecret = SecretKey<struct X25519SharedSecretTag, 32>;
struct X25519PublicKeyTag {
  static constexpr const char* kName = "x25519";
};
using X25519PublicKey = Id<X25519PublicKeyTag, 32>;

// FIPS 203, ML-KEM-768. The seed is d || z and is what gets stored; the decapsulation key is
// expanded from it.
using MlKemSeed = SecretKey<struct MlKemSeedTag, 64>;
using MlKemDecapsulationKey = SecretKey<struct MlKemDecapsulationKeyTag, 2400>;
using MlKemSharedSecret = SecretKey<struct MlKemSharedSecretTag, 32>;
struct MlKemPublicKeyTag {
  static constexpr const char* kName = "mlkem";
};
using MlKemPublicKey = Id<MlKemPublicKeyTag, 1184>;
struct MlKemCiphertextTag {
  static constexpr const char* kName = "mlkem-ct";
};
using MlKemCiphertext = Id<MlKemCiphertextTag, 1088>;

// RFC 8032. The seed is the 32-byte private key of the RFC.
using Ed25519Seed = SecretKey<struct Ed25519SeedTag, 32>;
struct Ed25519PublicKeyTag {
  static constexpr const char* kName = "ed25519";
};
using Ed25519PublicKey = Id<Ed25519PublicKeyTag, 32>;
struct Ed25519SignatureTag {
  static constexpr const char* kName = "signature";
};
using Ed25519Signature = Id<Ed25519SignatureTag, 64>;

// ChaCha20-Poly1305 (RFC 8439), for Noise transport messages.
using ChaChaPolyKey = SecretKey<struct ChaChaPolyKeyTag, 32>;
// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), for everything sealed at rest or end to end.
using XChaChaPolyKey = SecretKey<struct XChaChaPolyKeyTag, 32>;

inline constexpr std::size_t kAeadTagSize = 16;
inline constexpr std::size_t kHashSize = 32;
using Hash256 = ByteArray<kHashSize>;

}  // namespace zerok::crypto
