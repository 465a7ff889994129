// SPDX-License-Identifier: MIT OR Apache-2.0
// What a disk lets a relay promise: transactions of 64 lines of 1 KiB in the relay's SQLite store,
// each durable before the next begins, and beside it the same bytes written to a plain file and
// synced. Both in the folder for temporary files (TMPDIR), so that has to be on the disk in
// question.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "base/rng.h"
#include "bench/measurement.h"
#include "bench/timing.h"
#include "store/sqlite/sqlite_store.h"

namespace zerok::bench {
namespace {

using Sample = Result<std::vector<double>>;

constexpr std::size_t kLinesPerCommit = 64;
constexpr std::size_t kSealedBytes = 1024;
// Two devices each: what 64 clients are.
constexpr std::size_t kGroups = 32;
// Before the clock runs: past the first growth of the file and its log.
constexpr int kCommitsBefore = 40;

class Folder {
 public:
  static Result<std::unique_ptr<Folder>> make() {
    std::string path = (std::filesystem::temp_directory_path() / "zerok-bench-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) return fail(ErrorCode::kIo, "no folder", errno);
    return std::unique_ptr<Folder>(new Folder(path));
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const char* name) const { return path_ + "/" + name; }

 private:
  explicit Folder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

template <typename AnyId>
AnyId random_id(Rng& rng) {
  AnyId id;
  rng.fill(id.mutable_bytes());
  return id;
}

// Appends to its groups in turn.
class Relay {
 public:
  explicit Relay(std::unique_ptr<store::RelayStore> store) : store_(std::move(store)) {}

  Result<void> make_groups() {
    const Bytes entry(300, 1);
    for (std::size_t i = 0; i < kGroups; ++i) {
      ZEROK_TRY(const auto key, store_->create_group(random_id<GroupId>(rng_), entry));
      groups_.push_back({.key = key, .device = random_id<DeviceId>(rng_)});
    }
    return store_->commit();
  }

  Result<void> commit_lines() {
    Bytes sealed(kSealedBytes);
    rng_.fill(sealed);
    for (std::size_t i = 0; i < kLinesPerCommit; ++i) {
      Group& group = groups_[i % kGroups];
      ++group.head;
      ZEROK_TRY_VOID(store_->append_line(group.key, {.cursor = group.head,
                                                     .log_hash = random_id<LogHash>(rng_),
                                                     .blob = random_id<BlobId>(rng_),
                                                     .sender = group.device,
                                                     .epoch_group = {},
                                                     .ciphertext_hash = {},
                                                     .committed = ++now_,
                                                     .sealed = sealed}));
    }
    return store_->commit();
  }

 private:
  struct Group {
    store::GroupKey key;
    DeviceId device;
    std::uint64_t head = 0;
  };
  std::unique_ptr<store::RelayStore> store_;
  DeterministicRng rng_{1};
  std::vector<Group> groups_;
  UnixMs now_ = 0;
};

Sample group_commits(const Context& context) {
  ZEROK_TRY(const auto folder, Folder::make());
  ZEROK_TRY(auto store, store::open_sqlite_relay_store({.path = folder->file("relay.db")}));
  Relay relay(std::move(store));
  ZEROK_TRY_VOID(relay.make_groups());
  for (int i = 0; i < kCommitsBefore; ++i) {
    ZEROK_TRY_VOID(relay.commit_lines());
  }
  const double start = wall_seconds(), cpu = thread_cpu_seconds();
  double lines = 0;
  do {
    ZEROK_TRY_VOID(relay.commit_lines());
    lines += kLinesPerCommit;
  } while (wall_seconds() - start < context.seconds);
  return std::vector{lines / (wall_seconds() - start), lines / (thread_cpu_seconds() - cpu)};
}

Sample plain_syncs(const Context& context) {
  ZEROK_TRY(const auto folder, Folder::make());
  const int fd = ::open(folder->file("plain").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail(ErrorCode::kIo, "no file", errno);
  const Bytes batch(kLinesPerCommit * kSealedBytes, 7);
  const double start = wall_seconds();
  double lines = 0;
  bool good = true;
  do {
    good = ::write(fd, batch.data(), batch.size()) == static_cast<ssize_t>(batch.size()) &&
           ::fsync(fd) == 0;
    lines += kLinesPerCommit;
  } while (good && wall_seconds() - start < context.seconds);
  const double seconds = wall_seconds() - start;
  ::close(fd);
  if (!good) return fail(ErrorCode::kIo, "the disk failed", errno);
  return std::vector{lines / seconds, lines / seconds / kLinesPerCommit};
}

}  // namespace

std::vector<Measurement> storage() {
  std::vector<Measurement> out;
  out.push_back(
      {.values = {{"plain_group_write_per_s", "1 KiB lines in a plain file, 64 per fsync", "1/s"},
                  {"fsync_per_s", "64 KiB appended and synced", "1/s"}},
       .sample = plain_syncs});
  out.push_back({.values = {{"sqlite_group_commit_per_s", "1 KiB lines in SQLite, 64 per commit",
                             "1/s", Better::kMore, "plain_group_write_per_s"},
                            {"sqlite_lines_per_s_core", "the same, per s of CPU", "1/s"}},
                 .sample = group_commits});
  return out;
}

}  // namespace zerok::bench
