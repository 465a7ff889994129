// SPDX-License-Identifier: MIT OR Apache-2.0
// Connection: one QUIC connection as a state machine with no socket: datagrams and Instants go in;
// datagrams, events and a timeout come out. Only Endpoint uses it. Errors of the peer, TLS or QUIC
// end the connection and nothing else. After every call the owner asks finished(), has_events() and
// next_timeout() anew.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "base/secret.h"
#include "transport/quic/connection_table.h"
#include "transport/quic/packet_batch.h"
#include "transport/quic/quic_config.h"
#include "transport/quic/stream.h"
#include "transport/quic/tls_session.h"

struct ngtcp2_conn;

namespace zerok::transport {

// What all connections of an endpoint share; outlives them.
struct ConnectionContext {
  const QuicConfig& config;
  const TlsIdentity& identity;
  const Secret<32>& reset_secret;
  ConnectionTable& table;
  Rng& rng;
  // Packet sizes to try for path MTU discovery, best first (RFC 8899).
  std::vector<std::uint16_t> mtu_probes;
};

// A first packet that a server has decided to answer.
struct Incoming {
  Cid destination;           // chosen by the client (or by our Retry)
  Cid source;                // the client's own
  Cid original_destination;  // of the client's very first packet; differs after a Retry
  ByteView token;            // the validated Retry token, or empty
};

// What is left to do for a connection that is over: answer late packets for a while.
struct Farewell {
  Path path;
  Bytes packet;  // CONNECTION_CLOSE to send now and to repeat; empty when there is nothing to say
  Duration linger{};
  std::vector<Cid> cids;  // whose packets must not be taken for a stranger's
};

class Connection {
 public:
  static Result<std::unique_ptr<Connection>> dial(const ConnectionContext& context, ConnectionId id,
                                                  const Path& path, const EndpointId& peer,
                                                  Instant now);
  static Result<std::unique_ptr<Connection>> accept(const ConnectionContext& context,
                                                    ConnectionId id, const Path& path,
                                                    const Incoming& incoming, Instant now);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Packets and time.
  void receive(const Path& path, std::uint8_t ecn, ByteView datagram, Instant now);
  void handle_timeout(Instant now);
  Instant next_timeout() const;
  // Fills an empty batch with what may be sent now; false when that is nothing.
  bool write_packets(PacketBatch& batch, Instant now);

  // Streams: see Transport for their contracts.
  Result<StreamId> open_stream(StreamKind kind);
  Result<std::size_t> write(StreamId stream, ByteView bytes, bool fin);
  Result<ReadResult> read(StreamId stream, MutableByteView out);
  void reset_stream(StreamId stream, std::uint64_t code);
  void stop_reading(StreamId stream, std::uint64_t code);
  std::optional<Event> poll_event();
  bool has_events() const;

  // Ends the connection from our side; no event follows.
  void close(std::uint64_t code, Instant now);
  // Ends it for a reason from below, e.g. no route to the peer. kClosed follows.
  void abort(const Error& error);
  // Starts a key update (RFC 9001 section 6). kInvalidState while one is going on.
  Result<void> update_keys(Instant now);

  // The connection is over and only its events remain; take the farewell once.
  bool finished() const { return conn_ == nullptr; }
  Farewell take_farewell() { return std::exchange(farewell_, {}); }
  // The handshake is complete and the peer's key proven.
  bool established() const { return established_; }
  // The application has been, or will be, told about this connection.
  bool announced() const { return announced_; }
  ConnectionId id() const { return id_; }
  Role role() const { return role_; }
  const EndpointId& peer() const { return peer_; }
  const Path& path() const { return path_; }
  ConnectionStats stats() const;

 private:
  friend struct ConnectionCallbacks;
  friend struct ConnectionTestPeer;
  Connection(const ConnectionContext& context, ConnectionId id, Role role, const Path& path);
  Result<void> start(const Cid& destination, const Cid& source, const Incoming* incoming,
                     Instant now);
  std::uint64_t timestamp(Instant now);
  bool add_cid(const Cid& cid);
  void remove_cid(const Cid& cid);
  Event event(Event::Kind kind) const;

  // connection_end.cc
  void fail_with(int liberr);
  void finish(const Error& error, std::uint64_t code, bool tell);
  Error peer_error(std::uint64_t& code) const;
  void release_tls();

  // connection_streams.cc
  Stream* find(StreamId stream);
  Stream& add_stream(std::int64_t id);
  void retire_stream(Stream& stream);
  void queue_to_send(Stream& stream);
  void queue_event(Stream& stream, StreamEventBit bit);
  void drop_unread(Stream& stream);
  void forget_sent(Stream& stream);
  void wake_writers(Stream& stream, std::size_t held_before);
  void on_stream_data(Stream& stream, ByteView bytes, bool fin);
  void on_acknowledged(Stream& stream, std::uint64_t offset);
  void on_stopped(Stream& stream, std::uint64_t code);

  // connection_write.cc
  Stream* next_to_send();
  void advance_send_list(bool keep_head);
  void try_blocked_streams();
  void account_sent(Stream& stream, std::size_t taken, bool fin);
  std::int64_t write_packet(MutableByteView out, void* native_path, void* info,
                            std::uint64_t timestamp);

  const ConnectionContext& context_;
  const ConnectionId id_;
  const Role role_;
  bool established_ = false;
  bool announced_ = false;
  bool confirmed_ = false;
  bool tell_connected_ = false;
  bool tell_moved_ = false;
  bool tell_closed_ = false;
  bool wrong_peer_ = false;
  bool no_common_protocol_ = false;
  bool reset_received_ = false;
  bool received_since_write_ = false;
  ngtcp2_conn* conn_ = nullptr;
  std::unique_ptr<TlsSession> tls_;
  EndpointId peer_;
  Path path_;
  Instant last_{};
  std::uint64_t late_crypto_ = 0;
  Error close_error_{ErrorCode::kClosed, "closed"};
  std::uint64_t close_code_ = 0;
  Farewell farewell_;

  std::unordered_map<std::int64_t, std::unique_ptr<Stream>> streams_;
  Stream* send_head_ = nullptr;
  Stream* send_tail_ = nullptr;
  Stream* event_head_ = nullptr;
  Stream* event_tail_ = nullptr;
  std::size_t streams_blocked_ = 0;
  std::size_t send_buffered_ = 0;
  std::size_t receive_buffered_ = 0;
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t bytes_received_ = 0;
  std::vector<Cid> cids_;
  std::vector<ResetToken> tokens_;
};

}  // namespace zerok::transport
