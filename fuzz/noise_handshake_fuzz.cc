// SPDX-License-Identifier: MIT OR Apache-2.0
// The readers of all four handshake messages. The input names a message of a fixed, valid run and
// what happens to it on its way: bytes changed at one place, cut short, made longer, or all of it
// replaced. An unchanged message is accepted; a changed one ends the handshake with one error and
// leaves nothing behind.
// Input: message, operation, two bytes of offset or length, then the bytes.
#include <algorithm>

#include "base/check.h"
#include "noise/testing/test_support.h"

namespace {

using namespace zerok;
using namespace zerok::noise;

// The run up to each message: that message, and both sides as they were before it was read.
struct Transcript {
  Transcript() {
    for (int i = 0; i < 4; ++i) {
      ZEROK_ASSERT(pair.write(i));
      readers[i].emplace(NoiseTestPeer::clone(pair.reader(i)));
      writers[i].emplace(NoiseTestPeer::clone(pair.writer(i)));
      ZEROK_ASSERT(pair.read(i));
    }
  }
  StaticKeys initiator_keys = keys_of(1);
  StaticKeys responder_keys = keys_of(2);
  Pair<> pair{initiator_keys, responder_keys};
  std::optional<ChannelHandshake> readers[4];
  std::optional<ChannelHandshake> writers[4];
};

Bytes change(ByteView message, std::uint8_t operation, std::uint16_t where, ByteView bytes) {
  Bytes changed(message.begin(), message.end());
  switch (operation % 4) {
    case 0:  // change bytes
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::size_t at = (where + i) % changed.size();
        changed[at] = static_cast<std::uint8_t>(changed[at] ^ bytes[i]);
      }
      break;
    case 1:  // cut short
      changed.resize(std::min<std::size_t>(changed.size(), where));
      break;
    case 2:  // make longer
      changed.insert(changed.end(), bytes.begin(), bytes.end());
      break;
    default:  // replace, at the right length
      for (std::size_t i = 0; i < changed.size(); ++i) {
        changed[i] = bytes.empty() ? 0 : bytes[i % bytes.size()];
      }
  }
  return changed;
}

void check_dead(ChannelHandshake& handshake, const Error& error) {
  ZEROK_ASSERT(error.code == ErrorCode::kHandshakeFailed);
  ZEROK_ASSERT(handshake.has_failed() && !handshake.is_our_turn());
  ZEROK_ASSERT(handshake.next_message_size() == 0);
  ZEROK_ASSERT(is_wiped(handshake));
  ZEROK_ASSERT(handshake.read_message(Bytes(kHandshakeMessageSizes[1])).error() == error);
  ZEROK_ASSERT(handshake.finish().error() == error);
}

// Only the second message protects the first: whatever the responder made of it, the initiator
// refuses the answer.
void check_first(const Transcript& run, ChannelHandshake& responder, const Bytes& message) {
  if (const auto read = responder.read_message(message); !read) {
    ZEROK_ASSERT(message.size() != kHandshakeMessageSizes[0]);
    return check_dead(responder, read.error());
  }
  DeterministicRng rng(1);
  Bytes answer(kHandshakeMessageSizes[1]);
  if (const auto written = responder.write_message(rng, answer); !written) {
    ZEROK_ASSERT(all_zero(answer));
    return check_dead(responder, written.error());
  }
  auto initiator = NoiseTestPeer::clone(*run.writers[0]);
  const auto read = initiator.read_message(answer);
  ZEROK_ASSERT(!read);
  check_dead(initiator, read.error());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Transcript run;
  if (size < 4) return 0;
  const ByteView input(data, size);
  const int number = input[0] % 4;
  const ByteView good = run.pair.message(number);
  const Bytes message = change(good, input[1], load_be16(input.subspan(2)), input.subspan(4));
  auto reader = NoiseTestPeer::clone(*run.readers[number]);

  if (std::equal(message.begin(), message.end(), good.begin(), good.end())) {
    ZEROK_ASSERT(reader.read_message(message));
    ZEROK_ASSERT(!reader.has_failed());
  } else if (number == 0) {
    check_first(run, reader, message);
  } else {
    const auto read = reader.read_message(message);
    ZEROK_ASSERT(!read);
    check_dead(reader, read.error());
  }
  return 0;
}
