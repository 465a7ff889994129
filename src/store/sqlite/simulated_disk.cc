// SPDX-License-Identifier: MIT OR Apache-2.0
// SQLite's file interface (sqlite3_vfs, sqlite3_io_methods version 1) over SimulatedFiles. Without
// the shared memory of version 2, so a store on it shows that exclusive locking needs none.
#include "store/sqlite/simulated_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>

#include "base/check.h"
#include "store/sqlite/simulated_files.h"

namespace zerok::store {

// Also the table of SQLite's locks: per file how many handles hold which.
class SimulatedDisk::Vfs {
 public:
  explicit Vfs(std::uint64_t seed);
  ~Vfs();

  SimulatedFiles files;
  std::string name;
  bool is_idle() const { return open_ == 0; }

 private:
  struct Locks {
    int shared = 0;
    bool reserved = false;
    bool pending = false;
    bool exclusive = false;
  };
  // What SQLite allocates for an open file. Its methods come first.
  struct Handle {
    sqlite3_file base;
    Vfs* vfs;
    std::string* name;
    int lock;
    bool removed_when_closed;
  };

  static Vfs& of(sqlite3_vfs* vfs) { return *static_cast<Vfs*>(vfs->pAppData); }
  static Handle& of(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }
  static int code(SimulatedFiles::Outcome outcome, int failed) {
    if (outcome == SimulatedFiles::Outcome::kGood) return SQLITE_OK;
    return outcome == SimulatedFiles::Outcome::kFull ? SQLITE_FULL : failed;
  }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* got);
  static int remove(sqlite3_vfs* vfs, const char* path, int durable);
  static int access(sqlite3_vfs* vfs, const char* path, int flags, int* answer);
  static int full_path(sqlite3_vfs* vfs, const char* path, int size, char* out);
  static int randomness(sqlite3_vfs* vfs, int size, char* out);
  static int now(sqlite3_vfs* vfs, sqlite3_int64* out);

  static int close(sqlite3_file* file);
  static int read(sqlite3_file* file, void* out, int count, sqlite3_int64 offset);
  static int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset);
  static int truncate(sqlite3_file* file, sqlite3_int64 size);
  static int sync(sqlite3_file* file, int flags);
  static int size(sqlite3_file* file, sqlite3_int64* out);
  static int lock(sqlite3_file* file, int level);
  static int unlock(sqlite3_file* file, int level);
  static int is_reserved(sqlite3_file* file, int* out);

  static const sqlite3_io_methods kMethods;
  sqlite3_vfs vfs_{};
  std::map<std::string, Locks> locks_;
  int open_ = 0;
  std::uint64_t anonymous_ = 0;
};

SimulatedDisk::Vfs::Vfs(std::uint64_t seed) : files(seed) {
  static std::atomic<std::uint64_t> made{0};
  name = "0k-simulated-" + std::to_string(made++);
  vfs_.iVersion = 2;
  vfs_.szOsFile = sizeof(Handle);
  vfs_.mxPathname = 512;
  vfs_.zName = name.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = open;
  vfs_.xDelete = remove;
  vfs_.xAccess = access;
  vfs_.xFullPathname = full_path;
  vfs_.xRandomness = randomness;
  vfs_.xSleep = [](sqlite3_vfs*, int microseconds) { return microseconds; };
  vfs_.xGetLastError = [](sqlite3_vfs*, int, char*) { return 0; };
  vfs_.xCurrentTime = [](sqlite3_vfs* vfs, double* out) {
    sqlite3_int64 milliseconds = 0;
    now(vfs, &milliseconds);
    *out = static_cast<double>(milliseconds) / 86'400'000;
    return SQLITE_OK;
  };
  vfs_.xCurrentTimeInt64 = now;
  ZEROK_ASSERT(sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK);
}

SimulatedDisk::Vfs::~Vfs() {
  ZEROK_ASSERT(open_ == 0);
  sqlite3_vfs_unregister(&vfs_);
}

const sqlite3_io_methods SimulatedDisk::Vfs::kMethods = {
    .iVersion = 1,
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = size,
    .xLock = lock,
    .xUnlock = unlock,
    .xCheckReservedLock = is_reserved,
    .xFileControl = [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; },
    .xSectorSize = [](sqlite3_file*) { return 4096; },
    // As the system's files: a write changes nothing beside what it writes.
    .xDeviceCharacteristics = [](sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; },
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int SimulatedDisk::Vfs::open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags,
                             int* got) {
  Vfs& self = of(vfs);
  file->pMethods = nullptr;
  if (!self.files.powered) return SQLITE_IOERR;
  const std::string name =
      path == nullptr ? "anonymous-" + std::to_string(self.anonymous_++) : std::string(path);
  if (!self.files.exists(name) && (flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
  self.files.open(name);
  new (file) Handle{.base = {.pMethods = &kMethods},
                    .vfs = &self,
                    .name = new std::string(name),
                    .lock = SQLITE_LOCK_NONE,
                    .removed_when_closed = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0};
  ++self.open_;
  if (got != nullptr) *got = flags;
  return SQLITE_OK;
}

int SimulatedDisk::Vfs::remove(sqlite3_vfs* vfs, const char* path, int durable) {
  Vfs& self = of(vfs);
  if (self.files.powered && !self.files.exists(path)) return SQLITE_IOERR_DELETE_NOENT;
  return code(self.files.remove(path, durable != 0), SQLITE_IOERR_DELETE);
}

int SimulatedDisk::Vfs::access(sqlite3_vfs* vfs, const char* path, int, int* answer) {
  if (!of(vfs).files.powered) return SQLITE_IOERR_ACCESS;
  *answer = of(vfs).files.exists(path) ? 1 : 0;
  return SQLITE_OK;
}

int SimulatedDisk::Vfs::full_path(sqlite3_vfs*, const char* path, int size, char* out) {
  const std::size_t length = std::strlen(path) + 1;
  if (length > static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
  std::memcpy(out, path, length);
  return SQLITE_OK;
}

int SimulatedDisk::Vfs::randomness(sqlite3_vfs* vfs, int size, char* out) {
  of(vfs).files.rng().fill({reinterpret_cast<std::uint8_t*>(out), static_cast<std::size_t>(size)});
  return size;
}

int SimulatedDisk::Vfs::now(sqlite3_vfs*, sqlite3_int64* out) {
  *out = 212'000'000'000'000;  // some day, in milliseconds of the Julian calendar
  return SQLITE_OK;
}

int SimulatedDisk::Vfs::close(sqlite3_file* file) {
  Handle& handle = of(file);
  unlock(file, SQLITE_LOCK_NONE);
  if (handle.removed_when_closed) handle.vfs->files.remove(*handle.name, true);
  --handle.vfs->open_;
  delete handle.name;
  return SQLITE_OK;
}

int SimulatedDisk::Vfs::read(sqlite3_file* file, void* out, int count, sqlite3_int64 offset) {
  const Handle& handle = of(file);
  if (!handle.vfs->files.powered) return SQLITE_IOERR_READ;
  const auto wanted = static_cast<std::size_t>(count);
  const std::size_t got = handle.vfs->files.read(*handle.name, static_cast<std::uint64_t>(offset),
                                                 {static_cast<std::uint8_t*>(out), wanted});
  return got == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int SimulatedDisk::Vfs::write(sqlite3_file* file, const void* bytes, int count,
                              sqlite3_int64 offset) {
  const Handle& handle = of(file);
  return code(handle.vfs->files.write(
                  *handle.name, static_cast<std::uint64_t>(offset),
                  {static_cast<const std::uint8_t*>(bytes), static_cast<std::size_t>(count)}),
              SQLITE_IOERR_WRITE);
}

int SimulatedDisk::Vfs::truncate(sqlite3_file* file, sqlite3_int64 size) {
  const Handle& handle = of(file);
  return code(handle.vfs->files.truncate(*handle.name, static_cast<std::uint64_t>(size)),
              SQLITE_IOERR_TRUNCATE);
}

int SimulatedDisk::Vfs::sync(sqlite3_file* file, int) {
  const Handle& handle = of(file);
  return code(handle.vfs->files.sync(*handle.name), SQLITE_IOERR_FSYNC);
}

int SimulatedDisk::Vfs::size(sqlite3_file* file, sqlite3_int64* out) {
  const Handle& handle = of(file);
  if (!handle.vfs->files.powered) return SQLITE_IOERR_FSTAT;
  *out = static_cast<sqlite3_int64>(handle.vfs->files.size(*handle.name));
  return SQLITE_OK;
}

int SimulatedDisk::Vfs::lock(sqlite3_file* file, int level) {
  Handle& handle = of(file);
  if (level <= handle.lock) return SQLITE_OK;
  Locks& locks = handle.vfs->locks_[*handle.name];
  if (level == SQLITE_LOCK_SHARED) {
    if (locks.pending || locks.exclusive) return SQLITE_BUSY;
    ++locks.shared;
  } else if (level == SQLITE_LOCK_RESERVED) {
    if (locks.reserved) return SQLITE_BUSY;
    locks.reserved = true;
  } else {
    // Only who holds the reserved lock gets further, or who is the only reader.
    if (locks.reserved && handle.lock < SQLITE_LOCK_RESERVED) return SQLITE_BUSY;
    locks.reserved = locks.pending = true;
    handle.lock = SQLITE_LOCK_PENDING;
    if (level == SQLITE_LOCK_EXCLUSIVE) {
      if (locks.shared > 1) return SQLITE_BUSY;
      locks.exclusive = true;
    }
  }
  handle.lock = level;
  return SQLITE_OK;
}

int SimulatedDisk::Vfs::unlock(sqlite3_file* file, int level) {
  Handle& handle = of(file);
  if (level >= handle.lock) return SQLITE_OK;
  Locks& locks = handle.vfs->locks_[*handle.name];
  if (handle.lock >= SQLITE_LOCK_RESERVED) {
    locks.reserved = locks.pending = locks.exclusive = false;
  }
  if (level == SQLITE_LOCK_NONE) --locks.shared;
  handle.lock = level;
  return SQLITE_OK;
}

int SimulatedDisk::Vfs::is_reserved(sqlite3_file* file, int* out) {
  const Handle& handle = of(file);
  *out = handle.vfs->locks_[*handle.name].reserved ? 1 : 0;
  return SQLITE_OK;
}

SimulatedDisk::SimulatedDisk(std::uint64_t seed) : vfs_(std::make_unique<Vfs>(seed)) {}
SimulatedDisk::~SimulatedDisk() = default;

const std::string& SimulatedDisk::vfs() const { return vfs_->name; }

std::unique_ptr<SimulatedDisk> SimulatedDisk::copy(std::uint64_t seed) const {
  auto copy = std::make_unique<SimulatedDisk>(seed);
  copy->vfs_->files.copy_files(vfs_->files);
  return copy;
}

void SimulatedDisk::cut_power() { vfs_->files.powered = false; }
void SimulatedDisk::cut_power_after(std::uint64_t operations) {
  vfs_->files.operations_until_cut = operations;
}
bool SimulatedDisk::has_power() const { return vfs_->files.powered; }
void SimulatedDisk::restore_power(PowerLoss loss) {
  ZEROK_ASSERT(vfs_->is_idle());
  vfs_->files.lose_power(loss);
}

void SimulatedDisk::fail_syncs(std::uint64_t count) { vfs_->files.failing_syncs = count; }
void SimulatedDisk::fail_writes(std::uint64_t count) { vfs_->files.failing_writes = count; }
void SimulatedDisk::set_full(bool full) { vfs_->files.full = full; }
void SimulatedDisk::set_bytes_max(std::uint64_t bytes) { vfs_->files.bytes_max = bytes; }

std::uint64_t SimulatedDisk::operations() const { return vfs_->files.operations; }
std::uint64_t SimulatedDisk::syncs() const { return vfs_->files.syncs; }

std::vector<std::string> SimulatedDisk::files() const { return vfs_->files.names(); }
std::uint64_t SimulatedDisk::bytes(const std::string& file) const { return vfs_->files.size(file); }
Bytes SimulatedDisk::content(const std::string& file) const {
  Bytes content(bytes(file));
  if (!content.empty()) vfs_->files.read(file, 0, content);
  return content;
}
void SimulatedDisk::flip_bit(const std::string& file, std::uint64_t byte, unsigned bit) {
  vfs_->files.flip_bit(file, byte, bit);
}

}  // namespace zerok::store
