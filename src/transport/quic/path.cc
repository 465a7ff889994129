// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/quic/path.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace zerok::transport {
namespace {

constexpr ByteArray<12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

std::uint32_t to_native(const SocketAddress& address, sockaddr_storage& out) {
  if (address.family() == AddressFamily::kIpv6) return to_native_ipv6(address, out);
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(address.port());
  std::memcpy(&in.sin_addr, address.address().data(), 4);
  std::memcpy(&out, &in, sizeof(in));
  return sizeof(in);
}

std::uint32_t to_native_ipv6(const SocketAddress& address, sockaddr_storage& out) {
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(address.port());
  in.sin6_scope_id = address.scope_id();
  if (address.family() == AddressFamily::kIpv6) {
    std::memcpy(&in.sin6_addr, address.address().data(), 16);
  } else {
    std::memcpy(&in.sin6_addr, kMappedPrefix.data(), kMappedPrefix.size());
    std::memcpy(in.sin6_addr.s6_addr + kMappedPrefix.size(), address.address().data(), 4);
  }
  std::memcpy(&out, &in, sizeof(in));
  return sizeof(in);
}

SocketAddress unmapped(const SocketAddress& address) {
  const ByteView bytes = address.address();
  if (address.family() == AddressFamily::kIpv4 ||
      !std::ranges::equal(bytes.first(12), kMappedPrefix)) {
    return address;
  }
  return SocketAddress::ipv4({bytes[12], bytes[13], bytes[14], bytes[15]}, address.port());
}

SocketAddress from_native(const void* sockaddr) {
  sa_family_t family;
  std::memcpy(&family, static_cast<const char*>(sockaddr) + offsetof(struct sockaddr, sa_family),
              sizeof(family));
  if (family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, sockaddr, sizeof(in));
    ByteArray<4> bytes;
    std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
    return SocketAddress::ipv4(bytes, ntohs(in.sin_port));
  }
  if (family == AF_INET6) {
    sockaddr_in6 in;
    std::memcpy(&in, sockaddr, sizeof(in));
    ByteArray<16> bytes;
    std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
    return unmapped(SocketAddress::ipv6(bytes, ntohs(in.sin6_port), in.sin6_scope_id));
  }
  return {};
}

}  // namespace zerok::transport
