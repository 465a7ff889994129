// SPDX-License-Identifier: MIT OR Apache-2.0
#include "noise/cipher_state.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "crypto/aead.h"

namespace zerok::noise {
namespace {

// Four zero bytes, then n as 64-bit little endian.
ByteArray<12> nonce_of(std::uint64_t n) {
  ByteArray<12> nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<std::uint8_t>(n >> (8 * i));
  return nonce;
}

Result<void> check_nonce(std::uint64_t n) {
  if (n == CipherState::kNonceEnd) {
    return fail(ErrorCode::kOutOfRange, "every nonce of this key has been used");
  }
  return {};
}

}  // namespace

CipherState CipherState::clone() const {
  CipherState copy;
  copy.k_ = k_.clone();
  copy.n_ = n_;
  copy.has_key_ = has_key_;
  return copy;
}

void CipherState::initialize_key(crypto::ChaChaPolyKey k) {
  k_ = std::move(k);
  n_ = 0;
  has_key_ = true;
}

void CipherState::wipe() {
  k_.wipe();
  n_ = 0;
  has_key_ = false;
}

Result<void> CipherState::encrypt_with_ad(ByteView ad, ByteView plaintext, MutableByteView out) {
  if (!has_key_) {
    ZEROK_ASSERT(out.size() == plaintext.size());
    std::copy(plaintext.begin(), plaintext.end(), out.begin());
    return {};
  }
  ZEROK_TRY_VOID(check_nonce(n_));
  crypto::chacha_poly_seal(k_, nonce_of(n_), ad, plaintext, out);
  ++n_;
  return {};
}

Result<void> CipherState::decrypt_with_ad(ByteView ad, ByteView ciphertext, MutableByteView out) {
  if (!has_key_) {
    ZEROK_ASSERT(out.size() == ciphertext.size());
    std::copy(ciphertext.begin(), ciphertext.end(), out.begin());
    return {};
  }
  ZEROK_TRY_VOID(check_nonce(n_));
  ZEROK_TRY_VOID(crypto::chacha_poly_open(k_, nonce_of(n_), ad, ciphertext, out));
  ++n_;
  return {};
}

}  // namespace zerok::noise
