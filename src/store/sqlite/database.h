// SPDX-License-Identifier: MIT OR Apache-2.0
// Database: one SQLite file, locked for this process, and its one transaction, by the rules that
// relay_store.h gives for errors. Statement: a prepared statement with its values bound, run once;
// the Database keeps it prepared for the next time. For the stores in this folder.
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/id.h"
#include "base/result.h"
#include "store/sqlite/page_guard.h"
#include "store/sqlite/sqlite_store.h"

namespace zerok::store {

// What kind of file it is. Migrations bring a file from the version that is their index to the
// next; a published one never changes.
struct Schema {
  std::int32_t application_id;
  std::span<const char* const> migrations;
};

// SQLite's result as an Error; not for SQLITE_OK, SQLITE_ROW and SQLITE_DONE.
Error sqlite_error(int code);

class Database;

// As long as it lives, rows can be read and removed from pages that the disk has damaged: for
// tables whose rows have checksums of their own.
class DamageTolerance {
 public:
  explicit DamageTolerance(Database& database);
  ~DamageTolerance() { guard_.set_tolerant(false); }
  DamageTolerance(const DamageTolerance&) = delete;
  DamageTolerance& operator=(const DamageTolerance&) = delete;

 private:
  PageGuard& guard_;
};

class Statement {
 public:
  template <typename... Values>
  Statement(Database& database, sqlite3_stmt* prepared, std::optional<Error> error,
            const Values&... values)
      : database_(database), prepared_(prepared), error_(error) {
    int index = 0;
    if (prepared_ != nullptr) (bind(++index, values), ...);
  }
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Whether there is a (next) row.
  Result<bool> next();
  // kIo if a column of a row so far was not what this program writes.
  Result<void> sound() const;
  // The same error, for what only the caller can tell.
  std::unexpected<Error> damaged() const;

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  std::uint64_t number(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  // Valid until the next call of next().
  ByteView bytes(int column) const;
  Bytes copy(int column) const {
    const ByteView view = bytes(column);
    return {view.begin(), view.end()};
  }
  template <typename AnyId>
  AnyId id(int column) {
    const auto id = AnyId::from_bytes(bytes(column));
    if (!id) sound_ = false;
    return id.value_or(AnyId());
  }

 private:
  friend class Database;

  // Byte strings have to live until the statement has run.
  void bind(int index, ByteView value);
  void bind_integer(int index, std::int64_t value);
  template <std::integral Integer>
  void bind(int index, Integer value) {
    bind_integer(index, static_cast<std::int64_t>(value));
  }
  void bind(int index, std::string_view value) { bind(index, as_bytes(value)); }
  template <typename Tag, std::size_t N>
  void bind(int index, const Id<Tag, N>& value) {
    bind(index, ByteView(value.bytes()));
  }
  template <typename Enum>
    requires std::is_enum_v<Enum>
  void bind(int index, Enum value) {
    bind_integer(index, static_cast<std::int64_t>(value));
  }
  template <typename T>
  void bind(int index, const std::optional<T>& value) {
    if (value) bind(index, *value);
  }

  Database& database_;
  sqlite3_stmt* prepared_;
  std::optional<Error> error_;
  bool sound_ = true;
};

class Database {
 public:
  static Result<std::unique_ptr<Database>> open(const SqliteOptions& options, const Schema& schema);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // `sql` is a literal. Reads; see change() for the rest.
  template <typename... Values>
  Statement query(const char* sql, const Values&... values) {
    std::optional<Error> error = lost_;
    sqlite3_stmt* const statement = error ? nullptr : prepared(sql, error);
    return Statement(*this, statement, error, values...);
  }

  // Runs a statement that changes something, in the transaction, which it opens if need be. Gives
  // the number of rows it changed.
  template <typename... Values>
  Result<std::uint64_t> change(const char* sql, const Values&... values) {
    ZEROK_TRY_VOID(begin());
    auto statement = query(sql, values...);
    ZEROK_TRY_VOID(statement.next());
    const auto changed = static_cast<std::uint64_t>(sqlite3_changes(handle_));
    if (changed > 0) changed_ = true;
    return changed;
  }

  // The error of a lost transaction.
  Result<void> usable() const {
    if (lost_) return std::unexpected(*lost_);
    return {};
  }
  bool has_changes() const { return changed_ || lost_.has_value(); }
  Result<void> commit();
  void rollback();

 private:
  friend class Statement;
  friend class DamageTolerance;

  explicit Database(std::unique_ptr<PageGuard> guard) : guard_(std::move(guard)) {}
  Result<void> configure(const SqliteOptions& options, const Schema& schema);
  Result<void> migrate(const Schema& schema, std::int64_t version);
  Result<void> check_everything();
  Result<void> run(const char* sql);
  Result<std::int64_t> pragma(const char* sql);
  Result<void> begin();
  std::unexpected<Error> failed(Error error);
  sqlite3_stmt* prepared(const char* sql, std::optional<Error>& error);

  std::unique_ptr<PageGuard> guard_;
  sqlite3* handle_ = nullptr;
  std::map<std::string_view, sqlite3_stmt*> statements_;
  bool open_ = false;
  bool changed_ = false;
  std::optional<Error> lost_;
};

inline DamageTolerance::DamageTolerance(Database& database) : guard_(*database.guard_) {
  guard_.set_tolerant(true);
}

}  // namespace zerok::store
