// SPDX-License-Identifier: MIT OR Apache-2.0
// Path: the two addresses of a datagram, and their conversion to and from the system's sockaddr.
// IPv4 addresses mapped into IPv6 become plain IPv4, so that one peer has one address whichever
// socket it came through.
#pragma once

#include <cstdint>

#include "transport/address.h"

struct sockaddr_storage;

namespace zerok::transport {

struct Path {
  SocketAddress local;
  SocketAddress remote;

  friend bool operator==(const Path&, const Path&) = default;
};

// Writes the address's own form and returns its length.
std::uint32_t to_native(const SocketAddress& address, sockaddr_storage& out);
// The same as an IPv6 sockaddr, mapped when the address is IPv4: for a dual-stack socket.
std::uint32_t to_native_ipv6(const SocketAddress& address, sockaddr_storage& out);
// 0.0.0.0:0 for a family that is neither IPv4 nor IPv6.
SocketAddress from_native(const void* sockaddr);
// ::ffff:a.b.c.d becomes a.b.c.d.
SocketAddress unmapped(const SocketAddress& address);

}  // namespace zerok::transport
