// SPDX-License-Identifier: MIT OR Apache-2.0
// Transport messages under a hostile network: the input is a list of steps (seal, deliver, change,
// replay, drop, reflect, invent). A message opens exactly when it is the peer's next one, to the
// plaintext that was sealed; the first other one ends the session; a responder knows its peer only
// after its first successful open.
#include <algorithm>
#include <vector>

#include "base/check.h"
#include "noise/testing/test_support.h"

namespace {

using namespace zerok;
using namespace zerok::noise;

// One direction: what was sealed, and how many of it the receiver has opened.
struct Direction {
  Session& sender;
  Session& receiver;
  std::vector<Bytes> plaintexts;
  std::vector<Bytes> messages;
  std::size_t opened = 0;
};

void seal(Direction& direction, ByteView plaintext) {
  Bytes message(plaintext.size() + crypto::kAeadTagSize);
  const bool ended = direction.sender.is_ended();
  ZEROK_ASSERT(direction.sender.seal(plaintext, message).has_value() == !ended);
  if (ended) return;
  direction.plaintexts.emplace_back(plaintext.begin(), plaintext.end());
  direction.messages.push_back(std::move(message));
}

void deliver(Direction& direction, const Bytes& message) {
  Session& receiver = direction.receiver;
  const bool is_next = !receiver.is_ended() && direction.opened < direction.messages.size() &&
                       message == direction.messages[direction.opened];
  const auto peer = receiver.confirmed_peer();
  Bytes plaintext(message.size() < crypto::kAeadTagSize ? 0
                                                        : message.size() - crypto::kAeadTagSize);
  const auto result = receiver.open(message, plaintext);
  ZEROK_ASSERT(result.has_value() == is_next);
  if (result) {
    ZEROK_ASSERT(plaintext == direction.plaintexts[direction.opened]);
    ZEROK_ASSERT(receiver.confirmed_peer());
    ++direction.opened;
  } else {
    ZEROK_ASSERT(receiver.is_ended());
    ZEROK_ASSERT(receiver.confirmed_peer() == peer);
    ZEROK_ASSERT(all_zero(NoiseTestPeer::k(NoiseTestPeer::receive(receiver))));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const StaticKeys initiator_keys = keys_of(1);
  static const StaticKeys responder_keys = keys_of(2);
  static const Pair<> finished = [] {
    Pair<> pair(initiator_keys, responder_keys);
    ZEROK_ASSERT(pair.run());
    return pair;
  }();
  Session initiator = NoiseTestPeer::clone(finished.initiator).finish().value();
  Session responder = NoiseTestPeer::clone(finished.responder).finish().value();
  Direction directions[2] = {{initiator, responder, {}, {}}, {responder, initiator, {}, {}}};

  ByteView input(data, size);
  for (int steps = 0; input.size() >= 2 && steps < 64; ++steps) {
    Direction& direction = directions[input[0] & 1];
    const std::size_t operation = (input[0] >> 1) % 7;
    const std::size_t argument = input[1];
    input = input.subspan(2);
    const std::size_t sealed = direction.messages.size();
    const bool waiting = direction.opened < sealed;
    if (operation == 0) {
      const std::size_t length = std::min(argument, input.size());
      seal(direction, input.first(length));
      input = input.subspan(length);
    } else if (operation == 1 && waiting) {
      deliver(direction, Bytes(direction.messages[direction.opened]));
    } else if (operation == 2 && waiting) {  // change a bit
      Bytes message = direction.messages[direction.opened];
      message[argument % message.size()] ^= 1;
      deliver(direction, message);
    } else if (operation == 3 && sealed > 0) {  // replay, reorder, drop
      deliver(direction, Bytes(direction.messages[argument % sealed]));
    } else if (operation == 4 && waiting) {  // cut short
      Bytes message = direction.messages[direction.opened];
      message.resize(std::min(argument, message.size()));
      deliver(direction, message);
    } else if (operation == 5) {  // reflect
      Direction& other = directions[&direction == &directions[0] ? 1 : 0];
      if (!other.messages.empty()) {
        deliver(direction, Bytes(other.messages[argument % other.messages.size()]));
      }
    } else if (operation == 6) {  // invent
      const std::size_t length = std::min(argument, input.size());
      deliver(direction, Bytes(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(length)));
      input = input.subspan(length);
    }
  }
  return 0;
}
