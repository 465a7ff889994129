// SPDX-License-Identifier: MIT OR Apache-2.0
// What the disk and SQLite allow, with nothing of ours, and our store on top: the limits of
// everything durable. The databases lie beside the program (scratch.h).
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/rng.h"
#include "bench/awake.h"
#include "bench/measurement.h"
#include "bench/scratch.h"
#include "bench/timing.h"
#include "store/sqlite/sqlite_store.h"

namespace zerok::bench {
namespace {

// A blob of 1 KiB as it is sealed, and as many of them as 64 devices push at once.
constexpr std::size_t kSealedBytes = 1256;
constexpr std::size_t kAtOnce = 64;
// Before the clock runs: until the log is as long as it gets, and is written over from then on.
constexpr int kCommitsBefore = 40;

std::unexpected<Error> disk_failed() { return fail(ErrorCode::kIo, "the disk failed", errno); }

// p50 and p99 of writing 4 KiB over what is there and having it synced, in ms.
Result<std::vector<double>> sync_ms(double seconds) {
  ZEROK_TRY(const Scratch scratch, Scratch::make());
  const std::string path = scratch.file("sync");
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return disk_failed();
  Bytes page(4096, 0x5a);
  std::vector<double> times;
  bool good = true;
  const double start = wall_seconds();
  while (good && (wall_seconds() - start < seconds || times.size() < 3)) {
    ++page[0];
    const double begin = wall_seconds();
    good = ::pwrite(fd, page.data(), page.size(), 0) == static_cast<ssize_t>(page.size()) &&
           ::fdatasync(fd) == 0;
    times.push_back(wall_seconds() - begin);
  }
  ::close(fd);
  if (!good) return disk_failed();
  std::ranges::sort(times);
  const auto at = [&](double share) {
    return 1e3 * times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  return std::vector{at(0.5), at(0.99)};
}

// As many rows' bytes appended to a plain file, with nothing but a sync.
Result<std::vector<double>> plain_sample(const Context& context) {
  ZEROK_TRY(const Scratch scratch, Scratch::make());
  const int fd = ::open(scratch.file("plain").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return disk_failed();
  const Bytes batch(kAtOnce * kSealedBytes, 0x5a);
  std::size_t rows = 0;
  bool good = true;
  const double start = wall_seconds();
  do {
    good = ::write(fd, batch.data(), batch.size()) == static_cast<ssize_t>(batch.size()) &&
           ::fsync(fd) == 0;
    rows += kAtOnce;
  } while (good && wall_seconds() - start < context.seconds);
  const double seconds = wall_seconds() - start;
  ::close(fd);
  if (!good) return disk_failed();
  return std::vector{static_cast<double>(rows) / seconds};
}

// The smallest table there is, in a write-ahead log that is synced with every commit.
class RawTable {
 public:
  static Result<std::unique_ptr<RawTable>> create(const std::string& path) {
    std::unique_ptr<RawTable> out(new RawTable);
    if (sqlite3_open(path.c_str(), &out->database_) != SQLITE_OK ||
        !out->run("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                  "PRAGMA synchronous = FULL;"
                  "CREATE TABLE lines (id INTEGER PRIMARY KEY, sealed BLOB NOT NULL)") ||
        sqlite3_prepare_v2(out->database_, "INSERT INTO lines (sealed) VALUES (?)", -1,
                           &out->insert_, nullptr) != SQLITE_OK) {
      return disk_failed();
    }
    return out;
  }
  ~RawTable() {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }
  RawTable(const RawTable&) = delete;
  RawTable& operator=(const RawTable&) = delete;

  Result<void> commit(ByteView sealed, std::size_t rows) {
    if (!run("BEGIN")) return disk_failed();
    for (std::size_t i = 0; i < rows; ++i) {
      sqlite3_bind_blob64(insert_, 1, sealed.data(), sealed.size(), SQLITE_STATIC);
      if (sqlite3_step(insert_) != SQLITE_DONE) return disk_failed();
      sqlite3_reset(insert_);
    }
    if (!run("COMMIT")) return disk_failed();
    return {};
  }

 private:
  RawTable() = default;
  bool run(const char* sql) {
    return sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
  }
  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

// The same through the relay's store: lines with hashes, indexes, counters.
class StoreLines {
 public:
  static Result<std::unique_ptr<StoreLines>> create(const std::string& path) {
    std::unique_ptr<StoreLines> out(new StoreLines);
    ZEROK_TRY(out->store_, store::open_sqlite_relay_store({.path = path}));
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      GroupId group;
      out->rng_.fill(group.mutable_bytes());
      ZEROK_TRY(const auto key, out->store_->create_group(group, Bytes(300, 1)));
      out->groups_.push_back(key);
    }
    ZEROK_TRY_VOID(out->store_->commit());
    return out;
  }

  Result<void> commit(ByteView sealed) {
    ++cursor_;
    for (const store::GroupKey group : groups_) {
      store::NewLine line{.cursor = cursor_, .committed = 1, .sealed = sealed};
      rng_.fill(line.blob.mutable_bytes());
      ZEROK_TRY_VOID(store_->append_line(group, line));
    }
    return store_->commit();
  }

 private:
  StoreLines() = default;
  std::unique_ptr<store::RelayStore> store_;
  std::vector<store::GroupKey> groups_;
  SystemRng rng_;
  std::uint64_t cursor_ = 0;
};

// Rows per second of wall time, and of CPU time.
template <typename Commit>
Result<std::vector<double>> commit_rates(double seconds, Commit&& commit) {
  const Bytes sealed(kSealedBytes, 0x5a);
  for (int i = 0; i < kCommitsBefore; ++i) ZEROK_TRY_VOID(commit(sealed));
  std::size_t rows = 0;
  const double start = wall_seconds();
  const double cpu = thread_cpu_seconds();
  do {
    ZEROK_TRY_VOID(commit(sealed));
    rows += kAtOnce;
  } while (wall_seconds() - start < seconds);
  const auto done = static_cast<double>(rows);
  return std::vector{done / (wall_seconds() - start), done / (thread_cpu_seconds() - cpu)};
}

Result<std::vector<double>> raw_sample(const Context& context) {
  ZEROK_TRY(const Scratch scratch, Scratch::make());
  ZEROK_TRY(const auto table, RawTable::create(scratch.file("raw.db")));
  ZEROK_TRY(const auto rates, commit_rates(context.seconds, [&](ByteView sealed) {
              return table->commit(sealed, kAtOnce);
            }));
  return std::vector{rates.front()};
}

Result<std::vector<double>> store_sample(const Context& context) {
  ZEROK_TRY(const Scratch scratch, Scratch::make());
  ZEROK_TRY(const auto lines, StoreLines::create(scratch.file("store.db")));
  return commit_rates(context.seconds, [&](ByteView sealed) { return lines->commit(sealed); });
}

}  // namespace

std::vector<Measurement> storage() {
  std::vector<Measurement> out;
  out.push_back(
      {.values = {{"fsync_ms.p50", "4 KiB written over and synced, p50", "ms", Better::kLess},
                  {"fsync_ms.p99", "4 KiB written over and synced, p99", "ms", Better::kLess}},
       .sample = [](const Context& context) { return sync_ms(context.seconds); }});
  out.push_back(
      {.values = {{"fsync_awake_ms.p50", "the same, a core kept busy, p50", "ms", Better::kLess},
                  {"fsync_awake_ms.p99", "the same, a core kept busy, p99", "ms", Better::kLess}},
       .sample = [](const Context& context) {
         const Awake awake;
         return sync_ms(context.seconds);
       }});
  out.push_back({.values = {{"plain_group_write_per_s",
                             "rows of 1 KiB appended to a file, 64 a sync", "1/s"}},
                 .sample = plain_sample});
  out.push_back(
      {.values = {{"sqlite_group_commit_per_s", "rows of 1 KiB through bare SQLite, 64 a commit",
                   "1/s", Better::kMore, "plain_group_write_per_s"}},
       .sample = raw_sample});
  out.push_back({.values = {{"store_group_commit_per_s", "lines through the relay's store", "1/s",
                             Better::kMore, "sqlite_group_commit_per_s"},
                            {"store_lines_per_s_core", "the same, per s of CPU", "1/s"}},
                 .sample = store_sample});
  return out;
}

}  // namespace zerok::bench
