// SPDX-License-Identifier: MIT OR Apache-2.0
// Files that are there completely or not at all, whenever the power goes: written under another
// name in the same folder, synced, then given their name.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace zerok::apps {

enum class IfThere : std::uint8_t { kRefuse, kReplace };

// Survives a power cut once this has returned. With kRefuse kInvalidState if the name is taken, by
// whomever and however late. Errors else: kNotFound (no such folder), kPermissionDenied, kIo; then
// nothing is left behind.
Result<void> write_file(const std::string& path, ByteView bytes, mode_t mode, IfThere if_there);

// Makes the folder and those above it that are missing, with this mode. Nothing if it is there.
Result<void> make_folder(const std::string& path, mode_t mode);

}  // namespace zerok::apps
