// SPDX-License-Identifier: MIT OR Apache-2.0
#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <iterator>
#include <mutex>

namespace zerok::log {
namespace {

std::atomic<Level> current_level{Level::kWarn};

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kTrace:
      return spdlog::level::trace;
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
    case Level::kOff:
      break;
  }
  return spdlog::level::off;
}

// More of a line than this tells nobody anything.
constexpr std::size_t kLineBytesMax = 4096;

// A peer's text can only arrive through Public. It must not forge a second line, command a terminal
// (ESC, or its one-character forms U+0080 to U+009F, which are c2 80 to c2 9f in UTF-8) or fill the
// disk.
void make_harmless(fmt::memory_buffer& line) {
  if (line.size() > kLineBytesMax) line.resize(kLineBytesMax);
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto byte = static_cast<unsigned char>(line[i]);
    const auto next = static_cast<unsigned char>(i + 1 < line.size() ? line[i + 1] : ' ');
    if (byte < 0x20 || byte == 0x7f) line[i] = ' ';
    if (byte == 0xc2 && next >= 0x80 && next < 0xa0) line[i] = line[i + 1] = ' ';
  }
}

// One for the process. Leaked on purpose: something may log while statics are being destroyed.
struct Output {
  std::mutex mutex;
  Sink sink;
  spdlog::logger stderr_logger{"0k-sync", std::make_shared<spdlog::sinks::stderr_sink_mt>()};

  Output() {
    stderr_logger.set_level(spdlog::level::trace);
    stderr_logger.set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  }
  static Output& get() {
    static Output* output = new Output;
    return *output;
  }
};

}  // namespace

void set_level(Level level) { current_level.store(level, std::memory_order_relaxed); }

bool enabled(Level level) {
  return level >= current_level.load(std::memory_order_relaxed) && level != Level::kOff;
}

void set_sink(Sink sink) {
  auto& output = Output::get();
  const std::lock_guard lock(output.mutex);
  output.sink = std::move(sink);
}

void internal::write(Level level, fmt::string_view format, fmt::format_args args) {
  fmt::memory_buffer line;
  fmt::vformat_to(std::back_inserter(line), format, args);
  make_harmless(line);
  auto& output = Output::get();
  const std::lock_guard lock(output.mutex);
  if (output.sink) {
    output.sink(level, {line.data(), line.size()});
  } else {
    output.stderr_logger.log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
  }
}

}  // namespace zerok::log
