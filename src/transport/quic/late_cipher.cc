// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/quic/late_cipher.h"

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include <memory>

#include "base/secret.h"

namespace zerok::transport {
namespace {

// Of every cipher that QUIC v1 has.
constexpr std::size_t kKeySizeMax = 32;

struct LateCipher {
  Secret<kKeySizeMax> key;
  ngtcp2_crypto_aead_ctx made{nullptr};
};

using MakeCipher = int (*)(ngtcp2_crypto_aead_ctx*, const ngtcp2_crypto_aead*, const std::uint8_t*,
                           std::size_t);

// ngtcp2 keeps one pointer per cipher and passes it back. Those made by its TLS library are
// aligned, so the lowest bit tells ours apart.
constexpr std::uintptr_t kOurs = 1;

LateCipher* late_cipher(const ngtcp2_crypto_aead_ctx& cipher) {
  const auto bits = reinterpret_cast<std::uintptr_t>(cipher.native_handle);
  return (bits & kOurs) == 0 ? nullptr : reinterpret_cast<LateCipher*>(bits & ~kOurs);
}

void set_late_cipher(ngtcp2_crypto_aead_ctx& cipher, std::unique_ptr<LateCipher> late) {
  cipher.native_handle =
      reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(late.release()) | kOurs);
}

// The cipher to work with; nullptr when there is no memory for it.
const ngtcp2_crypto_aead_ctx* ready(const ngtcp2_crypto_aead_ctx* cipher,
                                    const ngtcp2_crypto_aead* aead, std::size_t nonce_size,
                                    MakeCipher make) {
  LateCipher* late = late_cipher(*cipher);
  if (late == nullptr) return cipher;
  if (late->made.native_handle == nullptr) {
    if (make(&late->made, aead, late->key.bytes().data(), nonce_size) != 0) return nullptr;
    late->key.wipe();
  }
  return &late->made;
}

int encrypt(std::uint8_t* dest, const ngtcp2_crypto_aead* aead,
            const ngtcp2_crypto_aead_ctx* cipher, const std::uint8_t* plaintext,
            std::size_t plaintext_size, const std::uint8_t* nonce, std::size_t nonce_size,
            const std::uint8_t* ad, std::size_t ad_size) {
  cipher = ready(cipher, aead, nonce_size, ngtcp2_crypto_aead_ctx_encrypt_init);
  if (cipher == nullptr) return NGTCP2_ERR_CALLBACK_FAILURE;
  return ngtcp2_crypto_encrypt_cb(dest, aead, cipher, plaintext, plaintext_size, nonce, nonce_size,
                                  ad, ad_size);
}

int decrypt(std::uint8_t* dest, const ngtcp2_crypto_aead* aead,
            const ngtcp2_crypto_aead_ctx* cipher, const std::uint8_t* ciphertext,
            std::size_t ciphertext_size, const std::uint8_t* nonce, std::size_t nonce_size,
            const std::uint8_t* ad, std::size_t ad_size) {
  cipher = ready(cipher, aead, nonce_size, ngtcp2_crypto_aead_ctx_decrypt_init);
  if (cipher == nullptr) return NGTCP2_ERR_CALLBACK_FAILURE;
  return ngtcp2_crypto_decrypt_cb(dest, aead, cipher, ciphertext, ciphertext_size, nonce,
                                  nonce_size, ad, ad_size);
}

int update_key(ngtcp2_conn* conn, std::uint8_t* rx_secret, std::uint8_t* tx_secret,
               ngtcp2_crypto_aead_ctx* rx_cipher, std::uint8_t* rx_iv,
               ngtcp2_crypto_aead_ctx* tx_cipher, std::uint8_t* tx_iv,
               const std::uint8_t* current_rx_secret, const std::uint8_t* current_tx_secret,
               std::size_t secret_size, void*) {
  auto rx = std::make_unique<LateCipher>();
  auto tx = std::make_unique<LateCipher>();
  if (ngtcp2_crypto_update_key(conn, rx_secret, tx_secret, rx_cipher,
                               rx->key.mutable_bytes().data(), rx_iv, tx_cipher,
                               tx->key.mutable_bytes().data(), tx_iv, current_rx_secret,
                               current_tx_secret, secret_size) != 0) {
    return NGTCP2_ERR_CALLBACK_FAILURE;
  }
  ngtcp2_crypto_aead_ctx_free(rx_cipher);
  ngtcp2_crypto_aead_ctx_free(tx_cipher);
  set_late_cipher(*rx_cipher, std::move(rx));
  set_late_cipher(*tx_cipher, std::move(tx));
  return 0;
}

void delete_cipher(ngtcp2_conn*, ngtcp2_crypto_aead_ctx* cipher, void*) {
  const std::unique_ptr<LateCipher> late(late_cipher(*cipher));
  ngtcp2_crypto_aead_ctx_free(late == nullptr ? cipher : &late->made);
}

}  // namespace

void set_packet_ciphers(ngtcp2_callbacks& callbacks) {
  callbacks.encrypt = encrypt;
  callbacks.decrypt = decrypt;
  callbacks.update_key = update_key;
  callbacks.delete_crypto_aead_ctx = delete_cipher;
}

}  // namespace zerok::transport
