// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tests/interop/iroh/udp_forwarder.h"

#include <sys/socket.h>
#include <unistd.h>

#include "transport/quic/path.h"

namespace zerok::interop {
namespace {

using transport::AddressFamily;
using transport::SocketAddress;

struct NativeAddress {
  NativeAddress() = default;
  explicit NativeAddress(const SocketAddress& address)
      : size(transport::to_native(address, storage)) {}
  SocketAddress value() const { return transport::from_native(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }

  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);
};

SocketAddress local_address(int fd) {
  NativeAddress native;
  getsockname(fd, native.get(), &native.size);
  return native.value();
}

// RFC 9000 section 17.2.5: long header, version 1, packet type 3.
bool is_retry(ByteView packet) {
  return packet.size() > 5 && (packet[0] & 0xf0) == 0xf0 && load_be32(packet.subspan(1)) == 1;
}

}  // namespace

int open_loopback_udp(AddressFamily family) {
  const bool v4 = family == AddressFamily::kIpv4;
  ByteArray<16> loopback_v6{};
  loopback_v6[15] = 1;
  NativeAddress any_port(v4 ? SocketAddress::ipv4({127, 0, 0, 1}, 0)
                            : SocketAddress::ipv6(loopback_v6, 0));
  const int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0 && bind(fd, any_port.get(), any_port.size) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

UdpForwarder::UdpForwarder(const SocketAddress& server)
    : server_(server),
      front_(open_loopback_udp(server.family())),
      upstream_(open_loopback_udp(server.family())) {}

UdpForwarder::~UdpForwarder() {
  if (front_ >= 0) close(front_);
  if (upstream_ >= 0) close(upstream_);
}

SocketAddress UdpForwarder::address() const { return local_address(front_); }
SocketAddress UdpForwarder::client_as_seen() const { return local_address(upstream_); }

void UdpForwarder::replace_upstream() {
  // The new socket is opened before the old one is closed, so the port surely differs.
  const int fresh = open_loopback_udp(server_.family());
  if (fresh < 0) return;
  close(upstream_);
  upstream_ = fresh;
}

bool UdpForwarder::loses(int& packets) {
  ++packets;
  if (lose_every_ == 0 || packets % lose_every_ != 0) return false;
  ++lost_;
  return true;
}

void UdpForwarder::poll() {
  ByteArray<65536> packet;
  for (;;) {
    NativeAddress from;
    const ssize_t size = recvfrom(front_, packet.data(), packet.size(), 0, from.get(), &from.size);
    if (size < 0) break;
    client_ = from.value();
    if (loses(packets_up_)) continue;
    NativeAddress to(server_);
    sendto(upstream_, packet.data(), std::size_t(size), 0, to.get(), to.size);
  }
  for (;;) {
    const ssize_t size = recv(upstream_, packet.data(), packet.size(), 0);
    if (size < 0) break;
    if (is_retry(ByteView(packet.data(), std::size_t(size)))) ++retries_seen_;
    if (!client_ || loses(packets_down_)) continue;
    NativeAddress to(*client_);
    sendto(front_, packet.data(), std::size_t(size), 0, to.get(), to.size);
  }
}

}  // namespace zerok::interop
