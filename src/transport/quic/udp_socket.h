// SPDX-License-Identifier: MIT OR Apache-2.0
// UdpSocket: a non-blocking UDP socket that moves many datagrams per system call: recvmmsg with
// receive offload, and one send per PacketBatch with segmentation offload. On a wildcard address it
// says for each datagram which of our addresses it came to, and sends from that one. An IPv6
// wildcard socket serves IPv4 too.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "base/result.h"
#include "transport/quic/packet_batch.h"
#include "transport/quic/quic_config.h"

namespace zerok::transport {

class UdpSocket {
 public:
  // Several datagrams of segment_size bytes each, the last perhaps smaller, of one path.
  struct Received {
    Path path;
    std::uint8_t ecn = 0;
    ByteView bytes;
    std::size_t segment_size = 0;
  };
  enum class SendStatus : std::uint8_t { kSent, kBlocked, kDropped, kUnreachable };

  // Errors: kAddressInUse, kPermissionDenied, kUnreachable (no such local address), kIo.
  static Result<UdpSocket> bind(const SocketAddress& address, const QuicConfig& config);
  UdpSocket(UdpSocket&& other) noexcept;
  UdpSocket& operator=(UdpSocket&& other) noexcept;
  ~UdpSocket();

  int fd() const { return fd_; }
  // With the port the system chose.
  const SocketAddress& local() const { return local_; }

  // What has arrived, perhaps nothing. Valid until the next call.
  std::span<const Received> receive();
  // kDropped: lost on the way out, as any datagram may be. kUnreachable: last_error() says why.
  SendStatus send(const PacketBatch& batch);
  int last_error() const { return last_error_; }

 private:
  struct Buffers;
  UdpSocket(int fd, bool ipv6, bool gso);
  SendStatus send_datagrams(const PacketBatch& batch, ByteView bytes, std::size_t segment_size);

  int fd_ = -1;
  bool ipv6_ = false;
  bool gso_ = false;
  int last_error_ = 0;
  SocketAddress local_;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace zerok::transport
