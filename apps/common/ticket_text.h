// SPDX-License-Identifier: MIT OR Apache-2.0
// A ticket as people give it on the command line.
#pragma once

#include <string>

#include "base/result.h"

namespace zerok::apps {

// The text itself, or for "@FILE" the first line of that file: kNotFound.
Result<std::string> ticket_text(const std::string& option);

}  // namespace zerok::apps
