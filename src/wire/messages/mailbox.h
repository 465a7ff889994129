// SPDX-License-Identifier: MIT OR Apache-2.0
// Where two devices meet to pair: MAILBOX_CREATE, _JOIN, _READY, _PUT, _TAKE, _MESSAGE, _CLOSE. The
// relay passes bytes on that mean nothing to it. See session.h for what encode() and decode()
// promise, and docs/protocol/messages.md, section 10.
#pragma once

#include "base/id.h"
#include "base/result.h"
#include "wire/message_type.h"

namespace zerok::wire {

struct MailboxCreate {
  static constexpr MessageType kType = MessageType::kMailboxCreate;
  MailboxId mailbox{};
  std::uint32_t lives_s = 0;  // 1 to 600

  Result<Bytes> encode() const;
  static Result<MailboxCreate> decode(ByteView body);
};

// The first message of a device that belongs to no group yet, in place of HELLO.
struct MailboxJoin {
  static constexpr MessageType kType = MessageType::kMailboxJoin;
  std::uint32_t minor = 0;
  std::uint64_t features = 0;
  MailboxId mailbox{};

  Result<Bytes> encode() const;
  static Result<MailboxJoin> decode(ByteView body);
};

struct MailboxReady {
  static constexpr MessageType kType = MessageType::kMailboxReady;
  std::uint32_t minor = 0;
  std::uint64_t features = 0;
  std::uint32_t expires_s = 0;  // from now; 1 to 600

  Result<Bytes> encode() const;
  static Result<MailboxReady> decode(ByteView body);
};

// The sender's message with this number, for the other side. Both sides count from 1.
struct MailboxPut {
  static constexpr MessageType kType = MessageType::kMailboxPut;
  MailboxId mailbox{};
  std::uint32_t number = 0;
  ByteView content{};

  Result<Bytes> encode() const;
  static Result<MailboxPut> decode(ByteView body);
};

// Asks for the other side's message with this number; answered when it is there.
struct MailboxTake {
  static constexpr MessageType kType = MessageType::kMailboxTake;
  MailboxId mailbox{};
  std::uint32_t number = 0;

  Result<Bytes> encode() const;
  static Result<MailboxTake> decode(ByteView body);
};

struct MailboxMessage {
  static constexpr MessageType kType = MessageType::kMailboxMessage;
  std::uint32_t number = 0;
  ByteView content{};

  Result<Bytes> encode() const;
  static Result<MailboxMessage> decode(ByteView body);
};

struct MailboxClose {
  static constexpr MessageType kType = MessageType::kMailboxClose;
  MailboxId mailbox{};

  Result<Bytes> encode() const;
  static Result<MailboxClose> decode(ByteView body);
};

}  // namespace zerok::wire
