// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/quic/connection_callbacks.h"

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include <cstring>

#include "transport/quic/connection.h"
#include "transport/quic/late_cipher.h"
#include "transport/quic/native.h"

namespace zerok::transport {
namespace {

// RFC 8446 section 6 and RFC 7301 section 3.2.
constexpr std::uint8_t kAlertUnexpectedMessage = 10;
// Session tickets a server sends unasked are skipped, but not without end.
constexpr std::uint64_t kLateCryptoMax = 64 * 1024;

Connection& self(void* user_data) { return *static_cast<Connection*>(user_data); }

}  // namespace

struct ConnectionCallbacks {
  static int recv_crypto_data(ngtcp2_conn* conn, ngtcp2_encryption_level level,
                              std::uint64_t offset, const std::uint8_t* data, std::size_t size,
                              void* user_data) {
    Connection& connection = self(user_data);
    if (connection.tls_ != nullptr && level != NGTCP2_ENCRYPTION_LEVEL_1RTT) {
      return ngtcp2_crypto_recv_crypto_data_cb(conn, level, offset, data, size, user_data);
    }
    // After the handshake only a server has something to say in TLS: tickets, which we don't use.
    // TLS key updates are forbidden (RFC 9001 section 6).
    connection.late_crypto_ += size;
    if (connection.role_ == Role::kClient && connection.late_crypto_ <= kLateCryptoMax) return 0;
    ngtcp2_conn_set_tls_alert(conn, kAlertUnexpectedMessage);
    return NGTCP2_ERR_CRYPTO;
  }

  // The one place where a peer's identity is decided.
  static int handshake_completed(ngtcp2_conn*, void* user_data) {
    Connection& connection = self(user_data);
    if (!connection.tls_->speaks(connection.context_.config.alpn)) {
      connection.no_common_protocol_ = true;
      return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    const Result<EndpointId> peer = connection.tls_->peer_id();
    if (!peer || (connection.role_ == Role::kClient && *peer != connection.peer_)) {
      connection.wrong_peer_ = true;
      return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    connection.peer_ = *peer;
    connection.established_ = true;
    if (connection.role_ == Role::kServer) {
      // For a server, completion is confirmation (RFC 9001 section 4.1.2); ngtcp2 tells clients
      // only.
      connection.confirmed_ = true;
      connection.announced_ = true;
      connection.tell_connected_ = true;
    }
    return 0;
  }

  // Only now does a client know that the server has accepted its key.
  static int handshake_confirmed(ngtcp2_conn*, void* user_data) {
    Connection& connection = self(user_data);
    connection.confirmed_ = true;
    if (connection.role_ == Role::kClient) connection.tell_connected_ = true;
    return 0;
  }

  static void rand(std::uint8_t* dest, std::size_t size, const ngtcp2_rand_ctx* ctx) {
    static_cast<Rng*>(ctx->native_handle)->fill({dest, size});
  }

  static int get_new_connection_id(ngtcp2_conn*, ngtcp2_cid* cid, std::uint8_t* token,
                                   std::size_t size, void* user_data) {
    Connection& connection = self(user_data);
    connection.context_.rng.fill({cid->data, size});
    cid->datalen = size;
    if (ngtcp2_crypto_generate_stateless_reset_token(
            token, connection.context_.reset_secret.bytes().data(), Secret<32>::kSize, cid) != 0) {
      return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    return connection.add_cid(from_native(*cid)) ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
  }

  static int remove_connection_id(ngtcp2_conn*, const ngtcp2_cid* cid, void* user_data) {
    self(user_data).remove_cid(from_native(*cid));
    return 0;
  }

  static int dcid_status(ngtcp2_conn*, ngtcp2_connection_id_status_type type, std::uint64_t,
                         const ngtcp2_cid*, const std::uint8_t* token, void* user_data) {
    if (token == nullptr) return 0;
    Connection& connection = self(user_data);
    ResetToken value;
    std::memcpy(value.data(), token, value.size());
    if (type == NGTCP2_CONNECTION_ID_STATUS_TYPE_ACTIVATE) {
      connection.tokens_.push_back(value);
      connection.context_.table.add_token(value, connection.id_);
    } else {
      std::erase(connection.tokens_, value);
      connection.context_.table.remove_token(value, connection.id_);
    }
    return 0;
  }

  static int recv_stateless_reset(ngtcp2_conn*, const ngtcp2_pkt_stateless_reset*,
                                  void* user_data) {
    self(user_data).reset_received_ = true;
    return 0;
  }

  static int path_validation(ngtcp2_conn*, std::uint32_t, const ngtcp2_path* path,
                             const ngtcp2_path*, ngtcp2_path_validation_result result,
                             void* user_data) {
    Connection& connection = self(user_data);
    if (result != NGTCP2_PATH_VALIDATION_RESULT_SUCCESS || connection.role_ != Role::kServer) {
      return 0;
    }
    const Path validated = from_native(*path);
    if (validated == connection.path_) return 0;
    connection.path_ = validated;
    connection.tell_moved_ = true;
    return 0;
  }

  static int stream_open(ngtcp2_conn*, std::int64_t id, void* user_data) {
    Connection& connection = self(user_data);
    Stream& stream = connection.add_stream(id);
    connection.queue_event(stream, kOpenedBit);
    return 0;
  }

  static int recv_stream_data(ngtcp2_conn*, std::uint32_t flags, std::int64_t, std::uint64_t,
                              const std::uint8_t* data, std::size_t size, void* user_data,
                              void* stream_user_data) {
    self(user_data).on_stream_data(*static_cast<Stream*>(stream_user_data), {data, size},
                                   (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0);
    return 0;
  }

  static int acked_stream_data_offset(ngtcp2_conn*, std::int64_t, std::uint64_t offset,
                                      std::uint64_t size, void* user_data, void* stream_user_data) {
    self(user_data).on_acknowledged(*static_cast<Stream*>(stream_user_data), offset + size);
    return 0;
  }

  static int stream_reset(ngtcp2_conn*, std::int64_t, std::uint64_t, std::uint64_t code,
                          void* user_data, void* stream_user_data) {
    auto& stream = *static_cast<Stream*>(stream_user_data);
    Connection& connection = self(user_data);
    connection.drop_unread(stream);
    if (!stream.can_receive || stream.peer_reset) return 0;
    stream.peer_reset = true;
    stream.reset_code = code;
    connection.queue_event(stream, kResetBit);
    return 0;
  }

  static int stream_close(ngtcp2_conn*, std::uint32_t flags, std::int64_t, std::uint64_t code,
                          void* user_data, void* stream_user_data) {
    Connection& connection = self(user_data);
    auto& stream = *static_cast<Stream*>(stream_user_data);
    const bool whole = stream.fin_sent && stream.send.size() == 0;
    if (stream.can_send && !whole && (flags & NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET) != 0) {
      connection.on_stopped(stream, code);
    }
    stream.closed = true;
    stream.can_send = false;
    connection.forget_sent(stream);
    // A stream that ends without its end or a reset having come was given up from our side.
    if (!stream.fin_received && !stream.peer_reset) stream.can_receive = false;
    connection.retire_stream(stream);
    return 0;
  }

  static ngtcp2_callbacks make() {
    ngtcp2_callbacks out{};
    out.client_initial = ngtcp2_crypto_client_initial_cb;
    out.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb;
    out.recv_crypto_data = recv_crypto_data;
    out.handshake_completed = handshake_completed;
    out.handshake_confirmed = handshake_confirmed;
    set_packet_ciphers(out);
    out.hp_mask = ngtcp2_crypto_hp_mask_cb;
    out.recv_retry = ngtcp2_crypto_recv_retry_cb;
    out.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
    out.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb;
    out.version_negotiation = ngtcp2_crypto_version_negotiation_cb;
    out.rand = rand;
    out.get_new_connection_id = get_new_connection_id;
    out.remove_connection_id = remove_connection_id;
    out.dcid_status = dcid_status;
    out.recv_stateless_reset = recv_stateless_reset;
    out.path_validation = path_validation;
    out.stream_open = stream_open;
    out.recv_stream_data = recv_stream_data;
    out.acked_stream_data_offset = acked_stream_data_offset;
    out.stream_reset = stream_reset;
    out.stream_close = stream_close;
    return out;
  }
};

const ngtcp2_callbacks& connection_callbacks() {
  static const ngtcp2_callbacks callbacks = ConnectionCallbacks::make();
  return callbacks;
}

}  // namespace zerok::transport
