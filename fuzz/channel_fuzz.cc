// SPDX-License-Identifier: MIT OR Apache-2.0
// The secure channel against a meddler: a real client and a real relay exchange a handshake and
// messages; the input says where bytes of either stream are changed, dropped or added and how the
// streams are cut. Whatever happens, nothing is established unless the handshake arrived unchanged,
// and what is delivered is a prefix of what was sent.
#include <algorithm>
#include <vector>

#include "base/check.h"
#include "core/channel.h"

namespace {

using namespace zerok;

struct Input {
  ByteView rest;
  std::uint8_t byte() {
    if (rest.empty()) return 0;
    const std::uint8_t b = rest[0];
    rest = rest.subspan(1);
    return b;
  }
  std::uint16_t word() { return static_cast<std::uint16_t>(byte() << 8 | byte()); }
};

// One direction's stream, with at most one change at an offset.
struct Meddler {
  enum Kind { kNothing, kFlip, kDrop, kInsert };
  Kind kind = kNothing;
  std::size_t at = 0;
  std::uint8_t value = 1;
  std::size_t passed = 0;

  void apply(Bytes& bytes) {
    const std::size_t start = passed;
    passed += bytes.size();
    if (kind == kNothing || at < start || at >= passed) return;
    const auto here = bytes.begin() + static_cast<std::ptrdiff_t>(at - start);
    if (kind == kFlip) *here = static_cast<std::uint8_t>(*here ^ value);
    if (kind == kDrop) bytes.erase(here);
    if (kind == kInsert) bytes.insert(here, value);
    done = true;
  }
  bool done = false;
};

struct Side {
  core::Channel channel;
  bool established = false;
  bool failed = false;
  std::vector<Bytes> received;

  void poll() {
    while (auto event = channel.poll_event()) {
      ZEROK_ASSERT(!failed);
      if (event->kind == core::ChannelEvent::Kind::kEstablished) {
        established = true;
        ZEROK_ASSERT(channel.confirmed_peer().has_value());
      } else if (event->kind == core::ChannelEvent::Kind::kFailed) {
        failed = true;
      } else {
        ZEROK_ASSERT(established);
        const ByteView body = event->message->body();
        received.emplace_back(body.begin(), body.end());
      }
    }
  }
  void give(ByteView bytes, std::size_t piece) {
    while (!bytes.empty()) {
      poll();
      const auto buffer = channel.input_buffer();
      if (buffer.empty()) break;
      ZEROK_ASSERT(buffer.size() <= 65537);
      const std::size_t n = std::min({buffer.size(), bytes.size(), piece});
      std::copy_n(bytes.begin(), n, buffer.begin());
      channel.commit_input(n, Instant());
      bytes = bytes.subspan(n);
    }
    poll();
  }
  Bytes take() {
    Bytes out;
    for (ByteView bytes = channel.output(); !bytes.empty(); bytes = channel.output()) {
      out.insert(out.end(), bytes.begin(), bytes.end());
      channel.consume_output(bytes.size());
    }
    return out;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static DeterministicRng rng(1);
  static const auto client_keys = noise::StaticKeys::generate(rng);
  static const auto relay_keys = noise::StaticKeys::generate(rng);
  const EndpointId client_id, relay_id;

  Input input{{data, size}};
  Meddler meddlers[2];
  for (Meddler& meddler : meddlers) {
    meddler.kind = static_cast<Meddler::Kind>(input.byte() % 4);
    meddler.at = input.word() % 12000;
    meddler.value = static_cast<std::uint8_t>(input.byte() | 1);
  }
  const std::size_t piece = 1 + input.word() % 5000;

  Side client{core::Channel::initiator(client_keys, relay_keys.identity().id(), client_id, relay_id,
                                       rng, {}, Instant()),
              false,
              false,
              {}};
  Side relay{core::Channel::responder(relay_keys, relay_id, client_id, rng, {}, Instant()),
             false,
             false,
             {}};
  std::vector<Bytes> sent;
  bool meddled_with_handshake = false;
  for (bool moved = true; moved;) {
    moved = false;
    if (client.established && sent.size() < 4 && !client.failed) {
      sent.emplace_back(1 + input.word() % 3000, input.byte());
      if (!client.channel.send(
              wire::Priority::kBulk,
              {.request = static_cast<std::uint32_t>(sent.size()), .type = 0x10, .response = false},
              sent.back())) {
        sent.pop_back();
      }
    }
    for (int direction : {0, 1}) {
      Side& from = direction == 0 ? client : relay;
      Side& to = direction == 0 ? relay : client;
      Bytes bytes = from.take();
      if (bytes.empty()) continue;
      moved = true;
      const bool before = meddlers[direction].done;
      meddlers[direction].apply(bytes);
      if (!before && meddlers[direction].done && !client.established) meddled_with_handshake = true;
      to.give(bytes, piece);
    }
    client.poll();
    relay.poll();
  }
  if (meddled_with_handshake) ZEROK_ASSERT(!relay.established);
  if (!meddlers[0].done && !meddlers[1].done) {
    ZEROK_ASSERT(client.established && relay.established && relay.received.size() == sent.size());
  }
  ZEROK_ASSERT(relay.received.size() <= sent.size());
  for (std::size_t i = 0; i < relay.received.size(); ++i)
    ZEROK_ASSERT(relay.received[i] == sent[i]);
  return 0;
}
