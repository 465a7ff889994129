// SPDX-License-Identifier: MIT OR Apache-2.0
// The prologue of the channel's handshake: what both sides must already agree on. Each field is its
// length as 16-bit big endian, then its bytes: the label, the format version, the TLS public keys
// of initiator and responder. A difference in any of them fails the handshake at its second
// message.
#pragma once

#include <algorithm>
#include <string_view>

#include "base/id.h"

namespace zerok::noise {

inline constexpr std::string_view kChannelLabel = "0k-sync channel";
inline constexpr std::uint8_t kChannelFormatVersion = 1;
inline constexpr std::size_t kChannelPrologueSize = 2 + kChannelLabel.size() + 2 + 1 + 2 * (2 + 32);

inline ByteArray<kChannelPrologueSize> channel_prologue(const EndpointId& initiator,
                                                        const EndpointId& responder) {
  ByteArray<kChannelPrologueSize> prologue;
  MutableByteView rest = prologue;
  const auto append = [&rest](ByteView field) {
    store_be16(rest, static_cast<std::uint16_t>(field.size()));
    std::copy(field.begin(), field.end(), rest.begin() + 2);
    rest = rest.subspan(2 + field.size());
  };
  append(as_bytes(kChannelLabel));
  append(ByteArray<1>{kChannelFormatVersion});
  append(initiator.bytes());
  append(responder.bytes());
  return prologue;
}

}  // namespace zerok::noise
