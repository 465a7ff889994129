// SPDX-License-Identifier: MIT OR Apache-2.0
#include "relay/advertised.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "core/ticket.h"

namespace zerok::apps {
namespace {

using transport::AddressFamily;
using transport::SocketAddress;

// RFC 3927 and RFC 4291: they mean nothing without the link they are on.
bool is_of_one_link(const SocketAddress& address) {
  const ByteView bytes = address.address();
  if (address.family() == AddressFamily::kIpv4) return bytes[0] == 169 && bytes[1] == 254;
  return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

}  // namespace

std::vector<std::string> advertised_addresses(const SocketAddress& bound) {
  if (!bound.is_wildcard()) return {bound.to_string()};
  std::vector<SocketAddress> found;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) == 0) {
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, &freeifaddrs);
    for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
      if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_UP) == 0 ||
          (one->ifa_flags & IFF_LOOPBACK) != 0) {
        continue;
      }
      if (one->ifa_addr->sa_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, one->ifa_addr, sizeof(in));
        ByteArray<4> bytes;
        std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
        found.push_back(SocketAddress::ipv4(bytes, bound.port()));
      } else if (one->ifa_addr->sa_family == AF_INET6 && bound.family() == AddressFamily::kIpv6) {
        sockaddr_in6 in6{};
        std::memcpy(&in6, one->ifa_addr, sizeof(in6));
        ByteArray<16> bytes;
        std::memcpy(bytes.data(), &in6.sin6_addr, bytes.size());
        found.push_back(SocketAddress::ipv6(bytes, bound.port()));
      }
    }
  }
  std::erase_if(found, is_of_one_link);
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  if (found.empty()) found.push_back(SocketAddress::ipv4({127, 0, 0, 1}, bound.port()));
  std::vector<std::string> addresses;
  for (const auto& address : found) {
    if (addresses.size() < core::RelayTicket::kAddressesMax)
      addresses.push_back(address.to_string());
  }
  return addresses;
}

}  // namespace zerok::apps
