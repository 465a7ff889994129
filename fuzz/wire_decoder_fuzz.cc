// SPDX-License-Identifier: MIT OR Apache-2.0
// The message decoder on any bytes, against msgpack-cxx: they accept exactly the same canonical
// messages, see the same values in them, and encode those to the same bytes. Then one record schema
// with unknown items allowed: what a lenient reader sees is what a strict one sees.
#include "base/check.h"
#include "wire/decoder.h"
#include "wire/testing/value.h"

namespace {

using namespace zerok;
using namespace zerok::wire;

struct Sample {
  std::uint64_t number = 0;
  Bytes bytes;
  std::string text;
  std::vector<std::uint64_t> list;
  bool skipped = false;
};

Result<Sample> read_sample(ByteView input, Extras extras) {
  Sample sample;
  Decoder decoder(input, extras);
  ZEROK_TRY_VOID(decoder.begin_record(4));
  ZEROK_TRY(sample.number, decoder.read_unsigned(1000000));
  ZEROK_TRY(const ByteView bytes, decoder.read_bin(64));
  sample.bytes.assign(bytes.begin(), bytes.end());
  ZEROK_TRY(sample.text, decoder.read_str(64));
  ZEROK_TRY(const std::uint32_t items, decoder.begin_list(8));
  for (std::uint32_t i = 0; i < items; ++i) {
    ZEROK_TRY(const std::uint64_t item, decoder.read_unsigned());
    sample.list.push_back(item);
  }
  ZEROK_TRY_VOID(decoder.end());
  ZEROK_TRY_VOID(decoder.end());
  ZEROK_TRY_VOID(decoder.finish());
  sample.skipped = decoder.skipped_extras();
  ZEROK_ASSERT(sample.bytes.size() <= 64 && sample.text.size() <= 64 && sample.list.size() <= 8);
  return sample;
}

Bytes write_sample(const Sample& sample) {
  Encoder encoder(4096);
  encoder.add_array(4).add_unsigned(sample.number).add_bin(sample.bytes).add_str(sample.text);
  encoder.add_array(static_cast<std::uint32_t>(sample.list.size()));
  for (const std::uint64_t item : sample.list) encoder.add_unsigned(item);
  return encoder.take().value();
}

void check_same_bytes(const Bytes& written, ByteView input) {
  ZEROK_ASSERT(written.size() == input.size());
  ZEROK_ASSERT(std::equal(written.begin(), written.end(), input.begin()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  if (const auto value = testing::decode_value(input)) {
    check_same_bytes(testing::encode_value(*value).value(), input);
    const auto other = testing::decode_with_msgpack_cxx(input);
    ZEROK_ASSERT(other && *other == *value);
    const auto again = testing::reencode_with_msgpack_cxx(input);
    ZEROK_ASSERT(again);
    check_same_bytes(*again, input);
  } else if (const auto again = testing::reencode_with_msgpack_cxx(input)) {
    ZEROK_ASSERT(again->size() != size || !std::equal(again->begin(), again->end(), data));
  }

  const auto lenient = read_sample(input, Extras::kSkipped);
  const auto strict = read_sample(input, Extras::kRefused);
  ZEROK_ASSERT(strict.has_value() == (lenient.has_value() && !lenient->skipped));
  if (strict) check_same_bytes(write_sample(*strict), input);
  return 0;
}
