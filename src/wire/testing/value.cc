// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/testing/value.h"

#include <algorithm>
#include <array>
#include <msgpack.hpp>
#include <type_traits>

#include "base/check.h"

namespace zerok::wire::testing {
namespace {

// The decoder itself then bounds every length by what has arrived.
constexpr std::uint32_t kAnySize = std::numeric_limits<std::uint32_t>::max();

// True for the error that says "try another kind"; every other one is the input's.
template <typename T>
bool is_other_kind(const Result<T>& result) {
  return !result && result.error().code == ErrorCode::kMalformed;
}

template <typename T, typename Convert>
Result<Value> as_value(const Result<T>& result, Convert convert) {
  if (!result) return std::unexpected(result.error());
  if constexpr (std::is_void_v<T>) {
    return convert();
  } else {
    return convert(*result);
  }
}

Result<Value> read_array(Decoder& decoder);

Result<Value> read_value(Decoder& decoder) {
  if (const auto value = decoder.read_unsigned(); !is_other_kind(value)) {
    return as_value(value, [](std::uint64_t number) { return Value{number}; });
  }
  if (const auto value = decoder.read_signed(); !is_other_kind(value)) {
    return as_value(value, [](std::int64_t number) { return Value{Negative{number}}; });
  }
  if (const auto value = decoder.read_bool(); !is_other_kind(value)) {
    return as_value(value, [](bool truth) { return Value{truth}; });
  }
  if (const auto value = decoder.read_nil(); !is_other_kind(value)) {
    return as_value(value, [] { return Value{Nil{}}; });
  }
  if (const auto value = decoder.read_bin(kAnySize); !is_other_kind(value)) {
    return as_value(value, [](ByteView bytes) { return Value{Bytes(bytes.begin(), bytes.end())}; });
  }
  if (const auto value = decoder.read_str(kAnySize); !is_other_kind(value)) {
    return as_value(value, [](std::string_view text) { return Value{std::string(text)}; });
  }
  return read_array(decoder);
}

Result<Value> read_array(Decoder& decoder) {
  ZEROK_TRY(const std::uint32_t items, decoder.begin_list(kAnySize));
  Value::Array array;
  for (std::uint32_t i = 0; i < items; ++i) {
    ZEROK_TRY(Value item, read_value(decoder));
    array.push_back(std::move(item));
  }
  ZEROK_TRY_VOID(decoder.end());
  return Value{std::move(array)};
}

void write_value(Encoder& encoder, const Value& value) {
  const auto write = [&](const auto& content) {
    using T = std::decay_t<decltype(content)>;
    if constexpr (std::is_same_v<T, Nil>) {
      encoder.add_nil();
    } else if constexpr (std::is_same_v<T, bool>) {
      encoder.add_bool(content);
    } else if constexpr (std::is_same_v<T, std::uint64_t>) {
      encoder.add_unsigned(content);
    } else if constexpr (std::is_same_v<T, Negative>) {
      encoder.add_signed(content.value);
    } else if constexpr (std::is_same_v<T, Bytes>) {
      encoder.add_bin(content);
    } else if constexpr (std::is_same_v<T, std::string>) {
      encoder.add_str(content);
    } else {
      encoder.add_array(static_cast<std::uint32_t>(content.size()));
      for (const Value& item : content) write_value(encoder, item);
    }
  };
  std::visit(write, value.content);
}

std::optional<Value> from_msgpack(const msgpack::object& object, std::size_t depth) {
  switch (object.type) {
    case msgpack::type::NIL:
      return Value{Nil{}};
    case msgpack::type::BOOLEAN:
      return Value{object.via.boolean};
    case msgpack::type::POSITIVE_INTEGER:
      return Value{static_cast<std::uint64_t>(object.via.u64)};
    case msgpack::type::NEGATIVE_INTEGER:
      return Value{Negative{object.via.i64}};
    case msgpack::type::STR: {
      std::string text(object.via.str.ptr, object.via.str.size);
      if (!is_utf8(text)) return std::nullopt;
      return Value{std::move(text)};
    }
    case msgpack::type::BIN: {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(object.via.bin.ptr);
      return Value{Bytes(bytes, bytes + object.via.bin.size)};
    }
    case msgpack::type::ARRAY: {
      if (depth == kDepthMax) return std::nullopt;
      Value::Array array;
      for (std::uint32_t i = 0; i < object.via.array.size; ++i) {
        auto item = from_msgpack(object.via.array.ptr[i], depth + 1);
        if (!item) return std::nullopt;
        array.push_back(std::move(*item));
      }
      return Value{std::move(array)};
    }
    default:
      return std::nullopt;
  }
}

// msgpack-cxx throws on bad input, and takes memory for whatever count an array announces, so the
// limits it is given are what the input could hold.
std::optional<msgpack::object_handle> unpack(ByteView input) {
  try {
    std::size_t offset = 0;
    const msgpack::unpack_limit limit(input.size(), input.size(), input.size(), input.size(),
                                      input.size(), 64);
    auto handle = msgpack::unpack(reinterpret_cast<const char*>(input.data()), input.size(), offset,
                                  nullptr, nullptr, limit);
    if (offset != input.size()) return std::nullopt;
    return handle;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::uint64_t edge_number(Rng& rng) {
  // A power of two, give or take a little: where the forms change.
  const std::uint64_t power = std::uint64_t{1} << rng.below(64);
  return power + rng.below(5) - 2;
}

std::size_t edge_length(Rng& rng) {
  static constexpr std::array<std::size_t, 12> kEdges = {0,  1,  15,  16,  17,  31,
                                                         32, 33, 255, 256, 257, 300};
  return kEdges[rng.below(kEdges.size())];
}

}  // namespace

Result<Value> decode_value(ByteView input) {
  Decoder decoder(input, Extras::kRefused);
  ZEROK_TRY(Value value, read_value(decoder));
  ZEROK_TRY_VOID(decoder.finish());
  return value;
}

Result<Bytes> encode_value(const Value& value, std::size_t bytes_max) {
  Encoder encoder(bytes_max);
  write_value(encoder, value);
  return encoder.take();
}

std::optional<Value> decode_with_msgpack_cxx(ByteView input) {
  const auto handle = unpack(input);
  if (!handle) return std::nullopt;
  return from_msgpack(handle->get(), 0);
}

std::optional<Bytes> reencode_with_msgpack_cxx(ByteView input) {
  const auto handle = unpack(input);
  if (!handle || !from_msgpack(handle->get(), 0)) return std::nullopt;
  msgpack::sbuffer buffer;
  msgpack::pack(buffer, handle->get());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(buffer.data());
  return Bytes(bytes, bytes + buffer.size());
}

Value random_value(Rng& rng, std::size_t depth) {
  switch (rng.below(depth == kDepthMax ? 6 : 8)) {
    case 0:
      return {Nil{}};
    case 1:
      return {rng.below(2) == 1};
    case 2:
      return {edge_number(rng)};
    case 3:
      return {Negative{-1 - static_cast<std::int64_t>(edge_number(rng) >> 1)}};
    case 4: {
      Bytes bytes(edge_length(rng));
      rng.fill(bytes);
      return {std::move(bytes)};
    }
    case 5: {
      std::string text(edge_length(rng), 'a');
      if (text.size() > 4) text.replace(1, 3, "\xe2\x82\xac");
      return {std::move(text)};
    }
    default: {
      Value::Array array(depth < 2 ? edge_length(rng) % 34 : rng.below(3));
      for (Value& item : array) item = random_value(rng, depth + 1);
      return {std::move(array)};
    }
  }
}

}  // namespace zerok::wire::testing
