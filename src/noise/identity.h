// SPDX-License-Identifier: MIT OR Apache-2.0
// Who a party is to the handshake: its two static key pairs, X25519 and ML-KEM-768, taken as one
// unit. Nothing in the handshake ties the two public keys together except that one party uses both,
// so a peer is always looked up by the hash of the pair, never by one of the keys.
#pragma once

#include "base/rng.h"
#include "crypto/dh.h"
#include "crypto/kem.h"

namespace zerok::noise {

struct IdentityHashTag {
  static constexpr const char* kName = "noise";
};
// 32 bytes; printable only blinded (base/id.h).
using IdentityHash = Id<IdentityHashTag, 32>;

// The public halves.
struct PeerIdentity {
  crypto::X25519PublicKey dh;
  crypto::MlKemPublicKey kem;

  // SHA-256(24 || "0k-sync/2 noise identity" || dh || kem): the label's length in one byte, the
  // label, 32 bytes, 1184 bytes (docs/protocol/handshake.md section 6).
  IdentityHash id() const;
};

struct StaticKeys {
  crypto::X25519KeyPair dh;
  crypto::MlKemKeyPair kem;

  // What is stored or derived: 32 bytes for X25519 and the 64-byte seed (d || z) for ML-KEM.
  static StaticKeys from_secrets(crypto::X25519SecretKey dh, const crypto::MlKemSeed& kem);
  // Draws 32 bytes, then 64.
  static StaticKeys generate(Rng& rng);
  PeerIdentity identity() const { return {dh.public_key, kem.public_key}; }
};

}  // namespace zerok::noise
