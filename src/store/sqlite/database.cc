// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/sqlite/database.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "store/rules.h"

namespace zerok::store {
namespace {

// Below this SQLite knows no STRICT tables.
constexpr int kSqliteVersionMin = 3'037'000;
// Pages in memory; a transaction that does not fit is written ahead of its commit.
constexpr const char* kCacheSize = "PRAGMA cache_size = -8192";
constexpr const char* kPageSize = "PRAGMA page_size = 4096";
static_assert(PageGuard::kPageBytes == 4096);
// What of the log is kept as a file after a burst.
constexpr const char* kLogSizeLimit = "PRAGMA journal_size_limit = 16777216";

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> sync_folder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fail(ErrorCode::kIo, "can't open the store's folder", errno);
  const int synced = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (synced != 0) return fail(ErrorCode::kIo, "can't sync the store's folder", error);
  return {};
}

// An empty file for its owner only, whatever the umask. Never opens one that is there: closing it
// would give up the lock of a store that this process has open.
Result<void> make_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    if (errno == EEXIST) return {};
    if (errno == EACCES || errno == EROFS) {
      return fail(ErrorCode::kPermissionDenied, "may not make the store's file", errno);
    }
    return fail(ErrorCode::kIo, "can't make the store's file", errno);
  }
  const int done = ::fchmod(fd, 0600) == 0 ? ::fsync(fd) : -1;
  const int error = errno;
  ::close(fd);
  if (done != 0) return fail(ErrorCode::kIo, "can't make the store's file", error);
  return sync_folder(folder_of(path));
}

}  // namespace

Error sqlite_error(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return in_use_elsewhere().error();
    case SQLITE_FULL:
      return {ErrorCode::kIo, "no space left on the disk", code};
    case SQLITE_CORRUPT:
      return {ErrorCode::kIo, "the store's file is damaged", code};
    case SQLITE_NOTADB:
      return {ErrorCode::kMalformed, "the file is no store of this kind", code};
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return {ErrorCode::kPermissionDenied, "may not write the store's file", code};
    case SQLITE_CANTOPEN:
      return {ErrorCode::kIo, "can't open the store's file", code};
    case SQLITE_NOMEM:
      return {ErrorCode::kNoMemory, "no memory for the store", code};
    case SQLITE_IOERR:
      if (code == SQLITE_IOERR_DATA) return {ErrorCode::kIo, "the store's file is damaged", code};
      return {ErrorCode::kIo, "the disk failed", code};
    default:
      return {ErrorCode::kInternal, "SQLite refused a statement", code};
  }
}

Statement::~Statement() {
  if (prepared_ == nullptr) return;
  sqlite3_reset(prepared_);
  sqlite3_clear_bindings(prepared_);
}

Result<bool> Statement::next() {
  if (error_) return std::unexpected(*error_);
  const int code = sqlite3_step(prepared_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  error_ = sqlite_error(code);
  return database_.failed(*error_);
}

Result<void> Statement::sound() const {
  if (sound_) return {};
  return damaged();
}

std::unexpected<Error> Statement::damaged() const {
  return database_.failed(sqlite_error(SQLITE_CORRUPT));
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(prepared_, column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(prepared_, column);
}

ByteView Statement::bytes(int column) const {
  const auto* const data = static_cast<const std::uint8_t*>(sqlite3_column_blob(prepared_, column));
  const int size = sqlite3_column_bytes(prepared_, column);
  return data == nullptr ? ByteView() : ByteView(data, static_cast<std::size_t>(size));
}

void Statement::bind(int index, ByteView value) {
  static constexpr std::uint8_t kNone = 0;  // a null pointer would mean NULL
  const int code = sqlite3_bind_blob64(prepared_, index, value.empty() ? &kNone : value.data(),
                                       value.size(), SQLITE_STATIC);
  if (code != SQLITE_OK) error_ = sqlite_error(code);
}

void Statement::bind_integer(int index, std::int64_t value) {
  const int code = sqlite3_bind_int64(prepared_, index, value);
  if (code != SQLITE_OK) error_ = sqlite_error(code);
}

Result<std::unique_ptr<Database>> Database::open(const SqliteOptions& options,
                                                 const Schema& schema) {
  if (sqlite3_libversion_number() < kSqliteVersionMin) {
    return fail(ErrorCode::kUnsupported, "SQLite 3.37 or newer is needed");
  }
  if (options.path.empty() || options.path.find('\0') != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument, "a store needs a path");
  }
  if (options.vfs.empty()) {
    ZEROK_TRY_VOID(make_file(options.path));
  }
  ZEROK_TRY(auto guard, PageGuard::over(options.vfs));
  std::unique_ptr<Database> database(new Database(std::move(guard)));
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    SQLITE_OPEN_PRIVATECACHE | (options.vfs.empty() ? 0 : SQLITE_OPEN_CREATE);
  const int code =
      sqlite3_open_v2(options.path.c_str(), &database->handle_, flags, database->guard_->name());
  if (code != SQLITE_OK) return std::unexpected(sqlite_error(code));
  ZEROK_TRY_VOID(database->configure(options, schema));
  return database;
}

Database::~Database() {
  rollback();
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  ZEROK_ASSERT(sqlite3_close(handle_) == SQLITE_OK);
}

Result<void> Database::configure(const SqliteOptions& options, const Schema& schema) {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // Before anything is read: then the log's index lies in memory, and the first read takes the lock
  // that keeps all others out until the file is closed.
  ZEROK_TRY_VOID(run("PRAGMA locking_mode = EXCLUSIVE"));
  ZEROK_TRY(const std::int64_t application, pragma("PRAGMA application_id"));
  ZEROK_TRY(const std::int64_t version, pragma("PRAGMA user_version"));
  ZEROK_TRY(const std::int64_t things, pragma("SELECT count(*) FROM sqlite_schema"));
  const bool is_new = application == 0 && version == 0 && things == 0;
  if (!is_new && application != schema.application_id) {
    return std::unexpected(sqlite_error(SQLITE_NOTADB));
  }
  if (version < 0 || static_cast<std::uint64_t>(version) > schema.migrations.size()) {
    return fail(ErrorCode::kUnsupported, "a newer version of this program wrote the store");
  }
  for (const char* const setting :
       {"PRAGMA synchronous = EXTRA", "PRAGMA temp_store = MEMORY", "PRAGMA mmap_size = 0",
        "PRAGMA cell_size_check = ON", "PRAGMA secure_delete = FAST", kCacheSize, kLogSizeLimit}) {
    ZEROK_TRY_VOID(run(setting));
  }
  if (is_new) {
    ZEROK_TRY_VOID(run(kPageSize));
    int reserved = PageGuard::kReservedBytes;
    sqlite3_file_control(handle_, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
  }
  // EXTRA for this step, which a new file takes with a journal: were the removal of the journal not
  // durable, it could come back after a power cut and take back everything since, log and all.
  ZEROK_TRY_VOID(run("PRAGMA journal_mode = WAL"));
  ZEROK_TRY_VOID(run("PRAGMA synchronous = FULL"));
  // With a log that is there already nothing has taken the lock for writing yet.
  ZEROK_TRY_VOID(run("BEGIN IMMEDIATE"));
  ZEROK_TRY_VOID(run("COMMIT"));
  sqlite3_wal_autocheckpoint(handle_, static_cast<int>(std::min(options.log_pages, 1U << 30)));
  if (static_cast<std::uint64_t>(version) < schema.migrations.size()) {
    ZEROK_TRY_VOID(migrate(schema, version));
  }
  if (!guard_->is_guarded()) return std::unexpected(sqlite_error(SQLITE_CORRUPT));
  if (options.check_everything) {
    ZEROK_TRY_VOID(check_everything());
  }
  return {};
}

Result<void> Database::migrate(const Schema& schema, std::int64_t version) {
  ZEROK_TRY_VOID(run("BEGIN IMMEDIATE"));
  open_ = true;
  for (const char* const sql : schema.migrations.subspan(static_cast<std::size_t>(version))) {
    ZEROK_TRY_VOID(run(sql));
  }
  const std::string marks = "PRAGMA application_id = " + std::to_string(schema.application_id) +
                            "; PRAGMA user_version = " + std::to_string(schema.migrations.size());
  ZEROK_TRY_VOID(run(marks.c_str()));
  return commit();
}

Result<void> Database::check_everything() {
  auto rows = query("PRAGMA quick_check(1)");
  ZEROK_TRY(const bool found, rows.next());
  const ByteView answer = found ? rows.bytes(0) : ByteView();
  if (!std::ranges::equal(answer, as_bytes("ok"))) {
    return std::unexpected(sqlite_error(SQLITE_CORRUPT));
  }
  return {};
}

Result<void> Database::run(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failed(sqlite_error(code));
  return {};
}

Result<std::int64_t> Database::pragma(const char* sql) {
  auto rows = query(sql);
  ZEROK_TRY(const bool found, rows.next());
  return found ? rows.integer(0) : 0;
}

sqlite3_stmt* Database::prepared(const char* sql, std::optional<Error>& error) {
  const auto known = statements_.find(sql);
  if (known != statements_.end()) {
    ZEROK_ASSERT(sqlite3_stmt_busy(known->second) == 0);
    return known->second;
  }
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    error = failed(sqlite_error(code)).error();
    return nullptr;
  }
  statements_.emplace(sql, statement);
  return statement;
}

Result<void> Database::begin() {
  ZEROK_TRY_VOID(usable());
  if (open_) return {};
  auto statement = query("BEGIN IMMEDIATE");
  ZEROK_TRY_VOID(statement.next());
  open_ = true;
  return {};
}

// An error inside a transaction may have taken back any part of it: it is lost as a whole.
std::unexpected<Error> Database::failed(Error error) {
  if (open_) lost_ = error;
  return std::unexpected(error);
}

Result<void> Database::commit() {
  Result<void> result = usable();
  if (result && open_) {
    auto statement = query("COMMIT");
    if (const auto done = statement.next(); !done) result = std::unexpected(done.error());
  }
  if (result) {
    open_ = false;
    changed_ = false;
  } else {
    rollback();
  }
  return result;
}

void Database::rollback() {
  // SQLite may have taken it back itself.
  if (handle_ != nullptr && sqlite3_get_autocommit(handle_) == 0) {
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  open_ = false;
  changed_ = false;
  lost_.reset();
}

}  // namespace zerok::store
