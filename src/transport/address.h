// SPDX-License-Identifier: MIT OR Apache-2.0
// SocketAddress: an IPv4 or IPv6 address and a UDP port, as a value; no look-ups happen here.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace zerok::transport {

enum class AddressFamily : std::uint8_t { kIpv4, kIpv6 };

class SocketAddress {
 public:
  // 0.0.0.0:0
  SocketAddress() = default;
  static SocketAddress ipv4(ByteArray<4> address, std::uint16_t port);
  static SocketAddress ipv6(ByteArray<16> address, std::uint16_t port, std::uint32_t scope_id = 0);
  // "192.0.2.1:443", "[2001:db8::1]:443", "[fe80::1%3]:443" (numeric scope). kMalformed for all
  // else; names are resolved by the program, not here.
  static Result<SocketAddress> parse(std::string_view text);

  AddressFamily family() const { return family_; }
  // 4 or 16 bytes in network order.
  ByteView address() const;
  std::uint16_t port() const { return port_; }
  std::uint32_t scope_id() const { return scope_id_; }
  SocketAddress with_port(std::uint16_t port) const;
  bool is_wildcard() const;
  // The form that parse() reads; IPv6 per RFC 5952.
  std::string to_string() const;

  friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;

 private:
  AddressFamily family_ = AddressFamily::kIpv4;
  ByteArray<16> bytes_{};
  std::uint16_t port_ = 0;
  std::uint32_t scope_id_ = 0;
};

}  // namespace zerok::transport
