// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/messages/any.h"

#include <utility>

namespace zerok::wire {
namespace {

using Decode = Result<AnyMessage> (*)(ByteView);

template <class M>
Result<AnyMessage> decode_as(ByteView body) {
  ZEROK_TRY(M message, M::decode(body));
  return AnyMessage(std::move(message));
}

template <std::size_t... Index>
Decode decoder_of(std::uint8_t type, std::index_sequence<Index...>) {
  Decode found = nullptr;
  const auto look_at = [&]<class M>(std::type_identity<M>) {
    if (static_cast<std::uint8_t>(M::kType) == type) found = &decode_as<M>;
  };
  (look_at(std::type_identity<std::variant_alternative_t<Index, AnyMessage>>()), ...);
  return found;
}

}  // namespace

Result<AnyMessage> decode_message(std::uint8_t type, ByteView body) {
  const Decode decode =
      decoder_of(type, std::make_index_sequence<std::variant_size_v<AnyMessage>>());
  if (decode == nullptr) return fail(ErrorCode::kUnsupported, "a message of an unknown type");
  return decode(body);
}

Result<Bytes> encode_message(const AnyMessage& message) {
  return std::visit([](const auto& m) { return m.encode(); }, message);
}

MessageType message_type(const AnyMessage& message) {
  return std::visit([](const auto& m) { return m.kType; }, message);
}

}  // namespace zerok::wire
