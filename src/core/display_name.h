// SPDX-License-Identifier: MIT OR Apache-2.0
// A name that a stranger claims, made fit to be shown: it can't break out of its line, change the
// direction of the text around it or hide characters. It may still be a lie.
#pragma once

#include <string>
#include <string_view>

namespace zerok::core {

// Valid UTF-8 of at most kNameBytesMax bytes without controls, line breaks, invisible or
// direction-changing characters and private ones; white space is single spaces inside, at most two
// combining marks follow a character. Empty when nothing is left, or when the claim is not UTF-8.
std::string display_name(std::string_view claimed);

}  // namespace zerok::core
