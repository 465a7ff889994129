// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "cli/printable.h"

namespace zerok::apps {

Result<void> Output::say(const nlohmann::json& object, std::string_view text) {
  std::string line;
  if (json_) {
    // Names and texts come from elsewhere; what is no UTF-8 becomes U+FFFD instead of an exception.
    line = object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  } else {
    line = text;
  }
  line += '\n';
  return write(as_bytes(line));
}

Result<void> Output::write(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(ErrorCode::kIo, "can't write to standard output", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> Output::sync() {
  // A pipe or a terminal can't be synced, and need not.
  if (fsync(STDOUT_FILENO) != 0 && (errno == EIO || errno == ENOSPC || errno == EDQUOT)) {
    return fail(ErrorCode::kIo, "can't write to standard output", errno);
  }
  return {};
}

bool stdout_is_terminal() { return isatty(STDOUT_FILENO) == 1; }

std::string for_reader(std::string_view text) {
  return stdout_is_terminal() ? printable(text, Lines::kMany) : std::string(text);
}

ProgressLine::ProgressLine() : on_(isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() { clear(); }

void ProgressLine::show(std::string_view text) {
  if (!on_) return;
  fmt::print(stderr, "\r\x1b[K{}", text);
  std::fflush(stderr);
  shown_ = true;
}

void ProgressLine::clear() {
  if (!shown_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace zerok::apps
