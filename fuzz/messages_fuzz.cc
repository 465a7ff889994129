// SPDX-License-Identifier: MIT OR Apache-2.0
// Every message decoder on any bytes: the first byte is the type, the rest the body. What decodes
// encodes again, to the same bytes unless unknown items were skipped, and then to what the bytes
// say without them; a decoder of another build of the same version can't see anything else.
#include <algorithm>

#include "base/check.h"
#include "wire/messages/any.h"
#include "wire/testing/messages.h"

namespace {

using namespace zerok;
using namespace zerok::wire;

void check(std::uint8_t type, ByteView body) {
  const auto message = decode_message(type, body);
  if (!message) {
    // What the outside can send is never answered with an error about ourselves.
    ZEROK_ASSERT(message.error().code != ErrorCode::kInvalidState);
    ZEROK_ASSERT(message.error().code != ErrorCode::kInvalidArgument);
    return;
  }
  ZEROK_ASSERT(static_cast<std::uint8_t>(message_type(*message)) == type);
  const auto again = encode_message(*message);
  ZEROK_ASSERT(again.has_value());
  if (std::ranges::equal(*again, body)) return;
  ZEROK_ASSERT(again->size() < body.size());
  const auto known = testing::decode_value(*again);
  const auto whole = testing::decode_value(body);
  ZEROK_ASSERT(known && whole && testing::is_known_part(*known, *whole));
  const auto decoded = decode_message(type, *again);
  ZEROK_ASSERT(decoded && encode_message(*decoded).value() == *again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  check(data[0], ByteView(data, size).subspan(1));
  return 0;
}
