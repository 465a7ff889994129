// SPDX-License-Identifier: MIT OR Apache-2.0
// The folder that is a relay: who it is (relay.key), what new groups need (admission-token), what
// it keeps (relay.sqlite), and its ticket for other programs. Mode 0700; secrets 0600.
#pragma once

#include <string>

#include "base/result.h"
#include "base/rng.h"
#include "crypto/device_keys.h"

namespace zerok::apps {

class RelayDir {
 public:
  // The folder that was asked for, or for an empty option $XDG_STATE_HOME/0k-relay, else
  // ~/.local/state/0k-relay. kNotFound without a home folder.
  static Result<RelayDir> locate(const std::string& option);

  const std::string& path() const { return path_; }
  std::string key_file() const { return path_ + "/relay.key"; }
  std::string token_file() const { return path_ + "/admission-token"; }
  std::string store_file() const { return path_ + "/relay.sqlite"; }
  std::string ticket_file() const { return path_ + "/ticket"; }

  // Makes the folder, the key and the token where they are missing. Errors: those of files.
  Result<void> prepare(Rng& rng) const;
  // As read_key_file().
  Result<crypto::RelayKeys> keys() const;
  // kNotFound, kMalformed: one line of 2 to 128 hex digits.
  Result<Bytes> admission_token() const;
  Result<void> put_ticket(const std::string& ticket) const;

 private:
  explicit RelayDir(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace zerok::apps
