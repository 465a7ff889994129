// SPDX-License-Identifier: MIT OR Apache-2.0
// Text that somebody else chose, made fit for a terminal and for a file system: no control
// characters, nothing that turns the direction of writing or hides, no invalid UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace zerok::apps {

enum class Lines : std::uint8_t { kOne, kMany };

// What must not reach a terminal becomes U+FFFD. kMany keeps line ends and tabs.
std::string printable(std::string_view text, Lines lines);

// A file name out of a claimed one: its last part, at most 200 bytes, "_" for what no name should
// have; never hidden, never taken for an option; "file" if nothing is left.
std::string safe_file_name(std::string_view claimed);
// "report.pdf" with number 2: "report (2).pdf".
std::string numbered_file_name(std::string_view name, unsigned number);

}  // namespace zerok::apps
