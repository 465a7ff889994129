// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/quic/udp_socket.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace zerok::transport {
namespace {

constexpr std::size_t kMessages = 16;
constexpr std::size_t kMessageBytes = 65'536;
constexpr std::uint8_t kEcnMask = 3;

// Linux has had these since 4.18 and 5.0; old headers may not name them.
constexpr int kUdpSegment = 103;
constexpr int kUdpGro = 104;

union Control {
  cmsghdr align;
  char bytes[CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(int))];
};

std::unexpected<Error> system_error(int code) {
  switch (code) {
    case EADDRINUSE:
      return fail(ErrorCode::kAddressInUse, "the UDP port is in use", code);
    case EACCES:
    case EPERM:
      return fail(ErrorCode::kPermissionDenied, "the system does not allow this UDP port", code);
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return fail(ErrorCode::kUnreachable, "this machine does not have that address", code);
    default:
      return fail(ErrorCode::kIo, "the UDP socket can't be opened", code);
  }
}

bool set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

template <typename T>
void add_control(msghdr& message, cmsghdr*& next, int level, int type, const T& value) {
  next->cmsg_level = level;
  next->cmsg_type = type;
  next->cmsg_len = CMSG_LEN(sizeof(T));
  std::memcpy(CMSG_DATA(next), &value, sizeof(T));
  message.msg_controllen += CMSG_SPACE(sizeof(T));
  next = reinterpret_cast<cmsghdr*>(reinterpret_cast<char*>(next) + CMSG_SPACE(sizeof(T)));
}

template <typename T>
T control_value(cmsghdr* header) {
  T value;
  std::memcpy(&value, CMSG_DATA(header), sizeof(T));
  return value;
}

void read_control(msghdr& message, std::uint16_t port, UdpSocket::Received& out) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      const auto info = control_value<in_pktinfo>(c);
      // Not ipi_addr: of a broadcast that is an address nobody can answer from.
      ByteArray<4> bytes;
      std::memcpy(bytes.data(), &info.ipi_spec_dst, bytes.size());
      out.path.local = SocketAddress::ipv4(bytes, port);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      const auto info = control_value<in6_pktinfo>(c);
      ByteArray<16> bytes;
      std::memcpy(bytes.data(), &info.ipi6_addr, bytes.size());
      out.path.local = unmapped(SocketAddress::ipv6(bytes, port));
    } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == kUdpGro) {
      // The kernel has written an int or, long ago, an u16; both are little-endian safe below.
      const int size = c->cmsg_len >= CMSG_LEN(sizeof(int)) ? control_value<int>(c)
                                                            : control_value<std::uint16_t>(c);
      if (size > 0) out.segment_size = static_cast<std::size_t>(size);
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
      out.ecn = control_value<std::uint8_t>(c) & kEcnMask;
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
      out.ecn = static_cast<std::uint8_t>(control_value<int>(c)) & kEcnMask;
    }
  }
}

}  // namespace

struct UdpSocket::Buffers {
  std::unique_ptr<std::uint8_t[]> bytes{new std::uint8_t[kMessages * kMessageBytes]};
  std::array<mmsghdr, kMessages> messages;
  std::array<iovec, kMessages> vectors;
  std::array<sockaddr_storage, kMessages> names;
  std::array<Control, kMessages> controls;
  std::array<Received, kMessages> received;
};

UdpSocket::UdpSocket(int fd, bool ipv6, bool gso)
    : fd_(fd), ipv6_(ipv6), gso_(gso), buffers_(std::make_unique<Buffers>()) {}

UdpSocket::UdpSocket(UdpSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      ipv6_(other.ipv6_),
      gso_(other.gso_),
      last_error_(other.last_error_),
      local_(other.local_),
      buffers_(std::move(other.buffers_)) {}

UdpSocket& UdpSocket::operator=(UdpSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(buffers_, other.buffers_);
  ipv6_ = other.ipv6_;
  gso_ = other.gso_;
  local_ = other.local_;
  return *this;
}

UdpSocket::~UdpSocket() {
  if (fd_ >= 0) ::close(fd_);
}

Result<UdpSocket> UdpSocket::bind(const SocketAddress& address, const QuicConfig& config) {
  const bool ipv6 = address.family() == AddressFamily::kIpv6;
  const int fd = ::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return system_error(errno);
  UdpSocket socket(fd, ipv6, false);

  bool ok = true;
  if (ipv6) {
    ok = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, address.is_wildcard() ? 0 : 1) &&
         set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    set_option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
  } else {
    ok = set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
  }
  if (!ok) return system_error(errno);
  // Also for the IPv4 packets of an IPv6 socket. Without these there is no ECN and no path MTU
  // discovery, and QUIC works all the same.
  set_option(fd, IPPROTO_IP, IP_RECVTOS, 1);
  set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  const int buffer = static_cast<int>(std::min<std::size_t>(config.socket_buffer, 1U << 30));
  // The forced form needs a privilege and goes past the system's limit.
  if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, buffer)) {
    set_option(fd, SOL_SOCKET, SO_RCVBUF, buffer);
  }
  if (!set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, buffer)) {
    set_option(fd, SOL_SOCKET, SO_SNDBUF, buffer);
  }
  if (config.gro) set_option(fd, IPPROTO_UDP, kUdpGro, 1);
  // Setting the size to zero is no change, and fails where the offload is unknown.
  socket.gso_ = config.gso && set_option(fd, IPPROTO_UDP, kUdpSegment, 0);

  sockaddr_storage native;
  const socklen_t size = to_native(address, native);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&native), size) != 0) return system_error(errno);
  socklen_t bound_size = sizeof(native);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&native), &bound_size) != 0) {
    return system_error(errno);
  }
  const SocketAddress bound = from_native(&native);
  socket.local_ = address.with_port(bound.port());
  return socket;
}

std::span<const UdpSocket::Received> UdpSocket::receive() {
  Buffers& b = *buffers_;
  for (std::size_t i = 0; i < kMessages; ++i) {
    b.vectors[i] = {b.bytes.get() + i * kMessageBytes, kMessageBytes};
    msghdr& m = b.messages[i].msg_hdr;
    m = {};
    m.msg_name = &b.names[i];
    m.msg_namelen = sizeof(b.names[i]);
    m.msg_iov = &b.vectors[i];
    m.msg_iovlen = 1;
    m.msg_control = &b.controls[i];
    m.msg_controllen = sizeof(b.controls[i]);
  }
  const int n = ::recvmmsg(fd_, b.messages.data(), kMessages, MSG_DONTWAIT, nullptr);
  if (n <= 0) return {};
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    Received& out = b.received[i];
    out = {};
    out.bytes = ByteView(b.bytes.get() + i * kMessageBytes, b.messages[i].msg_len);
    out.segment_size = out.bytes.size();
    out.path.remote = from_native(&b.names[i]);
    out.path.local = local_;
    read_control(b.messages[i].msg_hdr, local_.port(), out);
  }
  return {b.received.data(), static_cast<std::size_t>(n)};
}

UdpSocket::SendStatus UdpSocket::send(const PacketBatch& batch) {
  bool refused = false;
  if (batch.segments() == 1 || gso_) {
    const SendStatus status = send_datagrams(batch, batch.bytes(), batch.segment_size());
    // Some devices and tunnels refuse the offload only when it is used.
    refused = status == SendStatus::kDropped && (last_error_ == EIO || last_error_ == EINVAL);
    if (!refused || batch.segments() == 1) return status;
  }
  for (std::size_t i = 0; i < batch.segments(); ++i) {
    const ByteView segment = batch.segment(i);
    const SendStatus status = send_datagrams(batch, segment, segment.size());
    // It was the offload if the same packets go without; the same errors have other causes too.
    if (refused && status == SendStatus::kSent) gso_ = false;
    // What is left of a batch when the socket fills up is lost; QUIC sends it again.
    if (status == SendStatus::kUnreachable) return status;
    if (status == SendStatus::kBlocked) return i == 0 ? status : SendStatus::kDropped;
  }
  return SendStatus::kSent;
}

UdpSocket::SendStatus UdpSocket::send_datagrams(const PacketBatch& batch, ByteView bytes,
                                                std::size_t segment_size) {
  sockaddr_storage remote;
  const bool ipv4_peer = batch.path.remote.family() == AddressFamily::kIpv4;
  if (!ipv6_ && !ipv4_peer) {
    last_error_ = EAFNOSUPPORT;
    return SendStatus::kUnreachable;
  }
  iovec vector{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  Control control{};
  msghdr message{};
  message.msg_namelen =
      ipv6_ ? to_native_ipv6(batch.path.remote, remote) : to_native(batch.path.remote, remote);
  message.msg_name = &remote;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = &control;
  auto* next = reinterpret_cast<cmsghdr*>(&control);

  if (!batch.path.local.is_wildcard()) {
    if (ipv6_) {
      sockaddr_storage local;
      to_native_ipv6(batch.path.local, local);
      in6_pktinfo info{};
      std::memcpy(&info.ipi6_addr, &reinterpret_cast<const sockaddr_in6*>(&local)->sin6_addr, 16);
      add_control(message, next, IPPROTO_IPV6, IPV6_PKTINFO, info);
    } else {
      in_pktinfo info{};
      std::memcpy(&info.ipi_spec_dst, batch.path.local.address().data(), 4);
      add_control(message, next, IPPROTO_IP, IP_PKTINFO, info);
    }
  }
  if (batch.ecn != 0) {
    const int mark = batch.ecn;
    if (ipv4_peer) {
      add_control(message, next, IPPROTO_IP, IP_TOS, mark);
    } else {
      add_control(message, next, IPPROTO_IPV6, IPV6_TCLASS, mark);
    }
  }
  if (bytes.size() > segment_size) {
    add_control(message, next, IPPROTO_UDP, kUdpSegment, static_cast<std::uint16_t>(segment_size));
  }
  if (message.msg_controllen == 0) message.msg_control = nullptr;

  while (::sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    last_error_ = errno;
    switch (errno) {
      case EINTR:
        continue;
      case EAGAIN:
        return SendStatus::kBlocked;
      case ENETUNREACH:
      case EHOSTUNREACH:
      case ENETDOWN:
      case EACCES:
      case EPERM:
        return SendStatus::kUnreachable;
      default:
        // EMSGSIZE is how a path MTU probe learns that it is too large. ENOBUFS is a full device
        // queue, on which one can't wait.
        return SendStatus::kDropped;
    }
  }
  return SendStatus::kSent;
}

}  // namespace zerok::transport
