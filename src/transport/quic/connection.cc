// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/quic/connection.h"

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include <algorithm>

#include "transport/quic/connection_callbacks.h"
#include "transport/quic/native.h"

namespace zerok::transport {
namespace {

// Spare ids let a peer move to new addresses a few times in quick succession.
constexpr std::uint64_t kActiveCidLimit = 4;
// Unguessable, as RFC 9000 section 7.2 asks of a client's first destination id.
constexpr std::size_t kInitialDestinationLength = 16;

Cid random_cid(Rng& rng, std::size_t size) {
  ByteArray<kCidLengthMax> bytes;
  rng.fill(MutableByteView(bytes).first(size));
  return Cid(ByteView(bytes).first(size));
}

ngtcp2_duration to_native(Duration duration) {
  return static_cast<ngtcp2_duration>(duration.count());
}

ngtcp2_settings make_settings(const ConnectionContext& context, const Incoming* incoming,
                              ngtcp2_tstamp now) {
  ngtcp2_settings settings;
  ngtcp2_settings_default(&settings);
  settings.initial_ts = now;
  settings.max_tx_udp_payload_size = context.config.udp_payload_max;
  settings.handshake_timeout = to_native(context.config.handshake_timeout);
  settings.rand_ctx.native_handle = &context.rng;
  settings.pmtud_probes = context.mtu_probes.data();
  settings.pmtud_probeslen = context.mtu_probes.size();
  settings.no_pmtud = context.mtu_probes.empty() ? 1 : 0;
  if (incoming != nullptr && !incoming->token.empty()) {
    settings.token = incoming->token.data();
    settings.tokenlen = incoming->token.size();
    settings.token_type = NGTCP2_TOKEN_TYPE_RETRY;
  }
  return settings;
}

ngtcp2_transport_params make_params(const ConnectionContext& context, const Incoming* incoming,
                                    const ngtcp2_cid& scid) {
  const QuicConfig& config = context.config;
  ngtcp2_transport_params params;
  ngtcp2_transport_params_default(&params);
  params.initial_max_data = config.connection_receive_window;
  params.initial_max_stream_data_bidi_local = config.stream_receive_window;
  params.initial_max_stream_data_bidi_remote = config.stream_receive_window;
  params.initial_max_stream_data_uni = config.stream_receive_window;
  params.initial_max_streams_bidi = config.streams_bidi_max;
  params.initial_max_streams_uni = config.streams_uni_max;
  params.max_idle_timeout = to_native(config.idle_timeout);
  params.active_connection_id_limit = kActiveCidLimit;
  if (incoming != nullptr) {
    params.original_dcid = to_native(incoming->original_destination);
    params.original_dcid_present = 1;
    if (!incoming->token.empty()) {
      params.retry_scid = to_native(incoming->destination);
      params.retry_scid_present = 1;
    }
    params.stateless_reset_token_present =
        ngtcp2_crypto_generate_stateless_reset_token(params.stateless_reset_token,
                                                     context.reset_secret.bytes().data(),
                                                     Secret<32>::kSize, &scid) == 0;
  }
  return params;
}

}  // namespace

Connection::Connection(const ConnectionContext& context, ConnectionId id, Role role,
                       const Path& path)
    : context_(context), id_(id), role_(role), path_(path) {}

Connection::~Connection() {
  release_tls();
  if (conn_ != nullptr) ngtcp2_conn_del(conn_);
  for (const Cid& cid : cids_) context_.table.remove(cid);
  for (const ResetToken& token : tokens_) context_.table.remove_token(token, id_);
}

Result<std::unique_ptr<Connection>> Connection::dial(const ConnectionContext& context,
                                                     ConnectionId id, const Path& path,
                                                     const EndpointId& peer, Instant now) {
  std::unique_ptr<Connection> connection(new Connection(context, id, Role::kClient, path));
  connection->peer_ = peer;
  connection->announced_ = true;
  const Cid destination = random_cid(context.rng, kInitialDestinationLength);
  ZEROK_TRY_VOID(connection->start(destination, random_cid(context.rng, kCidLength), nullptr, now));
  return connection;
}

Result<std::unique_ptr<Connection>> Connection::accept(const ConnectionContext& context,
                                                       ConnectionId id, const Path& path,
                                                       const Incoming& incoming, Instant now) {
  std::unique_ptr<Connection> connection(new Connection(context, id, Role::kServer, path));
  // Until the client has learnt our id, its packets carry the one it made up.
  if (!connection->add_cid(incoming.destination)) {
    return fail(ErrorCode::kOverloaded, "the connection id is taken");
  }
  ZEROK_TRY_VOID(
      connection->start(incoming.source, random_cid(context.rng, kCidLength), &incoming, now));
  return connection;
}

Result<void> Connection::start(const Cid& destination, const Cid& source, const Incoming* incoming,
                               Instant now) {
  const ngtcp2_cid dcid = to_native(destination);
  const ngtcp2_cid scid = to_native(source);
  const NativePath native_path(path_);
  const ngtcp2_settings settings = make_settings(context_, incoming, timestamp(now));
  const ngtcp2_transport_params params = make_params(context_, incoming, scid);
  const int rv =
      role_ == Role::kServer
          ? ngtcp2_conn_server_new(&conn_, &dcid, &scid, native_path.get(), NGTCP2_PROTO_VER_V1,
                                   &connection_callbacks(), &settings, &params, nullptr, this)
          : ngtcp2_conn_client_new(&conn_, &dcid, &scid, native_path.get(), NGTCP2_PROTO_VER_V1,
                                   &connection_callbacks(), &settings, &params, nullptr, this);
  if (rv != 0) return fail(ErrorCode::kNoMemory, "QUIC can't make a connection", rv);
  if (!add_cid(source)) return fail(ErrorCode::kOverloaded, "the connection id is taken");
  ZEROK_TRY(tls_, TlsSession::create(context_.identity, role_, context_.config.alpn, conn_));
  ngtcp2_conn_set_tls_native_handle(conn_, tls_->native());
  if (context_.config.keep_alive > Duration::zero()) {
    ngtcp2_conn_set_keep_alive_timeout(conn_, to_native(context_.config.keep_alive));
  }
  return {};
}

std::uint64_t Connection::timestamp(Instant now) {
  // ngtcp2 takes a clock that goes backwards for a bug, and stops the program.
  last_ = std::max(last_, now);
  const Duration since = std::max(last_.time_since_epoch(), Duration::zero());
  return static_cast<std::uint64_t>(since.count()) +
         static_cast<std::uint64_t>(kTimestampOffset.count());
}

bool Connection::add_cid(const Cid& cid) {
  if (!context_.table.add(cid, id_)) return false;
  cids_.push_back(cid);
  return true;
}

void Connection::remove_cid(const Cid& cid) {
  if (std::erase(cids_, cid) > 0) context_.table.remove(cid);
}

void Connection::receive(const Path& path, std::uint8_t ecn, ByteView datagram, Instant now) {
  if (conn_ == nullptr) return;
  // A client behind a wildcard socket does not know its own address, and need not: only the
  // server follows moves.
  const NativePath native_path(role_ == Role::kClient ? Path{path_.local, path.remote} : path);
  ngtcp2_pkt_info info{};
  info.ecn = ecn;
  const int rv = ngtcp2_conn_read_pkt(conn_, native_path.get(), &info, datagram.data(),
                                      datagram.size(), timestamp(now));
  if (rv != 0) return fail_with(rv);
  received_since_write_ = true;
  if (confirmed_) release_tls();
}

void Connection::handle_timeout(Instant now) {
  if (conn_ == nullptr || next_timeout() > now) return;
  if (const int rv = ngtcp2_conn_handle_expiry(conn_, timestamp(now)); rv != 0) fail_with(rv);
}

Instant Connection::next_timeout() const {
  return conn_ == nullptr ? kNever : from_timestamp(ngtcp2_conn_get_expiry(conn_));
}

Result<void> Connection::update_keys(Instant now) {
  if (conn_ == nullptr) return fail(ErrorCode::kClosed, "the connection is closed");
  const int rv = ngtcp2_conn_initiate_key_update(conn_, timestamp(now));
  if (rv != 0) return fail(ErrorCode::kInvalidState, "no key update can start now", rv);
  return {};
}

Event Connection::event(Event::Kind kind) const {
  Event out{};
  out.kind = kind;
  out.connection = id_;
  out.peer = peer_;
  return out;
}

bool Connection::has_events() const {
  return tell_connected_ || tell_moved_ || event_head_ != nullptr || tell_closed_;
}

ConnectionStats Connection::stats() const {
  ConnectionStats stats;
  stats.remote = path_.remote;
  stats.bytes_sent = bytes_sent_;
  stats.bytes_received = bytes_received_;
  stats.bytes_buffered = send_buffered_ + receive_buffered_;
  if (conn_ == nullptr) return stats;
  ngtcp2_conn_info info;
  ngtcp2_conn_get_conn_info_versioned(conn_, NGTCP2_CONN_INFO_VERSION, &info);
  stats.smoothed_rtt = Duration(static_cast<Duration::rep>(info.smoothed_rtt));
  for (const auto& [id, stream] : streams_) {
    stats.packets_lost += ngtcp2_conn_get_stream_loss_count(conn_, id);
  }
  return stats;
}

}  // namespace zerok::transport
