// SPDX-License-Identifier: MIT OR Apache-2.0
// Messages with random values within all bounds.
#include <algorithm>
#include <limits>

#include "base/check.h"
#include "wire/messages/limits.h"
#include "wire/testing/messages.h"

namespace zerok::wire::testing {

ByteView counting(std::uint8_t first, std::size_t size) {
  static const Bytes kPool = [] {
    Bytes pool(kSealedBytesMax + 256);
    for (std::size_t i = 0; i < pool.size(); ++i) pool[i] = static_cast<std::uint8_t>(i);
    return pool;
  }();
  ZEROK_ASSERT(first + size <= kPool.size());
  return ByteView(kPool).subspan(first, size);
}

namespace {

// Draws from `rng`; sizes and counts like the edges of their forms more than what lies between.
class Draw {
 public:
  explicit Draw(Rng& rng) : rng_(rng) {}

  std::uint64_t number(std::uint64_t min, std::uint64_t max) {
    const std::uint64_t span = max - min;
    switch (rng_.below(4)) {
      case 0:
        return min;
      case 1:
        return max;
      case 2:
        return min + std::min(span, rng_.below(300));
      default:
        return span == std::numeric_limits<std::uint64_t>::max() ? rng_.next_u64()
                                                                 : min + rng_.below(span + 1);
    }
  }
  std::uint32_t number32(std::uint64_t min, std::uint64_t max) {
    return static_cast<std::uint32_t>(number(min, max));
  }
  bool flag() { return rng_.below(2) == 1; }
  template <class IdT>
  IdT id() {
    IdT out;
    rng_.fill(out.mutable_bytes());
    return out;
  }
  template <std::size_t N>
  ByteArray<N> array() {
    ByteArray<N> out;
    rng_.fill(out);
    return out;
  }
  // At most `size_max`, mostly short.
  ByteView bytes(std::size_t size_max) {
    static constexpr std::array<std::size_t, 9> kEdges = {1,   2,    31,    255,  256,
                                                          300, 4096, 65535, 65536};
    const std::size_t edge = kEdges[rng_.below(rng_.below(8) == 0 ? 9 : 5)];
    return counting(static_cast<std::uint8_t>(rng_.below(256)), std::min(edge, size_max));
  }
  template <class Make>
  auto list(std::size_t min, std::size_t max, Make make) {
    std::vector<decltype(make())> out(min + rng_.below(std::min<std::size_t>(max - min, 20) + 1));
    for (auto& item : out) item = make();
    return out;
  }
  template <class Make>
  auto optional(Make make) {
    return flag() ? std::optional(make()) : std::nullopt;
  }
  Position position(std::uint64_t cursor) {
    return {.cursor = cursor, .log_hash = cursor == 0 ? LogHash() : id<LogHash>()};
  }
  Refusal refusal() {
    return {static_cast<WireErrorCode>(number32(1000, 9999)), number32(0, kRetryAfterMsMax)};
  }
  RosterPart roster_part() {
    RosterPart part{.first = 0,
                    .entries = list(0, 20, [&] { return bytes(kRosterEntryBytesMax); }),
                    .head = id<RosterHead>()};
    const std::size_t count = part.entries.size();
    part.first = number32(count == 0 ? 1 : 0, kRosterEntriesMax - count);
    return part;
  }
  Line line(std::size_t sealed_max) {
    switch (rng_.below(3)) {
      case 0:
        return {
            .kind = LineKind::kOwn, .blob = id<BlobId>(), .ciphertext_hash = id<CiphertextHash>()};
      case 1:
        return {.kind = LineKind::kStub,
                .blob = id<BlobId>(),
                .sender = id<DeviceId>(),
                .ciphertext_hash = id<CiphertextHash>(),
                .reason = static_cast<StubReason>(number(1, 255))};
      default:
        return blob(sealed_max);
    }
  }
  Line blob(std::size_t sealed_max) {
    return {.kind = LineKind::kBlob,
            .blob = id<BlobId>(),
            .sender = id<DeviceId>(),
            .group = id<GroupId>(),
            .sealed = bytes(sealed_max)};
  }

 private:
  Rng& rng_;
};

template <class T>
std::vector<T> sorted(std::vector<T> values) {
  std::ranges::sort(values, {}, [](const T& value) { return value.device; });
  return values;
}

AnyMessage random_session_message(Draw& draw, std::uint64_t which) {
  if (which == 0) {
    Hello hello;
    hello.minor = draw.number32(0, 0xffffffff);
    hello.features = draw.number(0, ~std::uint64_t{0});
    hello.group = draw.id<GroupId>();
    hello.device = draw.id<DeviceId>();
    hello.device_signature = draw.array<64>();
    hello.membership_key = draw.array<32>();
    hello.membership_signature = draw.array<64>();
    hello.position = draw.position(draw.number(0, kCountMax));
    hello.roster_length = draw.number32(1, kRosterEntriesMax);
    hello.roster_head = draw.id<RosterHead>();
    hello.create = draw.optional([&] { return draw.bytes(kRosterEntryBytesMax); });
    if (hello.create) {
      hello.admission_token = draw.optional([&] { return draw.bytes(kAdmissionTokenBytesMax); });
    }
    return hello;
  }
  if (which == 1) {
    Welcome welcome;
    welcome.minor = draw.number32(0, 0xffffffff);
    welcome.features = draw.number(0, ~std::uint64_t{0});
    welcome.hash_at_position = draw.optional([&] { return draw.id<LogHash>(); });
    welcome.highest = draw.number(0, kCountMax);
    welcome.floor = draw.position(draw.number(0, welcome.highest));
    welcome.pending = draw.number(0, welcome.highest - welcome.floor.cursor);
    welcome.own_lines = draw.number(0, welcome.highest);
    welcome.roster = draw.roster_part();
    welcome.states = sorted(draw.list(0, kDevicesMax - 1, [&] {
      return StateOfDevice{draw.id<DeviceId>(), draw.bytes(kDeviceStateBytesMax)};
    }));
    welcome.limits = {.sealed_bytes_max = draw.number32(1, kSealedBytesMax),
                      .push_blobs_max = draw.number32(1, kPushBlobsMax),
                      .pull_lines_max = draw.number32(1, kPullLinesMax),
                      .pull_bytes_max = draw.number32(1, kBatchBytesMax),
                      .blobs_per_minute = draw.number32(1, ~0U),
                      .blobs_burst = draw.number32(1, ~0U),
                      .bytes_per_minute = draw.number(1, kCountMax),
                      .group_bytes_max = draw.number(1, kCountMax),
                      .group_bytes_used = draw.number(0, kCountMax),
                      .ttl_s = draw.number32(1, kSecondsMax)};
    return welcome;
  }
  return ErrorMessage{draw.refusal(), draw.flag()};
}

AnyMessage random_log_message(Draw& draw, std::uint64_t which) {
  switch (which) {
    case 0:
      return Push{draw.id<GroupId>(), draw.list(1, kPushBlobsMax, [&] {
                    return PushBlob{draw.id<BlobId>(), draw.bytes(kSealedBytesMax)};
                  })};
    case 1: {
      PushAck ack{draw.list(0, kPushBlobsMax, [&] { return draw.number(1, kCountMax); }), {}};
      if (ack.cursors.empty() || draw.flag()) ack.stopped = draw.refusal();
      return ack;
    }
    case 2:
      return Pull{draw.number(0, kCountMax), draw.number(0, kCountMax),
                  draw.number32(1, kPullLinesMax), draw.number32(1, kBatchBytesMax), draw.flag()};
    case 3: {
      PullResponse response;
      response.lines = draw.list(0, kPullLinesMax, [&] { return draw.line(kSealedBytesMax); });
      const std::uint64_t count = response.lines.size();
      response.before = draw.position(draw.number(0, kCountMax - count));
      response.highest =
          response.before.cursor + count +
          (count == 0 ? 0 : draw.number(0, kCountMax - count - response.before.cursor));
      return response;
    }
    case 4:
      return Ack{draw.number(0, kCountMax)};
    case 5: {
      Notify notify{.highest = draw.number(1, kCountMax), .line = std::nullopt};
      notify.line = draw.optional(
          [&] { return InlineLine{draw.number(1, notify.highest), draw.blob(kInlineBytesMax)}; });
      return notify;
    }
    default:
      return Delete{draw.id<BlobId>()};
  }
}

AnyMessage random_other_message(Draw& draw, std::uint64_t which) {
  switch (which) {
    case 0:
      return Presence{sorted(draw.list(0, kDevicesMax - 1, [&] {
        DevicePresence device{.device = draw.id<DeviceId>(), .online = draw.flag(), .away_s = {}};
        if (!device.online) device.away_s = draw.optional([&] { return draw.number32(0, ~0U); });
        return device;
      }))};
    case 1:
      return DeviceState{draw.id<DeviceId>(), draw.bytes(kDeviceStateBytesMax)};
    case 2:
      return Quota{draw.number(0, kCountMax), draw.number(1, kCountMax), draw.optional([&] {
                     return Laggard{draw.id<DeviceId>(), draw.number(0, kCountMax)};
                   })};
    case 3:
      return RosterGet{draw.number32(0, kRosterEntriesMax)};
    case 4:
      return Roster{draw.roster_part()};
    case 5:
      return RosterAppend{draw.number32(1, kRosterEntriesMax - 40),
                          draw.list(1, 20, [&] { return draw.bytes(kRosterEntryBytesMax); })};
    case 6:
      return MailboxCreate{draw.id<MailboxId>(), draw.number32(1, kMailboxSecondsMax)};
    case 7:
      return MailboxJoin{draw.number32(0, ~0U), draw.number(0, ~std::uint64_t{0}),
                         draw.id<MailboxId>()};
    case 8:
      return MailboxReady{draw.number32(0, ~0U), draw.number(0, ~std::uint64_t{0}),
                          draw.number32(1, kMailboxSecondsMax)};
    case 9:
      return MailboxPut{draw.id<MailboxId>(), draw.number32(1, kMailboxMessagesMax),
                        draw.bytes(kMailboxMessageBytesMax)};
    case 10:
      return MailboxTake{draw.id<MailboxId>(), draw.number32(1, kMailboxMessagesMax)};
    case 11:
      return MailboxMessage{draw.number32(1, kMailboxMessagesMax),
                            draw.bytes(kMailboxMessageBytesMax)};
    default:
      return MailboxClose{draw.id<MailboxId>()};
  }
}

}  // namespace

AnyMessage random_message(Rng& rng) {
  Draw draw(rng);
  switch (rng.below(3)) {
    case 0:
      return random_session_message(draw, rng.below(3));
    case 1:
      return random_log_message(draw, rng.below(7));
    default:
      return random_other_message(draw, rng.below(13));
  }
}

bool is_known_part(const Value& known, const Value& whole) {
  const auto* known_items = std::get_if<Value::Array>(&known.content);
  const auto* whole_items = std::get_if<Value::Array>(&whole.content);
  if (known_items == nullptr || whole_items == nullptr) return known == whole;
  return known_items->size() <= whole_items->size() &&
         std::equal(known_items->begin(), known_items->end(), whole_items->begin(), is_known_part);
}

}  // namespace zerok::wire::testing
