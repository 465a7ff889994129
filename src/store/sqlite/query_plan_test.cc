// SPDX-License-Identifier: MIT OR Apache-2.0
// No statement of the SQLite stores looks at rows it was not asked for: SQLite's own plan for each
// of them searches, apart from those that read a whole small table.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <set>
#include <string>

#include "store/contract_testing.h"
#include "store/sqlite/simulated_disk.h"
#include "store/sqlite/sqlite_store.h"
#include "store/testing/random_workload.h"

namespace zerok::store {
namespace {

// The handle that a store opened last.
sqlite3* opened = nullptr;
int remember(sqlite3* handle, char**, const sqlite3_api_routines*) {
  opened = handle;
  return SQLITE_OK;
}
using Extension = void (*)();

class QueryPlanTest : public testing::Test {
 protected:
  QueryPlanTest() { sqlite3_auto_extension(reinterpret_cast<Extension>(remember)); }
  ~QueryPlanTest() override {
    sqlite3_cancel_auto_extension(reinterpret_cast<Extension>(remember));
  }

  // Every statement that the open store has prepared so far, and the lines of its plan that go
  // through a whole table or index, or sort.
  std::set<std::string> scans(std::size_t& statements) {
    std::set<std::string> texts;
    for (sqlite3_stmt* one = sqlite3_next_stmt(opened, nullptr); one != nullptr;
         one = sqlite3_next_stmt(opened, one)) {
      const std::string text = sqlite3_sql(one);
      if (text.find("sqlite_schema") == std::string::npos) texts.insert(text);
    }
    statements = texts.size();
    std::set<std::string> found;
    for (const std::string& text : texts) {
      sqlite3_stmt* plan = nullptr;
      const std::string explain = "EXPLAIN QUERY PLAN " + text;
      EXPECT_EQ(sqlite3_prepare_v2(opened, explain.c_str(), -1, &plan, nullptr), SQLITE_OK) << text;
      while (sqlite3_step(plan) == SQLITE_ROW) {
        const std::string line = reinterpret_cast<const char*>(sqlite3_column_text(plan, 3));
        if (line.starts_with("SCAN") || line.find("TEMP B-TREE") != std::string::npos) {
          found.insert(line + ": " + text);
        }
      }
      sqlite3_finalize(plan);
    }
    return found;
  }

  SimulatedDisk disk_{1};
};

TEST_F(QueryPlanTest, ARelaysStatementsSearch) {
  auto store = open_sqlite_relay_store({.path = "relay.db", .vfs = disk_.vfs()}).value();
  RandomRelayWorkload workload(1);
  for (int i = 0; i < 2000; ++i) workload.step(*store);
  ASSERT_TRUE(good(store->commit()));
  contents(*store);
  std::size_t statements = 0;
  EXPECT_EQ(scans(statements), std::set<std::string>());
  EXPECT_GT(statements, 25u);
}

TEST_F(QueryPlanTest, AClientsStatementsSearchOrReadASmallTableWhole) {
  auto store = open_sqlite_client_store({.path = "client.db", .vfs = disk_.vfs()}).value();
  RandomClientWorkload workload(1);
  for (int i = 0; i < 2000; ++i) workload.step(*store);
  ASSERT_TRUE(good(store->commit()));
  contents(*store);
  std::size_t statements = 0;
  for (const std::string& scan : scans(statements)) {
    // One row per roster entry, epoch, sender or device; after a relay reset all of the outbox.
    const bool whole = scan.find("FROM roster") != std::string::npos ||
                       scan.find("FROM epochs") != std::string::npos ||
                       scan.find("FROM chain_heads") != std::string::npos ||
                       scan.find("FROM peer_states") != std::string::npos ||
                       scan.find("SET cursor = 0") != std::string::npos;
    EXPECT_TRUE(whole) << scan;
  }
  EXPECT_GT(statements, 30u);
}

}  // namespace
}  // namespace zerok::store
