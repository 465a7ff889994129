// SPDX-License-Identifier: MIT OR Apache-2.0
// Relay tickets as a stranger hands them over, in a picture or a chat: the input as the text
// itself, and as a body under a right checksum. What is read has the bounds that the page promises,
// is written again, and reads as the same; the second form is written exactly as it came unless a
// later version added items to it.
#include <algorithm>
#include <string>

#include "base/check.h"
#include "core/ticket.h"
#include "crypto/hash.h"

namespace {

using namespace zerok;
using core::RelayTicket;

void check(std::string_view text, bool is_canonical) {
  const auto ticket = RelayTicket::parse(text);
  if (!ticket) return;
  ZEROK_ASSERT(!ticket->addresses.empty());
  ZEROK_ASSERT(ticket->addresses.size() <= RelayTicket::kAddressesMax);
  for (const auto& address : ticket->addresses) {
    ZEROK_ASSERT(address.size() <= RelayTicket::kAddressBytesMax);
    const auto parts = core::parse_host_port(address);
    ZEROK_ASSERT(parts && parts->port != 0 && !parts->host.empty());
  }
  if (ticket->admission_token) {
    ZEROK_ASSERT(!ticket->admission_token->empty());
    ZEROK_ASSERT(ticket->admission_token->size() <= RelayTicket::kTokenBytesMax);
  }
  const auto again = ticket->to_text();
  ZEROK_ASSERT(again.has_value());
  const auto back = RelayTicket::parse(*again);
  ZEROK_ASSERT(back && back->endpoint == ticket->endpoint &&
               back->noise_identity == ticket->noise_identity &&
               back->addresses == ticket->addresses &&
               back->admission_token == ticket->admission_token);
  // 0x95: the five items of this version and no more.
  const Bytes own = *from_base32(std::string_view(*again).substr(7));
  const Bytes theirs = is_canonical ? *from_base32(text.substr(7)) : Bytes{};
  if (is_canonical && theirs[0] == 0x95) ZEROK_ASSERT(own == theirs);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  check({reinterpret_cast<const char*>(data), size}, false);
  Bytes bytes(input.begin(), input.end());
  const auto sum =
      crypto::Sha256().update(as_bytes("0k-sync v1 ticket checksum")).update(input).finish();
  bytes.insert(bytes.end(), sum.begin(), sum.begin() + 4);
  check("0krelay" + to_base32(bytes), true);
  return 0;
}
