// SPDX-License-Identifier: MIT OR Apache-2.0
// SymmetricState of the Noise specification (revision 34, section 5.2): the chaining key ck, the
// transcript hash h and a CipherState. Hash is crypto::Blake2s for our protocol; crypto::Sha256 is
// there because published vectors of other projects use it. HKDF is the specification's, over the
// RFC 2104 HMAC (not keyed BLAKE2s). Never allocates. Used by Handshake only.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "crypto/hash.h"
#include "noise/cipher_state.h"

namespace zerok::noise {

using ChainingKey = crypto::SecretKey<struct ChainingKeyTag, 32>;

// What split() gives: one key per direction.
struct TransportKeys {
  crypto::ChaChaPolyKey initiator_to_responder;
  crypto::ChaChaPolyKey responder_to_initiator;
};

template <typename Hash>
class SymmetricState {
 public:
  // The name must be longer than 32 bytes (ours has 48), so h = ck = HASH(name).
  explicit SymmetricState(std::string_view protocol_name)
      : h_(Hash().update(as_bytes(protocol_name)).finish()), ck_(h_) {}

  SymmetricState clone() const { return SymmetricState(h_, ck_.clone(), cipher_.clone()); }
  void wipe() {
    h_.fill(0);
    ck_.wipe();
    cipher_.wipe();
  }

  const crypto::Hash256& h() const { return h_; }

  void mix_hash(ByteView data) { h_ = Hash().update(h_).update(data).finish(); }

  void mix_key(ByteView input_key_material) {
    const auto [ck, k] = hkdf<2>(input_key_material);
    ck_ = ChainingKey(ck.bytes());
    cipher_.initialize_key(crypto::ChaChaPolyKey(k.bytes()));
  }

  void mix_key_and_hash(ByteView input_key_material) {
    const auto [ck, temp_h, k] = hkdf<3>(input_key_material);
    ck_ = ChainingKey(ck.bytes());
    mix_hash(temp_h.bytes());
    cipher_.initialize_key(crypto::ChaChaPolyKey(k.bytes()));
  }

  // Sizes as CipherState::encrypt_with_ad; a tag only once there is a key.
  Result<void> encrypt_and_hash(ByteView plaintext, MutableByteView out) {
    ZEROK_TRY_VOID(cipher_.encrypt_with_ad(h_, plaintext, out));
    mix_hash(out);
    return {};
  }

  // ciphertext and out must not overlap: the ciphertext is hashed after it was opened.
  Result<void> decrypt_and_hash(ByteView ciphertext, MutableByteView out) {
    ZEROK_TRY_VOID(cipher_.decrypt_with_ad(h_, ciphertext, out));
    mix_hash(ciphertext);
    return {};
  }

  TransportKeys split() const {
    const auto [k1, k2] = hkdf<2>({});
    return {crypto::ChaChaPolyKey(k1.bytes()), crypto::ChaChaPolyKey(k2.bytes())};
  }

 private:
  friend struct NoiseTestPeer;

  SymmetricState(const crypto::Hash256& h, ChainingKey ck, CipherState cipher)
      : h_(h), ck_(std::move(ck)), cipher_(std::move(cipher)) {}

  // HKDF(ck, input_key_material, Count): t = HMAC(ck, input); o1 = HMAC(t, 1); oi = HMAC(t, o(i-1)
  // || i).
  template <std::size_t Count>
  std::array<Secret<32>, Count> hkdf(ByteView input_key_material) const {
    crypto::Hash256 temp_key = crypto::Hmac<Hash>(ck_.bytes()).update(input_key_material).finish();
    std::array<Secret<32>, Count> outputs;
    for (std::size_t i = 0; i < Count; ++i) {
      crypto::Hmac<Hash> hmac(temp_key);
      if (i > 0) hmac.update(outputs[i - 1].bytes());
      const ByteArray<1> index = {static_cast<std::uint8_t>(i + 1)};
      crypto::Hash256 output = hmac.update(index).finish();
      outputs[i] = Secret<32>(output);
      secure_wipe(output);
    }
    secure_wipe(temp_key);
    return outputs;
  }

  crypto::Hash256 h_;
  ChainingKey ck_;
  CipherState cipher_;
};

}  // namespace zerok::noise
