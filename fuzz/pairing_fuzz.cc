// SPDX-License-Identifier: MIT OR Apache-2.0
// Both sides of a pairing, with a relay, users and a clock that do what the input says: change,
// replace or withhold messages, break connections, refuse requests, speak out of turn. Whatever
// happens, both end within ten minutes; nothing passes before it was approved, stored and enrolled;
// and who is paired has exactly the group.
#include "core/testing/pairing_world.h"

namespace {

using namespace zerok;
using namespace zerok::core;
using testing::PairingWorld;
using testing::sample_device;

constexpr std::size_t kStepsMax = 24;

struct Reader {
  ByteView rest;
  std::uint8_t next() {
    if (rest.empty()) return 0;
    const std::uint8_t byte = rest[0];
    rest = rest.subspan(1);
    return byte;
  }
};

// One thing that nobody asked for.
void disturb(PairingWorld& world, Reader& input) {
  using wire::WireErrorCode;
  constexpr WireErrorCode kCodes[] = {WireErrorCode::kRateLimited, WireErrorCode::kRelayOverloaded,
                                      WireErrorCode::kUnknownMailbox,
                                      WireErrorCode::kInvalidMessage};
  const std::uint8_t what = input.next();
  const std::uint8_t detail = input.next();
  const MailboxId mailbox =
      detail % 2 == 0 ? world.creator.long_code().mailbox : world.creator.short_code().mailbox();
  const auto request = static_cast<pairing::Request>(detail % 3);
  const Bytes content(detail, what);
  switch (what % 12) {
    case 0:
      return world.creator.handle_message(mailbox, 1 + detail % 5, content, world.now);
    case 1:
      return world.joiner->handle_message(1 + detail % 6, content, world.now);
    case 2:
      return world.creator.handle_refusal(mailbox, request, kCodes[detail % 4], detail, world.now);
    case 3:
      return world.joiner->handle_refusal(request, kCodes[detail % 4], detail, world.now);
    case 4:
      return world.creator.handle_connected();
    case 5:
      return world.joiner->handle_connected();
    case 6:
      return world.creator.handle_enrolled(world.group(), world.now);
    case 7:
      return world.creator.handle_put_done(mailbox, detail % 6);
    case 8:
      return world.joiner->handle_put_done(detail % 6);
    case 9:
      return detail % 8 == 0 ? world.creator.cancel() : world.creator.handle_mailbox_ready(mailbox);
    case 10:
      return detail % 8 == 0 ? world.joiner->cancel() : world.joiner->handle_group_stored();
    default:
      return world.pass_time(std::chrono::seconds(detail));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Reader input{ByteView(data, size)};
  const std::uint8_t setup = input.next();
  PairingWorld world(static_cast<std::uint8_t>(1 + setup % 3), setup);
  PairingOffer offer = setup % 2 == 0 ? world.creator.long_code().offer()
                                      : world.creator.short_code().offer(testing::sample_ticket());
  const bool right_code = setup % 16 != 15;
  if (!right_code) offer.password.mutable_bytes()[3] ^= 1;

  bool approved = false;
  const bool approves = input.next() % 8 != 0;
  world.on_approval = [&](PairingWorld& w) {
    ZEROK_ASSERT(right_code && w.burns == 1);
    approved = approves;
    approves ? w.creator.approve(w.group(), w.now) : w.creator.refuse();
  };
  world.on_enrol = [&](PairingWorld&, const pairing::Enrol& enrol) {
    ZEROK_ASSERT(approved && enrol.device == sample_device(9).id());
    return false;
  };
  world.deliver = [&](bool, std::uint32_t, const Bytes& content) -> std::optional<Bytes> {
    const std::uint8_t what = input.next();
    if (what % 16 == 1) return std::nullopt;
    if (what % 16 == 2) {
      Bytes other = content;
      other[input.next() * std::size_t{251} % other.size()] ^= 0x20;
      return other;
    }
    return content;
  };
  world.break_at = {input.next() % 32, input.next() % 32};
  world.breaks_after_arrival = setup % 4 < 2;
  world.join(offer);
  for (std::size_t step = 0; step < kStepsMax && !input.rest.empty(); ++step) {
    disturb(world, input);
    world.run();
  }
  world.run();
  world.pass_time(std::chrono::seconds(kPairingLifeSeconds));
  world.run();

  ZEROK_ASSERT(world.creator.is_over() && world.joiner->is_over());
  ZEROK_ASSERT(world.burns <= 1 && world.burn_before_answer);
  const bool joined = PairingWorld::find<pairing::Paired>(world.joiner_events) != nullptr;
  const bool led = PairingWorld::find<pairing::Paired>(world.creator_events) != nullptr;
  ZEROK_ASSERT(joined != world.joiner_failure().has_value());
  ZEROK_ASSERT(led != world.creator_failure().has_value());
  ZEROK_ASSERT(!led || joined);
  if (joined) {
    ZEROK_ASSERT(approved && right_code);
    ZEROK_ASSERT(world.joiner->joined().roster.head() == world.roster.head());
    ZEROK_ASSERT(world.joiner->joined().epochs[0].secret == world.epochs[0].secret);
  }
  return 0;
}
