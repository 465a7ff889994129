// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/quic/tls_identity.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <algorithm>

namespace zerok::transport {
namespace {

// RFC 8410: a PrivateKeyInfo of an Ed25519 key, up to the key's bytes.
constexpr ByteArray<16> kPkcs8Prefix = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                        0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

// TLS 1.3 only; X25519 first; Ed25519 raw keys on both sides and nothing else.
constexpr const char* kPriorities =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:%DISABLE_TLS13_COMPAT_MODE:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM"
    ":+CHACHA20-POLY1305:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:-SIGN-ALL:+SIGN-EDDSA-ED25519"
    ":-CTYPE-ALL:+CTYPE-CLI-RAWPK:+CTYPE-SRV-RAWPK";

gnutls_datum_t datum(MutableByteView bytes) {
  return {bytes.data(), static_cast<unsigned>(bytes.size())};
}

std::unexpected<Error> tls_error(int code) {
  if (code == GNUTLS_E_MEMORY_ERROR) return fail(ErrorCode::kNoMemory, "no memory for TLS", code);
  return fail(ErrorCode::kCryptoFailed, "TLS does not take this key", code);
}

Result<EndpointId> public_key_of(MutableByteView pkcs8) {
  gnutls_x509_privkey_t key = nullptr;
  if (const int rv = gnutls_x509_privkey_init(&key); rv != 0) return tls_error(rv);
  const gnutls_datum_t der = datum(pkcs8);
  int rv =
      gnutls_x509_privkey_import_pkcs8(key, &der, GNUTLS_X509_FMT_DER, nullptr, GNUTLS_PKCS_PLAIN);
  gnutls_datum_t x{};
  gnutls_ecc_curve_t curve{};
  if (rv == 0) rv = gnutls_x509_privkey_export_ecc_raw(key, &curve, &x, nullptr, nullptr);
  gnutls_x509_privkey_deinit(key);
  if (rv != 0) return tls_error(rv);
  const auto id = EndpointId::from_bytes(ByteView(x.data, x.size));
  gnutls_free(x.data);
  if (!id) return tls_error(GNUTLS_E_INTERNAL_ERROR);
  return *id;
}

}  // namespace

Result<std::unique_ptr<TlsIdentity>> TlsIdentity::create(const Secret<32>& seed) {
  Secret<kPkcs8Prefix.size() + 32> pkcs8;
  std::ranges::copy(kPkcs8Prefix, pkcs8.mutable_bytes().begin());
  std::ranges::copy(seed.bytes(), pkcs8.mutable_bytes().begin() + kPkcs8Prefix.size());
  std::unique_ptr<TlsIdentity> identity(new TlsIdentity);
  ZEROK_TRY(identity->id_, public_key_of(pkcs8.mutable_bytes()));

  ByteArray<kEd25519SpkiPrefix.size() + 32> spki;
  std::ranges::copy(kEd25519SpkiPrefix, spki.begin());
  std::ranges::copy(identity->id_.bytes(), spki.begin() + kEd25519SpkiPrefix.size());

  if (const int rv = gnutls_certificate_allocate_credentials(&identity->credentials_); rv != 0) {
    return tls_error(rv);
  }
  const gnutls_datum_t public_der = datum(spki);
  const gnutls_datum_t private_der = datum(pkcs8.mutable_bytes());
  if (const int rv =
          gnutls_certificate_set_rawpk_key_mem(identity->credentials_, &public_der, &private_der,
                                               GNUTLS_X509_FMT_DER, nullptr, 0, nullptr, 0, 0);
      rv < 0) {
    return tls_error(rv);
  }
  if (const int rv = gnutls_priority_init(&identity->priorities_, kPriorities, nullptr); rv != 0) {
    return tls_error(rv);
  }
  return identity;
}

TlsIdentity::~TlsIdentity() {
  if (priorities_ != nullptr) gnutls_priority_deinit(priorities_);
  if (credentials_ != nullptr) gnutls_certificate_free_credentials(credentials_);
}

}  // namespace zerok::transport
