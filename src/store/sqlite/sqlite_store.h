// SPDX-License-Identifier: MIT OR Apache-2.0
// Opens a RelayStore or a ClientStore in one SQLite file, and makes it where there is none,
// readable for its owner only. What is in the file, and when it is durable: docs/storage.md. The
// file stays locked until the store is destroyed. Errors: kInvalidState while another process has
// it open, kMalformed for a file that is no such store, kUnsupported for one of a newer version,
// kIo for a damaged one or a disk that fails, kPermissionDenied.
#pragma once

#include <memory>
#include <string>

#include "store/client_store.h"
#include "store/relay_store.h"

namespace zerok::store {

struct SqliteOptions {
  std::string path;  // its folder has to be there; beside it SQLite keeps path + "-wal"
  // Reads the whole file and checks that it is sound, which takes as long as reading it: for when
  // the disk is in doubt.
  bool check_everything = false;
  // How many pages the log may have before a commit moves them into the file.
  std::uint32_t log_pages = 1000;
  // The name of a SimulatedDisk; empty: the system's files.
  std::string vfs = {};
};

Result<std::unique_ptr<RelayStore>> open_sqlite_relay_store(const SqliteOptions& options);
Result<std::unique_ptr<ClientStore>> open_sqlite_client_store(const SqliteOptions& options);

}  // namespace zerok::store
