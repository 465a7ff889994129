// SPDX-License-Identifier: MIT OR Apache-2.0
// One side's use of one mailbox: its messages go in one after the other, the other side's are asked
// for one at a time. Everything not answered is asked again after a connection was lost, and after
// the wait that a busy relay wants. A part of both pairing state machines.
#pragma once

#include <deque>

#include "base/time.h"
#include "core/pairing_effect.h"
#include "wire/message_type.h"

namespace zerok::core {

class PairingMailbox {
 public:
  // What a relay that names no wait gets.
  static constexpr Duration kRetryWait = std::chrono::milliseconds(250);
  static constexpr Duration kRetryWaitMax = std::chrono::seconds(10);

  // A creator asks the relay for the mailbox on every connection, with this life; a joiner's
  // connection begins with joining it.
  explicit PairingMailbox(const MailboxId& id, std::optional<std::uint32_t> creates_for_s = {})
      : id_(id), creates_for_s_(creates_for_s) {}

  const MailboxId& id() const { return id_; }
  bool is_open() const { return open_; }

  // The number that the next message put has.
  std::uint32_t next_number() const {
    return first_queued_ + static_cast<std::uint32_t>(queue_.size());
  }
  void put(Bytes content) { queue_.push_back(std::move(content)); }
  // Asks for the other side's next message.
  void take() { take_.wanted = true; }
  // All that was put has arrived at the relay.
  bool is_flushed() const { return queue_.empty(); }
  // Nothing more is asked of the relay, and no message is accepted.
  void stop();

  void handle_connected();
  void handle_ready();
  void handle_put_done(std::uint32_t number);
  // True when this is the message that was asked for; then take() asks for the one after it.
  bool accept(std::uint32_t number);
  // The request comes again after a wait; false when repeating is no use.
  bool handle_refusal(pairing::Request request, wire::WireErrorCode code,
                      std::uint32_t retry_after_ms, Instant now);
  void handle_timeout(Instant now);
  Instant next_timeout() const { return retry_at_; }

  // CreateMailbox, Put and Take.
  std::optional<pairing::Effect> poll_effect();

 private:
  struct Asked {
    bool wanted = false;
    bool in_flight = false;
    bool refused = false;  // to be asked again at retry_at_

    bool is_due() const { return wanted && !in_flight; }
    void done() { wanted = in_flight = refused = false; }
    void forget() { in_flight = refused = false; }
  };

  MailboxId id_;
  std::optional<std::uint32_t> creates_for_s_;
  bool open_ = true;
  bool ready_ = false;  // the relay has said, on this connection, that the mailbox is there
  std::deque<Bytes> queue_;
  std::uint32_t first_queued_ = 1;
  std::uint32_t next_take_ = 1;
  Asked create_;
  Asked put_;
  Asked take_;
  Instant retry_at_ = kNever;
};

}  // namespace zerok::core
