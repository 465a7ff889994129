// SPDX-License-Identifier: MIT OR Apache-2.0
// Channel: one side of the secure channel over an ordered byte stream: the hybridXX handshake, then
// records of frames (docs/protocol/handshake.md, framing.md). Pure: bytes and time go in; bytes,
// events and a timeout come out. Holds at most one record in each direction and what its scheduler
// and assembler allow. The first error ends it for good. Drive it so: fill input_buffer() and
// commit_input(), take poll_event() until nothing, write output() and consume_output(), call
// handle_timeout() at next_timeout().
#pragma once

#include <memory>
#include <optional>

#include "base/rng.h"
#include "base/time.h"
#include "noise/handshake.h"
#include "wire/assembler.h"
#include "wire/scheduler.h"

namespace zerok::core {

// The initiator's first record, on the wire: an unproven peer can't make a responder hold more than
// this.
inline constexpr std::size_t kFirstRecordBytesMax = std::size_t{16} << 10;

// Timeouts of an unproven peer and the bounds of either direction.
struct ChannelLimits {
  // From the start to the fourth handshake message.
  Duration handshake_timeout = std::chrono::seconds(5);
  // Responder: from there to the initiator's first transport message, which proves its identity.
  Duration first_record_timeout = std::chrono::seconds(10);
  wire::SchedulerLimits send;
  wire::AssemblerLimits receive;
};

struct ChannelEvent {
  enum class Kind : std::uint8_t {
    kEstablished,  // both sides are proven: confirmed_peer() and handshake_hash() are there; send()
                   // works
    kMessage,  // a whole message; its body is good until the next call of any non-const function
    kFailed,   // the last event; error says why
  };
  Kind kind;
  std::optional<wire::Message> message;
  Error error{ErrorCode::kClosed, "closed"};
};

class Channel {
 public:
  // keys and rng must outlive the channel. local and remote are the TLS keys of the connection
  // underneath; pin is the responder's identity from its ticket.
  static Channel initiator(const noise::StaticKeys& keys, const noise::IdentityHash& pin,
                           const EndpointId& local, const EndpointId& remote, Rng& rng,
                           const ChannelLimits& limits, Instant now);
  static Channel responder(const noise::StaticKeys& keys, const EndpointId& local,
                           const EndpointId& remote, Rng& rng, const ChannelLimits& limits,
                           Instant now);

  // Where the next bytes of the stream go: never empty but when events wait to be polled or the
  // channel has ended. Good until the next call.
  MutableByteView input_buffer();
  // The first `size` bytes of input_buffer() were filled.
  void commit_input(std::size_t size, Instant now);
  // The peer ended its side of the stream. When what came before has been polled, kFailed follows:
  // kClosed between messages, else kTruncated.
  void handle_end() { ended_ = true; }
  void handle_timeout(Instant now);
  Instant next_timeout() const { return deadline_; }

  // kInvalidState before kEstablished and after the end; else as MessageScheduler::push.
  Result<void> send(wire::Priority priority, wire::MessageKey key, Bytes body);

  // The bounds of what arrives from now on: a peer that has proven more may send more.
  void set_receive_limits(const wire::AssemblerLimits& limits);

  // Bytes for the stream; empty when there are none now. Good until the next call.
  ByteView output();
  void consume_output(std::size_t size);

  std::optional<ChannelEvent> poll_event();

  // Nothing before both sides are proven.
  std::optional<noise::IdentityHash> confirmed_peer() const;
  // For channel binding, and nothing else. Only after kEstablished.
  const crypto::Hash256& handshake_hash() const;
  bool is_established() const { return established_; }
  bool has_failed() const { return failed_.has_value(); }
  // Bytes of messages waiting to be put into records.
  std::size_t queued_bytes() const { return scheduler_.queued_bytes(); }
  // Nothing waits in any form.
  bool is_drained() const { return scheduler_.empty() && out_.empty(); }

 private:
  // A heap block that is taken when a record needs it and given back when idle.
  class Block {
   public:
    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }
    MutableByteView view() { return {data_.get(), size_}; }
    // Contents are undefined after it.
    void take(std::size_t size);
    // Clears what was there (it may be plaintext) and frees it.
    void release();
    ~Block() { release(); }
    Block() = default;
    Block(Block&& other) noexcept;
    Block& operator=(Block&& other) noexcept;

   private:
    std::unique_ptr<std::uint8_t[]> data_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
  };

  static constexpr std::size_t kLengthBytes = 2;

  Channel(noise::ChannelHandshake handshake, Rng& rng, const ChannelLimits& limits, Instant now);

  void begin_next_record();
  Result<void> accept_length(std::size_t length) const;
  Result<void> handle_record(MutableByteView record, Instant now);
  Result<void> handle_handshake_message(ByteView message, Instant now);
  Result<void> write_handshake_message();
  Result<void> build_record();
  void finish_handshake(Instant now);
  void fail_at_end();
  void fail_with(Error error);

  Rng* rng_;
  ChannelLimits limits_;
  std::unique_ptr<noise::ChannelHandshake> handshake_;
  std::optional<noise::Session> session_;
  bool established_ = false;
  bool first_record_built_ = false;
  bool established_polled_ = false;
  bool failed_polled_ = false;
  bool ended_ = false;
  std::optional<Error> failed_;
  Instant deadline_;

  ByteArray<kLengthBytes> length_{};
  std::size_t have_ = 0;  // bytes of length_ and in_ that have arrived
  // The body of the record that is arriving and room for the next one's length.
  Block in_;
  wire::MessageAssembler assembler_;
  std::optional<wire::FrameReader> frames_;  // of the record in in_, while some are unread
  Block out_;
  std::size_t out_written_ = 0;
  wire::MessageScheduler scheduler_;
};

}  // namespace zerok::core
