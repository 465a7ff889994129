// SPDX-License-Identifier: MIT OR Apache-2.0
// Value: any message as a tree, for tests and fuzz targets only (it allocates freely). With it go
// the two checks a decoder needs: our own reading of any input, and what msgpack-cxx, a decoder by
// other hands, makes of the same bytes.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/rng.h"
#include "wire/decoder.h"
#include "wire/encoder.h"

namespace zerok::wire::testing {

struct Nil {
  friend bool operator==(Nil, Nil) { return true; }
};
// Below zero always: the others are unsigned.
struct Negative {
  std::int64_t value;
  friend bool operator==(Negative, Negative) = default;
};

struct Value {
  using Array = std::vector<Value>;
  std::variant<Nil, bool, std::uint64_t, Negative, Bytes, std::string, Array> content;
  friend bool operator==(const Value&, const Value&) = default;
};

// Any message of the subset, read with our decoder.
Result<Value> decode_value(ByteView input);
Result<Bytes> encode_value(const Value& value, std::size_t bytes_max = std::size_t{1} << 24);

// The same by msgpack-cxx: nullopt when it refuses the input, bytes follow the item, or the item is
// outside our subset (kinds, depth, UTF-8).
std::optional<Value> decode_with_msgpack_cxx(ByteView input);
// What msgpack-cxx encodes after decoding; nullopt as above.
std::optional<Bytes> reencode_with_msgpack_cxx(ByteView input);

// A random tree with lengths and numbers around the edges of every form.
Value random_value(Rng& rng, std::size_t depth = 0);

}  // namespace zerok::wire::testing
