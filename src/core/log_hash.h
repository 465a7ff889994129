// SPDX-License-Identifier: MIT OR Apache-2.0
// The hash of a log's lines, by which a device and a relay notice that a log was wiped or restored.
// Not a security mechanism: a relay can make up any log it likes. docs/protocol/messages.md,
// section 3.
#pragma once

#include "base/id.h"

namespace zerok::core {

CiphertextHash ciphertext_hash(ByteView sealed);

// The hash up to and including the line with this cursor. `before` is the hash up to the line
// before it, zeros before the first. A line's hash stays what it was when its payload is removed.
LogHash extend_log_hash(const LogHash& before, std::uint64_t cursor, const BlobId& blob,
                        const CiphertextHash& ciphertext);

}  // namespace zerok::core
