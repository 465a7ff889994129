// SPDX-License-Identifier: MIT OR Apache-2.0
// MemoryDisk: what a power cut leaves of a store in memory, and the ways such a disk can fail. It
// outlives the stores opened on it, one at a time (kInvalidState for a second): what was committed
// lies here, what was not is gone with the store. A disk holds a relay's or a client's store, or
// one of each. For tests and simulations.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "store/client_store.h"
#include "store/relay_store.h"

namespace zerok::store {

struct MemoryRelayState;
struct MemoryClientState;

class MemoryDisk {
 public:
  MemoryDisk();
  ~MemoryDisk();
  MemoryDisk(const MemoryDisk&) = delete;
  MemoryDisk& operator=(const MemoryDisk&) = delete;

  Result<std::unique_ptr<RelayStore>> open_relay_store();
  Result<std::unique_ptr<ClientStore>> open_client_store();

  // What is committed, as a backup or a clone of a machine takes it along; without faults.
  // No store on this disk may have changes.
  std::unique_ptr<MemoryDisk> copy() const;

  // The next `count` commits that have changes fail with kIo.
  void fail_commits(std::uint64_t count) { failing_commits_ = count; }
  // The next `count` changes fail with kIo, and lose their transaction.
  void fail_changes(std::uint64_t count) { failing_changes_ = count; }
  // Nothing can be written, however small; reading goes on.
  void set_full(bool full) { full_ = full; }
  // The sealed bytes of this row of the client's outbox, or inbox, are not what was written: to
  // read them is kMalformed.
  void damage_outbox(std::uint64_t number);
  void damage_inbox(std::uint64_t arrival);
  // The power is cut at a commit, after `commits` good ones more: that commit is durable or not,
  // but in any case it fails, and so does every call until the store is destroyed and opened again.
  void cut_power(std::uint64_t commits, bool durable) {
    power_cut_ = true;
    commits_until_cut_ = commits;
    cut_is_durable_ = durable;
  }
  bool has_power() const { return powered_; }
  // Since the disk was made; those without changes don't count.
  std::uint64_t commits() const { return commits_; }

 private:
  friend class MemoryTransaction;

  enum class Verdict : std::uint8_t { kGood, kFailed, kCutAfterwards };
  Result<void> allows_change();
  Verdict judge_commit(Error& error);

  std::unique_ptr<MemoryRelayState> relay_;
  std::unique_ptr<MemoryClientState> client_;
  bool relay_in_use_ = false;
  bool client_in_use_ = false;
  int stores_with_changes_ = 0;
  bool powered_ = true;
  bool full_ = false;
  bool power_cut_ = false;
  bool cut_is_durable_ = false;
  std::uint64_t commits_until_cut_ = 0;
  std::uint64_t failing_commits_ = 0;
  std::uint64_t failing_changes_ = 0;
  std::uint64_t commits_ = 0;
};

// One store's hold on its disk: its open transaction as the steps that undo it, so that taking it
// back costs as much as it changed, not as much as is there.
class MemoryTransaction {
 public:
  // Takes `in_use` for as long as it lives.
  MemoryTransaction(MemoryDisk& disk, bool& in_use);
  ~MemoryTransaction();
  MemoryTransaction(const MemoryTransaction&) = delete;
  MemoryTransaction& operator=(const MemoryTransaction&) = delete;

  // Called first by everything that reads or checks: the error of a lost transaction.
  Result<void> usable() const;
  // Called before the first change of a call, after all its checks.
  Result<void> begin_change();
  // Called with each change; the steps run in reverse order.
  void undo_with(std::function<void()> step);

  Result<void> commit();
  void rollback();
  bool has_changes() const { return lost_ || !undo_.empty(); }

 private:
  void forget();

  MemoryDisk& disk_;
  bool& in_use_;
  bool lost_ = false;
  std::vector<std::function<void()>> undo_;
};

using MemoryValues = std::map<std::string, Bytes, std::less<>>;

// Sets a named value or, if it is empty, removes it.
void put_memory_value(MemoryTransaction& transaction, MemoryValues& values, std::string_view name,
                      ByteView value);

}  // namespace zerok::store
