// SPDX-License-Identifier: MIT OR Apache-2.0
// Records from a hostile peer: the input is cut into records by two-byte lengths, each is read
// frame by frame and fed to one assembler. What reads must write back to the same bytes; memory
// must follow what arrived, whatever is announced; finished messages have the announced size;
// errors are final.
#include <algorithm>
#include <optional>

#include "base/check.h"
#include "wire/assembler.h"
#include "wire/frame.h"

namespace {

using namespace zerok;
using namespace zerok::wire;

constexpr AssemblerLimits kLimits{.open_messages_max = 4, .open_bytes_max = std::size_t{1} << 20};

// Reads all frames, checks that they write back, and returns false at the first error.
bool feed(MessageAssembler& assembler, ByteView record, std::size_t& arrived) {
  FrameReader reader(record);
  Bytes written(record.size());
  std::size_t used = 0;
  while (true) {
    const auto frame = reader.next();
    if (!frame) return false;
    if (!*frame) break;
    used += write_frame(MutableByteView(written).subspan(used), **frame);
    arrived += (*frame)->chunk.size();
    const auto message = assembler.add(**frame);
    ZEROK_ASSERT(assembler.open_messages() <= kLimits.open_messages_max);
    ZEROK_ASSERT(assembler.reserved_bytes() <= 2 * arrived);
    ZEROK_ASSERT(assembler.reserved_bytes() <= kLimits.open_bytes_max);
    if (!message) {
      ZEROK_ASSERT(assembler.reserved_bytes() == 0);
      ZEROK_ASSERT(!assembler.add(**frame));
      return false;
    }
    if (*message) {
      ZEROK_ASSERT((*frame)->last && (*message)->key() == (*frame)->key);
      ZEROK_ASSERT((*message)->body().size() <= message_bytes_max((*message)->key().type));
      ZEROK_ASSERT((*message)->body().size() <= arrived);
    }
  }
  ZEROK_ASSERT(used == record.size());
  ZEROK_ASSERT(std::equal(written.begin(), written.end(), record.begin()));
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input(data, size);
  MessageAssembler assembler(kLimits);
  std::size_t arrived = 0;
  while (input.size() >= 2) {
    const std::size_t length = std::min<std::size_t>(load_be16(input), input.size() - 2);
    if (!feed(assembler, input.subspan(2, length), arrived)) break;
    input = input.subspan(2 + length);
  }
  return 0;
}
