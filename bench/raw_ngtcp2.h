// SPDX-License-Identifier: MIT OR Apache-2.0
// One ngtcp2 connection in the smallest loop that moves bytes: the same UDP sockets, TLS settings,
// windows and batches as our transport, but none of its tables, stream buffers, timers or events.
// The dialling side sends one constant buffer over and over, the other counts and forgets. What our
// transport is compared with; good for nothing else.
#pragma once

#include <atomic>
#include <memory>

#include "base/rng.h"
#include "transport/quic/tls_identity.h"
#include "transport/quic/udp_socket.h"

namespace zerok::bench {

class RawNgtcp2 {
 public:
  static Result<std::unique_ptr<RawNgtcp2>> create();
  ~RawNgtcp2();
  RawNgtcp2(const RawNgtcp2&) = delete;
  RawNgtcp2& operator=(const RawNgtcp2&) = delete;

  const transport::SocketAddress& address() const { return socket_.local(); }
  const std::atomic<std::uint64_t>& received() const { return received_; }
  Result<void> dial(const transport::SocketAddress& peer);
  // Receives, sends what may be sent, and sleeps at most so long if there was nothing to do.
  Result<void> turn(Duration patience);

 private:
  struct Native;
  friend struct RawCallbacks;
  RawNgtcp2(std::unique_ptr<transport::TlsIdentity> identity, transport::UdpSocket socket);

  Result<void> start(const transport::Path& path, ByteView first_packet);
  Result<bool> receive();
  Result<bool> send();
  void wait(Duration patience);

  SystemRng rng_;
  std::unique_ptr<transport::TlsIdentity> identity_;
  transport::UdpSocket socket_;
  transport::PacketBatch batch_;
  bool batch_waits_ = false;  // the socket was full
  std::atomic<std::uint64_t> received_{0};
  std::unique_ptr<Native> native_;
};

}  // namespace zerok::bench
