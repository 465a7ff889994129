// SPDX-License-Identifier: MIT OR Apache-2.0
#include "common/complain.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/log.h"

namespace zerok::apps {
namespace {

StaticText& program_name() {
  static StaticText name{"0k"};
  return name;
}

}  // namespace

void set_program_name(StaticText name) { program_name() = name; }

void complain(std::string_view what, const Error& error) {
  fmt::print(stderr, "{}: {}: {}\n", program_name(), what, error);
}

void complain(std::string_view text) { fmt::print(stderr, "{}: {}\n", program_name(), text); }

}  // namespace zerok::apps
