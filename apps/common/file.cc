// SPDX-License-Identifier: MIT OR Apache-2.0
#include "common/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "common/descriptor.h"

namespace zerok::apps {
namespace {

// Removes a name unless it is told to keep it.
class TemporaryName {
 public:
  explicit TemporaryName(std::string path) : path_(std::move(path)) {}
  ~TemporaryName() {
    if (!path_.empty()) unlink(path_.c_str());
  }
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;
  const std::string& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  std::string path_;
};

std::unexpected<Error> refused(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return fail(ErrorCode::kNotFound, "there is no such folder", error);
    case EACCES:
    case EPERM:
    case EROFS:
      return fail(ErrorCode::kPermissionDenied, "may not write there", error);
    case ENOSPC:
    case EDQUOT:
      return fail(ErrorCode::kIo, "no space left on the disk", error);
    default:
      return fail(ErrorCode::kIo, "can't write the file", error);
  }
}

bool write_all(int fd, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A name is only as durable as the folder that holds it.
bool sync_folder(const std::string& folder) {
  const Descriptor fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems can't sync a folder, and then need not.
  return fd.get() >= 0 && (fsync(fd.get()) == 0 || errno == EINVAL);
}

}  // namespace

Result<void> write_file(const std::string& path, ByteView bytes, mode_t mode, IfThere if_there) {
  std::string pattern = folder_of(path) + "/.0k-XXXXXX";
  const Descriptor fd(mkostemp(pattern.data(), O_CLOEXEC));
  if (fd.get() < 0) return refused(errno);
  TemporaryName temporary(pattern);
  if (!write_all(fd.get(), bytes) || fchmod(fd.get(), mode) != 0 || fsync(fd.get()) != 0) {
    return refused(errno);
  }
  if (if_there == IfThere::kReplace) {
    if (rename(temporary.path().c_str(), path.c_str()) != 0) return refused(errno);
    temporary.keep();
  } else if (link(temporary.path().c_str(), path.c_str()) != 0) {  // never takes a name that is
    if (errno == EEXIST) {
      return fail(ErrorCode::kInvalidState, "a file of this name exists already", errno);
    }
    return refused(errno);
  }
  if (!sync_folder(folder_of(path))) return refused(errno);
  return {};
}

Result<void> make_folder(const std::string& path, mode_t mode) {
  struct stat info{};
  if (stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return {};
    return fail(ErrorCode::kInvalidArgument, "this is a file, not a folder");
  }
  const std::string above = folder_of(path);
  if (above != path && above != ".") ZEROK_TRY_VOID(make_folder(above, mode));
  if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return refused(errno);
  sync_folder(above);
  return {};
}

}  // namespace zerok::apps
