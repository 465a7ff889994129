// SPDX-License-Identifier: MIT OR Apache-2.0
// The table of small named values that both stores have.
#pragma once

#include "store/rules.h"
#include "store/sqlite/database.h"

namespace zerok::store {

inline Result<Bytes> named_value(Database& database, std::string_view name) {
  ZEROK_TRY_VOID(check_name(name));
  auto row = database.query("SELECT value FROM named_values WHERE name = ?", name);
  ZEROK_TRY(const bool found, row.next());
  return found ? row.copy(0) : Bytes();
}

inline Result<void> put_named_value(Database& database, std::string_view name, ByteView value) {
  ZEROK_TRY_VOID(check_value(name, value));
  if (value.empty()) {
    ZEROK_TRY_VOID(database.change("DELETE FROM named_values WHERE name = ?", name));
  } else {
    ZEROK_TRY_VOID(
        database.change("INSERT OR REPLACE INTO named_values VALUES (?, ?)", name, value));
  }
  return {};
}

}  // namespace zerok::store
