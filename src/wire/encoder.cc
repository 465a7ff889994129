// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/encoder.h"

#include <limits>
#include <msgpack/pack.hpp>

#include "wire/item.h"

namespace zerok::wire {

// What msgpack-cxx writes to: the encoder's buffer, with the bound checked before it grows.
class EncoderSink {
 public:
  explicit EncoderSink(Encoder& encoder) : encoder_(encoder) {}
  void write(const char* data, std::size_t size) {
    if (encoder_.error_) return;
    if (size > encoder_.bytes_max_ - encoder_.out_.size()) {
      encoder_.fail_with({ErrorCode::kTooLarge, "a message is longer than its bound"});
      return;
    }
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(data);
    encoder_.out_.insert(encoder_.out_.end(), bytes, bytes + size);
  }

 private:
  Encoder& encoder_;
};

namespace {

using Packer = msgpack::packer<EncoderSink>;

}  // namespace

void Encoder::fail_with(Error error) {
  if (!error_) error_ = error;
}

// Accounts for one more item of the innermost open array; false when nothing may be written.
bool Encoder::begin_item() {
  if (error_) return false;
  while (depth_ > 0 && due_[depth_] == 0) --depth_;
  if (due_[depth_] == 0) {
    fail_with({ErrorCode::kInvalidState, "more items than the message has"});
    return false;
  }
  --due_[depth_];
  return true;
}

Encoder& Encoder::add_array(std::uint32_t items) {
  if (!begin_item()) return *this;
  if (depth_ == kDepthMax) {
    fail_with({ErrorCode::kInvalidArgument, "arrays nest too deep"});
    return *this;
  }
  due_[++depth_] = items;
  EncoderSink sink(*this);
  Packer(sink).pack_array(items);
  return *this;
}

Encoder& Encoder::add_unsigned(std::uint64_t value) {
  if (!begin_item()) return *this;
  EncoderSink sink(*this);
  Packer(sink).pack_uint64(value);
  return *this;
}

Encoder& Encoder::add_signed(std::int64_t value) {
  if (!begin_item()) return *this;
  EncoderSink sink(*this);
  Packer(sink).pack_int64(value);
  return *this;
}

Encoder& Encoder::add_bool(bool value) {
  if (!begin_item()) return *this;
  EncoderSink sink(*this);
  value ? Packer(sink).pack_true() : Packer(sink).pack_false();
  return *this;
}

Encoder& Encoder::add_nil() {
  if (!begin_item()) return *this;
  EncoderSink sink(*this);
  Packer(sink).pack_nil();
  return *this;
}

Encoder& Encoder::add_bin(ByteView bytes) {
  if (!begin_item()) return *this;
  if (bytes.size() > std::numeric_limits<std::uint32_t>::max()) {
    fail_with({ErrorCode::kTooLarge, "bytes longer than any message"});
    return *this;
  }
  const auto size = static_cast<std::uint32_t>(bytes.size());
  EncoderSink sink(*this);
  Packer packer(sink);
  packer.pack_bin(size);
  packer.pack_bin_body(reinterpret_cast<const char*>(bytes.data()), size);
  return *this;
}

Encoder& Encoder::add_str(std::string_view text) {
  if (!begin_item()) return *this;
  if (text.size() > std::numeric_limits<std::uint32_t>::max()) {
    fail_with({ErrorCode::kTooLarge, "text longer than any message"});
    return *this;
  }
  if (!is_utf8(text)) {
    fail_with({ErrorCode::kInvalidArgument, "text is not UTF-8"});
    return *this;
  }
  const auto size = static_cast<std::uint32_t>(text.size());
  EncoderSink sink(*this);
  Packer packer(sink);
  packer.pack_str(size);
  packer.pack_str_body(text.data(), size);
  return *this;
}

Result<Bytes> Encoder::take() {
  while (depth_ > 0 && due_[depth_] == 0) --depth_;
  if (!error_ && (depth_ > 0 || due_[0] != 0)) {
    fail_with({ErrorCode::kInvalidState, "fewer items than the message has"});
  }
  const std::optional<Error> error = error_;
  Bytes out;
  out.swap(out_);
  error_.reset();
  due_[0] = 1;
  depth_ = 0;
  if (error) return std::unexpected(*error);
  return out;
}

}  // namespace zerok::wire
