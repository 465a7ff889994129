// SPDX-License-Identifier: MIT OR Apache-2.0
// docs/protocol/vectors/messages.txt and messages.md are what this code does. To change the file
// (and the fuzz target's seeds) on purpose:
//   ZEROK_WRITE_VECTORS=1 wire_test --gtest_filter=MessageVectorsTest.*
// tools/check_message_vectors.py encodes the same file's items by the document's rules alone.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "wire/messages/limits.h"
#include "wire/testing/messages.h"

namespace zerok::wire {
namespace {

using testing::Value;

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// As JSON, bytes as texts in hex: messages hold no text, so nothing else is one.
std::string as_json(const Value& value) {
  const auto write = [](const auto& content) -> std::string {
    using T = std::decay_t<decltype(content)>;
    if constexpr (std::is_same_v<T, bool>) {
      return content ? "true" : "false";
    } else if constexpr (std::is_same_v<T, std::uint64_t>) {
      return std::to_string(content);
    } else if constexpr (std::is_same_v<T, Bytes>) {
      return "\"" + to_hex(content) + "\"";
    } else if constexpr (std::is_same_v<T, Value::Array>) {
      std::string items;
      for (const Value& item : content) items += (items.empty() ? "" : ", ") + as_json(item);
      return "[" + items + "]";
    } else {
      return "null";
    }
  };
  return std::visit(write, value.content);
}

std::string seed_name(const std::string& name) {
  std::string out;
  for (const char c : name) out += c == ' ' ? '_' : static_cast<char>(std::tolower(c));
  return out;
}

std::string current_vectors() {
  std::string text =
      "# Message vectors: docs/protocol/messages.md. Items as JSON, bytes as texts in hex.\n";
  for (const auto& [name, message] : testing::sample_messages()) {
    const auto type = static_cast<std::uint8_t>(message_type(message));
    const Bytes body = encode_message(message).value();
    text += "\n[" + name + "]\ntype = " + to_hex(ByteArray<1>{type});
    text += "\nitems = " + as_json(testing::decode_value(body).value());
    text += "\nbody = " + to_hex(body) + "\n";
  }
  return text;
}

void write_seeds() {
  for (const auto& [name, message] : testing::sample_messages()) {
    Bytes seed = encode_message(message).value();
    seed.insert(seed.begin(), static_cast<std::uint8_t>(message_type(message)));
    std::ofstream out(ZEROK_SOURCE_DIR "/fuzz/corpus/messages/" + seed_name(name),
                      std::ios::binary);
    out.write(reinterpret_cast<const char*>(seed.data()),
              static_cast<std::streamsize>(seed.size()));
  }
}

TEST(MessageVectorsTest, AreWhatIsPublished) {
  const std::string path = ZEROK_SOURCE_DIR "/docs/protocol/vectors/messages.txt";
  if (std::getenv("ZEROK_WRITE_VECTORS") != nullptr) {
    std::ofstream(path) << current_vectors();
    write_seeds();
    GTEST_SKIP() << "wrote " << path;
  }
  EXPECT_EQ(read_file(path), current_vectors());
}

TEST(MessageVectorsTest, AndTheDocumentGiveEveryBoundItsValue) {
  const std::string document = read_file(ZEROK_SOURCE_DIR "/docs/protocol/messages.md");
  const auto expect_row = [&](const char* what, std::uint64_t value) {
    std::string digits = std::to_string(value);
    for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
    const std::string row = std::string("| ") + what + " | " + digits + " |";
    EXPECT_NE(document.find(row), std::string::npos) << row;
  };
  expect_row("devices of a group", kDevicesMax);
  expect_row("a sealed blob, bytes", kSealedBytesMax);
  expect_row("blobs in a PUSH", kPushBlobsMax);
  expect_row("sealed bytes in a PUSH or PULL_RESPONSE", kBatchBytesMax);
  expect_row("lines in a PULL_RESPONSE", kPullLinesMax);
  expect_row("a sealed blob in a NOTIFY, bytes", kInlineBytesMax);
  expect_row("a DEVICE_STATE, bytes", kDeviceStateBytesMax);
  expect_row("entries of a roster", kRosterEntriesMax);
  expect_row("a roster entry, bytes", kRosterEntryBytesMax);
  expect_row("all entries of a roster, bytes", kRosterBytesMax);
  expect_row("an admission token, bytes", kAdmissionTokenBytesMax);
  expect_row("a mailbox's life, seconds", kMailboxSecondsMax);
  expect_row("messages of one side in a mailbox", kMailboxMessagesMax);
  expect_row("a message in a mailbox, bytes", kMailboxMessageBytesMax);
  expect_row("retry_after, milliseconds", kRetryAfterMsMax);
  expect_row("requests that wait for their answers", kOpenRequestsMax);
}

TEST(MessageVectorsTest, AndTheDocumentDescribeEveryMessageUnderItsNumber) {
  const std::string document = read_file(ZEROK_SOURCE_DIR "/docs/protocol/messages.md");
  for (const auto& sample : testing::sample_messages()) {
    const auto type = static_cast<std::uint8_t>(message_type(sample.message));
    const std::string heading =
        "**" + std::string(message_type_name(type)) + "** (0x" + to_hex(ByteArray<1>{type}) + ")";
    EXPECT_NE(document.find(heading), std::string::npos) << heading;
  }
  for (unsigned number = 0; number < 65536; ++number) {
    const auto name = wire_error_name(static_cast<std::uint16_t>(number));
    if (name.empty()) continue;
    const std::string row = "| " + std::to_string(number) + " " + std::string(name) + " |";
    EXPECT_NE(document.find(row), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace zerok::wire
