// SPDX-License-Identifier: MIT OR Apache-2.0
// Authenticated encryption. Output is ciphertext || 16-byte tag. In-place use is allowed (same
// start). Opening fails with one error for every reason, and clears the output.
#pragma once

#include "base/result.h"
#include "crypto/keys.h"

namespace zerok::crypto {

// RFC 8439. nonce: 12 bytes; out: plaintext.size() + 16 bytes.
void chacha_poly_seal(const ChaChaPolyKey& key, std::span<const std::uint8_t, 12> nonce,
                      ByteView associated_data, ByteView plaintext, MutableByteView out);
// out: ciphertext.size() - 16 bytes. kCryptoFailed also for a ciphertext shorter than a tag.
Result<void> chacha_poly_open(const ChaChaPolyKey& key, std::span<const std::uint8_t, 12> nonce,
                              ByteView associated_data, ByteView ciphertext, MutableByteView out);

// draft-irtf-cfrg-xchacha-03. nonce: 24 bytes, safe to draw at random; out as above.
void xchacha_poly_seal(const XChaChaPolyKey& key, std::span<const std::uint8_t, 24> nonce,
                       ByteView associated_data, ByteView plaintext, MutableByteView out);
Result<void> xchacha_poly_open(const XChaChaPolyKey& key, std::span<const std::uint8_t, 24> nonce,
                               ByteView associated_data, ByteView ciphertext, MutableByteView out);

}  // namespace zerok::crypto
