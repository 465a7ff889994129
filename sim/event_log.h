// SPDX-License-Identifier: MIT OR Apache-2.0
// EventLog: everything that happens in one world, as a running digest and, when asked for, as text.
// Equal seeds give equal digests on every machine and compiler, so only numbers and texts that do
// not depend on either go in: no address, no float, nothing blinded by a key of this process.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstdio>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"

namespace zerok::sim {

class EventLog {
 public:
  explicit EventLog(bool traced) : traced_(traced) {}

  void set_time(Instant now) { now_ = now; }

  // A line of the trace; its words and values are part of the digest.
  template <typename... Args>
  void note(fmt::format_string<Args...> text, Args&&... args) {
    ++events_;
    mix(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
    const fmt::string_view words = text;
    mix_text({words.data(), words.size()});
    (mix_value(args), ...);
    if (traced_) {
      const auto us =
          std::chrono::duration_cast<std::chrono::microseconds>(now_.time_since_epoch());
      fmt::print("{:>10}.{:03} ms  ", us.count() / 1000, us.count() % 1000);
      fmt::print(text, std::forward<Args>(args)...);
      std::fputc('\n', stdout);
    }
  }
  void mix(std::uint64_t value) {
    digest_ = (digest_ ^ value) * 0x9e3779b97f4a7c15;
    digest_ ^= digest_ >> 32;
  }

  std::uint64_t digest() const { return digest_; }
  std::uint64_t events() const { return events_; }
  bool traced() const { return traced_; }

 private:
  void mix_value(std::integral auto value) { mix(static_cast<std::uint64_t>(value)); }
  void mix_value(std::string_view text) { mix_text(text); }
  void mix_text(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
    mix(hash);
  }

  const bool traced_;
  Instant now_{};
  std::uint64_t digest_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace zerok::sim
