// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace zerok::transport {
namespace {

// Decimal without sign, spaces or leading zeros (but "0" itself).
template <typename T>
bool parse_number(std::string_view text, T& out) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

constexpr std::size_t kLongestHost = 45;

}  // namespace

SocketAddress SocketAddress::ipv4(ByteArray<4> address, std::uint16_t port) {
  SocketAddress out;
  std::ranges::copy(address, out.bytes_.begin());
  out.port_ = port;
  return out;
}

SocketAddress SocketAddress::ipv6(ByteArray<16> address, std::uint16_t port,
                                  std::uint32_t scope_id) {
  SocketAddress out;
  out.family_ = AddressFamily::kIpv6;
  out.bytes_ = address;
  out.port_ = port;
  out.scope_id_ = scope_id;
  return out;
}

Result<SocketAddress> SocketAddress::parse(std::string_view text) {
  const auto malformed = [] {
    return fail(ErrorCode::kMalformed, "not an address: write 192.0.2.1:443 or [2001:db8::1]:443");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed();
  std::uint16_t port = 0;
  if (!parse_number(text.substr(colon + 1), port)) return malformed();
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);

  std::uint32_t scope_id = 0;
  if (const std::size_t percent = host.find('%'); bracketed && percent != std::string_view::npos) {
    if (!parse_number(host.substr(percent + 1), scope_id)) return malformed();
    host = host.substr(0, percent);
  }
  if (host.empty() || host.size() > kLongestHost) return malformed();
  const std::string terminated(host);
  if (bracketed) {
    ByteArray<16> bytes;
    if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) != 1) return malformed();
    return ipv6(bytes, port, scope_id);
  }
  ByteArray<4> bytes;
  if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) != 1) return malformed();
  return ipv4(bytes, port);
}

ByteView SocketAddress::address() const {
  return ByteView(bytes_).first(family_ == AddressFamily::kIpv4 ? 4 : 16);
}

SocketAddress SocketAddress::with_port(std::uint16_t port) const {
  SocketAddress out = *this;
  out.port_ = port;
  return out;
}

bool SocketAddress::is_wildcard() const {
  return std::ranges::all_of(bytes_, [](std::uint8_t b) { return b == 0; });
}

std::string SocketAddress::to_string() const {
  char host[INET6_ADDRSTRLEN] = {};
  if (family_ == AddressFamily::kIpv4) {
    inet_ntop(AF_INET, bytes_.data(), host, sizeof(host));
    return fmt::format("{}:{}", host, port_);
  }
  inet_ntop(AF_INET6, bytes_.data(), host, sizeof(host));
  if (scope_id_ != 0) return fmt::format("[{}%{}]:{}", host, scope_id_, port_);
  return fmt::format("[{}]:{}", host, port_);
}

}  // namespace zerok::transport
