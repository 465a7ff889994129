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

// A new file without a name in this folder: nothing of it stays if the program dies. -1 where the
// system has none.
int open_nameless(const std::string& folder) {
#ifdef O_TMPFILE
  return open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
#else
  return -1;
#endif
}

bool write_and_sync(int fd, ByteView bytes, mode_t mode) {
  return write_all(fd, bytes) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
}

// Gives the file its name unless that is taken.
Result<void> name_it(int linked) {
  if (linked == 0) return {};
  if (errno == EEXIST) {
    return fail(ErrorCode::kInvalidState, "a file of this name exists already", errno);
  }
  return refused(errno);
}

Result<void> write_new(const std::string& path, ByteView bytes, mode_t mode) {
  const Descriptor nameless(open_nameless(folder_of(path)));
  if (nameless.get() >= 0) {
    if (!write_and_sync(nameless.get(), bytes, mode)) return refused(errno);
    const std::string self = "/proc/self/fd/" + std::to_string(nameless.get());
    const int linked = linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW);
    // Without /proc it is done the other way.
    if (linked == 0 || errno != ENOENT) return name_it(linked);
  }
  std::string pattern = folder_of(path) + "/.0k-XXXXXX";
  const Descriptor fd(mkostemp(pattern.data(), O_CLOEXEC));
  if (fd.get() < 0) return refused(errno);
  const TemporaryName temporary(pattern);
  if (!write_and_sync(fd.get(), bytes, mode)) return refused(errno);
  return name_it(link(temporary.path().c_str(), path.c_str()));
}

Result<void> write_over(const std::string& path, ByteView bytes, mode_t mode) {
  std::string pattern = folder_of(path) + "/.0k-XXXXXX";
  const Descriptor fd(mkostemp(pattern.data(), O_CLOEXEC));
  if (fd.get() < 0) return refused(errno);
  TemporaryName temporary(pattern);
  if (!write_and_sync(fd.get(), bytes, mode)) return refused(errno);
  if (rename(temporary.path().c_str(), path.c_str()) != 0) return refused(errno);
  temporary.keep();
  return {};
}

}  // namespace

Result<void> write_file(const std::string& path, ByteView bytes, mode_t mode, IfThere if_there) {
  ZEROK_TRY_VOID(if_there == IfThere::kRefuse ? write_new(path, bytes, mode)
                                              : write_over(path, bytes, mode));
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
