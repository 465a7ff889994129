// SPDX-License-Identifier: MIT OR Apache-2.0
// planted(): whether a mistake was put into this program on purpose, to prove that the simulator
// finds it (docs/testing.md). Ask at the very place where the mistake would be made:
//   if (!planted(PlantedBug::kAckBeforeSync)) ZEROK_TRY_VOID(store.commit());
// False at compile time everywhere but in the one program zerok_sim_planted, for which CMake
// compiles these sources a second time and which chooses a bug by an option. Nothing else defines
// ZEROK_PLANTED_BUGS, and CMake stops when the flags of a whole build do.
#pragma once

#include <cstdint>

namespace zerok {

// Numbers are written in commands and tests: never reuse one.
enum class PlantedBug : std::uint8_t {
  kNone = 0,
  kAckBeforeSync = 1,           // relay: PUSH_ACK goes out before the commit has returned
  kCursorOutOfOrder = 2,        // relay: a line is told to readers before an earlier one is there
  kOwnPushMovesPosition = 3,    // client: the cursor of a PUSH_ACK becomes the pull position
  kLostAckNewCursor = 4,        // relay: a blob that is there already gets a second line
  kAcknowledgeBeforeStore = 5,  // client: acknowledges pulled blobs before they are stored
  kNonceReused = 6,             // client: seals every blob with the same nonce
  kStubMissing = 7,             // relay: a deleted line vanishes instead of leaving its stub
  kUnknownSender = 8,           // client: accepts a blob of a removed or unknown device
  kDeviceNotCounted = 9,        // relay: deletes as confirmed with one device not asked
  kResendSkips = 10,    // client: after a reconnect the first unacknowledged blob is skipped
  kHandOverSkips = 11,  // client: after a restart the first unconfirmed blob is skipped
};
inline constexpr std::uint8_t kPlantedBugLast = 11;

#ifdef ZEROK_PLANTED_BUGS
// Set once, before anything runs.
inline PlantedBug planted_bug = PlantedBug::kNone;
inline bool planted(PlantedBug bug) { return bug == planted_bug; }
#else
constexpr bool planted(PlantedBug) { return false; }
#endif

}  // namespace zerok
