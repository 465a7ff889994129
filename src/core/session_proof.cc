// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/session_proof.h"

#include <algorithm>

namespace zerok::core {
namespace {

using wire::HelloSigner;

Bytes signed_bytes(HelloSigner signer, const wire::Hello& hello, const SessionBinding& binding) {
  return wire::hello_signed_bytes(signer, binding.handshake_hash, binding.relay, hello.group,
                                  hello.device);
}

bool holds(HelloSigner signer, const wire::Hello& hello, const SessionBinding& binding,
           const crypto::Ed25519PublicKey& key, const ByteArray<64>& signature) {
  return crypto::ed25519_verify(key, signed_bytes(signer, hello, binding),
                                crypto::Ed25519Signature(signature))
      .has_value();
}

}  // namespace

void sign_hello(wire::Hello& hello, const crypto::Ed25519KeyPair& device,
                const crypto::Ed25519KeyPair& membership, const SessionBinding& binding) {
  hello.group = crypto::group_id_of(membership.public_key());
  hello.device = DeviceId(device.public_key().bytes());
  std::ranges::copy(membership.public_key().bytes(), hello.membership_key.begin());
  const auto by_device = device.sign(signed_bytes(HelloSigner::kDevice, hello, binding));
  std::ranges::copy(by_device.bytes(), hello.device_signature.begin());
  const auto by_member = membership.sign(signed_bytes(HelloSigner::kMembership, hello, binding));
  std::ranges::copy(by_member.bytes(), hello.membership_signature.begin());
}

std::expected<void, wire::WireErrorCode> verify_hello(const wire::Hello& hello,
                                                      const SessionBinding& binding,
                                                      const EndpointId& peer) {
  const crypto::Ed25519PublicKey membership(hello.membership_key);
  const crypto::Ed25519PublicKey device(hello.device.bytes());
  // What costs no arithmetic first.
  const bool right =
      crypto::group_id_of(membership) == hello.group &&
      std::ranges::equal(hello.device.bytes(), peer.bytes()) &&
      holds(HelloSigner::kDevice, hello, binding, device, hello.device_signature) &&
      holds(HelloSigner::kMembership, hello, binding, membership, hello.membership_signature);
  if (!right) return std::unexpected(wire::WireErrorCode::kUnauthorized);
  return {};
}

}  // namespace zerok::core
