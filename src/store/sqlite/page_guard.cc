// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/sqlite/page_guard.h"

#include <algorithm>
#include <atomic>
#include <new>

#include "base/check.h"
#include "store/sqlite/checksum.h"

namespace zerok::store {
namespace {

// Where SQLite's header says how many bytes of each page are left free, and how long it is.
constexpr int kHeaderBytes = 100;
constexpr std::size_t kReservedAt = 20;
// First byte of a page that is inside an index's or a table's tree.
constexpr std::uint8_t kInnerIndex = 2, kInnerTable = 5;
// Reading parts of pages; newer than the oldest SQLite we take.
constexpr int kSubpageRead = 0x8000;

constexpr std::size_t kContentBytes = PageGuard::kPageBytes - PageGuard::kReservedBytes;

bool is_page(int count, sqlite3_int64 offset) {
  return count == PageGuard::kPageBytes && offset % PageGuard::kPageBytes == 0;
}

}  // namespace

// What SQLite calls; only the file of the database itself comes here.
struct PageGuard::Calls {
  static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
  static sqlite3_file* real(sqlite3_file* file) { return of(file).real; }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* got) {
    PageGuard& guard = *static_cast<Vfs*>(vfs)->guard;
    sqlite3_vfs& below = guard.below_;
    if ((flags & SQLITE_OPEN_MAIN_DB) == 0) return below.xOpen(&below, path, file, flags, got);
    auto* const behind = reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
    file->pMethods = nullptr;
    const int code = below.xOpen(&below, path, behind, flags, got);
    if (behind->pMethods == nullptr) return code;
    new (file) File{.base = {.pMethods = &kMethods}, .guard = &guard, .real = behind};
    return code;
  }
  static int close(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }

  static int read(sqlite3_file* file, void* out, int count, sqlite3_int64 offset) {
    const int code = real(file)->pMethods->xRead(real(file), out, count, offset);
    if (code != SQLITE_OK) return code;
    PageGuard& guard = *of(file).guard;
    const auto* const bytes = static_cast<const std::uint8_t*>(out);
    if (offset == 0 && count >= kHeaderBytes) guard.learn(bytes);
    if (guard.guarded_ && is_page(count, offset) && !guard.accepts(bytes)) {
      return SQLITE_IOERR_DATA;
    }
    return SQLITE_OK;
  }
  static int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
    PageGuard& guard = *of(file).guard;
    const auto* const begin = static_cast<const std::uint8_t*>(bytes);
    if (offset == 0 && count >= kHeaderBytes) guard.learn(begin);
    if (guard.guarded_ && is_page(count, offset)) {
      std::copy_n(begin, kContentBytes, guard.page_.begin());
      store_be64(MutableByteView(guard.page_).subspan(kContentBytes),
                 checksum(ByteView(guard.page_).first(kContentBytes)));
      bytes = guard.page_.data();
    }
    return real(file)->pMethods->xWrite(real(file), bytes, count, offset);
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    return real(file)->pMethods->xTruncate(real(file), size);
  }
  static int sync(sqlite3_file* file, int flags) {
    return real(file)->pMethods->xSync(real(file), flags);
  }
  static int size(sqlite3_file* file, sqlite3_int64* out) {
    return real(file)->pMethods->xFileSize(real(file), out);
  }
  static int lock(sqlite3_file* file, int level) {
    return real(file)->pMethods->xLock(real(file), level);
  }
  static int unlock(sqlite3_file* file, int level) {
    return real(file)->pMethods->xUnlock(real(file), level);
  }
  static int is_reserved(sqlite3_file* file, int* out) {
    return real(file)->pMethods->xCheckReservedLock(real(file), out);
  }
  static int control(sqlite3_file* file, int operation, void* argument) {
    return real(file)->pMethods->xFileControl(real(file), operation, argument);
  }
  static int sector_size(sqlite3_file* file) {
    return real(file)->pMethods->xSectorSize(real(file));
  }
  static int characteristics(sqlite3_file* file) {
    return real(file)->pMethods->xDeviceCharacteristics(real(file)) & ~kSubpageRead;
  }

  static const sqlite3_io_methods kMethods;
};

// Version 1: no shared memory and no mapped pages, which would pass us by.
const sqlite3_io_methods PageGuard::Calls::kMethods = {
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
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

Result<std::unique_ptr<PageGuard>> PageGuard::over(const std::string& vfs) {
  if (sqlite3_initialize() != SQLITE_OK) return fail(ErrorCode::kInternal, "SQLite does not start");
  sqlite3_vfs* const below = sqlite3_vfs_find(vfs.empty() ? nullptr : vfs.c_str());
  if (below == nullptr) return fail(ErrorCode::kNotFound, "no simulated disk of this name");
  return std::unique_ptr<PageGuard>(new PageGuard(*below));
}

PageGuard::PageGuard(sqlite3_vfs& below) : below_(below) {
  static std::atomic<std::uint64_t> made{0};
  name_ = "0k-guarded-" + std::to_string(made++);
  // Everything but opening goes straight to the other; its methods find their data here as well.
  static_cast<sqlite3_vfs&>(vfs_) = below;
  vfs_.guard = this;
  vfs_.zName = name_.c_str();
  vfs_.pNext = nullptr;
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + below.szOsFile;
  vfs_.xOpen = Calls::open;
  ZEROK_ASSERT(sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK);
}

PageGuard::~PageGuard() { sqlite3_vfs_unregister(&vfs_); }

void PageGuard::learn(const std::uint8_t* file_begin) {
  guarded_ = file_begin[kReservedAt] == kReservedBytes;
}

bool PageGuard::accepts(const std::uint8_t* page) const {
  const ByteView bytes(page, kPageBytes);
  if (load_be64(bytes.subspan(kContentBytes)) == checksum(bytes.first(kContentBytes))) return true;
  // A hole: the file grew past a page that nothing was written to yet.
  if (std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; })) return true;
  return tolerant_ && page[0] != kInnerIndex && page[0] != kInnerTable;
}

}  // namespace zerok::store
