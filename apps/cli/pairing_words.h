// SPDX-License-Identifier: MIT OR Apache-2.0
// What both sides of a pairing say, and how long they go on after it is decided.
#pragma once

#include <chrono>
#include <string_view>

#include "cli/commands.h"
#include "cli/output.h"
#include "core/pairing_effect.h"

namespace zerok::apps {

enum class PairingSide : std::uint8_t { kInvites, kJoins };

// For the last words to the relay; with what a session takes to close, within half a second.
inline constexpr auto kPairingLastWords = std::chrono::milliseconds(300);

std::string_view failure_words(core::pairing::Failure failure, PairingSide side);
// Tells it, and gives the exit code.
ExitCode not_paired(Output& output, core::pairing::Failure failure, PairingSide side);

}  // namespace zerok::apps
