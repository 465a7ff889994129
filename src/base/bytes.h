// SPDX-License-Identifier: MIT OR Apache-2.0
// Byte spans and the few helpers everything needs: big-endian loads and stores, hex and base64.
// Nothing here is for secrets: see secret.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zerok {

using ByteView = std::span<const std::uint8_t>;
using MutableByteView = std::span<std::uint8_t>;
using Bytes = std::vector<std::uint8_t>;
template <std::size_t N>
using ByteArray = std::array<std::uint8_t, N>;

// The bytes of a text, without a terminator.
inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The caller has checked that the span has the 2, 4 or 8 bytes.
inline void store_be16(MutableByteView out, std::uint16_t v) {
  out[0] = static_cast<std::uint8_t>(v >> 8);
  out[1] = static_cast<std::uint8_t>(v);
}
inline void store_be32(MutableByteView out, std::uint32_t v) {
  store_be16(out, static_cast<std::uint16_t>(v >> 16));
  store_be16(out.subspan(2), static_cast<std::uint16_t>(v));
}
inline void store_be64(MutableByteView out, std::uint64_t v) {
  store_be32(out, static_cast<std::uint32_t>(v >> 32));
  store_be32(out.subspan(4), static_cast<std::uint32_t>(v));
}
inline std::uint16_t load_be16(ByteView in) {
  return static_cast<std::uint16_t>((in[0] << 8) | in[1]);
}
inline std::uint32_t load_be32(ByteView in) {
  return (static_cast<std::uint32_t>(load_be16(in)) << 16) | load_be16(in.subspan(2));
}
inline std::uint64_t load_be64(ByteView in) {
  return (static_cast<std::uint64_t>(load_be32(in)) << 32) | load_be32(in.subspan(4));
}

// Lower-case hex, two characters per byte.
std::string to_hex(ByteView bytes);
// Accepts either case; nothing but an even number of hex digits.
std::optional<Bytes> from_hex(std::string_view text);

// RFC 4648 section 4, with padding.
std::string to_base64(ByteView bytes);
// Only the canonical form: padding present, unused bits zero.
std::optional<Bytes> from_base64(std::string_view text);

// RFC 4648 section 6 in lower case and without padding: survives a double click and a spoken word.
std::string to_base32(ByteView bytes);
// Either case, otherwise only the canonical form.
std::optional<Bytes> from_base32(std::string_view text);

}  // namespace zerok
