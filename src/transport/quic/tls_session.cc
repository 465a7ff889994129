// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/quic/tls_session.h"

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include <algorithm>

namespace zerok::transport {
namespace {

std::unexpected<Error> setup_error(int code) {
  if (code == GNUTLS_E_MEMORY_ERROR) return fail(ErrorCode::kNoMemory, "no memory for TLS", code);
  return fail(ErrorCode::kInternal, "TLS can't be set up", code);
}

}  // namespace

// How ngtcp2's TLS glue finds the connection from inside GnuTLS.
struct TlsSession::Reference {
  ngtcp2_crypto_conn_ref native;
};

TlsSession::TlsSession(gnutls_session_int* session)
    : session_(session), reference_(std::make_unique<Reference>()) {}

Result<std::unique_ptr<TlsSession>> TlsSession::create(const TlsIdentity& identity, Role role,
                                                       std::string_view alpn,
                                                       ngtcp2_conn* connection) {
  const bool server = role == Role::kServer;
  const unsigned flags = (server ? GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET : GNUTLS_CLIENT) |
                         GNUTLS_ENABLE_RAWPK | GNUTLS_NO_END_OF_EARLY_DATA | GNUTLS_NO_TICKETS;
  gnutls_session_t native = nullptr;
  if (const int rv = gnutls_init(&native, flags); rv != 0) return setup_error(rv);
  std::unique_ptr<TlsSession> session(new TlsSession(native));

  if (const int rv = gnutls_priority_set(native, identity.priorities()); rv != 0) {
    return setup_error(rv);
  }
  if (const int rv = gnutls_credentials_set(native, GNUTLS_CRD_CERTIFICATE, identity.credentials());
      rv != 0) {
    return setup_error(rv);
  }
  const int rv = server ? ngtcp2_crypto_gnutls_configure_server_session(native)
                        : ngtcp2_crypto_gnutls_configure_client_session(native);
  if (rv != 0) return setup_error(rv);
  if (server) gnutls_certificate_server_set_request(native, GNUTLS_CERT_REQUIRE);

  Bytes name(alpn.begin(), alpn.end());
  const gnutls_datum_t protocol{name.data(), static_cast<unsigned>(name.size())};
  if (const int alpn_rv = gnutls_alpn_set_protocols(native, &protocol, 1, GNUTLS_ALPN_MANDATORY);
      alpn_rv != 0) {
    return setup_error(alpn_rv);
  }
  session->reference_->native.user_data = connection;
  session->reference_->native.get_conn = [](ngtcp2_crypto_conn_ref* reference) {
    return static_cast<ngtcp2_conn*>(reference->user_data);
  };
  gnutls_session_set_ptr(native, &session->reference_->native);
  return session;
}

TlsSession::~TlsSession() { gnutls_deinit(session_); }

Result<EndpointId> TlsSession::peer_id() const {
  const auto refuse = [] {
    return fail(ErrorCode::kCryptoFailed, "the peer did not show one Ed25519 raw public key");
  };
  if (gnutls_certificate_type_get2(session_, GNUTLS_CTYPE_PEERS) != GNUTLS_CRT_RAWPK) {
    return refuse();
  }
  unsigned count = 0;
  const gnutls_datum_t* keys = gnutls_certificate_get_peers(session_, &count);
  if (keys == nullptr || count != 1 ||
      keys[0].size != kEd25519SpkiPrefix.size() + EndpointId::kSize) {
    return refuse();
  }
  const ByteView spki(keys[0].data, keys[0].size);
  if (!std::ranges::equal(spki.first(kEd25519SpkiPrefix.size()), kEd25519SpkiPrefix))
    return refuse();
  return *EndpointId::from_bytes(spki.last(EndpointId::kSize));
}

bool TlsSession::speaks(std::string_view alpn) const {
  gnutls_datum_t chosen{};
  if (gnutls_alpn_get_selected_protocol(session_, &chosen) != 0) return false;
  return std::ranges::equal(ByteView(chosen.data, chosen.size), as_bytes(alpn));
}

}  // namespace zerok::transport
