// SPDX-License-Identifier: MIT OR Apache-2.0
// Messages for tests and fuzz targets: fixed samples of every type, which are also the published
// vectors, and random ones within all bounds. Their byte strings are views of static memory.
#pragma once

#include <string>
#include <vector>

#include "base/rng.h"
#include "wire/messages/any.h"
#include "wire/testing/value.h"

namespace zerok::wire::testing {

// first, first + 1, ... in static memory: at most one largest sealed blob.
ByteView counting(std::uint8_t first, std::size_t size);

struct Sample {
  std::string name;
  AnyMessage message;
};

// At least one of every type, with every optional item present in one and absent in another.
std::vector<Sample> sample_messages();

// Any type, sizes around their edges.
AnyMessage random_message(Rng& rng);

// True if `whole` is `known` with unknown items at the end of arrays, or the same.
bool is_known_part(const Value& known, const Value& whole);

}  // namespace zerok::wire::testing
