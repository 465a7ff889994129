// SPDX-License-Identifier: MIT OR Apache-2.0
// CipherState of the Noise specification (revision 34, section 5.1) with ChaCha20-Poly1305: a key k
// and a counter n. Moves, never copies by accident, never allocates. n goes up by one for each
// success and stays for each failure, so no nonce is used twice under one key. There is no rekey:
// the channel has none (docs/protocol/handshake.md). Used by SymmetricState and Session only.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "crypto/keys.h"

namespace zerok::noise {

class CipherState {
 public:
  // The first counter value that is refused: the specification reserves it.
  static constexpr std::uint64_t kNonceEnd = UINT64_MAX;

  CipherState() = default;
  CipherState clone() const;

  // Sets n = 0.
  void initialize_key(crypto::ChaChaPolyKey k);
  bool has_key() const { return has_key_; }
  // Clears k; without a key the data passes unchanged, so the owner must refuse from here on.
  void wipe();

  // out: plaintext.size() + 16 bytes with a key, plaintext.size() without. May start where
  // plaintext starts. kOutOfRange once n is at kNonceEnd.
  Result<void> encrypt_with_ad(ByteView ad, ByteView plaintext, MutableByteView out);
  // out: ciphertext.size() - 16 bytes with a key, ciphertext.size() without; cleared on failure.
  // kCryptoFailed for a wrong tag or size; kOutOfRange as above.
  Result<void> decrypt_with_ad(ByteView ad, ByteView ciphertext, MutableByteView out);

 private:
  friend struct NoiseTestPeer;

  crypto::ChaChaPolyKey k_;
  std::uint64_t n_ = 0;
  bool has_key_ = false;
};

}  // namespace zerok::noise
