// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/decoder.h"

namespace zerok::wire {

Result<ItemHead> Decoder::next(ItemKind kind) const {
  if (left_[depth_] == 0) return fail(ErrorCode::kMalformed, "an array has too few items");
  ZEROK_TRY(const ItemHead head, read_item_head(input_.subspan(position_)));
  if (head.kind != kind) return fail(ErrorCode::kMalformed, "an item is of another kind");
  return head;
}

Result<std::uint64_t> Decoder::read_unsigned(std::uint64_t max) {
  ZEROK_TRY(const ItemHead head, next(ItemKind::kUnsigned));
  if (head.value > max) return fail(ErrorCode::kOutOfRange, "a number is above its bound");
  consume(head.size);
  return head.value;
}

Result<std::int64_t> Decoder::read_signed(std::int64_t min, std::int64_t max) {
  auto head = next(ItemKind::kNegative);
  if (!head && head.error().code == ErrorCode::kMalformed) {
    head = next(ItemKind::kUnsigned);
    if (head &&
        head->value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return fail(ErrorCode::kOutOfRange, "a number is above its bound");
    }
  }
  if (!head) return std::unexpected(head.error());
  const auto value = static_cast<std::int64_t>(head->value);
  if (value < min || value > max) {
    return fail(ErrorCode::kOutOfRange, "a number is outside its bounds");
  }
  consume(head->size);
  return value;
}

Result<bool> Decoder::read_bool() {
  ZEROK_TRY(const ItemHead head, next(ItemKind::kBool));
  consume(head.size);
  return head.value != 0;
}

Result<void> Decoder::read_nil() {
  ZEROK_TRY(const ItemHead head, next(ItemKind::kNil));
  consume(head.size);
  return {};
}

bool Decoder::next_is_nil() const { return next(ItemKind::kNil).has_value(); }

Result<ByteView> Decoder::read_sized(ItemKind kind, std::size_t size_max) {
  ZEROK_TRY(const ItemHead head, next(kind));
  // The bound comes first: an absurd length is named as such, however little of it has come.
  if (head.value > size_max) return fail(ErrorCode::kTooLarge, "an item is longer than its bound");
  const ByteView rest = input_.subspan(position_ + head.size);
  if (head.value > rest.size()) return fail(ErrorCode::kTruncated, "the message ends in an item");
  const auto size = static_cast<std::size_t>(head.value);
  return rest.first(size);
}

Result<ByteView> Decoder::read_bin(std::size_t size_max) {
  ZEROK_TRY(const ByteView bytes, read_sized(ItemKind::kBin, size_max));
  consume(static_cast<std::size_t>(bytes.data() + bytes.size() - (input_.data() + position_)));
  return bytes;
}

Result<ByteView> Decoder::read_fixed_bytes(std::size_t size) {
  ZEROK_TRY(const ItemHead head, next(ItemKind::kBin));
  if (head.value != size) return fail(ErrorCode::kMalformed, "a field of fixed size has another");
  return read_bin(size);
}

Result<std::string_view> Decoder::read_str(std::size_t size_max) {
  ZEROK_TRY(const ByteView bytes, read_sized(ItemKind::kStr, size_max));
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!is_utf8(text)) return fail(ErrorCode::kMalformed, "text is not UTF-8");
  consume(static_cast<std::size_t>(bytes.data() + bytes.size() - (input_.data() + position_)));
  return text;
}

Result<std::uint32_t> Decoder::begin_array(std::uint64_t items_min, std::uint64_t items_max) {
  ZEROK_TRY(const ItemHead head, next(ItemKind::kArray));
  if (head.value > items_max) return fail(ErrorCode::kTooLarge, "an array has too many items");
  if (head.value < items_min) return fail(ErrorCode::kMalformed, "an array has too few items");
  // Every item takes a byte at least, so a count can never promise more than has arrived.
  if (head.value > input_.size() - position_ - head.size) {
    return fail(ErrorCode::kTruncated, "the message ends in an array");
  }
  if (depth_ == kDepthMax) return fail(ErrorCode::kTooLarge, "arrays nest too deep");
  consume(head.size);
  left_[++depth_] = static_cast<std::uint32_t>(head.value);
  return left_[depth_];
}

Result<std::uint32_t> Decoder::begin_list(std::uint32_t items_max) {
  ZEROK_TRY(const std::uint32_t items, begin_array(0, items_max));
  is_record_[depth_] = false;
  return items;
}

Result<void> Decoder::begin_record(std::uint32_t items_required) {
  ZEROK_TRY_VOID(begin_array(items_required, std::uint64_t{items_required} + kExtraItemsMax));
  is_record_[depth_] = true;
  return {};
}

// Checks one item and everything in it, and returns its size. The budgets are the message's.
Result<std::size_t> Decoder::skip_one(ByteView input) {
  std::array<std::uint64_t, kDepthMax + 1> due{1};
  std::size_t level = 0;
  std::size_t size = 0;
  while (true) {
    while (level > 0 && due[level] == 0) --level;
    if (due[level] == 0) return size;
    --due[level];
    ZEROK_TRY(const ItemHead head, read_item_head(input.subspan(size)));
    if (++extra_items_ > kExtraItemsMax) {
      return fail(ErrorCode::kTooLarge, "too many unknown items");
    }
    const bool has_body = head.kind == ItemKind::kBin || head.kind == ItemKind::kStr;
    const std::uint64_t cost = head.size + (has_body ? head.value : 0);
    if (cost > kExtraBytesMax - extra_bytes_) {
      return fail(ErrorCode::kTooLarge, "unknown items take too many bytes");
    }
    extra_bytes_ += static_cast<std::size_t>(cost);
    if (cost > input.size() - size) {
      return fail(ErrorCode::kTruncated, "the message ends in an item");
    }
    if (head.kind == ItemKind::kStr) {
      const ByteView body = input.subspan(size + head.size, static_cast<std::size_t>(head.value));
      if (!is_utf8({reinterpret_cast<const char*>(body.data()), body.size()})) {
        return fail(ErrorCode::kMalformed, "text is not UTF-8");
      }
    }
    size += static_cast<std::size_t>(cost);
    if (head.kind == ItemKind::kArray) {
      if (depth_ + level == kDepthMax) return fail(ErrorCode::kTooLarge, "arrays nest too deep");
      due[++level] = head.value;
    }
  }
}

Result<void> Decoder::end() {
  if (depth_ == 0) return fail(ErrorCode::kInvalidState, "no array is open");
  if (left_[depth_] > 0 && !is_record_[depth_]) {
    return fail(ErrorCode::kInvalidState, "a list was not read to its end");
  }
  if (left_[depth_] > 0 && extras_ == Extras::kRefused) {
    return fail(ErrorCode::kMalformed, "unknown items where none are allowed");
  }
  while (left_[depth_] > 0) {
    ZEROK_TRY(const std::size_t size, skip_one(input_.subspan(position_)));
    consume(size);
  }
  --depth_;
  return {};
}

Result<void> Decoder::finish() const {
  if (depth_ > 0 || left_[0] > 0) {
    return fail(ErrorCode::kInvalidState, "the message was not read to its end");
  }
  if (position_ != input_.size()) return fail(ErrorCode::kMalformed, "bytes follow the message");
  return {};
}

}  // namespace zerok::wire
