// SPDX-License-Identifier: MIT OR Apache-2.0
// What an operator may set: by a TOML file (docs/operating.md lists every key), and the most common
// by options, which win. Nothing has to be set.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "core/relay/limits.h"

namespace zerok::apps {

struct RelaySettings {
  std::string bind;                    // empty: every address, kDefaultPort
  std::vector<std::string> advertise;  // host:port for the ticket; empty: what is bound
  std::string data_dir;                // empty: see RelayDir
  bool open = false;                   // anybody may make groups
  log::Level log = log::Level::kWarn;
  std::uint32_t handshakes_per_minute = 600;  // of one IPv4 address or IPv6 /64
  core::RelayLimits limits;
};

inline constexpr std::uint16_t kDefaultPort = 4433;

// A setting that can't be, where in the file and why.
struct ConfigError {
  std::string text;
};

// The settings of a TOML text; `name` is how errors call it. Anything unknown is an error.
std::expected<RelaySettings, ConfigError> parse_config(std::string_view text,
                                                       std::string_view name);
std::expected<RelaySettings, ConfigError> read_config(const std::string& path);

}  // namespace zerok::apps
