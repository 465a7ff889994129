// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/data_dir.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "common/file.h"
#include "common/key_file.h"

namespace zerok::apps {
namespace {

constexpr int kSettingsVersion = 1;
constexpr std::size_t kSettingsBytesMax = 65536;

// The variable's value, or empty.
std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Result<DataDir> DataDir::locate(const std::string& option) {
  if (!option.empty()) {
    std::string path = option;
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return DataDir(path);
  }
  // The XDG rules take no relative paths.
  const std::string data_home = environment("XDG_DATA_HOME");
  if (!data_home.empty() && data_home[0] == '/') return DataDir(data_home + "/0k");
  std::string home = environment("HOME");
  if (home.empty()) {
    if (const passwd* entry = getpwuid(getuid()); entry != nullptr) home = entry->pw_dir;
  }
  if (home.empty()) {
    return fail(ErrorCode::kNotFound, "there is no home folder: say --data-dir DIR");
  }
  return DataDir(home + "/.local/share/0k");
}

Result<bool> DataDir::is_made() const {
  struct stat info{};
  if (stat(settings_file().c_str(), &info) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  if (errno == EACCES) return fail(ErrorCode::kPermissionDenied, "may not look into it", errno);
  return fail(ErrorCode::kIo, "can't look into it", errno);
}

Result<Settings> DataDir::settings() const {
  ZEROK_TRY(const bool made, is_made());
  if (!made) return fail(ErrorCode::kNotFound, "no device is set up here");
  std::ifstream file(settings_file(), std::ios::binary);
  if (!file) return fail(ErrorCode::kIo, "can't read settings.json");
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (text.size() > kSettingsBytesMax) return fail(ErrorCode::kTooLarge, "settings.json");
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("version") || !json["version"].is_number_integer()) {
    return fail(ErrorCode::kMalformed, "settings.json is not what 0k writes");
  }
  if (json["version"] != kSettingsVersion) {
    return fail(ErrorCode::kUnsupported, "made by a newer version of 0k");
  }
  const auto text_of = [&](const char* name) {
    return json.contains(name) && json[name].is_string() ? json[name].get<std::string>() : "";
  };
  return Settings{text_of("name")};
}

Result<void> DataDir::put_settings(const Settings& settings) const {
  const nlohmann::json json = {{"version", kSettingsVersion}, {"name", settings.name}};
  const std::string text =
      json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return write_file(settings_file(), as_bytes(text), 0600, IfThere::kReplace);
}

Result<crypto::DeviceKeys> DataDir::keys() const {
  ZEROK_TRY(const auto secret, read_key_file(key_file()));
  return crypto::DeviceKeys::derive(crypto::DeviceSecret(secret.bytes()));
}

}  // namespace zerok::apps
