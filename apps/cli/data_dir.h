// SPDX-License-Identifier: MIT OR Apache-2.0
// The folder that is a device: its secret, its store and its settings. Mode 0700. The settings are
// written last, so a folder without them is one whose making was interrupted and may go on.
#pragma once

#include <string>

#include "base/result.h"
#include "crypto/device_keys.h"

namespace zerok::apps {

struct Settings {
  std::string name;  // what the other devices call this one
};

class DataDir {
 public:
  // The folder that was asked for, or for an empty option the user's: $XDG_DATA_HOME/0k, else
  // ~/.local/share/0k. kNotFound without a home folder.
  static Result<DataDir> locate(const std::string& option);

  const std::string& path() const { return path_; }
  std::string key_file() const { return path_ + "/device.key"; }
  std::string store_file() const { return path_ + "/store.sqlite"; }
  std::string settings_file() const { return path_ + "/settings.json"; }

  // Whether it is a device; kPermissionDenied or kIo if that can't be seen.
  Result<bool> is_made() const;
  // kNotFound: not set up; kMalformed, kUnsupported (of a newer version), kIo.
  Result<Settings> settings() const;
  Result<void> put_settings(const Settings& settings) const;
  // As read_key_file().
  Result<crypto::DeviceKeys> keys() const;

 private:
  explicit DataDir(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace zerok::apps
