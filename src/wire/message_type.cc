// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/message_type.h"

namespace zerok::wire {

std::string_view message_type_name(std::uint8_t number) {
  switch (static_cast<MessageType>(number)) {
    case MessageType::kHello:
      return "HELLO";
    case MessageType::kWelcome:
      return "WELCOME";
    case MessageType::kDone:
      return "DONE";
    case MessageType::kPush:
      return "PUSH";
    case MessageType::kPushAck:
      return "PUSH_ACK";
    case MessageType::kPull:
      return "PULL";
    case MessageType::kPullResponse:
      return "PULL_RESPONSE";
    case MessageType::kAck:
      return "ACK";
    case MessageType::kPresence:
      return "PRESENCE";
    case MessageType::kNotify:
      return "NOTIFY";
    case MessageType::kDeviceState:
      return "DEVICE_STATE";
    case MessageType::kQuota:
      return "QUOTA";
    case MessageType::kDelete:
      return "DELETE";
    case MessageType::kRevokeDevice:
      return "REVOKE_DEVICE";
    case MessageType::kDeviceRevoked:
      return "DEVICE_REVOKED";
    case MessageType::kRosterGet:
      return "ROSTER_GET";
    case MessageType::kRoster:
      return "ROSTER";
    case MessageType::kRosterAppend:
      return "ROSTER_APPEND";
    case MessageType::kRegisterPush:
      return "REGISTER_PUSH";
    case MessageType::kUnregisterPush:
      return "UNREGISTER_PUSH";
    case MessageType::kContentRef:
      return "CONTENT_REF";
    case MessageType::kContentAck:
      return "CONTENT_ACK";
    case MessageType::kMailboxCreate:
      return "MAILBOX_CREATE";
    case MessageType::kMailboxJoin:
      return "MAILBOX_JOIN";
    case MessageType::kMailboxReady:
      return "MAILBOX_READY";
    case MessageType::kMailboxPut:
      return "MAILBOX_PUT";
    case MessageType::kMailboxTake:
      return "MAILBOX_TAKE";
    case MessageType::kMailboxMessage:
      return "MAILBOX_MESSAGE";
    case MessageType::kMailboxClose:
      return "MAILBOX_CLOSE";
    case MessageType::kError:
      return "ERROR";
  }
  return {};
}

std::string_view wire_error_name(std::uint16_t number) {
  switch (static_cast<WireErrorCode>(number)) {
    case WireErrorCode::kInvalidMessage:
      return "INVALID_MESSAGE";
    case WireErrorCode::kUnknownGroup:
      return "UNKNOWN_GROUP";
    case WireErrorCode::kUnauthorized:
      return "UNAUTHORIZED";
    case WireErrorCode::kDeviceRevoked:
      return "DEVICE_REVOKED";
    case WireErrorCode::kNotBlobOwner:
      return "NOT_BLOB_OWNER";
    case WireErrorCode::kStaleEpoch:
      return "STALE_EPOCH";
    case WireErrorCode::kUnsupported:
      return "UNSUPPORTED";
    case WireErrorCode::kUnknownMailbox:
      return "UNKNOWN_MAILBOX";
    case WireErrorCode::kRateLimited:
      return "RATE_LIMITED";
    case WireErrorCode::kBlobTooLarge:
      return "BLOB_TOO_LARGE";
    case WireErrorCode::kGroupQuotaExceeded:
      return "GROUP_QUOTA_EXCEEDED";
    case WireErrorCode::kInvalidPushToken:
      return "INVALID_PUSH_TOKEN";
    case WireErrorCode::kRelayOverloaded:
      return "RELAY_OVERLOADED";
    case WireErrorCode::kRelayShuttingDown:
      return "RELAY_SHUTTING_DOWN";
  }
  return {};
}

std::size_t message_bytes_max(std::uint8_t number) {
  switch (static_cast<MessageType>(number)) {
    case MessageType::kHello:
      // It has to fit an initiator's first transport message of 16 KiB whole, with its tag and the
      // longer frame header.
      return (std::size_t{16} << 10) - 16 - 12;
    case MessageType::kPush:
    case MessageType::kPullResponse:
      // 4 MiB of sealed blobs and what their lines add.
      return (std::size_t{4} << 20) + (std::size_t{256} << 10);
    case MessageType::kWelcome:
    case MessageType::kRevokeDevice:
    case MessageType::kRoster:
    case MessageType::kRosterAppend:
      // Roster entries and one record per device, at most 32 of them.
      return std::size_t{1} << 20;
    default:
      return std::size_t{64} << 10;
  }
}

}  // namespace zerok::wire
