// SPDX-License-Identifier: MIT OR Apache-2.0
// How every program says what went wrong: one line to standard error.
#pragma once

#include <string_view>

#include "base/error.h"

namespace zerok::apps {

// The name that complaints begin with; a literal, said once in main().
void set_program_name(StaticText name);
// "PROGRAM: what: why"
void complain(std::string_view what, const Error& error);
// "PROGRAM: text"; for what to do about it as well.
void complain(std::string_view text);

}  // namespace zerok::apps
