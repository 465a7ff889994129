// SPDX-License-Identifier: MIT OR Apache-2.0
// What holds for every message, shown on the published samples and on random ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "wire/messages/limits.h"
#include "wire/testing/messages.h"

namespace zerok::wire {
namespace {

using testing::random_message;
using testing::sample_messages;
using testing::Value;

std::uint8_t number_of(const AnyMessage& message) {
  return static_cast<std::uint8_t>(message_type(message));
}

Result<Bytes> reencoded(std::uint8_t type, ByteView body) {
  const auto message = decode_message(type, body);
  if (!message) return std::unexpected(message.error());
  return encode_message(*message);
}

// Refused, or what the bytes say apart from unknown items.
void expect_refused_or_faithful(std::uint8_t type, const Bytes& body) {
  const auto message = decode_message(type, body);
  if (!message) return;
  const auto again = encode_message(*message);
  ASSERT_TRUE(again) << again.error().text.view();
  if (*again == body) return;
  EXPECT_LT(again->size(), body.size());
  const auto known = testing::decode_value(*again);
  const auto whole = testing::decode_value(body);
  ASSERT_TRUE(known && whole);
  EXPECT_TRUE(testing::is_known_part(*known, *whole)) << to_hex(body);
}

// The sample's items and `extra` ones behind them.
Bytes with_added_items(const Bytes& body, const std::vector<Value>& extra) {
  auto value = testing::decode_value(body).value();
  auto& items = std::get<Value::Array>(value.content);
  items.insert(items.end(), extra.begin(), extra.end());
  return testing::encode_value(value).value();
}

TEST(MessagesTest, HaveASampleForEveryTypeAndOneTypeEach) {
  std::set<std::uint8_t> types;
  for (const auto& sample : sample_messages()) types.insert(number_of(sample.message));
  EXPECT_EQ(types.size(), std::variant_size_v<AnyMessage>);
}

TEST(MessagesTest, ComeBackFromTheirBytesAsTheyWere) {
  for (const auto& [name, message] : sample_messages()) {
    const auto body = encode_message(message);
    ASSERT_TRUE(body) << name << ": " << body.error().text.view();
    const auto decoded = decode_message(number_of(message), *body);
    ASSERT_TRUE(decoded) << name << ": " << decoded.error().text.view();
    EXPECT_EQ(decoded->index(), message.index());
    EXPECT_EQ(to_hex(encode_message(*decoded).value()), to_hex(*body)) << name;
  }
}

TEST(MessagesTest, ComeBackFromTheirBytesWithAnyValuesWithinTheBounds) {
  DeterministicRng rng(11);
  std::set<std::uint8_t> types;
  for (int i = 0; i < 3000; ++i) {
    const AnyMessage message = random_message(rng);
    types.insert(number_of(message));
    const auto body = encode_message(message);
    ASSERT_TRUE(body) << body.error().text.view() << " in type " << unsigned{number_of(message)};
    const auto again = reencoded(number_of(message), *body);
    ASSERT_TRUE(again) << again.error().text.view() << " in type " << unsigned{number_of(message)};
    ASSERT_TRUE(*again == *body) << unsigned{number_of(message)};
  }
  // All but DONE, which has no values.
  EXPECT_EQ(types.size(), std::variant_size_v<AnyMessage> - 1);
}

TEST(MessagesTest, RefuseEveryTruncationAndEveryByteBehindTheEnd) {
  for (const auto& [name, message] : sample_messages()) {
    Bytes body = encode_message(message).value();
    for (std::size_t size = 0; size < body.size(); ++size) {
      EXPECT_FALSE(decode_message(number_of(message), ByteView(body).first(size)))
          << name << " cut to " << size;
    }
    body.push_back(0xc0);
    EXPECT_FALSE(decode_message(number_of(message), body)) << name;
  }
}

TEST(MessagesTest, WithAnyByteChangedAreRefusedOrSayWhatTheBytesSay) {
  for (const auto& [name, message] : sample_messages()) {
    const Bytes body = encode_message(message).value();
    for (std::size_t at = 0; at < body.size(); ++at) {
      for (unsigned change = 1; change < 256; ++change) {
        Bytes changed = body;
        changed[at] ^= static_cast<std::uint8_t>(change);
        expect_refused_or_faithful(number_of(message), changed);
      }
    }
  }
}

TEST(MessagesTest, IgnoreItemsThatALaterMinorVersionAdds) {
  const std::vector<Value> added = {
      {std::uint64_t{7}}, {testing::Nil{}}, {Value::Array{{Bytes{1, 2, 3}}, {true}}}};
  for (const auto& [name, message] : sample_messages()) {
    const Bytes body = encode_message(message).value();
    const auto again = reencoded(number_of(message), with_added_items(body, added));
    ASSERT_TRUE(again) << name << ": " << again.error().text.view();
    EXPECT_EQ(to_hex(*again), to_hex(body)) << name;
  }
}

TEST(MessagesTest, RefuseMoreAddedItemsThanTheirBounds) {
  const std::vector<Value> many(kExtraItemsMax + 1, Value{true});
  const std::vector<Value> large = {{Bytes(kExtraBytesMax)}};
  for (const auto& [name, message] : sample_messages()) {
    const Bytes body = encode_message(message).value();
    EXPECT_FALSE(decode_message(number_of(message), with_added_items(body, many))) << name;
    EXPECT_FALSE(decode_message(number_of(message), with_added_items(body, large))) << name;
  }
}

TEST(MessagesTest, RefuseABodyAboveItsTypesBoundBeforeLookingIntoIt) {
  for (const auto& [name, message] : sample_messages()) {
    const Bytes body(message_bytes_max(number_of(message)) + 1, 0x90);
    const auto decoded = decode_message(number_of(message), body);
    ASSERT_FALSE(decoded) << name;
    EXPECT_EQ(decoded.error().code, ErrorCode::kTooLarge) << name;
  }
}

TEST(MessagesTest, OfOtherTypesAreUnsupportedWhateverTheyHold) {
  std::set<std::uint8_t> spoken;
  for (const auto& sample : sample_messages()) spoken.insert(number_of(sample.message));
  // Numbers with a name that belongs to a later version are among them.
  EXPECT_FALSE(spoken.contains(static_cast<std::uint8_t>(MessageType::kRevokeDevice)));
  for (unsigned number = 0; number < 256; ++number) {
    const auto type = static_cast<std::uint8_t>(number);
    if (spoken.contains(type)) {
      EXPECT_TRUE(is_known_message_type(type)) << number;
      continue;
    }
    const auto decoded = decode_message(type, Bytes{0x90});
    ASSERT_FALSE(decoded) << number;
    EXPECT_EQ(decoded.error().code, ErrorCode::kUnsupported) << number;
  }
}

TEST(MessagesTest, PointIntoTheBodyTheyWereReadFrom) {
  const ByteView sealed = testing::counting(0, kSealedBytesMax);
  const Bytes body = Push{GroupId(), {{BlobId(), sealed}}}.encode().value();
  const auto push = Push::decode(body).value();
  ASSERT_EQ(push.blobs.size(), 1u);
  EXPECT_GE(push.blobs[0].sealed.data(), body.data());
  EXPECT_EQ(push.blobs[0].sealed.data() + kSealedBytesMax, body.data() + body.size());
}

TEST(HelloTest, SignsTheChannelTheRelayTheGroupAndTheDeviceUnderALabelPerKey) {
  const auto hash = testing::counting(1, 32).first<32>();
  const auto relay = EndpointId(testing::counting(2, 32).first<32>());
  const auto group = GroupId(testing::counting(3, 32).first<32>());
  const auto device = DeviceId(testing::counting(4, 32).first<32>());
  const std::string parties =
      to_hex(hash) + to_hex(relay.bytes()) + to_hex(group.bytes()) + to_hex(device.bytes());
  EXPECT_EQ(to_hex(hello_signed_bytes(HelloSigner::kDevice, hash, relay, group, device)),
            "16" + to_hex(as_bytes("0k-sync/2 hello device")) + parties);
  EXPECT_EQ(to_hex(hello_signed_bytes(HelloSigner::kMembership, hash, relay, group, device)),
            "1a" + to_hex(as_bytes("0k-sync/2 hello membership")) + parties);
}

TEST(ErrorMessageTest, IsTakenByItsThousandWhenItsNumberIsNew) {
  EXPECT_EQ(refusal_kind(WireErrorCode::kStaleEpoch), RefusalKind::kRequest);
  EXPECT_EQ(refusal_kind(static_cast<WireErrorCode>(1999)), RefusalKind::kRequest);
  EXPECT_EQ(refusal_kind(WireErrorCode::kRateLimited), RefusalKind::kLimit);
  EXPECT_EQ(refusal_kind(static_cast<WireErrorCode>(2999)), RefusalKind::kLimit);
  EXPECT_EQ(refusal_kind(WireErrorCode::kRelayOverloaded), RefusalKind::kRelay);
  EXPECT_EQ(refusal_kind(static_cast<WireErrorCode>(9999)), RefusalKind::kRelay);
}

}  // namespace
}  // namespace zerok::wire
