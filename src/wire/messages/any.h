// SPDX-License-Identifier: MIT OR Apache-2.0
// AnyMessage: every message this build speaks, by its number. For whoever handles messages without
// knowing which comes; each is described in its own header.
#pragma once

#include <variant>

#include "wire/messages/mailbox.h"
#include "wire/messages/notify.h"
#include "wire/messages/pull.h"
#include "wire/messages/push.h"
#include "wire/messages/roster.h"
#include "wire/messages/session.h"

namespace zerok::wire {

using AnyMessage = std::variant<Hello, Welcome, Done, Push, PushAck, Pull, PullResponse, Ack,
                                Presence, Notify, DeviceState, Quota, Delete, RosterGet, Roster,
                                RosterAppend, MailboxCreate, MailboxJoin, MailboxReady, MailboxPut,
                                MailboxTake, MailboxMessage, MailboxClose, ErrorMessage>;

// kUnsupported for a number without a message here, reserved ones included: the answer is ERROR
// 1006. Otherwise as the message's own decode().
Result<AnyMessage> decode_message(std::uint8_t type, ByteView body);

Result<Bytes> encode_message(const AnyMessage& message);
MessageType message_type(const AnyMessage& message);

}  // namespace zerok::wire
