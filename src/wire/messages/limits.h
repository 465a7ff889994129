// SPDX-License-Identifier: MIT OR Apache-2.0
// The bounds of everything in a message, in one place: what no peer may ever exceed, whatever
// limits a relay is configured to. A relay's own, lower limits are told in WELCOME. Table and
// reasons: docs/protocol/messages.md, section 12.
#pragma once

#include <cstddef>
#include <cstdint>

namespace zerok::wire {

// Raised when items are added to messages or a rule changes in a way that old peers can live with.
inline constexpr std::uint32_t kMinorVersion = 0;

// Cursors and counts of lines or bytes: what a signed 64-bit column holds.
inline constexpr std::uint64_t kCountMax = (std::uint64_t{1} << 63) - 1;

inline constexpr std::size_t kDevicesMax = 32;

// A sealed blob with the largest payload, 1 MiB (docs/protocol/blob.md, section 3).
inline constexpr std::size_t kSealedBytesMax = 1081384;

inline constexpr std::size_t kPushBlobsMax = 256;
// Of sealed bytes in one PUSH or PULL_RESPONSE; the largest blob fits three times.
inline constexpr std::size_t kBatchBytesMax = std::size_t{4} << 20;
inline constexpr std::size_t kPullLinesMax = 1024;
// A blob up to this size may ride in a NOTIFY.
inline constexpr std::size_t kInlineBytesMax = std::size_t{16} << 10;

inline constexpr std::size_t kDeviceStateBytesMax = std::size_t{16} << 10;

inline constexpr std::uint32_t kRosterEntriesMax = 4096;
inline constexpr std::size_t kRosterEntryBytesMax = 8192;
// Of all entries together, so that every message has room for a whole roster.
inline constexpr std::size_t kRosterBytesMax = std::size_t{512} << 10;

inline constexpr std::size_t kAdmissionTokenBytesMax = 64;

inline constexpr std::uint32_t kMailboxSecondsMax = 600;
inline constexpr std::uint32_t kMailboxMessagesMax = 255;  // of either side
inline constexpr std::size_t kMailboxMessageBytesMax = std::size_t{56} << 10;

inline constexpr std::uint32_t kRetryAfterMsMax = 24U * 60 * 60 * 1000;
inline constexpr std::uint32_t kSecondsMax = 0xffffffff;
// Requests of one session that wait for their answers.
inline constexpr std::size_t kOpenRequestsMax = 16;

}  // namespace zerok::wire
