// SPDX-License-Identifier: MIT OR Apache-2.0
#include "crypto/aead.h"

#include <sodium.h>

#include "base/check.h"

namespace zerok::crypto {
namespace {

Result<void> cannot_open(MutableByteView out) {
  secure_wipe(out);
  return fail(ErrorCode::kCryptoFailed, "the sealed data was changed or the key is another");
}

bool sizes_fit(ByteView ciphertext, MutableByteView out) {
  return ciphertext.size() >= kAeadTagSize && out.size() == ciphertext.size() - kAeadTagSize;
}

}  // namespace

void chacha_poly_seal(const ChaChaPolyKey& key, std::span<const std::uint8_t, 12> nonce,
                      ByteView associated_data, ByteView plaintext, MutableByteView out) {
  ZEROK_ASSERT(out.size() == plaintext.size() + kAeadTagSize);
  crypto_aead_chacha20poly1305_ietf_encrypt(out.data(), nullptr, plaintext.data(), plaintext.size(),
                                            associated_data.data(), associated_data.size(), nullptr,
                                            nonce.data(), key.bytes().data());
}

Result<void> chacha_poly_open(const ChaChaPolyKey& key, std::span<const std::uint8_t, 12> nonce,
                              ByteView associated_data, ByteView ciphertext, MutableByteView out) {
  if (!sizes_fit(ciphertext, out) ||
      crypto_aead_chacha20poly1305_ietf_decrypt(
          out.data(), nullptr, nullptr, ciphertext.data(), ciphertext.size(),
          associated_data.data(), associated_data.size(), nonce.data(), key.bytes().data()) != 0) {
    return cannot_open(out);
  }
  return {};
}

void xchacha_poly_seal(const XChaChaPolyKey& key, std::span<const std::uint8_t, 24> nonce,
                       ByteView associated_data, ByteView plaintext, MutableByteView out) {
  ZEROK_ASSERT(out.size() == plaintext.size() + kAeadTagSize);
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      out.data(), nullptr, plaintext.data(), plaintext.size(), associated_data.data(),
      associated_data.size(), nullptr, nonce.data(), key.bytes().data());
}

Result<void> xchacha_poly_open(const XChaChaPolyKey& key, std::span<const std::uint8_t, 24> nonce,
                               ByteView associated_data, ByteView ciphertext, MutableByteView out) {
  if (!sizes_fit(ciphertext, out) ||
      crypto_aead_xchacha20poly1305_ietf_decrypt(
          out.data(), nullptr, nullptr, ciphertext.data(), ciphertext.size(),
          associated_data.data(), associated_data.size(), nonce.data(), key.bytes().data()) != 0) {
    return cannot_open(out);
  }
  return {};
}

}  // namespace zerok::crypto
