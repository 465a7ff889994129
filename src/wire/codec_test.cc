// SPDX-License-Identifier: MIT OR Apache-2.0
// Encoder and decoder against each other, against msgpack-cxx and against hostile bytes.
#include <gtest/gtest.h>

#include "base/rng.h"
#include "wire/decoder.h"
#include "wire/encoder.h"
#include "wire/testing/value.h"

namespace zerok::wire {
namespace {

using testing::decode_value;
using testing::decode_with_msgpack_cxx;
using testing::encode_value;
using testing::Negative;
using testing::Nil;
using testing::random_value;
using testing::reencode_with_msgpack_cxx;
using testing::Value;

Bytes hex(std::string_view text) { return from_hex(text).value(); }

std::string encoded(const Value& value) { return to_hex(encode_value(value).value()); }

ErrorCode decode_error(std::string_view text) {
  const auto result = decode_value(hex(text));
  EXPECT_FALSE(result) << text;
  return result ? ErrorCode::kInternal : result.error().code;
}

TEST(EncoderTest, WritesEveryNumberInItsShortestForm) {
  const std::pair<std::uint64_t, const char*> numbers[] = {
      {0, "00"},
      {0x7f, "7f"},
      {0x80, "cc80"},
      {0xff, "ccff"},
      {0x100, "cd0100"},
      {0xffff, "cdffff"},
      {0x10000, "ce00010000"},
      {0xffffffff, "ceffffffff"},
      {0x100000000, "cf0000000100000000"},
      {0xffffffffffffffff, "cfffffffffffffffff"}};
  for (const auto& [value, text] : numbers) EXPECT_EQ(encoded({value}), text);
  const std::pair<std::int64_t, const char*> negatives[] = {
      {-1, "ff"},
      {-32, "e0"},
      {-33, "d0df"},
      {-128, "d080"},
      {-129, "d1ff7f"},
      {-32768, "d18000"},
      {-32769, "d2ffff7fff"},
      {-2147483648, "d280000000"},
      {-2147483649, "d3ffffffff7fffffff"},
      {std::numeric_limits<std::int64_t>::min(), "d38000000000000000"}};
  for (const auto& [value, text] : negatives) EXPECT_EQ(encoded({Negative{value}}), text);
}

TEST(EncoderTest, WritesASignedNumberAboveZeroAsAnUnsignedOne) {
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{5}, std::int64_t{200},
                                   std::int64_t{70000}, std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(to_hex(Encoder(16).add_signed(value).take().value()),
              encoded({static_cast<std::uint64_t>(value)}));
  }
}

TEST(EncoderTest, WritesEveryLengthInItsShortestForm) {
  EXPECT_EQ(encoded({Bytes{}}), "c400");
  EXPECT_EQ(encoded({Bytes(255)}).substr(0, 4), "c4ff");
  EXPECT_EQ(encoded({Bytes(256)}).substr(0, 6), "c50100");
  EXPECT_EQ(encoded({Bytes(65536)}).substr(0, 10), "c600010000");
  EXPECT_EQ(encoded({std::string(31, 'x')}).substr(0, 2), "bf");
  EXPECT_EQ(encoded({std::string(32, 'x')}).substr(0, 4), "d920");
  EXPECT_EQ(encoded({std::string(256, 'x')}).substr(0, 6), "da0100");
  EXPECT_EQ(encoded({std::string(65536, 'x')}).substr(0, 10), "db00010000");
  EXPECT_EQ(encoded({Value::Array(15)}).substr(0, 2), "9f");
  EXPECT_EQ(encoded({Value::Array(16)}).substr(0, 6), "dc0010");
  EXPECT_EQ(encoded({Value::Array(65536)}).substr(0, 10), "dd00010000");
}

TEST(EncoderTest, NeverGrowsPastItsBound) {
  EXPECT_TRUE(Encoder(10).add_bin(Bytes(8)).take());
  EXPECT_EQ(Encoder(9).add_bin(Bytes(8)).take().error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Encoder(0).add_nil().take().error().code, ErrorCode::kTooLarge);
}

TEST(EncoderTest, RefusesAMessageWhoseArraysAreNotFilledExactly) {
  EXPECT_EQ(Encoder(64).take().error().code, ErrorCode::kInvalidState);
  EXPECT_EQ(Encoder(64).add_array(2).add_nil().take().error().code, ErrorCode::kInvalidState);
  EXPECT_EQ(Encoder(64).add_array(1).add_nil().add_nil().take().error().code,
            ErrorCode::kInvalidState);
  EXPECT_EQ(Encoder(64).add_nil().add_nil().take().error().code, ErrorCode::kInvalidState);
  EXPECT_TRUE(Encoder(64).add_array(2).add_array(0).add_array(1).add_nil().take());
}

TEST(EncoderTest, RefusesTextThatIsNotUtf8AndArraysThatNestTooDeep) {
  EXPECT_EQ(Encoder(64).add_str("\xff").take().error().code, ErrorCode::kInvalidArgument);
  Encoder deep(64);
  for (std::size_t i = 0; i < kDepthMax; ++i) deep.add_array(1);
  EXPECT_TRUE(deep.add_nil().take());
  for (std::size_t i = 0; i < kDepthMax + 1; ++i) deep.add_array(1);
  EXPECT_EQ(deep.add_nil().take().error().code, ErrorCode::kInvalidArgument);
}

TEST(EncoderTest, TakeLeavesItReadyForTheNextMessage) {
  Encoder encoder(4);
  EXPECT_FALSE(encoder.add_bin(Bytes(9)).take());
  EXPECT_EQ(to_hex(encoder.add_array(1).add_bool(true).take().value()), "91c3");
}

TEST(DecoderTest, RefusesEveryLongerFormOfAnItem) {
  for (const char* text : {"cc7f",
                           "cd00ff",
                           "ce0000ffff",
                           "cf00000000ffffffff",  // unsigned
                           "d000",
                           "d07f",
                           "d0e0",
                           "d0ff",
                           "d1ff80",
                           "d10000",
                           "d2ffff8000",
                           "d200000000",
                           "d3ffffffff80000000",
                           "d30000000000000000",  // signed
                           "c50001ff",
                           "c5000f",
                           "c600000000",
                           "c60000ffff",  // bin
                           "d900",
                           "d91f",
                           "da00ff",
                           "db00000000",  // str
                           "dc0000",
                           "dc000f",
                           "dd00000000",
                           "dd0000ffff"}) {  // array
    EXPECT_EQ(decode_error(text), ErrorCode::kNotCanonical) << text;
  }
}

TEST(DecoderTest, RefusesEveryKindThatMessagesDoNotUse) {
  for (const char* text :
       {"80", "8101c0", "de0000", "df00000000",                      // maps
        "ca00000000", "cb0000000000000000",                          // floats
        "c1",                                                        // never used
        "c70000", "c8000000", "c90000000000", "d40000", "d5000000",  // extensions
        "d60000000000", "d7000000000000000000", "d80000"}) {
    EXPECT_EQ(decode_error(text), ErrorCode::kMalformed) << text;
  }
}

TEST(DecoderTest, RefusesTextThatIsNotUtf8) {
  for (const char* text : {"a180", "a1ff", "a1c3", "a2c080", "a2c1bf", "a3e08080", "a3e28228",
                           "a3eda080", "a4f0808080", "a4f4908080", "a4f5808080", "a2e282"}) {
    EXPECT_EQ(decode_error(text), ErrorCode::kMalformed) << text;
  }
  for (const char* text : {"a0", "a100", "a2c280", "a2dfbf", "a3e0a080", "a3ed9fbf", "a3ee8080",
                           "a3efbfbf", "a4f0908080", "a4f48fbfbf"}) {
    EXPECT_TRUE(decode_value(hex(text))) << text;
  }
}

TEST(DecoderTest, RefusesBytesAfterTheMessageAndAMissingMessage) {
  EXPECT_EQ(decode_error("c0c0"), ErrorCode::kMalformed);
  EXPECT_EQ(decode_error(""), ErrorCode::kTruncated);
}

TEST(DecoderTest, ChecksEveryBoundBeforeItLooksForTheBytes) {
  // Four gigabytes announced, none sent: named for what it is.
  EXPECT_EQ(Decoder(hex("c6ffffffff")).read_bin(1024).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Decoder(hex("dbffffffff")).read_str(1024).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Decoder(hex("ddffffffff")).begin_list(1024).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Decoder(hex("c6ffffffff")).read_bin(0xffffffff).error().code, ErrorCode::kTruncated);
  EXPECT_EQ(Decoder(hex("ddffffffff")).begin_list(0xffffffff).error().code, ErrorCode::kTruncated);
  EXPECT_EQ(Decoder(hex("c403010203")).read_bin(2).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Decoder(hex("a3616263")).read_str(2).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Decoder(hex("93c0c0c0")).begin_list(2).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Decoder(hex("07")).read_unsigned(6).error().code, ErrorCode::kOutOfRange);
  EXPECT_EQ(Decoder(hex("ff")).read_signed(0).error().code, ErrorCode::kOutOfRange);
  EXPECT_EQ(Decoder(hex("cfffffffffffffffff")).read_signed().error().code, ErrorCode::kOutOfRange);
}

TEST(DecoderTest, BytesAndTextAreViewsIntoTheInput) {
  const Bytes input = hex("92c403010203a16b");
  Decoder decoder(input);
  ASSERT_TRUE(decoder.begin_record(2));
  EXPECT_EQ(decoder.read_bin(3).value().data(), input.data() + 3);
  EXPECT_EQ(static_cast<const void*>(decoder.read_str(1).value().data()), input.data() + 7);
  EXPECT_TRUE(decoder.end());
  EXPECT_TRUE(decoder.finish());
}

TEST(DecoderTest, AFailedReadConsumesNothing) {
  const Bytes input = hex("92c4030102037f");
  Decoder decoder(input);
  EXPECT_FALSE(decoder.read_unsigned());
  ASSERT_TRUE(decoder.begin_record(2));
  EXPECT_FALSE(decoder.read_bin(2));
  EXPECT_FALSE(decoder.read_fixed<4>());
  EXPECT_FALSE(decoder.read_str(9));
  EXPECT_FALSE(decoder.read_nil());
  EXPECT_FALSE(decoder.read_bool());
  EXPECT_TRUE(decoder.read_fixed<3>());
  EXPECT_FALSE(decoder.read_signed(0, 126));
  EXPECT_EQ(decoder.read_signed(0, 127).value(), 127);
  EXPECT_FALSE(decoder.more());
  EXPECT_EQ(decoder.read_unsigned().error().code, ErrorCode::kMalformed);
  EXPECT_FALSE(decoder.finish());
  EXPECT_TRUE(decoder.end());
  EXPECT_TRUE(decoder.finish());
}

TEST(DecoderTest, AListMustBeReadWholeAndARecordMustHaveItsKnownItems) {
  const Bytes list = hex("92c0c0");
  Decoder decoder(list);
  EXPECT_EQ(decoder.begin_list(2).value(), 2u);
  EXPECT_TRUE(decoder.read_nil());
  EXPECT_EQ(decoder.end().error().code, ErrorCode::kInvalidState);
  EXPECT_TRUE(decoder.read_nil());
  EXPECT_TRUE(decoder.end());
  EXPECT_EQ(decoder.end().error().code, ErrorCode::kInvalidState);
  EXPECT_EQ(Decoder(list).begin_record(3).error().code, ErrorCode::kMalformed);
}

// A record of one known item, read as a build reads it that knows no more.
Result<std::uint64_t> read_first(ByteView input, Extras extras) {
  Decoder decoder(input, extras);
  ZEROK_TRY_VOID(decoder.begin_record(1));
  ZEROK_TRY(const std::uint64_t value, decoder.read_unsigned());
  ZEROK_TRY_VOID(decoder.end());
  ZEROK_TRY_VOID(decoder.finish());
  return value;
}

TEST(DecoderTest, SkipsWhatALaterVersionAddedToARecord) {
  for (const char* text :
       {"9105", "9205c0", "9405c3a161c40100", "9205929190f6", "92059193ccffc2a0"}) {
    const Bytes input = hex(text);
    EXPECT_EQ(read_first(input, Extras::kSkipped).value(), 5u) << text;
    EXPECT_EQ(read_first(input, Extras::kRefused).has_value(), input.size() == 2) << text;
    for (std::size_t size = 0; size < input.size(); ++size) {
      EXPECT_FALSE(read_first(ByteView(input).first(size), Extras::kSkipped))
          << text << " " << size;
    }
  }
}

TEST(DecoderTest, HoldsSkippedItemsToTheSameRulesAndToABudget) {
  const auto error = [](ByteView input) {
    const auto result = read_first(input, Extras::kSkipped);
    return result ? ErrorCode::kInternal : result.error().code;
  };
  EXPECT_EQ(error(hex("9205cc05")), ErrorCode::kNotCanonical);
  EXPECT_EQ(error(hex("920580")), ErrorCode::kMalformed);
  EXPECT_EQ(error(hex("9205a1ff")), ErrorCode::kMalformed);
  EXPECT_EQ(error(hex("9205c6ffffffff")), ErrorCode::kTooLarge);
  EXPECT_EQ(error(hex("9205c410")), ErrorCode::kTruncated);
  EXPECT_EQ(error(hex("9205ddffffffff")), ErrorCode::kTruncated);
  // The record is the first level; kDepthMax - 1 more fit.
  EXPECT_EQ(error(hex("9205919191919191"
                      "90")),
            ErrorCode::kInternal);
  EXPECT_EQ(error(hex("9205919191919191"
                      "9190")),
            ErrorCode::kTooLarge);

  Value::Array items(1 + kExtraItemsMax);
  items[0] = {std::uint64_t{5}};
  EXPECT_TRUE(read_first(encode_value({items}).value(), Extras::kSkipped));
  items.back() = {Value::Array(1)};
  EXPECT_EQ(error(encode_value({items}).value()), ErrorCode::kTooLarge);
  items.back() = {Nil{}};
  items.push_back({Nil{}});
  EXPECT_EQ(error(encode_value({items}).value()), ErrorCode::kTooLarge);

  items.resize(2);
  items[1] = {Bytes(kExtraBytesMax - 3)};
  EXPECT_TRUE(read_first(encode_value({items}).value(), Extras::kSkipped));
  items[1] = {Bytes(kExtraBytesMax - 2)};
  EXPECT_EQ(error(encode_value({items}).value()), ErrorCode::kTooLarge);
}

TEST(DecoderTest, TheBudgetOfSkippedItemsIsTheMessagesNotTheRecords) {
  // Two records, each with as many unknown items as one may have.
  Value::Array record(1 + kExtraItemsMax);
  const Bytes input = encode_value({Value::Array{{record}, {record}}}).value();
  Decoder decoder(input);
  ASSERT_TRUE(decoder.begin_list(2));
  ASSERT_TRUE(decoder.begin_record(1));
  ASSERT_TRUE(decoder.read_nil());
  EXPECT_TRUE(decoder.end());
  EXPECT_TRUE(decoder.skipped_extras());
  ASSERT_TRUE(decoder.begin_record(1));
  ASSERT_TRUE(decoder.read_nil());
  EXPECT_EQ(decoder.end().error().code, ErrorCode::kTooLarge);
}

TEST(CodecTest, RoundTripsRandomMessagesAndAgreesWithMsgpackCxx) {
  DeterministicRng rng(20);
  for (int i = 0; i < 2000; ++i) {
    const Value value = random_value(rng);
    const Bytes bytes = encode_value(value).value();
    ASSERT_EQ(decode_value(bytes).value(), value);
    ASSERT_EQ(decode_with_msgpack_cxx(bytes), value);
    ASSERT_EQ(reencode_with_msgpack_cxx(bytes), bytes);
  }
}

// A message with every kind of item and every width of head, short enough to try every change.
Value every_form() {
  Value::Array items = {{Nil{}},
                        {true},
                        {false},
                        {std::uint64_t{7}},
                        {std::uint64_t{0x80}},
                        {std::uint64_t{0x8000}},
                        {std::uint64_t{0x80000000}},
                        {std::uint64_t{1} << 63},
                        {Negative{-7}},
                        {Negative{-100}},
                        {Negative{-1000}},
                        {Negative{-100000}},
                        {Negative{-10000000000}},
                        {Bytes{1, 2, 3}},
                        {std::string("na\xc3\xafve")},
                        {std::string(40, 'z')},
                        {Value::Array{{Value::Array{}}, {Nil{}}}}};
  items.push_back({Bytes(256)});
  return {items};
}

TEST(CodecTest, RefusesEveryTruncation) {
  const Bytes bytes = encode_value(every_form()).value();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto result = decode_value(ByteView(bytes).first(size));
    ASSERT_FALSE(result) << size;
    EXPECT_EQ(result.error().code, ErrorCode::kTruncated) << size;
  }
}

TEST(CodecTest, WithAnyByteChangedRefusesOrReEncodesToExactlyThoseBytes) {
  const Bytes original = encode_value(every_form()).value();
  std::size_t accepted = 0;
  for (std::size_t at = 0; at < original.size(); ++at) {
    Bytes bytes = original;
    for (int change = 1; change < 256; ++change) {
      bytes[at] = static_cast<std::uint8_t>(original[at] ^ change);
      const auto value = decode_value(bytes);
      if (value) {
        ++accepted;
        ASSERT_EQ(encode_value(*value).value(), bytes);
        ASSERT_EQ(decode_with_msgpack_cxx(bytes), *value);
      } else {
        // A refusal is right: no canonical message of the subset looks like this.
        const auto other = reencode_with_msgpack_cxx(bytes);
        ASSERT_TRUE(!other || *other != bytes) << to_hex(bytes);
      }
    }
  }
  EXPECT_GT(accepted, 1000u);
}

}  // namespace
}  // namespace zerok::wire
