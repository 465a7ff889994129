// SPDX-License-Identifier: MIT OR Apache-2.0
// Every message of pairing, in the clear or as it opened. What is read is within its bounds and is
// written as exactly the bytes it came as.
#include <algorithm>

#include "base/check.h"
#include "core/pairing_message.h"
#include "core/roster.h"

namespace {

using namespace zerok;
using namespace zerok::core;

template <class T>
void check(ByteView input) {
  if (const auto value = T::decode(input)) {
    ZEROK_ASSERT(std::ranges::equal(value->encode(), input));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  if (size > kPairingMessageBytesMax) return 0;
  check<PairingParty>(input);
  check<PairingOpen>(input);
  check<PairingAnswer>(input);
  check<PairingProof>(input);
  check<PairingRecord>(input);
  check<PairingSignature>(input);
  check<PairingGrant>(input);
  check<PairingEntries>(input);
  if (const auto name = decode_pairing_name(input)) {
    ZEROK_ASSERT(name->size() <= kNameBytesMax);
    ZEROK_ASSERT(std::ranges::equal(encode_pairing_name(*name).value(), input));
  }
  if (const auto nonce = decode_pairing_reveal(input)) {
    ZEROK_ASSERT(std::ranges::equal(encode_pairing_reveal(*nonce), input));
  }
  if (decode_pairing_accepted(input)) {
    ZEROK_ASSERT(std::ranges::equal(encode_pairing_accepted(), input));
  }
  if (const auto grant = PairingGrant::decode(input)) {
    ZEROK_ASSERT(!grant->epochs.empty() && grant->epochs.size() <= EpochGrant::kEpochsMax);
    ZEROK_ASSERT(grant->roster_length >= 1 && grant->roster_length <= Roster::kEntriesMax);
  }
  const auto end = decode_pairing_end(input);
  if (end && *end && **end != PairingEndReason::kFailed) {
    ZEROK_ASSERT(std::ranges::equal(encode_pairing_end(**end), input));
  }
  return 0;
}
