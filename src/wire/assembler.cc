// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/assembler.h"

#include <algorithm>

namespace zerok::wire {

Result<std::optional<Message>> MessageAssembler::add(const Frame& frame) {
  if (failed_) return std::unexpected(*failed_);
  auto result = frame.first ? begin(frame) : go_on(frame);
  if (!result) {
    failed_ = result.error();
    open_ = {};
    open_bytes_ = 0;
  }
  return result;
}

Result<std::optional<Message>> MessageAssembler::begin(const Frame& frame) {
  if (frame.total > limits_.message_bytes_max(frame.key.type)) {
    return fail(ErrorCode::kTooLarge, "a message is longer than its type allows");
  }
  for (const Open& open : open_) {
    if (open.key == frame.key) return fail(ErrorCode::kMalformed, "a message begins twice");
  }
  if (frame.last) return Message(frame.key, frame.chunk);
  if (open_.size() >= limits_.open_messages_max) {
    return fail(ErrorCode::kOverloaded, "too many unfinished messages");
  }
  if (open_bytes_ > limits_.open_bytes_max || frame.total > limits_.open_bytes_max - open_bytes_) {
    return fail(ErrorCode::kOverloaded, "unfinished messages are too large together");
  }
  open_bytes_ += frame.total;
  append(open_.emplace_back(Open{frame.key, frame.total, {}}), frame.chunk);
  return std::nullopt;
}

Result<std::optional<Message>> MessageAssembler::go_on(const Frame& frame) {
  const auto open = std::find_if(open_.begin(), open_.end(),
                                 [&](const Open& one) { return one.key == frame.key; });
  if (open == open_.end()) return fail(ErrorCode::kMalformed, "a chunk of no message");
  const std::size_t left = open->total - open->body.size();
  if (frame.chunk.size() > left || frame.last != (frame.chunk.size() == left)) {
    return fail(ErrorCode::kMalformed, "a message does not have the size it announced");
  }
  append(*open, frame.chunk);
  if (!frame.last) return std::nullopt;
  open_bytes_ -= open->total;
  Message message(open->key, std::move(open->body));
  open_.erase(open);
  return message;
}

void MessageAssembler::append(Open& open, ByteView chunk) {
  const std::size_t need = open.body.size() + chunk.size();
  if (need > open.body.capacity()) {
    open.body.reserve(std::min<std::size_t>(open.total, std::max(need, 2 * open.body.capacity())));
  }
  open.body.insert(open.body.end(), chunk.begin(), chunk.end());
}

std::size_t MessageAssembler::reserved_bytes() const {
  std::size_t sum = 0;
  for (const Open& open : open_) sum += open.body.capacity();
  return sum;
}

}  // namespace zerok::wire
