// SPDX-License-Identifier: MIT OR Apache-2.0
// Writer and Reader: the two directions of a message's codec behind one set of calls, so that each
// message describes its items, their order and bounds once, as a function template over either.
// The first error is kept and makes later calls do nothing; the end reports it. A value that the
// Writer lets pass is one that the Reader accepts. For the .cc files of this folder only.
#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <type_traits>
#include <vector>

#include "base/check.h"
#include "base/id.h"
#include "wire/decoder.h"
#include "wire/encoder.h"
#include "wire/message_type.h"

namespace zerok::wire {

// What `fields(Io&, Of<Io, T>&)` takes: a T to fill or a const T to write.
template <class Io, class T>
using Of = typename Io::template Subject<T>;

// Errors: kInvalidArgument for whatever is outside its bounds, kTooLarge for the whole.
class Writer {
 public:
  template <class T>
  using Subject = const T;

  explicit Writer(std::size_t bytes_max) : out_(bytes_max) {}

  void record(std::uint32_t items) { out_.add_array(items); }
  // For a record whose first item tells how many there are.
  void record(std::uint32_t /*items_min*/, std::uint32_t items) { record(items); }
  void end() {}

  template <class T>
  void number(T value, std::uint64_t min, std::uint64_t max) {
    const auto raw = static_cast<std::uint64_t>(value);
    require(raw >= min && raw <= max, "a number is outside its bounds");
    out_.add_unsigned(raw);
  }
  void flag(bool value) { out_.add_bool(value); }
  template <class Tag, std::size_t N>
  void id(const Id<Tag, N>& value) {
    out_.add_bin(value.bytes());
  }
  template <std::size_t N>
  void fixed(const ByteArray<N>& value) {
    out_.add_bin(value);
  }
  void bytes(ByteView value, std::size_t size_min, std::size_t size_max) {
    require(value.size() >= size_min && value.size() <= size_max, "bytes are too few or too many");
    if (!error_) out_.add_bin(value);
  }
  template <class T, class Item>
  void optional(const std::optional<T>& value, Item item) {
    if (value) {
      item(*value);
    } else {
      out_.add_nil();
    }
  }
  template <class T, class Item>
  void list(const std::vector<T>& values, std::size_t items_min, std::size_t items_max, Item item) {
    require(values.size() >= items_min && values.size() <= items_max,
            "a list is too short or too long");
    if (error_) return;
    out_.add_array(static_cast<std::uint32_t>(values.size()));
    for (const T& value : values) item(value);
  }
  // A rule between items.
  void require(bool holds, StaticText text) {
    if (!holds && !error_) error_ = Error{ErrorCode::kInvalidArgument, text};
  }

  Result<Bytes> take() {
    if (error_) return std::unexpected(*error_);
    return out_.take();
  }

 private:
  Encoder out_;
  std::optional<Error> error_{};
};

// Errors: the Decoder's, and kMalformed for a broken rule. Byte strings become views into the body.
class Reader {
 public:
  template <class T>
  using Subject = T;

  explicit Reader(ByteView body) : in_(body) {}

  void record(std::uint32_t items) {
    if (!error_) keep(in_.begin_record(items));
  }
  void record(std::uint32_t items_min, std::uint32_t /*items*/) { record(items_min); }
  void end() {
    if (!error_) keep(in_.end());
  }

  template <class T>
  void number(T& value, std::uint64_t min, std::uint64_t max) {
    ZEROK_ASSERT(max <= static_cast<std::uint64_t>(largest<T>()));
    if (error_) return;
    const auto raw = in_.read_unsigned(max);
    if (!keep(raw)) return;
    if (*raw < min) error_ = Error{ErrorCode::kOutOfRange, "a number is below its bound"};
    value = static_cast<T>(*raw);
  }
  void flag(bool& value) {
    if (error_) return;
    if (const auto read = in_.read_bool(); keep(read)) value = *read;
  }
  template <class Tag, std::size_t N>
  void id(Id<Tag, N>& value) {
    if (error_) return;
    if (const auto read = in_.read_fixed<N>(); keep(read)) value = Id<Tag, N>(*read);
  }
  template <std::size_t N>
  void fixed(ByteArray<N>& value) {
    if (error_) return;
    if (const auto read = in_.read_fixed<N>(); keep(read)) std::ranges::copy(*read, value.begin());
  }
  void bytes(ByteView& value, std::size_t size_min, std::size_t size_max) {
    if (error_) return;
    const auto read = in_.read_bin(size_max);
    if (!keep(read)) return;
    require(read->size() >= size_min, "bytes are too few");
    value = *read;
  }
  template <class T, class Item>
  void optional(std::optional<T>& value, Item item) {
    if (error_) return;
    if (in_.next_is_nil()) {
      keep(in_.read_nil());
      return;
    }
    item(value.emplace());
  }
  // Memory follows what has been read, not what the list announces.
  template <class T, class Item>
  void list(std::vector<T>& values, std::size_t items_min, std::size_t items_max, Item item) {
    if (error_) return;
    const auto items = in_.begin_list(static_cast<std::uint32_t>(items_max));
    if (!keep(items)) return;
    require(*items >= items_min, "a list is too short");
    for (std::uint32_t i = 0; i < *items && !error_; ++i) item(values.emplace_back());
    end();
  }
  void require(bool holds, StaticText text) {
    if (!holds && !error_) error_ = Error{ErrorCode::kMalformed, text};
  }

  Result<void> finish() const {
    if (error_) return std::unexpected(*error_);
    return in_.finish();
  }

 private:
  template <class T>
  static constexpr auto largest() {
    if constexpr (std::is_enum_v<T>) {
      return std::numeric_limits<std::underlying_type_t<T>>::max();
    } else {
      return std::numeric_limits<T>::max();
    }
  }
  template <class T>
  bool keep(const Result<T>& result) {
    if (!result) error_ = result.error();
    return result.has_value();
  }

  Decoder in_;
  std::optional<Error> error_{};
};

// One order and no duplicates: `id_of` gives what a list is sorted by.
template <class Io, class T, class IdOf>
void require_ascending(Io& io, const std::vector<T>& values, IdOf id_of) {
  const auto falls = [&](const T& a, const T& b) { return id_of(a) >= id_of(b); };
  io.require(std::ranges::adjacent_find(values, falls) == values.end(),
             "a list is not in ascending order");
}

// fields(Writer&) describes the message.
template <class Fields>
Result<Bytes> write_message(MessageType type, Fields fields) {
  Writer io(message_bytes_max(static_cast<std::uint8_t>(type)));
  fields(io);
  return io.take();
}

// fields(Reader&, M&) describes the message.
template <class M, class Fields>
Result<M> read_message(ByteView body, Fields fields) {
  if (body.size() > message_bytes_max(static_cast<std::uint8_t>(M::kType))) {
    return fail(ErrorCode::kTooLarge, "a message is longer than its bound");
  }
  Reader io(body);
  M message;
  fields(io, message);
  ZEROK_TRY_VOID(io.finish());
  return message;
}

}  // namespace zerok::wire
