// SPDX-License-Identifier: MIT OR Apache-2.0
// RelayStoreContractTest: an open relay store with helpers, for the contract_*_test.cc that hold it
// to relay_store.h.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <map>

#include "base/check.h"
#include "store/contract_testing.h"

namespace zerok::store {

class RelayStoreContractTest : public testing::Test {
 protected:
  RelayStoreContractTest() { reopen(); }

  void reopen() {
    store_.reset();
    auto opened = harness_->open_relay();
    ZEROK_ASSERT(opened.has_value());
    store_ = std::move(*opened);
  }
  // Commits, and reads what comes back from the disk.
  void commit_and_reopen() {
    ASSERT_TRUE(good(store_->commit()));
    reopen();
  }

  GroupKey make_group(std::uint64_t number) {
    return store_->create_group(id_of<GroupId>(number), content(number, 100)).value();
  }
  // Appends lines of `size` bytes up to the cursor `last`, by senders 1, 2, 3 in turn, committed at
  // ten times the cursor.
  void append_up_to(GroupKey group, std::uint64_t last, std::size_t size = 10) {
    for (std::uint64_t& cursor = heads_[group]; cursor < last; ++cursor) {
      const std::uint64_t next = cursor + 1;
      ASSERT_TRUE(good(append(group, next, next, size)));
    }
  }
  Result<void> append(GroupKey group, std::uint64_t cursor, std::uint64_t blob, std::size_t size) {
    const Bytes sealed = content(blob, size);
    return store_->append_line(group,
                               line_of(cursor, blob, sender(cursor % 3 + 1),
                                       static_cast<UnixMs>(cursor % 1'000'000) * 10, sealed));
  }
  static DeviceId sender(std::uint64_t number) { return id_of<DeviceId>(number); }
  std::vector<std::uint64_t> cursors(const std::vector<StoredLine>& lines) {
    std::vector<std::uint64_t> cursors;
    for (const StoredLine& line : lines) cursors.push_back(line.info.cursor);
    return cursors;
  }
  std::vector<std::uint64_t> cursors(const std::vector<LineInfo>& lines) {
    std::vector<std::uint64_t> cursors;
    for (const LineInfo& line : lines) cursors.push_back(line.cursor);
    return cursors;
  }
  RelayGroup load(std::uint64_t number) {
    return store_->load_group(id_of<GroupId>(number)).value().value();
  }
  static constexpr std::size_t kAll = 1 << 20;

  std::unique_ptr<StoreHarness> harness_ = make_store_harness();
  std::unique_ptr<RelayStore> store_;
  std::map<GroupKey, std::uint64_t> heads_;
};

using Cursors = std::vector<std::uint64_t>;
using wire::StubReason;

}  // namespace zerok::store
