// SPDX-License-Identifier: MIT OR Apache-2.0
// PageGuard: gives every page of one SQLite file a checksum in its last 8 bytes, which SQLite
// leaves free, and refuses a page that is not what was written: SQLITE_IOERR_DATA. A layer over
// another VFS, for one file: the page is signed on its way into the file and checked on its way
// out. The log has SQLite's own checksums. For database.cc.
#pragma once

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace zerok::store {

class PageGuard {
 public:
  static constexpr int kPageBytes = 4096;
  static constexpr int kReservedBytes = 8;

  // Over the VFS of this name, or the system's if it is empty. kNotFound.
  static Result<std::unique_ptr<PageGuard>> over(const std::string& vfs);
  // The file is closed.
  ~PageGuard();
  PageGuard(const PageGuard&) = delete;
  PageGuard& operator=(const PageGuard&) = delete;

  const char* name() const { return name_.c_str(); }
  // Whether the file says that its pages have checksums; a new one does.
  bool is_guarded() const { return guarded_; }
  // While set, a damaged page that is no inner page of a tree is given out: for reading and
  // removing rows that have checksums of their own.
  void set_tolerant(bool tolerant) { tolerant_ = tolerant; }

 private:
  struct Vfs : sqlite3_vfs {
    PageGuard* guard;
  };
  struct File {
    sqlite3_file base;
    PageGuard* guard;
    sqlite3_file* real;  // behind this, in the same memory
  };
  struct Calls;

  explicit PageGuard(sqlite3_vfs& below);
  bool accepts(const std::uint8_t* page) const;
  void learn(const std::uint8_t* file_begin);

  std::string name_;
  sqlite3_vfs& below_;
  Vfs vfs_{};
  bool guarded_ = true;
  bool tolerant_ = false;
  std::array<std::uint8_t, kPageBytes> page_{};
};

}  // namespace zerok::store
