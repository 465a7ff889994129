// SPDX-License-Identifier: MIT OR Apache-2.0
#include "common/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "common/descriptor.h"
#include "common/file.h"

namespace zerok::apps {
namespace {

constexpr std::string_view kHeader = "0k-sync-secret-v1 ";
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kFileBytes = kHeader.size() + 2 * kSecretBytes + 1;

std::uint8_t hex_digit(std::uint8_t value) {
  return static_cast<std::uint8_t>(value < 10 ? '0' + value : 'a' + value - 10);
}

int hex_value(std::uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

Result<void> create_key_file(const std::string& path, Rng& rng) {
  Secret<kSecretBytes> secret;
  rng.fill(secret.mutable_bytes());
  // The text is as secret as the key, so it lives in a Secret too.
  Secret<kFileBytes> text;
  auto out = text.mutable_bytes();
  std::memcpy(out.data(), kHeader.data(), kHeader.size());
  for (std::size_t i = 0; i < kSecretBytes; ++i) {
    out[kHeader.size() + 2 * i] = hex_digit(secret.bytes()[i] >> 4);
    out[kHeader.size() + 2 * i + 1] = hex_digit(secret.bytes()[i] & 15);
  }
  out[kFileBytes - 1] = '\n';
  return write_file(path, text.bytes(), 0600, IfThere::kRefuse);
}

Result<Secret<32>> read_key_file(const std::string& path) {
  const Descriptor fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == ENOENT) return fail(ErrorCode::kNotFound, "there is no such key file");
    return fail(ErrorCode::kIo, "can't open the key file", errno);
  }
  struct stat info{};
  if (fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return fail(ErrorCode::kMalformed, "the key file is not a regular file");
  }
  if ((info.st_mode & 077) != 0) {
    return fail(ErrorCode::kPermissionDenied, "others can read the key file: chmod 600 it");
  }
  Secret<kFileBytes> text;
  const ssize_t size = read(fd.get(), text.mutable_bytes().data(), kFileBytes);
  if (size != static_cast<ssize_t>(kFileBytes) || info.st_size != static_cast<off_t>(kFileBytes) ||
      std::memcmp(text.bytes().data(), kHeader.data(), kHeader.size()) != 0) {
    return fail(ErrorCode::kMalformed, "not a key file of 0k-Sync");
  }
  Secret<32> secret;
  for (std::size_t i = 0; i < kSecretBytes; ++i) {
    const int high = hex_value(text.bytes()[kHeader.size() + 2 * i]);
    const int low = hex_value(text.bytes()[kHeader.size() + 2 * i + 1]);
    if (high < 0 || low < 0) return fail(ErrorCode::kMalformed, "not a key file of 0k-Sync");
    secret.mutable_bytes()[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return secret;
}

}  // namespace zerok::apps
