// SPDX-License-Identifier: MIT OR Apache-2.0
#include "relay/config.h"

#include <fmt/format.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <map>

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include "core/ticket.h"
#include "transport/address.h"

namespace zerok::apps {
namespace {

constexpr std::size_t kConfigBytesMax = std::size_t{1} << 20;
constexpr std::uint64_t kMib = std::uint64_t{1} << 20;
constexpr std::uint64_t kU32Max = 0xffffffff;

// Why a value can't be; empty when it was taken.
using Setter = std::function<std::string(RelaySettings&, const toml::node&)>;

template <typename Assign>
Setter number(std::uint64_t min, std::uint64_t max, Assign assign) {
  return [=](RelaySettings& settings, const toml::node& node) -> std::string {
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < 0 || static_cast<std::uint64_t>(*value) < min ||
        static_cast<std::uint64_t>(*value) > max) {
      return fmt::format("must be a whole number from {} to {}", min, max);
    }
    assign(settings, static_cast<std::uint64_t>(*value));
    return "";
  };
}

// A number that fits 32 bits by its bounds.
template <typename Assign>
Setter small_number(std::uint32_t min, std::uint32_t max, Assign assign) {
  return number(min, max, [assign](RelaySettings& settings, std::uint64_t value) {
    assign(settings, static_cast<std::uint32_t>(value));
  });
}

std::string set_bind(RelaySettings& settings, const toml::node& node) {
  const auto value = node.value_exact<std::string>();
  if (!value || !transport::SocketAddress::parse(*value)) {
    return "must be an address and a port, as in \"0.0.0.0:4433\" or \"[::]:4433\"";
  }
  settings.bind = *value;
  return "";
}

std::string set_advertise(RelaySettings& settings, const toml::node& node) {
  const std::string rule = "must be a list of 1 to 8 host:port";
  const auto* list = node.as_array();
  if (list == nullptr || list->empty() || list->size() > core::RelayTicket::kAddressesMax) {
    return rule;
  }
  for (const auto& item : *list) {
    const auto value = item.value_exact<std::string>();
    if (!value || !core::parse_host_port(*value)) return rule;
    settings.advertise.push_back(*value);
  }
  return "";
}

std::string set_data_dir(RelaySettings& settings, const toml::node& node) {
  const auto value = node.value_exact<std::string>();
  if (!value || value->empty()) return "must be the path of a folder";
  settings.data_dir = *value;
  return "";
}

std::string set_open(RelaySettings& settings, const toml::node& node) {
  const auto value = node.value_exact<bool>();
  if (!value) return "must be true or false";
  settings.open = *value;
  return "";
}

std::string set_log(RelaySettings& settings, const toml::node& node) {
  static const std::map<std::string, log::Level> kLevels = {{"debug", log::Level::kDebug},
                                                            {"info", log::Level::kInfo},
                                                            {"warn", log::Level::kWarn},
                                                            {"error", log::Level::kError}};
  const auto value = node.value_exact<std::string>();
  const auto found = kLevels.find(value.value_or(""));
  if (found == kLevels.end()) return "must be \"debug\", \"info\", \"warn\" or \"error\"";
  settings.log = found->second;
  return "";
}

const std::map<std::string, Setter, std::less<>>& settings_by_name() {
  static const std::map<std::string, Setter, std::less<>> kSettings = {
      {"bind", set_bind},         {"advertise", set_advertise},
      {"data_dir", set_data_dir}, {"open", set_open},
      {"log", set_log},
  };
  return kSettings;
}

const std::map<std::string, Setter, std::less<>>& limits_by_name() {
  using S = RelaySettings;
  static const std::map<std::string, Setter, std::less<>> kLimits = {
      {"group_mib",
       number(1, 1 << 20, [](S& s, std::uint64_t v) { s.limits.group_bytes_max = v * kMib; })},
      {"disk_mib",
       number(1, 1 << 30, [](S& s, std::uint64_t v) { s.limits.disk_bytes_max = v * kMib; })},
      {"groups", number(1, 1 << 30, [](S& s, std::uint64_t v) { s.limits.groups_max = v; })},
      {"new_groups_per_hour",
       small_number(1, 1'000'000, [](S& s, std::uint32_t v) { s.limits.new_groups_per_hour = v; })},
      {"blob_kib",
       small_number(1, 1056, [](S& s, std::uint32_t v) { s.limits.sealed_bytes_max = v << 10; })},
      {"blobs_per_minute",
       small_number(1, kU32Max, [](S& s, std::uint32_t v) { s.limits.blobs_per_minute = v; })},
      {"blobs_burst",
       small_number(1, kU32Max, [](S& s, std::uint32_t v) { s.limits.blobs_burst = v; })},
      {"mib_per_minute",
       number(1, 1 << 30, [](S& s, std::uint64_t v) { s.limits.bytes_per_minute = v * kMib; })},
      {"requests_per_minute",
       small_number(1, kU32Max, [](S& s, std::uint32_t v) { s.limits.requests_per_minute = v; })},
      {"requests_burst",
       small_number(1, kU32Max, [](S& s, std::uint32_t v) { s.limits.requests_burst = v; })},
      {"keep_hours",
       small_number(1, 24 * 366, [](S& s, std::uint32_t v) { s.limits.ttl_s = v * 3600; })},
      {"connections",
       small_number(1, 1'000'000, [](S& s, std::uint32_t v) { s.limits.sessions_max = v; })},
      {"mailboxes",
       small_number(1, 1'000'000, [](S& s, std::uint32_t v) { s.limits.mailboxes_max = v; })},
      {"handshakes_per_minute",
       small_number(0, kU32Max, [](S& s, std::uint32_t v) { s.handshakes_per_minute = v; })},
  };
  return kLimits;
}

std::string at(std::string_view name, const toml::source_region& source, std::string_view what) {
  return fmt::format("{}:{}:{}: {}", name, source.begin.line, source.begin.column, what);
}

// The first thing that is wrong, or empty.
std::string take(RelaySettings& settings, const toml::table& table,
                 const std::map<std::string, Setter, std::less<>>& known, bool is_top,
                 std::string_view name) {
  for (const auto& [key, node] : table) {
    if (is_top && key.str() == "limits" && node.is_table()) {
      auto wrong = take(settings, *node.as_table(), limits_by_name(), false, name);
      if (!wrong.empty()) return wrong;
      continue;
    }
    const auto setter = known.find(key.str());
    if (setter == known.end()) {
      return at(name, key.source(),
                fmt::format("there is no setting '{}'{}", key.str(), is_top ? "" : " in [limits]"));
    }
    if (const auto wrong = setter->second(settings, node); !wrong.empty()) {
      return at(name, node.source(), fmt::format("{} {}", key.str(), wrong));
    }
  }
  return "";
}

}  // namespace

std::expected<RelaySettings, ConfigError> parse_config(std::string_view text,
                                                       std::string_view name) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const auto& error = parsed.error();
    return std::unexpected(ConfigError{at(name, error.source(), error.description())});
  }
  RelaySettings settings;
  auto wrong = take(settings, parsed.table(), settings_by_name(), true, name);
  if (!wrong.empty()) return std::unexpected(ConfigError{std::move(wrong)});
  if (const auto valid = settings.limits.validate(); !valid) {
    return std::unexpected(ConfigError{fmt::format("{}: {}", name, valid.error().text.view())});
  }
  return settings;
}

std::expected<RelaySettings, ConfigError> read_config(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file || text.size() > kConfigBytesMax) {
    return std::unexpected(ConfigError{fmt::format("{}: can't read the file", path)});
  }
  return parse_config(text, path);
}

}  // namespace zerok::apps
