// SPDX-License-Identifier: MIT OR Apache-2.0
#include "relay/relay_dir.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "common/file.h"
#include "common/key_file.h"
#include "wire/messages/limits.h"

namespace zerok::apps {
namespace {

constexpr std::size_t kTokenBytes = 16;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Somebody may have been faster, which is as good.
Result<void> unless_there(Result<void> made) {
  if (!made && made.error().code == ErrorCode::kInvalidState) return {};
  return made;
}

}  // namespace

Result<RelayDir> RelayDir::locate(const std::string& option) {
  if (!option.empty()) {
    std::string path = option;
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return RelayDir(path);
  }
  // The XDG rules take no relative paths.
  const std::string state_home = environment("XDG_STATE_HOME");
  if (!state_home.empty() && state_home[0] == '/') return RelayDir(state_home + "/0k-relay");
  std::string home = environment("HOME");
  if (home.empty()) {
    if (const passwd* entry = getpwuid(getuid()); entry != nullptr) home = entry->pw_dir;
  }
  if (home.empty()) {
    return fail(ErrorCode::kNotFound, "there is no home folder: say --data-dir DIR");
  }
  return RelayDir(home + "/.local/state/0k-relay");
}

Result<void> RelayDir::prepare(Rng& rng) const {
  ZEROK_TRY_VOID(make_folder(path_, 0700));
  if (access(key_file().c_str(), F_OK) != 0) {
    ZEROK_TRY_VOID(unless_there(create_key_file(key_file(), rng)));
  }
  if (access(token_file().c_str(), F_OK) != 0) {
    ByteArray<kTokenBytes> token;
    rng.fill(token);
    const std::string line = to_hex(token) + "\n";
    ZEROK_TRY_VOID(unless_there(write_file(token_file(), as_bytes(line), 0600, IfThere::kRefuse)));
  }
  return {};
}

Result<crypto::RelayKeys> RelayDir::keys() const {
  ZEROK_TRY(const auto secret, read_key_file(key_file()));
  return crypto::RelayKeys::derive(crypto::RelaySecret(secret.bytes()));
}

Result<Bytes> RelayDir::admission_token() const {
  std::ifstream file(token_file());
  std::string line;
  if (!std::getline(file, line)) {
    return fail(ErrorCode::kNotFound, "can't read the admission token");
  }
  auto token = from_hex(line);
  if (!token || token->empty() || token->size() > wire::kAdmissionTokenBytesMax) {
    return fail(ErrorCode::kMalformed, "an admission token is a line of 2 to 128 hex digits");
  }
  return *token;
}

Result<void> RelayDir::put_ticket(const std::string& ticket) const {
  const std::string line = ticket + "\n";
  return write_file(ticket_file(), as_bytes(line), 0600, IfThere::kReplace);
}

}  // namespace zerok::apps
