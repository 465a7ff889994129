// SPDX-License-Identifier: MIT OR Apache-2.0
// One error type: a code from a closed list, words fixed at compile time, the native code if there
// is one. Because the words are literals, no run-time text (a key, a path, a payload) can travel in
// an error. The numbers are part of the C ABI: never reuse or renumber one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerok {

enum class ErrorCode : std::uint16_t {
  kInternal = 1,          // a limit of our own was passed; nothing the caller can do
  kInvalidArgument = 2,   // the caller asked for something that can't be
  kInvalidState = 3,      // the call does not fit the object's present state
  kOutOfRange = 4,        // a number or size past its bound
  kTooLarge = 5,          // a message, frame or text longer than its bound
  kTruncated = 6,         // input ended before it was complete
  kMalformed = 7,         // input that no encoder of ours makes
  kNotCanonical = 8,      // input that decodes, but has another, canonical encoding
  kUnsupported = 9,       // a type, version or feature this build does not know
  kCryptoFailed = 10,     // a tag, signature or key check failed; says no more on purpose
  kWrongPeer = 11,        // the peer is not the identity that was asked for
  kHandshakeFailed = 12,  // the channel handshake failed; the connection is closed
  kTimedOut = 13,
  kClosed = 14,       // the connection, stream or object is closed
  kReset = 15,        // the peer dropped the connection or stream
  kWouldBlock = 16,   // nothing wrong: try again after the next event
  kOverloaded = 17,   // a bound on work or memory was met; try later
  kUnreachable = 18,  // no route, refused port, network down
  kAddressInUse = 19,
  kPermissionDenied = 20,
  kNotFound = 21,
  kIo = 22,                 // the operating system refused; see native
  kTransportProtocol = 23,  // the peer broke QUIC or TLS
  kNoMemory = 24,
};

// The code's name in snake_case, for logs and JSON: "crypto_failed".
std::string_view error_code_name(ErrorCode code);

// Text known at compile time. The constructor is consteval, so run-time text does not compile.
class StaticText {
 public:
  consteval StaticText(const char* text) : text_(text) {}  // NOLINT(google-explicit-constructor)
  constexpr std::string_view view() const { return text_; }
  constexpr const char* c_str() const { return text_; }

 private:
  const char* text_;
};

struct Error {
  ErrorCode code;
  StaticText text;
  // errno, an ngtcp2 or a GnuTLS code; 0 where there is none.
  std::int64_t native = 0;

  // The same code; words and native codes are for people.
  friend bool operator==(const Error& a, const Error& b) { return a.code == b.code; }
};

}  // namespace zerok
