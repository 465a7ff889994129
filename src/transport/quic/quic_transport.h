// SPDX-License-Identifier: MIT OR Apache-2.0
// QuicTransport: the Transport over real UDP sockets: an Endpoint, a UdpSocket, and a way to sleep
// until something happens. One driver thread uses it; only wake() may be called from other threads.
// Destroying it closes its connections in an orderly way.
#pragma once

#include <memory>

#include "base/rng.h"
#include "base/secret.h"
#include "transport/quic/endpoint.h"
#include "transport/quic/udp_socket.h"
#include "transport/transport.h"

namespace zerok::transport {

class QuicTransport final : public Transport {
 public:
  // identity_seed: Ed25519 private key, whose public key is local_id(). reset_secret: 32 random
  // bytes to keep across restarts; peers then notice a restart within seconds instead of at the
  // idle timeout. bind: port 0 lets the system choose; [::] serves IPv4 as well. rng outlives the
  // transport. Errors: those of QuicConfig::validate(), TlsIdentity::create(), UdpSocket::bind().
  static Result<std::unique_ptr<QuicTransport>> create(const QuicConfig& config,
                                                       const Secret<32>& identity_seed,
                                                       const Secret<32>& reset_secret,
                                                       const SocketAddress& bind, Rng& rng);
  ~QuicTransport() override;
  QuicTransport(const QuicTransport&) = delete;
  QuicTransport& operator=(const QuicTransport&) = delete;

  EndpointId local_id() const override { return endpoint_.local_id(); }
  Result<ConnectionId> dial(const SocketAddress& address, const EndpointId& peer,
                            Instant now) override;
  Result<StreamId> open_stream(ConnectionId connection, StreamKind kind) override;
  Result<std::size_t> write(ConnectionId connection, StreamId stream, ByteView bytes,
                            bool fin) override;
  Result<ReadResult> read(ConnectionId connection, StreamId stream, MutableByteView out) override;
  void reset_stream(ConnectionId connection, StreamId stream, std::uint64_t code) override;
  void stop_reading(ConnectionId connection, StreamId stream, std::uint64_t code) override;
  void close(ConnectionId connection, std::uint64_t code) override;
  std::optional<ConnectionStats> stats(ConnectionId connection) const override;
  void step(Instant now) override;
  Instant next_timeout() const override;
  std::optional<Event> poll_event() override;

  // Sleeps until a datagram arrives, wake() was called, next_timeout() or `until`, whichever comes
  // first. Returns at once when there is something to do.
  void wait(Instant until);
  // Ends a wait(), now or the next one. Thread-safe.
  void wake();
  // Readable when step() has something to do; for a driver with a poll loop of its own, which also
  // minds next_timeout().
  int fd() const { return poll_fd_; }
  // The bound address, with the port the system chose.
  const SocketAddress& local_address() const { return socket_.local(); }

  // Moves to a fresh socket on the same address and another port, as when a NAT forgets a client:
  // connections go on and servers follow. Errors: as UdpSocket::bind().
  Result<void> rebind();
  Result<void> update_keys(ConnectionId connection, Instant now);
  Endpoint::Counts counts() const { return endpoint_.counts(); }
  // Forgets everything without telling the peers, as a crash would.
  void abandon() { abandoned_ = true; }

 private:
  QuicTransport(const QuicConfig& config, std::unique_ptr<TlsIdentity> identity,
                const Secret<32>& reset_secret, Rng& rng, UdpSocket socket);
  Result<void> watch();
  void watch_socket(bool for_writing);
  void flush(Instant now);

  Endpoint endpoint_;
  UdpSocket socket_;
  const PacketBatch* blocked_ = nullptr;  // a batch the socket had no room for
  int poll_fd_ = -1;
  int wake_fd_ = -1;
  bool abandoned_ = false;
};

}  // namespace zerok::transport
