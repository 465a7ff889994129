// SPDX-License-Identifier: MIT OR Apache-2.0
// A disk that gives back other bytes than were written: an error or the right answer, never a wrong
// line or payload, never a crash.
#include <gtest/gtest.h>

#include "store/contract_testing.h"
#include "store/sqlite/simulated_disk.h"
#include "store/sqlite/sqlite_store.h"

namespace zerok::store {
namespace {

constexpr std::uint64_t kLines = 40;
constexpr std::size_t kSealedBytes = 900;

class BitRotTest : public testing::Test {
 protected:
  BitRotTest() {
    auto store = open().value();
    group_ = store->create_group(id_of<GroupId>(1), content(1, 100)).value();
    for (std::uint64_t cursor = 1; cursor <= kLines; ++cursor) {
      const Bytes sealed = content(cursor, kSealedBytes);
      EXPECT_TRUE(good(store->append_line(
          group_, line_of(cursor, cursor, id_of<DeviceId>(cursor % 3), 5, sealed))));
    }
    EXPECT_TRUE(good(store->make_stub(group_, 3, wire::StubReason::kDeleted, 5)));
    EXPECT_TRUE(good(store->commit()));
    lines_ = all_fields(store->read_lines(group_, 0, 100, 1 << 20, {}).value());
  }

  Result<std::unique_ptr<RelayStore>> open() {
    return open_sqlite_relay_store({.path = "relay.db", .vfs = disk_.vfs()});
  }
  // Where in the file these bytes are.
  std::optional<std::uint64_t> find(const Bytes& wanted) const {
    const Bytes file = disk_.content("relay.db");
    const auto found = std::search(file.begin(), file.end(), wanted.begin(), wanted.end());
    if (found == file.end()) return std::nullopt;
    return static_cast<std::uint64_t>(found - file.begin());
  }

  SimulatedDisk disk_{1};
  GroupKey group_{};
  decltype(all_fields(std::vector<StoredLine>())) lines_;
};

TEST_F(BitRotTest, ADamagedPayloadEndsTheAnswerBeforeItAndCanBeMadeAStub) {
  const auto place = find(content(10, kSealedBytes));
  ASSERT_TRUE(place);
  disk_.flip_bit("relay.db", *place + 500, 3);
  auto store = open().value();
  EXPECT_EQ(store->read_lines(group_, 0, 100, 1 << 20, {}).value().size(), 9u);
  EXPECT_TRUE(is(store->read_lines(group_, 9, 100, 1 << 20, {}), ErrorCode::kMalformed));
  EXPECT_FALSE(store->has_changes());
  // Who does not want the payload is not bothered.
  EXPECT_EQ(store->read_lines(group_, 9, 1, 1 << 20, id_of<DeviceId>(10 % 3)).value().size(), 1u);
  ASSERT_TRUE(good(store->make_stub(group_, 10, wire::StubReason::kExpired, 9)));
  ASSERT_TRUE(good(store->commit()));
  const auto lines = store->read_lines(group_, 0, 100, 1 << 20, {}).value();
  ASSERT_EQ(lines.size(), kLines);
  EXPECT_TRUE(lines[9].sealed.empty());
  EXPECT_EQ(fields(lines[10]), lines_[10]);
}

TEST_F(BitRotTest, ADamagedReadDoesNotLoseTheTransaction) {
  const auto place = find(content(10, kSealedBytes));
  ASSERT_TRUE(place);
  disk_.flip_bit("relay.db", *place, 0);
  auto store = open().value();
  ASSERT_TRUE(good(store->put_value("name", content(1, 5))));
  EXPECT_TRUE(is(store->read_lines(group_, 9, 1, 1 << 20, {}), ErrorCode::kMalformed));
  ASSERT_TRUE(good(store->commit()));
  EXPECT_EQ(store->value("name").value(), content(1, 5));
}

TEST_F(BitRotTest, ADamagedBlobOfAClientIsMalformed) {
  {
    auto store = open_sqlite_client_store({.path = "client.db", .vfs = disk_.vfs()}).value();
    for (std::uint64_t n = 1; n <= 3; ++n) {
      ASSERT_TRUE(good(store->add_outbox(
          {.number = n, .blob = id_of<BlobId>(n), .sealed_bytes = 600}, content(n, 600))));
    }
    ASSERT_TRUE(good(store->commit()));
  }
  const Bytes file = disk_.content("client.db"), wanted = content(2, 600);
  const auto found = std::search(file.begin(), file.end(), wanted.begin(), wanted.end());
  ASSERT_NE(found, file.end());
  disk_.flip_bit("client.db", static_cast<std::uint64_t>(found - file.begin()) + 599, 7);
  auto store = open_sqlite_client_store({.path = "client.db", .vfs = disk_.vfs()}).value();
  EXPECT_TRUE(is(store->outbox_sealed(2), ErrorCode::kMalformed));
  EXPECT_EQ(store->outbox_sealed(3).value(), content(3, 600));
}

TEST_F(BitRotTest, NoFlippedBitGivesAWrongLine) {
  const std::uint64_t bytes = disk_.bytes("relay.db");
  DeterministicRng rng(3);
  std::size_t noticed = 0;
  for (int round = 0; round < 1500; ++round) {
    const auto rotten = disk_.copy(static_cast<std::uint64_t>(round));
    rotten->flip_bit("relay.db", rng.below(bytes), static_cast<unsigned>(rng.below(8)));
    auto store = open_sqlite_relay_store({.path = "relay.db", .vfs = rotten->vfs()});
    if (!store) {
      ++noticed;
      continue;
    }
    const auto group = (*store)->load_group(id_of<GroupId>(1));
    if (!group || !*group) {
      ++noticed;
      continue;
    }
    for (std::uint64_t after = 0; after < kLines; ++after) {
      const auto lines = (*store)->read_lines((*group)->key, after, 1, 1 << 20, {});
      if (!lines) {
        ++noticed;
        continue;
      }
      for (const StoredLine& line : *lines) {
        ASSERT_EQ(fields(line), lines_[after]) << "round " << round;
      }
    }
    // Changing it may fail, but does not crash.
    const Bytes sealed = content(99, 50);
    if ((*store)->append_line((*group)->key,
                              line_of((*group)->head.cursor + 1, 99, DeviceId(), 5, sealed))) {
      (void)(*store)->make_stub((*group)->key, 5, wire::StubReason::kDeleted, 5);
      (void)(*store)->commit();
    }
  }
  EXPECT_GT(noticed, 100u);
}

}  // namespace
}  // namespace zerok::store
