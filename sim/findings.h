// SPDX-License-Identifier: MIT OR Apache-2.0
// Findings: what a checker found wrong in a world. The first one is the result: what follows from a
// broken promise says little.
#pragma once

#include <fmt/format.h>

#include <string>

#include "sim/event_log.h"

namespace zerok::sim {

class Findings {
 public:
  explicit Findings(EventLog& log) : log_(log) {}

  // check: one of the names in docs/testing.md.
  template <typename... Args>
  void fail(std::string_view check, fmt::format_string<Args...> text, Args&&... args) {
    if (!ok()) return;
    check_ = check;
    text_ = fmt::format(text, std::forward<Args>(args)...);
    log_.note("FAILED {}", check);
    if (log_.traced()) fmt::print("{:>14}  {}: {}\n", "", check_, text_);
  }
  bool ok() const { return check_.empty(); }
  const std::string& check() const { return check_; }
  const std::string& text() const { return text_; }

 private:
  EventLog& log_;
  std::string check_;
  std::string text_;
};

}  // namespace zerok::sim
