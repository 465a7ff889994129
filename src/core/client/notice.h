// SPDX-License-Identifier: MIT OR Apache-2.0
// Notices: what the application has to be told, and keeps being told until it confirms. The numbers
// are stored and part of the API: never reuse one. Everything in a notice is public to the user;
// who shows it blinds nothing, who logs it does.
#pragma once

#include "base/id.h"
#include "base/result.h"

namespace zerok::core {

enum class NoticeKind : std::uint16_t {
  // Blobs of others are gone from the relay before this device had them. device: whose, zeros where
  // the log's beginning was dropped; count: how many lines. last: the position up to which
  // the log had been read when that was known; with an incarnation, first and last are the numbers
  // of the missing blobs.
  kHistoryLost = 1,
  // The relay's log was wiped or restored; it is read anew and refilled. first: our position.
  kRelayReset = 2,
  // Another copy of this device's store has been at work: a new incarnation was begun.
  kStoreCopied = 3,
  // Blobs first to last of a device are missing though the relay has been read to its end. They are
  // waited for; later ones of that device are held back.
  kGap = 4,
  // A blob could not be used and was put aside. blob, device; code: core::QuarantineReason.
  kQuarantined = 5,
  // Two versions of one device's past were signed or sealed: its store was copied, or somebody
  // lies.
  // device: whose past; other: who said so (zeros: nobody signed); first: the place.
  kContradiction = 6,
  // A roster was shown that ours is not the beginning of. other: who showed it, zeros for the
  // relay.
  kRosterForked = 7,
  // The relay does not show blobs that a device signed to have stored. device: whose blobs; other:
  // who has them; last: up to which.
  kWithheld = 8,
  // The relay shows an older state of a device than it did before.
  kStateRolledBack = 9,
  // The relay breaks the protocol; code: a base ErrorCode.
  kRelayMisbehaves = 10,
  // The relay refuses this device for good. code: the wire::WireErrorCode.
  kRefused = 11,
  // Somebody enrolled a device; a device left. device; other: who did it.
  kDeviceAdded = 12,
  kDeviceLeft = 13,
  // A blob of ours can't be pushed, now or ever. number, blob; code: the wire::WireErrorCode.
  kPushFailed = 14,
  // A blob in this device's own store has changed on the disk. number, blob.
  kStoreDamaged = 15,
  // A part of the roster or a state needs a newer 0k-Sync.
  kUpdateNeeded = 16,
  // Too many notices wait to be confirmed; further ones are only counted. count.
  kMore = 17,
};

struct NoticeDetail {
  DeviceId device{};
  DeviceId other{};
  BlobId blob{};
  Incarnation incarnation{};
  std::uint64_t number = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t count = 0;
  std::uint32_t code = 0;

  friend bool operator==(const NoticeDetail&, const NoticeDetail&) = default;
  Bytes encode() const;
  static Result<NoticeDetail> decode(ByteView bytes);
};

// Stored with a blob that was put aside. 1 to 4 are core::BlobRefusal's.
enum class QuarantineReason : std::uint8_t {
  kKeyMissing = 1,
  kNewerVersion = 2,
  kNotAuthentic = 3,
  kMalformed = 4,
  kUnknownSender = 5,   // names a device that was never enrolled, as far as our roster goes
  kSenderMismatch = 6,  // the relay says another device pushed it
  kContradiction = 7,   // does not fit its sender's chain
  kTooManyGaps = 8,     // its sender's chains are too full of holes to follow
};
// Whether it is tried again by itself: when a key, an entry of the roster or what was missing came.
constexpr bool may_be_used_later(QuarantineReason reason) {
  return reason == QuarantineReason::kKeyMissing || reason == QuarantineReason::kNewerVersion ||
         reason == QuarantineReason::kUnknownSender || reason == QuarantineReason::kTooManyGaps;
}

}  // namespace zerok::core
