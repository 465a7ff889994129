// SPDX-License-Identifier: MIT OR Apache-2.0
// What the SQLite stores promise of their file: who may open it, what they refuse, and that a
// process may be killed at any moment.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "store/contract_testing.h"
#include "store/sqlite/page_guard.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/temporary_folder.h"

namespace zerok::store {
namespace {

class SqliteFileTest : public testing::Test {
 protected:
  Result<std::unique_ptr<RelayStore>> open_relay(bool check_everything = false) {
    return open_sqlite_relay_store({.path = path_, .check_everything = check_everything});
  }
  // Runs SQL on the file as another program of ours would.
  void run_sql(const char* sql) {
    const auto guard = PageGuard::over("").value();
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open_v2(path_.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                              guard->name()),
              SQLITE_OK);
    sqlite3_exec(handle, "PRAGMA locking_mode = EXCLUSIVE", nullptr, nullptr, nullptr);
    EXPECT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }
  // What another process gets when it opens the file.
  ErrorCode open_elsewhere() {
    const pid_t child = fork();
    if (child == 0) {
      const auto opened = open_relay();
      _exit(opened ? 0 : static_cast<int>(opened.error().code));
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    return static_cast<ErrorCode>(WEXITSTATUS(status));
  }
  static Result<void> append(RelayStore& store, GroupKey group, std::uint64_t cursor,
                             std::size_t size = 700) {
    const Bytes sealed = content(cursor, size);
    return store.append_line(group, line_of(cursor, cursor, id_of<DeviceId>(1), 5, sealed));
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("store.db");
};

TEST_F(SqliteFileTest, OnlyTheOwnerMayReadIt) {
  const mode_t before = umask(0);
  auto store = open_relay().value();
  ASSERT_TRUE(store->create_group(id_of<GroupId>(1), content(1, 10)));
  ASSERT_TRUE(good(store->commit()));
  umask(before);
  for (const std::string& path : {path_, path_ + "-wal"}) {
    struct stat found{};
    ASSERT_EQ(stat(path.c_str(), &found), 0) << path;
    EXPECT_EQ(found.st_mode & 0777, 0600u) << path;
  }
  // Nothing is shared with other processes.
  EXPECT_FALSE(std::filesystem::exists(path_ + "-shm"));
}

TEST_F(SqliteFileTest, AnotherProcessIsRefusedFromTheMomentItIsOpen) {
  {
    auto store = open_relay().value();
    EXPECT_EQ(open_elsewhere(), ErrorCode::kInvalidState);
    ASSERT_TRUE(store->create_group(id_of<GroupId>(1), content(1, 10)));
    EXPECT_EQ(open_elsewhere(), ErrorCode::kInvalidState);
    ASSERT_TRUE(good(store->commit()));
    EXPECT_EQ(open_elsewhere(), ErrorCode::kInvalidState);
  }
  {
    // The same for a file that was there, and before anything was asked of it.
    const auto store = open_relay().value();
    EXPECT_EQ(open_elsewhere(), ErrorCode::kInvalidState);
    EXPECT_TRUE(is(open_relay(), ErrorCode::kInvalidState));
    EXPECT_EQ(open_elsewhere(), ErrorCode::kInvalidState);
  }
  EXPECT_EQ(open_elsewhere(), static_cast<ErrorCode>(0));
}

TEST_F(SqliteFileTest, AFileOfAnotherKindIsRefusedAndLeftAlone) {
  const std::string text(5000, 'x');
  std::ofstream(path_) << text;
  EXPECT_TRUE(is(open_relay(), ErrorCode::kMalformed));
  std::string found;
  std::getline(std::ifstream(path_), found);
  EXPECT_EQ(found, text);
}

TEST_F(SqliteFileTest, AnotherDatabaseIsRefusedAndLeftAlone) {
  run_sql("CREATE TABLE notes (text)");
  EXPECT_TRUE(is(open_relay(), ErrorCode::kMalformed));
  run_sql("PRAGMA application_id = 77; INSERT INTO notes VALUES ('mine')");
  EXPECT_TRUE(is(open_relay(), ErrorCode::kMalformed));
}

TEST_F(SqliteFileTest, ARelaysFileIsNoClientsFile) {
  {
    const auto store = open_relay().value();
  }
  EXPECT_TRUE(is(open_sqlite_client_store({.path = path_}), ErrorCode::kMalformed));
  EXPECT_TRUE(good(open_relay()));
}

TEST_F(SqliteFileTest, ANewerVersionIsRefusedAndLeftAlone) {
  {
    const auto store = open_relay().value();
  }
  run_sql("PRAGMA user_version = 2");
  EXPECT_TRUE(is(open_relay(), ErrorCode::kUnsupported));
  run_sql("PRAGMA user_version = 1");
  EXPECT_TRUE(good(open_relay()));
}

TEST_F(SqliteFileTest, AnEmptyFileIsAStoreThatWasNotMadeYet) {
  std::ofstream{path_};
  EXPECT_TRUE(good(open_relay()));
}

TEST_F(SqliteFileTest, APathThatCannotBeIsAnError) {
  path_ = folder_.file("nowhere/store.db");
  EXPECT_TRUE(is(open_relay(), ErrorCode::kIo));
  path_ = folder_.file("folder");
  ASSERT_EQ(mkdir(path_.c_str(), 0700), 0);
  EXPECT_FALSE(open_relay());
  path_.clear();
  EXPECT_TRUE(is(open_relay(), ErrorCode::kInvalidArgument));
  path_ = std::string("a\0b", 3);
  EXPECT_TRUE(is(open_relay(), ErrorCode::kInvalidArgument));
}

TEST_F(SqliteFileTest, ATruncatedFileIsAnError) {
  {
    const auto store = open_relay().value();
    const GroupKey group = store->create_group(id_of<GroupId>(1), content(1, 10)).value();
    for (std::uint64_t cursor = 1; cursor <= 300; ++cursor) {
      ASSERT_TRUE(good(append(*store, group, cursor)));
    }
    ASSERT_TRUE(good(store->commit()));
  }
  const auto size = std::filesystem::file_size(path_);
  std::filesystem::resize_file(path_, size / 2);
  EXPECT_TRUE(is(open_relay(true), ErrorCode::kIo));
  std::filesystem::resize_file(path_, 100);
  EXPECT_FALSE(open_relay());
}

// A file that may not grow is a full disk to whoever writes it.
TEST_F(SqliteFileTest, ARealDiskThatIsFullIsAnErrorAndEndsWhenThereIsSpace) {
  auto store = open_relay().value();
  const GroupKey group = store->create_group(id_of<GroupId>(1), content(1, 10)).value();
  ASSERT_TRUE(good(append(*store, group, 1)));
  ASSERT_TRUE(good(store->commit()));
  const auto old_handler = signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = std::filesystem::file_size(path_ + "-wal") + 100'000;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  std::uint64_t head = 1;
  Result<void> result;
  while (result && head < 1000) {
    result = append(*store, group, head + 1);
    if (result) result = store->commit();
    if (result) ++head;
  }
  EXPECT_TRUE(is(result, ErrorCode::kIo));
  store->rollback();
  EXPECT_EQ(store->load_group(id_of<GroupId>(1)).value()->head.cursor, head);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, old_handler);
  ASSERT_TRUE(good(append(*store, group, head + 1)));
  ASSERT_TRUE(good(store->commit()));
  store.reset();
  store = open_relay(true).value();
  EXPECT_EQ(store->load_group(id_of<GroupId>(1)).value()->head.cursor, head + 1);
}

// The child tells each commit through a pipe; the parent kills it at some point and looks.
TEST_F(SqliteFileTest, AProcessKilledInTheMiddleOfCommitsKeepsWhatItToldAndNothingHalf) {
  constexpr std::uint64_t kLinesPerCommit = 5;
  ASSERT_TRUE(open_relay().value()->create_group(id_of<GroupId>(9), content(1, 1)));
  std::uint64_t head = 0;
  for (int round = 0; round < 12; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
    const pid_t child = fork();
    if (child == 0) {
      auto store = open_sqlite_relay_store({.path = path_, .log_pages = 50});
      if (!store) _exit(1);
      auto group = (*store)->load_group(id_of<GroupId>(1));
      if (!group) _exit(2);
      const auto key = *group ? (*group)->key
                              : (*store)->create_group(id_of<GroupId>(1), content(1, 10)).value();
      std::uint64_t cursor = *group ? (*group)->head.cursor : 0;
      while (true) {
        for (std::uint64_t i = 0; i < kLinesPerCommit; ++i) {
          if (!append(**store, key, ++cursor)) _exit(3);
        }
        if (!(*store)->commit()) _exit(4);
        if (write(pipe_ends[1], &cursor, sizeof cursor) != sizeof cursor) _exit(5);
      }
    }
    close(pipe_ends[1]);
    // The first answers, so that it is at work; then a little longer each round.
    std::uint64_t told = 0;
    for (int i = 0; i <= round * 3; ++i) {
      ASSERT_EQ(read(pipe_ends[0], &told, sizeof told), ssize_t{sizeof told});
    }
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "exit code " << WEXITSTATUS(status);
    for (std::uint64_t last = 0; read(pipe_ends[0], &last, sizeof last) == sizeof last;)
      told = last;
    close(pipe_ends[0]);

    const auto store = open_relay().value();
    const RelayGroup group = store->load_group(id_of<GroupId>(1)).value().value();
    head = group.head.cursor;
    ASSERT_TRUE(head == told || head == told + kLinesPerCommit) << head << " after " << told;
    EXPECT_EQ(store->totals().value().lines, head);
    EXPECT_EQ(group.payload_bytes, head * 700);
    const auto last = store->read_lines(group.key, head - 1, 9, 1 << 20, {}).value();
    ASSERT_EQ(last.size(), 1u);
    EXPECT_EQ(last[0].sealed, content(head, 700));
  }
  EXPECT_EQ(open_relay(true).value()->totals().value().lines, head);
}

}  // namespace
}  // namespace zerok::store
