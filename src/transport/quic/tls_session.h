// SPDX-License-Identifier: MIT OR Apache-2.0
// TlsSession: the TLS 1.3 handshake of one connection: raw public keys on both sides, no session
// tickets, no early data (PROTOCOL.md section 3). Lives until the handshake is confirmed; the
// packet keys derived from it live on without it.
#pragma once

#include <memory>
#include <string_view>

#include "transport/quic/tls_identity.h"

struct gnutls_session_int;
struct ngtcp2_conn;

namespace zerok::transport {

enum class Role : std::uint8_t { kClient, kServer };

class TlsSession {
 public:
  // connection: whose packets carry the handshake; it must outlive the session.
  static Result<std::unique_ptr<TlsSession>> create(const TlsIdentity& identity, Role role,
                                                    std::string_view alpn, ngtcp2_conn* connection);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  gnutls_session_int* native() const { return session_; }
  // The key the peer has proven to hold. Valid once the handshake is complete; kCryptoFailed when
  // it showed anything but one Ed25519 raw key.
  Result<EndpointId> peer_id() const;
  // Whether both ends agreed on this protocol.
  bool speaks(std::string_view alpn) const;

 private:
  struct Reference;
  explicit TlsSession(gnutls_session_int* session);
  gnutls_session_int* session_;
  std::unique_ptr<Reference> reference_;
};

}  // namespace zerok::transport
