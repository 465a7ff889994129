// SPDX-License-Identifier: MIT OR Apache-2.0
// The bounds of single items and the rules between them, on both sides: a decoder is given a sample
// with one item replaced, an encoder a message that breaks a rule.
#include <gtest/gtest.h>

#include <algorithm>

#include "wire/messages/limits.h"
#include "wire/testing/messages.h"

namespace zerok::wire {
namespace {

using testing::counting;
using testing::Nil;
using testing::sample_messages;
using testing::Value;

using Path = std::vector<std::size_t>;

Value number(std::uint64_t value) { return {value}; }
Value bytes(std::size_t size) { return {Bytes(size, 0x5a)}; }
Value list(std::size_t items, const Value& item) { return {Value::Array(items, item)}; }

// The named sample with the item at `path` replaced.
Result<AnyMessage> decode_with(const std::string& name, const Path& path, const Value& value) {
  const auto samples = sample_messages();
  const auto sample = std::ranges::find(samples, name, &testing::Sample::name);
  EXPECT_NE(sample, samples.end()) << name;
  auto tree = testing::decode_value(encode_message(sample->message).value()).value();
  Value* item = &tree;
  for (const std::size_t index : path) item = &std::get<Value::Array>(item->content).at(index);
  *item = value;
  const Bytes body = testing::encode_value(tree).value();
  return decode_message(static_cast<std::uint8_t>(message_type(sample->message)), body);
}

struct Case {
  const char* sample;
  Path path;
  Value accepted;
  Value refused;
};

std::vector<Case> cases() {
  const Value largest_count = number(kCountMax);
  const Value above_count = number(kCountMax + 1);
  return {
      {"HELLO", {0}, number(0xffffffff), number(0x100000000)},
      {"HELLO", {2}, bytes(32), bytes(31)},
      {"HELLO", {4}, bytes(64), bytes(65)},
      {"HELLO", {7}, largest_count, above_count},
      {"HELLO", {8}, bytes(32), {Nil{}}},
      {"HELLO", {7}, number(1), number(0)},
      {"HELLO", {9}, number(1), number(0)},
      {"HELLO", {9}, number(kRosterEntriesMax), number(kRosterEntriesMax + 1)},
      {"HELLO that makes a group", {11}, bytes(kRosterEntryBytesMax), bytes(0)},
      {"HELLO that makes a group", {11}, bytes(1), bytes(kRosterEntryBytesMax + 1)},
      {"HELLO that makes a group", {11}, bytes(2), {Nil{}}},
      {"HELLO that makes a group", {12}, bytes(kAdmissionTokenBytesMax), bytes(0)},
      {"HELLO that makes a group", {12}, {Nil{}}, bytes(kAdmissionTokenBytesMax + 1)},
      {"WELCOME", {2}, {Nil{}}, bytes(33)},
      {"WELCOME", {3}, number(905), number(904)},
      {"WELCOME", {4}, number(1002), number(1003)},
      {"WELCOME", {4}, number(1), number(0)},
      {"WELCOME", {6}, number(107), number(108)},
      {"WELCOME", {7}, number(1007), number(1008)},
      {"WELCOME", {8, 0}, number(kRosterEntriesMax - 2), number(kRosterEntriesMax - 1)},
      {"WELCOME", {8, 1}, list(2, bytes(8192)), list(2, bytes(8193))},
      {"WELCOME to a shorter log", {8, 0}, number(kRosterEntriesMax), number(0)},
      {"WELCOME", {9, 0, 1}, bytes(kDeviceStateBytesMax), bytes(kDeviceStateBytesMax + 1)},
      {"WELCOME", {9, 1, 1}, bytes(1), bytes(0)},
      {"WELCOME", {9, 1, 0}, bytes(32), {Bytes(32, 0x00)}},
      {"WELCOME", {10, 0}, number(kSealedBytesMax), number(kSealedBytesMax + 1)},
      {"WELCOME", {10, 1}, number(kPushBlobsMax), number(kPushBlobsMax + 1)},
      {"WELCOME", {10, 2}, number(kPullLinesMax), number(kPullLinesMax + 1)},
      {"WELCOME", {10, 3}, number(kBatchBytesMax), number(0)},
      {"WELCOME", {10, 9}, number(kSecondsMax), number(0)},
      {"PUSH", {1}, list(kPushBlobsMax, Value{Value::Array{bytes(16), bytes(1)}}), list(0, {})},
      {"PUSH", {1, 0, 0}, bytes(16), bytes(32)},
      {"PUSH", {1, 0, 1}, bytes(kSealedBytesMax), bytes(kSealedBytesMax + 1)},
      {"PUSH", {1, 0, 1}, bytes(1), bytes(0)},
      {"PUSH_ACK", {0}, list(kPushBlobsMax, number(1)), list(kPushBlobsMax + 1, number(1))},
      {"PUSH_ACK", {0, 0}, number(1), number(0)},
      {"PUSH_ACK", {0}, list(1, number(1)), list(0, {})},
      {"PUSH_ACK of nothing", {1, 0}, number(1000), number(999)},
      {"PUSH_ACK of nothing", {1, 0}, number(9999), number(10000)},
      {"PUSH_ACK of nothing", {1, 1}, number(kRetryAfterMsMax), number(kRetryAfterMsMax + 1)},
      {"PULL", {0}, largest_count, above_count},
      {"PULL", {1}, largest_count, above_count},
      {"PULL", {2}, number(1), number(0)},
      {"PULL", {2}, number(kPullLinesMax), number(kPullLinesMax + 1)},
      {"PULL", {3}, number(kBatchBytesMax), number(kBatchBytesMax + 1)},
      {"PULL", {4}, {true}, number(1)},
      {"PULL_RESPONSE", {0}, number(1004), number(1005)},
      {"PULL_RESPONSE", {0}, number(1), number(0)},
      {"PULL_RESPONSE", {3}, number(1003), number(1002)},
      {"PULL_RESPONSE", {2, 2, 0}, number(3), number(4)},
      {"PULL_RESPONSE", {2, 2, 0}, number(3), number(0)},
      {"PULL_RESPONSE", {2, 2, 4}, number(255), number(256)},
      {"PULL_RESPONSE", {2, 2, 4}, number(1), number(0)},
      {"PULL_RESPONSE", {2, 0, 4}, bytes(kSealedBytesMax), bytes(kSealedBytesMax + 1)},
      {"PULL_RESPONSE at the end", {3}, number(0), number(1)},
      {"ACK", {0}, largest_count, above_count},
      {"PRESENCE", {0, 0, 1}, {false}, {Nil{}}},
      {"PRESENCE", {0, 1, 1}, {false}, {true}},
      {"PRESENCE", {0, 1, 0}, {Bytes(32, 0x21)}, {Bytes(32, 0x5a)}},
      {"NOTIFY", {0}, largest_count, above_count},
      {"NOTIFY with a blob", {0}, number(1008), number(1007)},
      {"NOTIFY with a blob", {1, 0}, number(1), number(0)},
      {"NOTIFY with a blob", {1, 1, 4}, bytes(kInlineBytesMax), bytes(kInlineBytesMax + 1)},
      {"DEVICE_STATE", {1}, bytes(kDeviceStateBytesMax), bytes(kDeviceStateBytesMax + 1)},
      {"DEVICE_STATE", {1}, bytes(1), bytes(0)},
      {"QUOTA", {1}, number(1), number(0)},
      {"DELETE", {0}, bytes(16), bytes(15)},
      {"ROSTER_GET", {0}, number(kRosterEntriesMax), number(kRosterEntriesMax + 1)},
      {"ROSTER", {1}, list(64, bytes(8192)), list(65, bytes(8192))},
      {"ROSTER after an append", {0}, number(1), number(0)},
      {"ROSTER_APPEND", {0}, number(1), number(0)},
      {"ROSTER_APPEND", {0}, number(kRosterEntriesMax - 1), number(kRosterEntriesMax)},
      {"ROSTER_APPEND", {1}, list(64, bytes(8192)), list(65, bytes(8192))},
      {"ROSTER_APPEND", {1}, list(1, bytes(1)), list(0, {})},
      {"MAILBOX_CREATE", {1}, number(kMailboxSecondsMax), number(kMailboxSecondsMax + 1)},
      {"MAILBOX_CREATE", {1}, number(1), number(0)},
      {"MAILBOX_READY", {2}, number(kMailboxSecondsMax), number(kMailboxSecondsMax + 1)},
      {"MAILBOX_PUT", {1}, number(kMailboxMessagesMax), number(kMailboxMessagesMax + 1)},
      {"MAILBOX_PUT", {2}, bytes(kMailboxMessageBytesMax), bytes(kMailboxMessageBytesMax + 1)},
      {"MAILBOX_TAKE", {1}, number(1), number(0)},
      {"MAILBOX_MESSAGE", {1}, bytes(1), bytes(0)},
      {"ERROR", {1}, number(kRetryAfterMsMax), number(kRetryAfterMsMax + 1)},
      {"ERROR", {2}, {true}, number(0)},
  };
}

TEST(MessageBoundsTest, HoldForEveryItemInADecoderAndNotOneLess) {
  for (const Case& c : cases()) {
    std::string where = c.sample;
    for (const std::size_t index : c.path) where += "/" + std::to_string(index);
    const auto accepted = decode_with(c.sample, c.path, c.accepted);
    EXPECT_TRUE(accepted) << where << ": " << accepted.error().text.view();
    EXPECT_FALSE(decode_with(c.sample, c.path, c.refused)) << where;
  }
}

TEST(MessageBoundsTest, AnInlineLineIsABlobAndNothingElse) {
  const Value own{Value::Array{number(2), bytes(16), bytes(32)}};
  EXPECT_FALSE(decode_with("NOTIFY with a blob", {1, 1}, own));
  EXPECT_TRUE(decode_with("PULL_RESPONSE", {2, 0}, own));
}

template <class M>
void expect_not_encodable(const M& message) {
  const auto body = message.encode();
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().code, ErrorCode::kInvalidArgument) << body.error().text.view();
}

TEST(MessageBoundsTest, HoldForAnEncoderToo) {
  const Refusal refusal{WireErrorCode::kRateLimited, 0};
  expect_not_encodable(Push{GroupId(), {}});
  expect_not_encodable(Push{GroupId(), {{BlobId(), {}}}});
  expect_not_encodable(Push{GroupId(), {{BlobId(), counting(0, kSealedBytesMax + 1)}}});
  expect_not_encodable(
      Push{GroupId(), std::vector<PushBlob>(kPushBlobsMax + 1, {BlobId(), counting(0, 1)})});
  expect_not_encodable(
      Push{GroupId(), std::vector<PushBlob>(4, {BlobId(), counting(0, kSealedBytesMax)})});
  expect_not_encodable(PushAck{{}, std::nullopt});
  expect_not_encodable(PushAck{{0}, std::nullopt});
  expect_not_encodable(PushAck{{kCountMax + 1}, std::nullopt});
  expect_not_encodable(PushAck{{}, Refusal{static_cast<WireErrorCode>(1), 0}});
  expect_not_encodable(ErrorMessage{{refusal.code, kRetryAfterMsMax + 1}, false});
  expect_not_encodable(Pull{0, 0, 0, 1, false});
  expect_not_encodable(PullResponse{{}, {}, 1});
  expect_not_encodable(PullResponse{{5, LogHash()}, {Line{}}, 6});  // the line has no content
  expect_not_encodable(PullResponse{{0, LogHash(counting(1, 32).first<32>())}, {}, 0});
  expect_not_encodable(Notify{5, InlineLine{6, Line{.sealed = counting(0, 1)}}});
  expect_not_encodable(Notify{5, InlineLine{5, Line{.kind = LineKind::kOwn}}});
  expect_not_encodable(Notify{5, InlineLine{5, Line{.sealed = counting(0, kInlineBytesMax + 1)}}});
  expect_not_encodable(Presence{{{DeviceId(), true, 1}}});
  expect_not_encodable(Presence{{{DeviceId(), true, {}}, {DeviceId(), true, {}}}});
  expect_not_encodable(DeviceState{DeviceId(), {}});
  expect_not_encodable(Roster{{0, {}, {}}});
  expect_not_encodable(RosterAppend{0, {counting(0, 1)}});
  expect_not_encodable(MailboxPut{MailboxId(), 0, counting(0, 1)});
  expect_not_encodable(Hello{.admission_token = counting(0, 1)});
  expect_not_encodable(Hello{.roster_head = RosterHead(counting(1, 32).first<32>())});
}

TEST(MessageBoundsTest, LeaveRoomForTheLargestMessageOfEveryType) {
  // Entries of this size cost the most bytes around them.
  const std::vector<ByteView> entries(kRosterEntriesMax, counting(0, 128));
  EXPECT_EQ(entries.size() * 128, kRosterBytesMax);
  const RosterHead head;

  const ByteView entry = counting(0, kRosterEntryBytesMax);
  const ByteView token = counting(0, kAdmissionTokenBytesMax);
  Hello hello{.minor = ~0U, .features = ~std::uint64_t{0}, .create = entry};
  hello.admission_token = token;
  hello.position.cursor = kCountMax;
  const auto hello_bytes = hello.encode();
  ASSERT_TRUE(hello_bytes);
  EXPECT_LE(hello_bytes->size() + kExtraBytesMax, message_bytes_max(0x01));

  auto limits = std::get<Welcome>(sample_messages()[2].message).limits;
  Welcome welcome{.roster = {0, entries, head}, .limits = limits};
  for (std::uint8_t i = 0; i < kDevicesMax - 1; ++i) {
    welcome.states.push_back(
        {DeviceId(counting(i, 32).first<32>()), counting(0, kDeviceStateBytesMax)});
  }
  const auto welcome_bytes = welcome.encode();
  ASSERT_TRUE(welcome_bytes) << welcome_bytes.error().text.view();
  EXPECT_LE(welcome_bytes->size() + kExtraBytesMax, message_bytes_max(0x02));
  EXPECT_TRUE((Roster{{0, entries, head}}.encode()));
  EXPECT_TRUE((RosterAppend{1, {entries.begin() + 1, entries.end()}}.encode()));

  Push push{GroupId(), std::vector<PushBlob>(kPushBlobsMax, {BlobId(), counting(0, 16384)})};
  EXPECT_EQ(push.blobs.size() * 16384, kBatchBytesMax);
  const auto push_bytes = push.encode();
  ASSERT_TRUE(push_bytes);
  EXPECT_LE(push_bytes->size() + kExtraBytesMax, message_bytes_max(0x10));

  PullResponse response{.highest = kPullLinesMax};
  response.lines.assign(kPullLinesMax, Line{.sealed = counting(0, 4096)});
  EXPECT_EQ(response.lines.size() * 4096, kBatchBytesMax);
  const auto response_bytes = response.encode();
  ASSERT_TRUE(response_bytes);
  EXPECT_LE(response_bytes->size() + kExtraBytesMax, message_bytes_max(0x21));
  EXPECT_TRUE(PullResponse::decode(*response_bytes));

  const auto put = MailboxPut{MailboxId(), 255, counting(0, kMailboxMessageBytesMax)}.encode();
  ASSERT_TRUE(put);
  EXPECT_LE(put->size() + kExtraBytesMax, message_bytes_max(0x83));
}

}  // namespace
}  // namespace zerok::wire
