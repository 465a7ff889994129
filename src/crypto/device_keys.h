// SPDX-License-Identifier: MIT OR Apache-2.0
// What a device or a relay derives from its one secret: docs/protocol/keys.md sections 2 and 3.
// The same secret always gives the same keys, so nothing but the secret is stored. ML-KEM keys stay
// seeds here; whoever uses one expands it (crypto/kem.h, noise/identity.h).
#pragma once

#include "crypto/sign.h"

namespace zerok::crypto {

// Lives in the keychain, on this device only.
using DeviceSecret = SecretKey<struct DeviceSecretTag, 32>;
using RelaySecret = SecretKey<struct RelaySecretTag, 32>;

// The static keys of the Noise handshake. Used for nothing else.
struct NoiseStaticSecrets {
  X25519SecretKey dh;
  MlKemSeed kem;
};

// The keys others seal epoch-key envelopes to. Used for nothing else.
struct SealingSecrets {
  X25519SecretKey dh;
  MlKemSeed kem;
};

// Wraps what must not lie in clear in the device's own store: group secrets above all.
struct StoreKey : XChaChaPolyKey {
  using XChaChaPolyKey::XChaChaPolyKey;
};

struct DeviceKeys {
  static DeviceKeys derive(const DeviceSecret& secret);

  // The Ed25519 public key, under its two names: the device in the roster, the endpoint in QUIC.
  DeviceId device_id() const { return DeviceId(signing.public_key().bytes()); }
  EndpointId endpoint_id() const { return EndpointId(signing.public_key().bytes()); }

  // Signs roster entries and sessions; its seed is the TLS raw key's private half.
  Ed25519KeyPair signing;
  NoiseStaticSecrets noise;
  SealingSecrets sealing;
  StoreKey store;
};

using StatelessResetKey = SecretKey<struct StatelessResetKeyTag, 32>;

struct RelayKeys {
  static RelayKeys derive(const RelaySecret& secret);

  EndpointId endpoint_id() const { return EndpointId(signing.public_key().bytes()); }

  Ed25519KeyPair signing;
  NoiseStaticSecrets noise;
  // Makes QUIC's stateless reset tokens: the same after a restart, so that peers notice one at
  // once.
  StatelessResetKey stateless_reset;
};

}  // namespace zerok::crypto
