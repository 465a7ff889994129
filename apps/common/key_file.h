// SPDX-License-Identifier: MIT OR Apache-2.0
// The file that holds a device's or relay's secret until there is a keychain: one line of text,
// mode 0600, made new only by name. Refuses a file that others can read.
#pragma once

#include <string>

#include "base/result.h"
#include "base/rng.h"
#include "base/secret.h"

namespace zerok::apps {

// Draws 32 bytes and writes them, durably. kInvalidState if the file exists: a secret is never
// overwritten. Else the errors of write_file().
Result<void> create_key_file(const std::string& path, Rng& rng);
// Errors: kNotFound, kPermissionDenied (group or others have rights), kMalformed, kIo.
Result<Secret<32>> read_key_file(const std::string& path);

}  // namespace zerok::apps
