// SPDX-License-Identifier: MIT OR Apache-2.0
#include "base/error.h"

namespace zerok {

std::string_view error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInternal:
      return "internal";
    case ErrorCode::kInvalidArgument:
      return "invalid_argument";
    case ErrorCode::kInvalidState:
      return "invalid_state";
    case ErrorCode::kOutOfRange:
      return "out_of_range";
    case ErrorCode::kTooLarge:
      return "too_large";
    case ErrorCode::kTruncated:
      return "truncated";
    case ErrorCode::kMalformed:
      return "malformed";
    case ErrorCode::kNotCanonical:
      return "not_canonical";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kCryptoFailed:
      return "crypto_failed";
    case ErrorCode::kWrongPeer:
      return "wrong_peer";
    case ErrorCode::kHandshakeFailed:
      return "handshake_failed";
    case ErrorCode::kTimedOut:
      return "timed_out";
    case ErrorCode::kClosed:
      return "closed";
    case ErrorCode::kReset:
      return "reset";
    case ErrorCode::kWouldBlock:
      return "would_block";
    case ErrorCode::kOverloaded:
      return "overloaded";
    case ErrorCode::kUnreachable:
      return "unreachable";
    case ErrorCode::kAddressInUse:
      return "address_in_use";
    case ErrorCode::kPermissionDenied:
      return "permission_denied";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kIo:
      return "io";
    case ErrorCode::kTransportProtocol:
      return "transport_protocol";
    case ErrorCode::kNoMemory:
      return "no_memory";
  }
  return "unknown";
}

}  // namespace zerok
