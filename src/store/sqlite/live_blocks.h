// SPDX-License-Identifier: MIT OR Apache-2.0
// The blocks of lines that a relay's store counts payloads by, and the columns of a line's row in
// the order that SqliteRelayStore::read_row() expects.
#pragma once

#include <cstdint>

#define ZEROK_LINE_COLUMNS                                                                  \
  "cursor, log_hash, blob, sender, epoch_group, ciphertext_hash, committed, sealed_bytes, " \
  "payload, reason, removed, payload_checksum, checksum"

namespace zerok::store {

// Counting looks at one block's lines at most, and at one row per block above it.
inline constexpr std::uint64_t kBlockLines = 512;

inline std::uint64_t block_of(std::uint64_t cursor) { return cursor / kBlockLines; }
inline std::uint64_t first_of_block(std::uint64_t block) { return block * kBlockLines; }

}  // namespace zerok::store
