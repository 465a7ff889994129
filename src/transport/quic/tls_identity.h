// SPDX-License-Identifier: MIT OR Apache-2.0
// TlsIdentity: a process's Ed25519 key as TLS 1.3 raw public key credentials (RFC 7250), in the
// shape iroh endpoints use. One per process or transport; must outlive the sessions made from it.
// Holds what of GnuTLS is shared between connections: credentials and the cipher priorities.
#pragma once

#include <memory>

#include "base/id.h"
#include "base/result.h"
#include "base/secret.h"

struct gnutls_certificate_credentials_st;
struct gnutls_priority_st;

namespace zerok::transport {

// RFC 8410: a SubjectPublicKeyInfo of an Ed25519 key, up to the 32 bytes of the key.
inline constexpr ByteArray<12> kEd25519SpkiPrefix = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                     0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

class TlsIdentity {
 public:
  // seed: the 32-byte Ed25519 private key of RFC 8032. Errors: kCryptoFailed, kNoMemory.
  static Result<std::unique_ptr<TlsIdentity>> create(const Secret<32>& seed);
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  // The Ed25519 public key.
  const EndpointId& id() const { return id_; }
  gnutls_certificate_credentials_st* credentials() const { return credentials_; }
  gnutls_priority_st* priorities() const { return priorities_; }

 private:
  TlsIdentity() = default;
  EndpointId id_;
  gnutls_certificate_credentials_st* credentials_ = nullptr;
  gnutls_priority_st* priorities_ = nullptr;
};

}  // namespace zerok::transport
