// SPDX-License-Identifier: MIT OR Apache-2.0
// A disk that gives back other bytes than were written: an error or the right answer, never a wrong
// one, never a crash.
#include <gtest/gtest.h>

#include "store/contract_testing.h"
#include "store/sqlite/simulated_disk.h"
#include "store/sqlite/sqlite_store.h"
#include "store/testing/random_workload.h"

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

// What a store holds after each of many bits was flipped, each in a disk of its own: all that it
// held, or an error; and whatever is done to it then does not crash.
template <typename Store, typename Open, typename Workload>
void flip_everywhere(const SimulatedDisk& disk, const std::string& file, Open open,
                     Workload make_workload) {
  std::string expected;
  {
    const auto same = disk.copy(0);
    expected = contents(*open(*same).value());
  }
  const std::uint64_t bytes = disk.bytes(file);
  DeterministicRng rng(3);
  std::size_t noticed = 0;
  for (std::uint64_t round = 0; round < 600; ++round) {
    const auto rotten = disk.copy(round);
    rotten->flip_bit(file, rng.below(bytes), static_cast<unsigned>(rng.below(8)));
    Result<std::unique_ptr<Store>> store = open(*rotten);
    if (!store) {
      ++noticed;
      continue;
    }
    const std::string found = contents(**store);
    if (found != expected) {
      ++noticed;
      const bool told =
          found.find("io") != std::string::npos || found.find("malformed") != std::string::npos;
      ASSERT_TRUE(told) << "round " << round << ": " << found << " instead of " << expected;
    }
    auto workload = make_workload(round);
    for (int i = 0; i < 5; ++i) workload.step(**store);
    (void)(*store)->commit();
  }
  // Most bits are in use, and all that are in use are noticed.
  EXPECT_GT(noticed, 300u);
}

TEST(BitRotEverywhereTest, ARelaysStoreTellsEveryFlippedBitItHasAUseFor) {
  SimulatedDisk disk(1);
  const auto open = [](SimulatedDisk& at) {
    return open_sqlite_relay_store({.path = "relay.db", .vfs = at.vfs()});
  };
  {
    auto store = open(disk).value();
    RandomRelayWorkload workload(1);
    for (int i = 0; i < 400; ++i) workload.step(*store);
    ASSERT_TRUE(good(store->commit()));
  }
  flip_everywhere<RelayStore>(disk, "relay.db", open,
                              [](std::uint64_t seed) { return RandomRelayWorkload(seed); });
}

TEST(BitRotEverywhereTest, AClientsStoreTellsEveryFlippedBitItHasAUseFor) {
  SimulatedDisk disk(1);
  const auto open = [](SimulatedDisk& at) {
    return open_sqlite_client_store({.path = "client.db", .vfs = at.vfs()});
  };
  {
    auto store = open(disk).value();
    RandomClientWorkload workload(1);
    for (int i = 0; i < 400; ++i) workload.step(*store);
    ASSERT_TRUE(good(store->commit()));
  }
  flip_everywhere<ClientStore>(disk, "client.db", open,
                               [](std::uint64_t seed) { return RandomClientWorkload(seed); });
}

TEST_F(BitRotTest, AFlippedBitAnywhereInAPageInUseIsNoticedByTheCheckOfEverything) {
  const std::uint64_t bytes = disk_.bytes("relay.db");
  for (std::uint64_t page = 0; page < bytes / 4096; ++page) {
    const auto rotten = disk_.copy(page);
    rotten->flip_bit("relay.db", page * 4096 + (page * 97) % 4096, 5);
    const auto store = open_sqlite_relay_store(
        {.path = "relay.db", .check_everything = true, .vfs = rotten->vfs()});
    EXPECT_FALSE(store) << "page " << page;
  }
}

}  // namespace
}  // namespace zerok::store
