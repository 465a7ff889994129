// SPDX-License-Identifier: MIT OR Apache-2.0
// How a Connection ends: errors become a CONNECTION_CLOSE for the peer and one Error for the
// application, and all memory but unread bytes and events is given back.
#include <ngtcp2/ngtcp2.h>

#include "transport/quic/connection.h"
#include "transport/quic/native.h"

namespace zerok::transport {
namespace {

// TLS alerts: RFC 8446 section 6, RFC 7301 section 3.2.
constexpr std::uint8_t kAlertBadCertificate = 42;
constexpr std::uint8_t kAlertNoApplicationProtocol = 120;

Error local_error(int liberr, std::uint8_t alert) {
  switch (liberr) {
    case NGTCP2_ERR_IDLE_CLOSE:
      return {ErrorCode::kTimedOut, "nothing arrived within the idle timeout"};
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
      return {ErrorCode::kTimedOut, "the handshake was not complete in time"};
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
    case NGTCP2_ERR_VERSION_NEGOTIATION_FAILURE:
      return {ErrorCode::kUnsupported, "the peer does not speak QUIC version 1"};
    case NGTCP2_ERR_CRYPTO:
      return {ErrorCode::kHandshakeFailed, "the TLS handshake failed", alert};
    case NGTCP2_ERR_NOMEM:
      return {ErrorCode::kNoMemory, "no memory for the connection"};
    case NGTCP2_ERR_CALLBACK_FAILURE:
    case NGTCP2_ERR_INTERNAL:
      return {ErrorCode::kInternal, "the connection failed inside", liberr};
    default:
      return {ErrorCode::kTransportProtocol, "the peer broke QUIC", liberr};
  }
}

// These end without a word: the peer is gone, was never there, or is not to be answered.
bool is_silent(int liberr) {
  switch (liberr) {
    case NGTCP2_ERR_IDLE_CLOSE:
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
    case NGTCP2_ERR_DROP_CONN:
    case NGTCP2_ERR_RETRY:
    case NGTCP2_ERR_CLOSING:
    case NGTCP2_ERR_NOMEM:
      return true;
    default:
      return false;
  }
}

Bytes close_packet(ngtcp2_conn* conn, const ngtcp2_ccerr& ccerr, std::uint64_t now, Path& path) {
  Bytes packet(NGTCP2_MAX_UDP_PAYLOAD_SIZE);
  ngtcp2_path_storage storage;
  ngtcp2_path_storage_zero(&storage);
  ngtcp2_pkt_info info{};
  const ngtcp2_ssize n = ngtcp2_conn_write_connection_close(
      conn, &storage.path, &info, packet.data(), packet.size(), &ccerr, now);
  packet.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  packet.shrink_to_fit();
  if (n > 0) path = from_native(storage.path);
  return packet;
}

}  // namespace

Error Connection::peer_error(std::uint64_t& code) const {
  if (reset_received_) {
    return {ErrorCode::kReset, "the peer has lost the connection: it was restarted"};
  }
  const ngtcp2_ccerr* ccerr = ngtcp2_conn_get_ccerr(conn_);
  const auto native = static_cast<std::int64_t>(ccerr->error_code);
  if (ccerr->type == NGTCP2_CCERR_TYPE_APPLICATION) {
    code = ccerr->error_code;
    return {ErrorCode::kClosed, "the peer closed the connection"};
  }
  if (ccerr->error_code == NGTCP2_NO_ERROR || ccerr->error_code == NGTCP2_APPLICATION_ERROR) {
    return {ErrorCode::kClosed, "the peer closed the connection"};
  }
  if (ccerr->error_code == NGTCP2_CONNECTION_REFUSED) {
    return {ErrorCode::kOverloaded, "the peer takes no new connections", native};
  }
  if (ccerr->error_code == (NGTCP2_CRYPTO_ERROR | kAlertNoApplicationProtocol)) {
    return {ErrorCode::kUnsupported, "the peer does not speak this protocol", native};
  }
  if (!confirmed_ && (ccerr->error_code & ~0xffULL) == NGTCP2_CRYPTO_ERROR) {
    return {ErrorCode::kHandshakeFailed, "the peer refused the TLS handshake", native};
  }
  return {ErrorCode::kTransportProtocol, "the peer closed with a QUIC error", native};
}

void Connection::fail_with(int liberr) {
  if (liberr == NGTCP2_ERR_DRAINING) {
    std::uint64_t code = 0;
    const Error error = peer_error(code);
    farewell_.linger = Duration(static_cast<Duration::rep>(3 * ngtcp2_conn_get_pto(conn_)));
    return finish(error, code, true);
  }
  Error error = local_error(liberr, ngtcp2_conn_get_tls_alert(conn_));
  if (is_silent(liberr)) return finish(error, 0, true);

  ngtcp2_ccerr ccerr;
  ngtcp2_ccerr_default(&ccerr);
  if (wrong_peer_) {
    error = {ErrorCode::kWrongPeer, "the peer proved another key than the one dialled"};
    ngtcp2_ccerr_set_tls_alert(&ccerr, kAlertBadCertificate, nullptr, 0);
  } else if (no_common_protocol_) {
    error = {ErrorCode::kUnsupported, "the peer does not speak this protocol"};
    ngtcp2_ccerr_set_tls_alert(&ccerr, kAlertNoApplicationProtocol, nullptr, 0);
  } else if (liberr == NGTCP2_ERR_CRYPTO) {
    if (confirmed_) error = {ErrorCode::kTransportProtocol, "the peer broke TLS", error.native};
    ngtcp2_ccerr_set_tls_alert(&ccerr, ngtcp2_conn_get_tls_alert(conn_), nullptr, 0);
  } else {
    ngtcp2_ccerr_set_liberr(&ccerr, liberr, nullptr, 0);
  }
  farewell_.linger = Duration(static_cast<Duration::rep>(3 * ngtcp2_conn_get_pto(conn_)));
  farewell_.packet = close_packet(conn_, ccerr, timestamp(last_), farewell_.path);
  finish(error, 0, true);
}

void Connection::close(std::uint64_t code, Instant now) {
  if (conn_ == nullptr) {
    tell_closed_ = false;
    return;
  }
  ngtcp2_ccerr ccerr;
  ngtcp2_ccerr_default(&ccerr);
  // Varints end at 2^62 - 1; a larger code is the caller's slip and is cut to it.
  ngtcp2_ccerr_set_application_error(&ccerr, std::min<std::uint64_t>(code, NGTCP2_MAX_VARINT),
                                     nullptr, 0);
  farewell_.linger = Duration(static_cast<Duration::rep>(3 * ngtcp2_conn_get_pto(conn_)));
  farewell_.packet = close_packet(conn_, ccerr, timestamp(now), farewell_.path);
  finish({ErrorCode::kClosed, "closed here"}, code, false);
}

void Connection::abort(const Error& error) {
  if (conn_ != nullptr) finish(error, 0, true);
}

void Connection::finish(const Error& error, std::uint64_t code, bool tell) {
  release_tls();
  ngtcp2_conn_del(conn_);
  conn_ = nullptr;
  // ngtcp2 pointed into the send buffers until now.
  for (auto& [id, stream] : streams_) {
    stream->can_send = false;
    stream->closed = true;
    forget_sent(*stream);
  }
  send_head_ = send_tail_ = nullptr;
  for (const ResetToken& token : tokens_) context_.table.remove_token(token, id_);
  tokens_.clear();
  if (farewell_.linger > Duration::zero()) {
    farewell_.cids = std::move(cids_);
  } else {
    for (const Cid& cid : cids_) context_.table.remove(cid);
  }
  cids_.clear();
  close_error_ = error;
  close_code_ = code;
  tell_closed_ = tell && announced_;
}

void Connection::release_tls() {
  if (tls_ == nullptr) return;
  if (conn_ != nullptr) ngtcp2_conn_set_tls_native_handle(conn_, nullptr);
  tls_.reset();
}

}  // namespace zerok::transport
