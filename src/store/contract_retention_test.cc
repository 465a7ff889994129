// SPDX-License-Identifier: MIT OR Apache-2.0
// The promises of relay_store.h about removing payloads and lines, for every implementation.
#include <gtest/gtest.h>

#include "store/contract_relay_testing.h"

namespace zerok::store {
namespace {

TEST_F(RelayStoreContractTest, AStubKeepsTheLineAndFreesThePayload) {
  const GroupKey key = make_group(1);
  append_up_to(key, 3, 100);
  ASSERT_TRUE(good(store_->commit()));
  const auto before = store_->read_lines(key, 1, 1, kAll, {}).value().at(0);
  ASSERT_TRUE(good(store_->make_stub(key, 2, StubReason::kExpired, 99)));
  commit_and_reopen();
  const auto lines = store_->read_lines(key, 0, 10, 200, {}).value();
  EXPECT_EQ(cursors(lines), (Cursors{1, 2, 3}));
  EXPECT_TRUE(lines[1].sealed.empty());
  EXPECT_EQ(lines[1].info.stub, StubReason::kExpired);
  LineInfo as_before = lines[1].info;
  as_before.stub = {};
  EXPECT_EQ(fields(as_before), fields(before.info));
  EXPECT_EQ(load(1).payload_bytes, 200u);
  EXPECT_EQ(fields(store_->totals().value()),
            fields(RelayTotals{.groups = 1, .payload_bytes = 200, .lines = 3}));
}

TEST_F(RelayStoreContractTest, AStubStaysTheStubItIs) {
  const GroupKey key = make_group(1);
  append_up_to(key, 2, 100);
  ASSERT_TRUE(good(store_->make_stub(key, 1, StubReason::kDeleted, 5)));
  ASSERT_TRUE(good(store_->make_stub(key, 1, StubReason::kExpired, 50)));
  EXPECT_EQ(store_->read_lines(key, 0, 1, 1, {}).value().at(0).info.stub, StubReason::kDeleted);
  EXPECT_EQ(load(1).payload_bytes, 100u);
  EXPECT_EQ(store_->stubs_older_than(6, 10).value().size(), 1u);
  EXPECT_TRUE(is(store_->make_stub(key, 0, StubReason::kDeleted, 5), ErrorCode::kNotFound));
  EXPECT_TRUE(is(store_->make_stub(key, 3, StubReason::kDeleted, 5), ErrorCode::kNotFound));
  ASSERT_TRUE(good(store_->drop_stubs(key, 1, 1)));
  EXPECT_TRUE(is(store_->make_stub(key, 1, StubReason::kDeleted, 5), ErrorCode::kNotFound));
}

TEST_F(RelayStoreContractTest, ReasonsThisBuildDoesNotKnowAreKept) {
  const GroupKey key = make_group(1);
  append_up_to(key, 1);
  ASSERT_TRUE(good(store_->make_stub(key, 1, static_cast<StubReason>(255), 5)));
  commit_and_reopen();
  EXPECT_EQ(store_->find_blob(key, id_of<BlobId>(1)).value()->stub, static_cast<StubReason>(255));
}

TEST_F(RelayStoreContractTest, ForeignPayloadsAreCounted) {
  const GroupKey key = make_group(1);
  append_up_to(key, 3000, 1);
  ASSERT_TRUE(good(store_->make_stub(key, 1500, StubReason::kDeleted, 1)));  // by sender 1
  ASSERT_TRUE(good(store_->make_stub(key, 1501, StubReason::kDeleted, 1)));  // by sender 2
  ASSERT_TRUE(good(store_->make_stub(key, 2990, StubReason::kDeleted, 1)));  // by sender 3
  for (std::uint64_t i = 1; i <= 30; ++i) {
    ASSERT_TRUE(good(store_->make_stub(key, i, StubReason::kConfirmed, 1)));
  }
  ASSERT_EQ(store_->drop_stubs(key, 20, 100).value().cursor, 20u);
  commit_and_reopen();
  std::map<std::uint64_t, std::array<std::uint64_t, 4>> above;  // by sender, counted by hand
  std::array<std::uint64_t, 4> count{};
  for (std::uint64_t cursor = 3000; cursor > 0; --cursor) {
    above[cursor] = count;
    const bool here = cursor > 30 && cursor != 1500 && cursor != 1501 && cursor != 2990;
    if (here) ++count[cursor % 3 + 1];
  }
  above[0] = count;
  for (const std::uint64_t after :
       {0U,    5U,    20U,   21U,   30U,   31U,   254U,  255U,  256U,  257U,
        1022U, 1023U, 1024U, 1025U, 1498U, 1499U, 1500U, 1501U, 1502U, 2047U,
        2048U, 2049U, 2988U, 2989U, 2990U, 2998U, 2999U, 3000U}) {
    const auto& counts = above[after];
    const std::uint64_t all = counts[1] + counts[2] + counts[3];
    for (const std::uint64_t device : {1U, 2U, 3U}) {
      EXPECT_EQ(store_->count_foreign(key, after, sender(device)).value(), all - counts[device])
          << "after " << after << " but those of " << device;
    }
    EXPECT_EQ(store_->count_foreign(key, after, sender(9)).value(), all) << "after " << after;
  }
  EXPECT_EQ(store_->count_foreign(key, 4000, sender(1)).value(), 0u);
}

TEST_F(RelayStoreContractTest, PayloadLinesPassOverStubs) {
  const GroupKey key = make_group(1);
  append_up_to(key, 8);
  for (const std::uint64_t cursor : {1U, 2U, 5U, 8U}) {
    ASSERT_TRUE(good(store_->make_stub(key, cursor, StubReason::kConfirmed, 1)));
  }
  commit_and_reopen();
  const auto read = [&](std::uint64_t after, std::size_t lines) {
    return cursors(store_->payload_lines(key, after, lines).value());
  };
  EXPECT_EQ(read(0, 100), (Cursors{3, 4, 6, 7}));
  EXPECT_EQ(read(0, 2), (Cursors{3, 4}));
  EXPECT_EQ(read(4, 2), (Cursors{6, 7}));
  EXPECT_EQ(read(7, 2), Cursors());
  EXPECT_EQ(read(0, 0), Cursors());
  EXPECT_EQ(fields(store_->payload_lines(key, 3, 1).value().at(0)),
            fields(store_->find_blob(key, id_of<BlobId>(4)).value().value()));
}

TEST_F(RelayStoreContractTest, OldPayloadsOfAllGroupsComeOldestFirst) {
  const GroupKey first = make_group(1), second = make_group(2);
  const auto append_at = [&](GroupKey group, std::uint64_t cursor, UnixMs committed) {
    const Bytes sealed = content(cursor, 5);
    ASSERT_TRUE(
        good(store_->append_line(group, line_of(cursor, cursor, sender(1), committed, sealed))));
  };
  append_at(first, 1, 100);
  append_at(second, 1, 50);
  append_at(first, 2, 80);  // the clock was set back
  append_at(second, 2, 100);
  append_at(first, 3, 300);
  commit_and_reopen();
  using Refs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  const auto one = static_cast<std::uint64_t>(first), two = static_cast<std::uint64_t>(second);
  const auto read = [&](UnixMs before, std::size_t lines) {
    return all_fields(store_->payloads_older_than(before, lines).value());
  };
  EXPECT_EQ(read(301, 10), (Refs{{two, 1}, {one, 2}, {one, 1}, {two, 2}, {one, 3}}));
  EXPECT_EQ(read(300, 10), (Refs{{two, 1}, {one, 2}, {one, 1}, {two, 2}}));
  EXPECT_EQ(read(300, 2), (Refs{{two, 1}, {one, 2}}));
  EXPECT_EQ(read(50, 10), Refs());
  ASSERT_TRUE(good(store_->make_stub(first, 2, StubReason::kExpired, 1)));
  EXPECT_EQ(read(300, 10), (Refs{{two, 1}, {one, 1}, {two, 2}}));
}

TEST_F(RelayStoreContractTest, OldStubsAreThoseThatBeginALog) {
  const GroupKey first = make_group(1), second = make_group(2), third = make_group(3);
  for (const GroupKey group : {first, second, third}) append_up_to(group, 6);
  const auto stub = [&](GroupKey group, std::uint64_t cursor, UnixMs now) {
    ASSERT_TRUE(good(store_->make_stub(group, cursor, StubReason::kExpired, now)));
  };
  stub(first, 1, 200);
  stub(first, 2, 100);
  stub(first, 3, 300);
  stub(first, 4, 100);
  stub(second, 2, 10);  // behind a payload
  stub(third, 1, 50);
  commit_and_reopen();
  using Refs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  const auto one = static_cast<std::uint64_t>(first), two = static_cast<std::uint64_t>(second),
             three = static_cast<std::uint64_t>(third);
  const auto read = [&](UnixMs before, std::size_t groups) {
    return all_fields(store_->stubs_older_than(before, groups).value());
  };
  EXPECT_EQ(read(1000, 10), (Refs{{three, 1}, {one, 4}}));
  EXPECT_EQ(read(1000, 1), (Refs{{three, 1}}));
  EXPECT_EQ(read(300, 10), (Refs{{three, 1}, {one, 2}}));
  EXPECT_EQ(read(200, 10), (Refs{{three, 1}}));
  EXPECT_EQ(read(50, 10), Refs());
  ASSERT_EQ(store_->drop_stubs(third, 1, 10).value().cursor, 1u);
  ASSERT_EQ(store_->drop_stubs(first, 2, 10).value().cursor, 2u);
  stub(second, 1, 400);
  commit_and_reopen();
  EXPECT_EQ(read(1000, 10), (Refs{{one, 4}, {two, 2}}));
  EXPECT_EQ(read(350, 10), (Refs{{one, 4}}));
  EXPECT_EQ(read(300, 10), Refs());
}

TEST_F(RelayStoreContractTest, EveryAnswerOfOldStubsCanBeDropped) {
  const GroupKey key = make_group(1);
  append_up_to(key, 2500, 1);
  for (std::uint64_t cursor = 1; cursor <= 2400; ++cursor) {
    ASSERT_TRUE(good(store_->make_stub(key, cursor, StubReason::kConfirmed, 5)));
  }
  int rounds = 0;
  for (auto old = store_->stubs_older_than(6, 1).value(); !old.empty();
       old = store_->stubs_older_than(6, 1).value()) {
    ASSERT_LT(++rounds, 2400);
    const std::uint64_t floor = load(1).floor.cursor;
    ASSERT_GT(old[0].cursor, floor);
    ASSERT_GT(store_->drop_stubs(old[0].group, old[0].cursor, 2000).value().cursor, floor);
  }
  EXPECT_EQ(load(1).floor.cursor, 2400u);
}

TEST_F(RelayStoreContractTest, StubsAreDroppedFromTheBeginningOnly) {
  const GroupKey key = make_group(1);
  append_up_to(key, 6, 100);
  const auto floor = [&](std::uint64_t cursor, std::size_t lines) {
    return store_->drop_stubs(key, cursor, lines).value();
  };
  EXPECT_EQ(floor(6, 10), wire::Position{});
  for (const std::uint64_t cursor : {1U, 2U, 3U, 5U}) {
    ASSERT_TRUE(good(store_->make_stub(key, cursor, StubReason::kConfirmed, 1)));
  }
  EXPECT_EQ(floor(0, 10), wire::Position{});
  EXPECT_EQ(floor(3, 0), wire::Position{});
  EXPECT_EQ(floor(3, 1), (wire::Position{.cursor = 1, .log_hash = log_hash_of(1)}));
  EXPECT_EQ(floor(1, 10), (wire::Position{.cursor = 1, .log_hash = log_hash_of(1)}));
  EXPECT_EQ(floor(6, 10), (wire::Position{.cursor = 3, .log_hash = log_hash_of(3)}));
  commit_and_reopen();
  const RelayGroup group = load(1);
  EXPECT_EQ(group.floor, (wire::Position{.cursor = 3, .log_hash = log_hash_of(3)}));
  EXPECT_EQ(group.head.cursor, 6u);
  EXPECT_EQ(group.payload_bytes, 200u);
  EXPECT_EQ(cursors(store_->read_lines(key, 0, 10, kAll, {}).value()), (Cursors{4, 5, 6}));
  EXPECT_EQ(fields(store_->totals().value()),
            fields(RelayTotals{.groups = 1, .payload_bytes = 200, .lines = 3}));
}

TEST_F(RelayStoreContractTest, ALogThatIsAllGoneGoesOnWhereItWas) {
  const GroupKey key = make_group(1);
  append_up_to(key, 2);
  ASSERT_TRUE(good(store_->make_stub(key, 1, StubReason::kConfirmed, 1)));
  ASSERT_TRUE(good(store_->make_stub(key, 2, StubReason::kConfirmed, 1)));
  ASSERT_EQ(store_->drop_stubs(key, 2, 10).value().cursor, 2u);
  commit_and_reopen();
  EXPECT_EQ(load(1).head, load(1).floor);
  EXPECT_EQ(store_->log_hash_at(key, 2).value(), log_hash_of(2));
  EXPECT_TRUE(store_->read_lines(key, 0, 10, kAll, {}).value().empty());
  append_up_to(key, 3);
  commit_and_reopen();
  EXPECT_EQ(cursors(store_->read_lines(key, 0, 10, kAll, {}).value()), Cursors{3});
}

}  // namespace
}  // namespace zerok::store
