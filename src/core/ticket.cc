// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/ticket.h"

#include <algorithm>
#include <charconv>

#include "crypto/hash.h"
#include "wire/decoder.h"
#include "wire/encoder.h"

namespace zerok::core {
namespace {

constexpr std::string_view kPrefix = "0krelay";
constexpr std::string_view kChecksumLabel = "0k-sync v1 ticket checksum";
constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kChecksumBytes = 4;
// Of the body: what the longest text a reader takes can carry.
constexpr std::size_t kBodyBytesMax =
    (RelayTicket::kTextBytesMax - kPrefix.size()) * 5 / 8 - kChecksumBytes;

ByteArray<kChecksumBytes> checksum(ByteView body) {
  const auto hash = crypto::Sha256().update(as_bytes(kChecksumLabel)).update(body).finish();
  ByteArray<kChecksumBytes> out;
  std::copy_n(hash.begin(), out.size(), out.begin());
  return out;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

bool is_ipv6_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
         c == '.' || c == '%';
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kWhite = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kWhite);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhite) - first + 1);
}

bool has_prefix(std::string_view text) {
  return text.size() > kPrefix.size() &&
         std::ranges::equal(text.substr(0, kPrefix.size()), kPrefix, [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
         });
}

}  // namespace

Result<HostPort> parse_host_port(std::string_view address) {
  const auto malformed = [] {
    return fail(
        ErrorCode::kMalformed,
        "not a host and port: write relay.example:4433, 192.0.2.1:4433 or [2001:db8::1]:4433");
  };
  if (address.size() > RelayTicket::kAddressBytesMax) return malformed();
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return malformed();
  HostPort out;
  const std::string_view port = address.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc() || end != port.data() + port.size() || out.port == 0) return malformed();
  std::string_view host = address.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!std::ranges::all_of(host, bracketed ? is_ipv6_character : is_host_character)) {
    return malformed();
  }
  out.host = host;
  return out;
}

Result<Bytes> RelayTicket::encode() const {
  if (addresses.empty() || addresses.size() > kAddressesMax) {
    return fail(ErrorCode::kInvalidArgument, "a ticket names 1 to 8 addresses");
  }
  if (admission_token && (admission_token->empty() || admission_token->size() > kTokenBytesMax)) {
    return fail(ErrorCode::kInvalidArgument, "an admission token has 1 to 64 bytes");
  }
  wire::Encoder encoder(kBodyBytesMax);
  encoder.add_array(5)
      .add_unsigned(kVersion)
      .add_bin(endpoint.bytes())
      .add_bin(noise_identity.bytes());
  encoder.add_array(static_cast<std::uint32_t>(addresses.size()));
  for (const auto& address : addresses) {
    ZEROK_TRY_VOID(parse_host_port(address));
    encoder.add_str(address);
  }
  if (admission_token) {
    encoder.add_bin(*admission_token);
  } else {
    encoder.add_nil();
  }
  return encoder.take();
}

Result<std::string> RelayTicket::to_text() const {
  ZEROK_TRY(Bytes body, encode());
  const auto sum = checksum(body);
  body.insert(body.end(), sum.begin(), sum.end());
  return std::string(kPrefix) + to_base32(body);
}

Result<RelayTicket> RelayTicket::parse(std::string_view text) {
  text = trimmed(text);
  if (text.size() > kTextBytesMax) return fail(ErrorCode::kTooLarge, "too long for a relay ticket");
  if (!has_prefix(text)) {
    return fail(ErrorCode::kMalformed, "not a relay ticket: one begins with 0krelay");
  }
  const auto bytes = from_base32(text.substr(kPrefix.size()));
  if (!bytes || bytes->size() <= kChecksumBytes) {
    return fail(ErrorCode::kMalformed, "the relay ticket is cut short or mistyped");
  }
  const ByteView body = ByteView(*bytes).first(bytes->size() - kChecksumBytes);
  if (!std::ranges::equal(checksum(body), ByteView(*bytes).last(kChecksumBytes))) {
    return fail(ErrorCode::kMalformed, "the relay ticket is cut short or mistyped");
  }
  return decode(body);
}

Result<RelayTicket> RelayTicket::decode(ByteView body) {
  wire::Decoder decoder(body);
  ZEROK_TRY_VOID(decoder.begin_record(1));
  ZEROK_TRY(const auto version, decoder.read_unsigned());
  if (version != kVersion) {
    return fail(ErrorCode::kUnsupported, "the relay ticket is of a newer version: update 0k-Sync");
  }
  RelayTicket ticket;
  ZEROK_TRY(const auto endpoint, decoder.read_fixed<32>());
  ticket.endpoint = EndpointId(endpoint);
  ZEROK_TRY(const auto identity, decoder.read_fixed<32>());
  ticket.noise_identity = noise::IdentityHash(identity);
  ZEROK_TRY(const std::uint32_t count, decoder.begin_list(kAddressesMax));
  if (count == 0) return fail(ErrorCode::kMalformed, "the relay ticket names no address");
  for (std::uint32_t i = 0; i < count; ++i) {
    ZEROK_TRY(const auto address, decoder.read_str(kAddressBytesMax));
    ZEROK_TRY_VOID(parse_host_port(address));
    ticket.addresses.emplace_back(address);
  }
  ZEROK_TRY_VOID(decoder.end());
  if (decoder.next_is_nil()) {
    ZEROK_TRY_VOID(decoder.read_nil());
  } else {
    ZEROK_TRY(const auto token, decoder.read_bin(kTokenBytesMax));
    if (token.empty()) return fail(ErrorCode::kMalformed, "the relay ticket has an empty token");
    ticket.admission_token.emplace(token.begin(), token.end());
  }
  ZEROK_TRY_VOID(decoder.end());
  ZEROK_TRY_VOID(decoder.finish());
  return ticket;
}

}  // namespace zerok::core
