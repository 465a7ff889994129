// SPDX-License-Identifier: MIT OR Apache-2.0
// Structured logging that can't leak: only numbers, literals, durations, errors and typed ids are
// accepted, and ids print blinded (id.h). Strings and byte spans do not compile; public run-time
// text is wrapped by name in log::Public. Quiet by default: warnings and errors, to standard error.
// Thread-safe.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <functional>
#include <string_view>
#include <type_traits>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"

namespace zerok::log {

enum class Level : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError, kOff };

// Run-time text that the caller vouches is public: an address the user typed, a version string.
struct Public {
  std::string_view text;
};

template <typename T>
struct IsId : std::false_type {};
template <typename Tag, std::size_t N>
struct IsId<Id<Tag, N>> : std::true_type {};

template <typename T>
concept Loggable =
    std::is_arithmetic_v<T> || std::same_as<T, StaticText> || std::same_as<T, Error> ||
    std::same_as<T, Duration> || std::same_as<T, Public> || IsId<T>::value;

void set_level(Level level);
bool enabled(Level level);
// Where lines go instead of standard error; an empty function restores it. For tests and embedders.
// Called under the log's lock, one line at a time: it must not log or set a sink itself. After
// set_sink() has returned the old sink is not called any more.
using Sink = std::function<void(Level, std::string_view line)>;
void set_sink(Sink sink);

namespace internal {
void write(Level level, fmt::string_view format, fmt::format_args args);
}

template <Loggable... Args>
void write(Level level, fmt::format_string<const Args&...> format, const Args&... args) {
  if (enabled(level)) internal::write(level, format, fmt::make_format_args(args...));
}
template <Loggable... Args>
void debug(fmt::format_string<const Args&...> format, const Args&... args) {
  write<Args...>(Level::kDebug, format, args...);
}
template <Loggable... Args>
void info(fmt::format_string<const Args&...> format, const Args&... args) {
  write<Args...>(Level::kInfo, format, args...);
}
template <Loggable... Args>
void warn(fmt::format_string<const Args&...> format, const Args&... args) {
  write<Args...>(Level::kWarn, format, args...);
}
template <Loggable... Args>
void error(fmt::format_string<const Args&...> format, const Args&... args) {
  write<Args...>(Level::kError, format, args...);
}

}  // namespace zerok::log

template <>
struct fmt::formatter<zerok::StaticText> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const zerok::StaticText& text, Context& context) const {
    return fmt::formatter<std::string_view>::format(text.view(), context);
  }
};

template <>
struct fmt::formatter<zerok::log::Public> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const zerok::log::Public& text, Context& context) const {
    return fmt::formatter<std::string_view>::format(text.text, context);
  }
};

// "crypto_failed: the tag does not match", with the native code where there is one.
template <>
struct fmt::formatter<zerok::Error> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  template <typename Context>
  auto format(const zerok::Error& error, Context& context) const {
    auto out = fmt::format_to(context.out(), "{}: {}", zerok::error_code_name(error.code),
                              error.text.view());
    return error.native == 0 ? out : fmt::format_to(out, " (native {})", error.native);
  }
};

// Milliseconds with three digits after the point.
template <>
struct fmt::formatter<zerok::Duration> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  template <typename Context>
  auto format(const zerok::Duration& duration, Context& context) const {
    return fmt::format_to(context.out(), "{:.3f} ms",
                          std::chrono::duration<double, std::milli>(duration).count());
  }
};
