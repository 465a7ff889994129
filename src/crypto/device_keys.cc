// SPDX-License-Identifier: MIT OR Apache-2.0
#include "crypto/device_keys.h"

#include "crypto/kdf.h"

namespace zerok::crypto {
namespace {

// A relay's secret has a salt of its own: were the same 32 bytes ever used as both, no key would be
// shared between the two roles.
constexpr std::string_view kDeviceSalt = "0k-sync/2 device secret";
constexpr std::string_view kRelaySalt = "0k-sync/2 relay secret";

Ed25519KeyPair derive_signing(const HkdfSha256& hkdf) {
  return Ed25519KeyPair::from_seed(hkdf.derive<Ed25519Seed>("identity ed25519"));
}

NoiseStaticSecrets derive_noise(const HkdfSha256& hkdf) {
  return {hkdf.derive<X25519SecretKey>("noise x25519"), hkdf.derive<MlKemSeed>("noise ml-kem-768")};
}

}  // namespace

DeviceKeys DeviceKeys::derive(const DeviceSecret& secret) {
  const HkdfSha256 hkdf(as_bytes(kDeviceSalt), secret.bytes());
  return {derive_signing(hkdf),
          derive_noise(hkdf),
          {hkdf.derive<X25519SecretKey>("sealing x25519"),
           hkdf.derive<MlKemSeed>("sealing ml-kem-768")},
          hkdf.derive<StoreKey>("store key")};
}

RelayKeys RelayKeys::derive(const RelaySecret& secret) {
  const HkdfSha256 hkdf(as_bytes(kRelaySalt), secret.bytes());
  return {derive_signing(hkdf), derive_noise(hkdf),
          hkdf.derive<StatelessResetKey>("quic stateless reset")};
}

}  // namespace zerok::crypto
