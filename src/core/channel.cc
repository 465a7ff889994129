// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/channel.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "noise/prologue.h"

namespace zerok::core {

void Channel::Block::take(std::size_t size) {
  if (size > capacity_) {
    release();
    data_ = std::make_unique_for_overwrite<std::uint8_t[]>(size);
    capacity_ = size;
  }
  size_ = size;
}

void Channel::Block::release() {
  if (data_) secure_wipe({data_.get(), capacity_});
  data_.reset();
  size_ = 0;
  capacity_ = 0;
}

Channel::Block::Block(Block&& other) noexcept
    : data_(std::move(other.data_)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

Channel::Block& Channel::Block::operator=(Block&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

Channel Channel::initiator(const noise::StaticKeys& keys, const noise::IdentityHash& pin,
                           const EndpointId& local, const EndpointId& remote, Rng& rng,
                           const ChannelLimits& limits, Instant now) {
  const auto prologue = noise::channel_prologue(local, remote);
  Channel channel(noise::ChannelHandshake::initiator(keys, pin, prologue), rng, limits, now);
  if (auto written = channel.write_handshake_message(); !written)
    channel.fail_with(written.error());
  return channel;
}

Channel Channel::responder(const noise::StaticKeys& keys, const EndpointId& local,
                           const EndpointId& remote, Rng& rng, const ChannelLimits& limits,
                           Instant now) {
  const auto prologue = noise::channel_prologue(remote, local);
  return Channel(noise::ChannelHandshake::responder(keys, prologue), rng, limits, now);
}

Channel::Channel(noise::ChannelHandshake handshake, Rng& rng, const ChannelLimits& limits,
                 Instant now)
    : rng_(&rng),
      limits_(limits),
      handshake_(std::make_unique<noise::ChannelHandshake>(std::move(handshake))),
      deadline_(saturating_add(now, limits.handshake_timeout)),
      assembler_(limits.receive),
      scheduler_(limits.send) {}

void Channel::fail_with(Error error) {
  if (failed_) return;
  failed_ = error;
  deadline_ = kNever;
  handshake_.reset();
  session_.reset();
  frames_.reset();
  in_.release();
  out_.release();
  // What was queued will never be sent.
  scheduler_ = wire::MessageScheduler(limits_.send);
  assembler_ = wire::MessageAssembler(limits_.receive);
}

MutableByteView Channel::input_buffer() {
  if (failed_ || ended_ || frames_ || established_ != established_polled_) return {};
  if (have_ < kLengthBytes) return MutableByteView(length_).subspan(have_);
  return in_.view().subspan(have_ - kLengthBytes);
}

void Channel::commit_input(std::size_t size, Instant now) {
  ZEROK_ASSERT(size <= input_buffer().size());
  if (failed_ || size == 0) return;
  if (have_ < kLengthBytes) {
    have_ += size;
    return begin_next_record();
  }
  have_ += size;
  const std::size_t body = in_.size() - kLengthBytes;
  if (have_ < kLengthBytes + body) return;
  // The read may have brought (a part of) the next record's length too.
  const std::size_t extra = have_ - kLengthBytes - body;
  std::memcpy(length_.data(), in_.view().data() + body, extra);
  have_ = extra;
  if (auto handled = handle_record(in_.view().first(body), now); !handled) {
    return fail_with(handled.error());
  }
  if (!frames_) begin_next_record();
}

void Channel::begin_next_record() {
  if (have_ < kLengthBytes) {
    if (have_ == 0) in_.release();
    return;
  }
  const std::size_t length = load_be16(length_);
  if (auto accepted = accept_length(length); !accepted) return fail_with(accepted.error());
  in_.take(length + kLengthBytes);
}

Result<void> Channel::accept_length(std::size_t length) const {
  if (handshake_) {
    // Refused at the length: nothing of a wrong size is ever held.
    if (handshake_->is_our_turn() || length != handshake_->next_message_size()) {
      return fail(ErrorCode::kHandshakeFailed, "a handshake message of the wrong size");
    }
    return {};
  }
  if (length <= crypto::kAeadTagSize) return fail(ErrorCode::kMalformed, "an empty record");
  if (!established_ && length > kFirstRecordBytesMax) {
    return fail(ErrorCode::kTooLarge, "a first record that is too large");
  }
  return {};
}

Result<void> Channel::handle_record(MutableByteView record, Instant now) {
  if (handshake_) return handle_handshake_message(record, now);
  const MutableByteView plaintext = record.first(record.size() - crypto::kAeadTagSize);
  ZEROK_TRY_VOID(session_->open(record, plaintext));
  if (!established_) {
    established_ = true;
    deadline_ = kNever;
  }
  frames_.emplace(plaintext);
  return {};
}

Result<void> Channel::handle_handshake_message(ByteView message, Instant now) {
  ZEROK_TRY_VOID(handshake_->read_message(message));
  if (handshake_->is_our_turn()) ZEROK_TRY_VOID(write_handshake_message());
  if (handshake_->is_finished()) finish_handshake(now);
  return {};
}

Result<void> Channel::write_handshake_message() {
  const std::size_t size = handshake_->next_message_size();
  // A peer can compute the tag that ends our message, and so answer before its last bytes are out.
  if (!out_.empty()) {
    return fail(ErrorCode::kHandshakeFailed, "an answer to a message that is not out yet");
  }
  out_.take(kLengthBytes + size);
  store_be16(out_.view(), static_cast<std::uint16_t>(size));
  return handshake_->write_message(*rng_, out_.view().subspan(kLengthBytes));
}

void Channel::finish_handshake(Instant now) {
  const bool is_initiator = handshake_->role() == noise::Role::kInitiator;
  session_ = *handshake_->finish();
  handshake_.reset();
  if (is_initiator) {
    established_ = true;
    deadline_ = kNever;
  } else {
    deadline_ = saturating_add(now, limits_.first_record_timeout);
  }
}

void Channel::fail_at_end() {
  const bool inside = have_ > 0 || handshake_ || assembler_.open_messages() > 0;
  if (inside) {
    fail_with({ErrorCode::kTruncated, "the peer ended the stream in the middle"});
  } else {
    fail_with({ErrorCode::kClosed, "the peer ended the channel"});
  }
}

void Channel::handle_timeout(Instant now) {
  if (now < deadline_) return;
  fail_with(handshake_ ? Error{ErrorCode::kTimedOut, "the handshake took too long"}
                       : Error{ErrorCode::kTimedOut, "the peer sent nothing after the handshake"});
}

Result<void> Channel::send(wire::Priority priority, wire::MessageKey key, Bytes body) {
  if (!established_ || failed_) {
    return fail(ErrorCode::kInvalidState, "the channel is not established");
  }
  return scheduler_.push(priority, key, std::move(body));
}

Result<void> Channel::build_record() {
  const std::size_t wanted =
      scheduler_.queued_bytes() + scheduler_.queued_messages() * wire::kFirstFrameHeaderBytes;
  const std::size_t room_max =
      first_record_built_ ? wire::kRecordBytesMax : kFirstRecordBytesMax - crypto::kAeadTagSize;
  first_record_built_ = true;
  const std::size_t room = std::clamp(wanted, wire::MessageScheduler::kFillBytesMin, room_max);
  out_.take(kLengthBytes + room + crypto::kAeadTagSize);
  const MutableByteView body = out_.view().subspan(kLengthBytes);
  const std::size_t filled = scheduler_.fill(body.first(room));
  const std::size_t sealed = filled + crypto::kAeadTagSize;
  store_be16(out_.view(), static_cast<std::uint16_t>(sealed));
  ZEROK_TRY_VOID(session_->seal(body.first(filled), body.first(sealed)));
  out_.take(kLengthBytes + sealed);
  return {};
}

void Channel::set_receive_limits(const wire::AssemblerLimits& limits) {
  limits_.receive = limits;
  assembler_.set_limits(limits);
}

ByteView Channel::output() {
  if (out_.empty() && session_ && established_ && !scheduler_.empty()) {
    if (auto built = build_record(); !built) fail_with(built.error());
  }
  return out_.view().subspan(out_written_);
}

void Channel::consume_output(std::size_t size) {
  ZEROK_ASSERT(out_written_ + size <= out_.size());
  out_written_ += size;
  if (out_written_ < out_.size()) return;
  out_written_ = 0;
  if (scheduler_.empty()) {
    out_.release();
  } else {
    out_.take(0);
  }
}

std::optional<ChannelEvent> Channel::poll_event() {
  if (established_ && !established_polled_) {
    established_polled_ = true;
    if (!failed_) return ChannelEvent{.kind = ChannelEvent::Kind::kEstablished, .message = {}};
  }
  while (frames_) {
    auto frame = frames_->next();
    if (!frame) {
      fail_with(frame.error());
      break;
    }
    if (!*frame) {
      frames_.reset();
      begin_next_record();
      break;
    }
    auto message = assembler_.add(**frame);
    if (!message) {
      fail_with(message.error());
      break;
    }
    if (*message) {
      return ChannelEvent{.kind = ChannelEvent::Kind::kMessage, .message = std::move(*message)};
    }
  }
  if (ended_ && !frames_) fail_at_end();
  if (failed_ && !failed_polled_) {
    failed_polled_ = true;
    return ChannelEvent{ChannelEvent::Kind::kFailed, {}, *failed_};
  }
  return std::nullopt;
}

std::optional<noise::IdentityHash> Channel::confirmed_peer() const {
  if (!session_) return std::nullopt;
  return session_->confirmed_peer();
}

const crypto::Hash256& Channel::handshake_hash() const {
  ZEROK_ASSERT(session_.has_value());
  return session_->handshake_hash();
}

}  // namespace zerok::core
