// SPDX-License-Identifier: MIT OR Apache-2.0
// The hex blocks of docs/protocol/framing.md are what this code writes and reads: an implementer
// may trust them.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "wire/decoder.h"
#include "wire/encoder.h"
#include "wire/frame.h"
#include "wire/message_type.h"

namespace zerok::wire {
namespace {

std::string read_document() {
  std::ifstream file(ZEROK_SOURCE_DIR "/docs/protocol/framing.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Blocks that begin with "```hex name"; remarks and white space removed.
std::map<std::string, Bytes> read_blocks() {
  static const std::string kFence = "```hex ";
  std::map<std::string, Bytes> blocks;
  std::istringstream lines(read_document());
  std::string line;
  while (std::getline(lines, line)) {
    if (!line.starts_with(kFence)) continue;
    const std::string name = line.substr(kFence.size());
    std::string digits;
    while (std::getline(lines, line) && !line.starts_with("```")) {
      for (const char c : line.substr(0, line.find('#'))) {
        if (c != ' ') digits.push_back(c);
      }
    }
    const auto bytes = from_hex(digits);
    EXPECT_TRUE(bytes) << name;
    if (bytes) blocks[name] = *bytes;
  }
  return blocks;
}

Bytes record_of(const std::vector<Frame>& frames) {
  Bytes record(kRecordBytesMax);
  std::size_t used = 0;
  for (const Frame& frame : frames) {
    used += write_frame(MutableByteView(record).subspan(used), frame);
  }
  record.resize(used);
  return record;
}

std::map<std::string, Bytes> written_blocks() {
  std::map<std::string, Bytes> blocks;
  const Bytes ack = {0x91, 0x07};
  blocks["record-one-frame"] =
      record_of({{.key = {5, 0x11, true}, .first = true, .last = true, .total = 2, .chunk = ack}});

  const Bytes pull = Encoder(6).add_array(1).add_bin(Bytes{0xaa, 0xbb, 0xcc}).take().value();
  const Bytes notify = Encoder(2).add_array(1).add_unsigned(42).take().value();
  const MessageKey answer{9, 0x21, true};
  blocks["record-interleaved"] = record_of(
      {{.key = answer, .first = true, .total = 6, .chunk = ByteView(pull).first(4)},
       {.key = {3, 0x31, false}, .first = true, .last = true, .total = 2, .chunk = notify},
       {.key = answer, .last = true, .chunk = ByteView(pull).last(2)}});

  Encoder every_kind(64);
  every_kind.add_array(8).add_unsigned(1).add_unsigned(300).add_signed(-5).add_bool(true).add_nil();
  every_kind.add_bin(Bytes{0x00, 0xff}).add_str("sync").add_array(0);
  blocks["message-of-every-kind"] = every_kind.take().value();

  Encoder edges(128);
  edges.add_array(2).add_array(8);
  for (const std::uint64_t value : {0x7fULL, 0x80ULL, 0xffULL, 0x100ULL, 0xffffULL, 0x10000ULL,
                                    0xffffffffULL, 0x100000000ULL}) {
    edges.add_unsigned(value);
  }
  edges.add_array(8);
  for (const std::int64_t value :
       {-32LL, -33LL, -128LL, -129LL, -32768LL, -32769LL, -2147483648LL, -2147483649LL}) {
    edges.add_signed(value);
  }
  blocks["message-integer-edges"] = edges.take().value();

  Encoder added(64);
  added.add_array(4).add_unsigned(7).add_bool(true).add_nil().add_bin(Bytes{0xff});
  blocks["record-with-added-items"] = added.take().value();
  return blocks;
}

TEST(FramingDocTest, EveryHexBlockIsWhatTheEncoderWrites) {
  const auto documented = read_blocks();
  const auto written = written_blocks();
  EXPECT_EQ(documented.size(), written.size());
  for (const auto& [name, bytes] : written) {
    ASSERT_TRUE(documented.contains(name)) << name;
    EXPECT_EQ(to_hex(documented.at(name)), to_hex(bytes)) << name;
  }
}

TEST(FramingDocTest, AnOlderReaderSeesTheKnownItemsOfTheExampleWithAddedOnes) {
  const auto blocks = read_blocks();
  ASSERT_TRUE(blocks.contains("record-with-added-items"));
  Decoder decoder(blocks.at("record-with-added-items"));
  ASSERT_TRUE(decoder.begin_record(2));
  EXPECT_EQ(decoder.read_unsigned().value(), 7u);
  EXPECT_TRUE(decoder.read_bool().value());
  EXPECT_TRUE(decoder.end());
  EXPECT_TRUE(decoder.finish());
  EXPECT_TRUE(decoder.skipped_extras());
}

TEST(FramingDocTest, NamesEveryNumberThatTheCodeKnows) {
  const std::string text = read_document();
  for (unsigned number = 0; number < 256; ++number) {
    const auto type = static_cast<std::uint8_t>(number);
    if (!is_known_message_type(type)) continue;
    const std::string row =
        "| 0x" + to_hex(ByteArray<1>{type}) + " | " + std::string(message_type_name(type)) + " |";
    EXPECT_NE(text.find(row), std::string::npos) << row;
  }
  for (unsigned number = 0; number < 65536; ++number) {
    const auto error = static_cast<std::uint16_t>(number);
    if (!is_known_wire_error(error)) continue;
    const std::string row =
        "| " + std::to_string(number) + " | " + std::string(wire_error_name(error)) + " |";
    EXPECT_NE(text.find(row), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace zerok::wire
