// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench/scratch.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/vfs.h>

#include <cerrno>
#include <filesystem>

namespace zerok::bench {
namespace {

std::string parent() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

}  // namespace

Result<Scratch> Scratch::make() {
  std::string path = parent() + "/scratch-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) {
    return fail(ErrorCode::kIo, "can't make a folder beside the program", errno);
  }
  return Scratch(path);
}

Scratch::~Scratch() {
  if (folder_.empty()) return;
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

std::string scratch_file_system() {
  struct statfs found{};
  if (::statfs(parent().c_str(), &found) != 0) return "unknown";
  // <linux/magic.h>
  switch (static_cast<unsigned long>(found.f_type)) {
    case 0xef53:
      return "ext4";
    case 0x01021994:
      return "tmpfs";
    case 0x9123683e:
      return "btrfs";
    case 0x58465342:
      return "xfs";
    case 0x794c7630:
      return "overlay";
    default:
      return fmt::format("{:#x}", static_cast<unsigned long>(found.f_type));
  }
}

}  // namespace zerok::bench
