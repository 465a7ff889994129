// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench/raw_ngtcp2.h"

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <poll.h>

#include <algorithm>

#include "base/system_clock.h"
#include "bench/loopback.h"
#include "transport/quic/native.h"
#include "transport/quic/tls_session.h"

namespace zerok::bench {
namespace {

using transport::NativePath;
using transport::Path;

constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

ngtcp2_tstamp timestamp() {
  return static_cast<ngtcp2_tstamp>(
      (monotonic_now().time_since_epoch() + transport::kTimestampOffset).count());
}

std::unexpected<Error> broken(std::int64_t code) {
  return fail(ErrorCode::kInternal, "the bare ngtcp2 connection broke", code);
}

ngtcp2_cid random_cid(Rng& rng, std::size_t size) {
  ngtcp2_cid cid{};
  rng.fill({cid.data, size});
  cid.datalen = size;
  return cid;
}

}  // namespace

struct RawNgtcp2::Native {
  std::unique_ptr<transport::TlsSession> tls;
  ngtcp2_conn* conn = nullptr;
  std::int64_t stream = -1;
  bool sends = false;
  Bytes piece = Bytes(kPieceBytes, 0x5a);
  ~Native() {
    tls.reset();
    if (conn != nullptr) ngtcp2_conn_del(conn);
  }
};

struct RawCallbacks {
  static void rand(std::uint8_t* out, std::size_t size, const ngtcp2_rand_ctx* context) {
    static_cast<Rng*>(context->native_handle)->fill({out, size});
  }
  static int get_new_connection_id(ngtcp2_conn*, ngtcp2_cid* cid, std::uint8_t* token,
                                   std::size_t size, void* user_data) {
    auto& self = *static_cast<RawNgtcp2*>(user_data);
    *cid = random_cid(self.rng_, size);
    self.rng_.fill({token, NGTCP2_STATELESS_RESET_TOKENLEN});
    return 0;
  }
  static int recv_stream_data(ngtcp2_conn* conn, std::uint32_t, std::int64_t stream, std::uint64_t,
                              const std::uint8_t*, std::size_t size, void* user_data, void*) {
    static_cast<RawNgtcp2*>(user_data)->received_.fetch_add(size, std::memory_order_relaxed);
    ngtcp2_conn_extend_max_stream_offset(conn, stream, size);
    ngtcp2_conn_extend_max_offset(conn, size);
    return 0;
  }
  static ngtcp2_callbacks make() {
    ngtcp2_callbacks out{};
    out.client_initial = ngtcp2_crypto_client_initial_cb;
    out.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb;
    out.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb;
    out.encrypt = ngtcp2_crypto_encrypt_cb;
    out.decrypt = ngtcp2_crypto_decrypt_cb;
    out.hp_mask = ngtcp2_crypto_hp_mask_cb;
    out.recv_retry = ngtcp2_crypto_recv_retry_cb;
    out.update_key = ngtcp2_crypto_update_key_cb;
    out.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb;
    out.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
    out.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb;
    out.version_negotiation = ngtcp2_crypto_version_negotiation_cb;
    out.rand = rand;
    out.get_new_connection_id = get_new_connection_id;
    out.recv_stream_data = recv_stream_data;
    return out;
  }
};

RawNgtcp2::RawNgtcp2(std::unique_ptr<transport::TlsIdentity> identity, transport::UdpSocket socket)
    : identity_(std::move(identity)),
      socket_(std::move(socket)),
      native_(std::make_unique<Native>()) {}

RawNgtcp2::~RawNgtcp2() = default;

Result<std::unique_ptr<RawNgtcp2>> RawNgtcp2::create() {
  Secret<32> seed;
  SystemRng().fill(seed.mutable_bytes());
  ZEROK_TRY(auto identity, transport::TlsIdentity::create(seed));
  ZEROK_TRY(auto socket, transport::UdpSocket::bind(
                             transport::SocketAddress::ipv4({127, 0, 0, 1}, 0), quic_config()));
  return std::unique_ptr<RawNgtcp2>(new RawNgtcp2(std::move(identity), std::move(socket)));
}

Result<void> RawNgtcp2::dial(const transport::SocketAddress& peer) {
  native_->sends = true;
  return start({socket_.local(), peer}, {});
}

// Without a packet: as the client.
Result<void> RawNgtcp2::start(const Path& path, ByteView first_packet) {
  const bool server = !first_packet.empty();
  const transport::QuicConfig config = quic_config();
  ngtcp2_settings settings;
  ngtcp2_settings_default(&settings);
  settings.initial_ts = timestamp();
  settings.max_tx_udp_payload_size = config.udp_payload_max;
  settings.rand_ctx.native_handle = &rng_;
  const std::uint16_t probe = static_cast<std::uint16_t>(config.udp_payload_max);
  settings.pmtud_probes = &probe;
  settings.pmtud_probeslen = 1;
  ngtcp2_transport_params params;
  ngtcp2_transport_params_default(&params);
  params.initial_max_data = config.connection_receive_window;
  params.initial_max_stream_data_uni = config.stream_receive_window;
  params.initial_max_streams_uni = config.streams_uni_max;

  const ngtcp2_callbacks callbacks = RawCallbacks::make();
  const NativePath native_path(path);
  const ngtcp2_cid own = random_cid(rng_, transport::kCidLength);
  int rv = 0;
  if (server) {
    ngtcp2_pkt_hd header;
    if (ngtcp2_accept(&header, first_packet.data(), first_packet.size()) != 0) return {};
    params.original_dcid = header.dcid;
    params.original_dcid_present = 1;
    rv = ngtcp2_conn_server_new(&native_->conn, &header.scid, &own, native_path.get(),
                                NGTCP2_PROTO_VER_V1, &callbacks, &settings, &params, nullptr, this);
  } else {
    const ngtcp2_cid first = random_cid(rng_, 16);
    rv = ngtcp2_conn_client_new(&native_->conn, &first, &own, native_path.get(),
                                NGTCP2_PROTO_VER_V1, &callbacks, &settings, &params, nullptr, this);
  }
  if (rv != 0) return broken(rv);
  ZEROK_TRY(native_->tls,
            transport::TlsSession::create(
                *identity_, server ? transport::Role::kServer : transport::Role::kClient,
                config.alpn, native_->conn));
  ngtcp2_conn_set_tls_native_handle(native_->conn, native_->tls->native());
  return {};
}

Result<void> RawNgtcp2::turn(Duration patience) {
  ZEROK_TRY(const bool received, receive());
  if (native_->conn == nullptr) {
    wait(patience);
    return {};
  }
  if (ngtcp2_conn_get_expiry(native_->conn) <= timestamp()) {
    if (const int rv = ngtcp2_conn_handle_expiry(native_->conn, timestamp()); rv != 0) {
      return broken(rv);
    }
  }
  ZEROK_TRY(const bool sent, send());
  if (!received && !sent) wait(patience);
  return {};
}

Result<bool> RawNgtcp2::receive() {
  const auto all = socket_.receive();
  for (const auto& message : all) {
    for (ByteView rest = message.bytes; !rest.empty();) {
      const ByteView packet = rest.first(std::min(rest.size(), message.segment_size));
      rest = rest.subspan(packet.size());
      if (native_->conn == nullptr) ZEROK_TRY_VOID(start(message.path, packet));
      if (native_->conn == nullptr) continue;
      ngtcp2_pkt_info info{};
      info.ecn = message.ecn;
      const NativePath path(message.path);
      const int rv = ngtcp2_conn_read_pkt(native_->conn, path.get(), &info, packet.data(),
                                          packet.size(), timestamp());
      if (rv != 0) return broken(rv);
    }
  }
  return !all.empty();
}

Result<bool> RawNgtcp2::send() {
  ngtcp2_conn* conn = native_->conn;
  if (!batch_waits_) {
    if (native_->sends && native_->stream < 0 && ngtcp2_conn_get_handshake_completed(conn) != 0) {
      ngtcp2_conn_open_uni_stream(conn, &native_->stream, nullptr);
    }
    batch_.next();
    const std::size_t size_max = ngtcp2_conn_get_max_tx_udp_payload_size(conn);
    const std::size_t burst_max = ngtcp2_conn_get_send_quantum(conn);
    const ngtcp2_tstamp now = timestamp();
    while (batch_.open() && batch_.has_room(size_max) &&
           (batch_.empty() || batch_.bytes().size() < burst_max)) {
      ngtcp2_path_storage path;
      ngtcp2_path_storage_zero(&path);
      ngtcp2_pkt_info info{};
      ngtcp2_ssize taken = -1;
      const ngtcp2_vec piece{native_->piece.data(), native_->piece.size()};
      const bool data = native_->stream >= 0;
      ngtcp2_ssize n = ngtcp2_conn_writev_stream(
          conn, &path.path, &info, batch_.room(size_max).data(), size_max, &taken, 0,
          data ? native_->stream : -1, &piece, data ? 1 : 0, now);
      if (n == NGTCP2_ERR_STREAM_DATA_BLOCKED) {
        n = ngtcp2_conn_write_pkt(conn, &path.path, &info, batch_.room(size_max).data(), size_max,
                                  now);
      }
      if (n < 0) return broken(n);
      if (n == 0) break;
      const auto size = static_cast<std::size_t>(n);
      if (batch_.empty()) {
        batch_.path = transport::from_native(path.path);
        batch_.ecn = info.ecn;
      } else if (size > batch_.segment_size() || info.ecn != batch_.ecn) {
        batch_.set_aside(size, transport::from_native(path.path), info.ecn);
        break;
      }
      batch_.add(size);
    }
    ngtcp2_conn_update_pkt_tx_time(conn, now);
  }
  if (batch_.empty()) return false;
  batch_waits_ = socket_.send(batch_) == transport::UdpSocket::SendStatus::kBlocked;
  return !batch_waits_;
}

void RawNgtcp2::wait(Duration patience) {
  if (native_->conn != nullptr) {
    const ngtcp2_tstamp expiry = ngtcp2_conn_get_expiry(native_->conn);
    const ngtcp2_tstamp now = timestamp();
    patience = expiry <= now ? Duration::zero()
                             : Duration(static_cast<Duration::rep>(std::min<ngtcp2_tstamp>(
                                   expiry - now, static_cast<ngtcp2_tstamp>(patience.count()))));
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
  const timespec timeout{seconds.count(), (patience - seconds).count()};
  pollfd waited{socket_.fd(), static_cast<short>(batch_waits_ ? POLLIN | POLLOUT : POLLIN), 0};
  ::ppoll(&waited, 1, &timeout, nullptr);
}

}  // namespace zerok::bench
