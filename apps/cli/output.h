// SPDX-License-Identifier: MIT OR Apache-2.0
// What a command answers, to standard output: text for people, or one JSON object per line. Every
// line is out when it has been said, and a line that can't be written is an error: what was not
// shown must not be confirmed.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace zerok::apps {

class Output {
 public:
  explicit Output(bool json) : json_(json) {}

  bool json() const { return json_; }
  // The object as JSON, or the text (which may have several lines and gets an end).
  Result<void> say(const nlohmann::json& object, std::string_view text);
  // Bytes as they are, whatever the form.
  Result<void> write(ByteView bytes);
  // What was said is on the disk, if standard output is a file.
  Result<void> sync();

 private:
  bool json_;
};

// Text for the terminal, if standard output is one; else as it is.
std::string for_reader(std::string_view text);
bool stdout_is_terminal();

// A line on the terminal's standard error that is written over and over; nothing elsewhere.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void show(std::string_view text);
  void clear();

 private:
  bool on_;
  bool shown_ = false;
};

}  // namespace zerok::apps
