// SPDX-License-Identifier: MIT OR Apache-2.0
// RelayTicket: what a client must know of a relay before it says a word to it: who it is (TLS key
// and both Noise keys) and where. One printable string, docs/protocol/ticket.md.
// Holding a ticket proves nothing; the admission token in it, if any, is a secret of its users and
// the reason that tickets are not logged.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "noise/identity.h"

namespace zerok::core {

struct RelayTicket {
  static constexpr std::size_t kAddressesMax = 8;
  // A host name of at most 253 characters or a bracketed IPv6 address, a colon, a port.
  static constexpr std::size_t kAddressBytesMax = 260;
  static constexpr std::size_t kTokenBytesMax = 64;
  static constexpr std::size_t kTextBytesMax = 4096;

  EndpointId endpoint;
  noise::IdentityHash noise_identity;
  // host:port, in the order to try them; 1 to 8.
  std::vector<std::string> addresses;
  std::optional<Bytes> admission_token;

  // The body alone, for what carries a ticket and has a checksum of its own. kInvalidArgument when
  // a bound above is broken.
  Result<Bytes> encode() const;
  // As parse(), of a body.
  static Result<RelayTicket> decode(ByteView body);

  // kInvalidArgument as encode().
  Result<std::string> to_text() const;
  // Surrounding white space is forgiven, either case is read; a typo is told from another kind of
  // text. Errors: kMalformed, kUnsupported (a ticket of a newer version), kTooLarge.
  static Result<RelayTicket> parse(std::string_view text);
};

// The host and port of one address as the ticket has it, checked for form only: kMalformed.
struct HostPort {
  std::string host;  // without brackets
  std::uint16_t port = 0;
};
Result<HostPort> parse_host_port(std::string_view address);

}  // namespace zerok::core
