// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/memory/memory_disk.h"

#include <cerrno>
#include <ranges>

#include "base/check.h"
#include "store/memory/memory_client_store.h"
#include "store/memory/memory_relay_store.h"
#include "store/rules.h"

namespace zerok::store {
namespace {

constexpr Error kFull{ErrorCode::kIo, "no space left on the disk", ENOSPC};
constexpr Error kFailed{ErrorCode::kIo, "the disk failed", EIO};

}  // namespace

MemoryDisk::MemoryDisk()
    : relay_(std::make_unique<MemoryRelayState>()),
      client_(std::make_unique<MemoryClientState>()) {}

MemoryDisk::~MemoryDisk() { ZEROK_ASSERT(!relay_in_use_ && !client_in_use_); }

Result<std::unique_ptr<RelayStore>> MemoryDisk::open_relay_store() {
  if (relay_in_use_) return in_use_elsewhere();
  if (!client_in_use_) powered_ = true;
  return std::make_unique<MemoryRelayStore>(*this, relay_in_use_, *relay_);
}

Result<std::unique_ptr<ClientStore>> MemoryDisk::open_client_store() {
  if (client_in_use_) return in_use_elsewhere();
  if (!relay_in_use_) powered_ = true;
  return std::make_unique<MemoryClientStore>(*this, client_in_use_, *client_);
}

std::unique_ptr<MemoryDisk> MemoryDisk::copy() const {
  ZEROK_ASSERT(stores_with_changes_ == 0);
  auto copy = std::make_unique<MemoryDisk>();
  *copy->relay_ = *relay_;
  *copy->client_ = *client_;
  return copy;
}

void MemoryDisk::damage_outbox(std::uint64_t number) { client_->damaged_outbox.insert(number); }

void MemoryDisk::damage_inbox(std::uint64_t arrival) { client_->damaged_inbox.insert(arrival); }

Result<void> MemoryDisk::allows_change() {
  if (full_) return std::unexpected(kFull);
  if (failing_changes_ > 0) {
    --failing_changes_;
    return std::unexpected(kFailed);
  }
  return {};
}

MemoryDisk::Verdict MemoryDisk::judge_commit(Error& error) {
  error = kFailed;
  if (power_cut_ && commits_until_cut_-- == 0) {
    power_cut_ = false;
    powered_ = false;
    if (cut_is_durable_) ++commits_;
    return cut_is_durable_ ? Verdict::kCutAfterwards : Verdict::kFailed;
  }
  if (full_) {
    error = kFull;
    return Verdict::kFailed;
  }
  if (failing_commits_ > 0) {
    --failing_commits_;
    return Verdict::kFailed;
  }
  ++commits_;
  return Verdict::kGood;
}

MemoryTransaction::MemoryTransaction(MemoryDisk& disk, bool& in_use)
    : disk_(disk), in_use_(in_use) {
  in_use_ = true;
}

MemoryTransaction::~MemoryTransaction() {
  rollback();
  in_use_ = false;
}

Result<void> MemoryTransaction::usable() const {
  if (lost_ || !disk_.powered_) return std::unexpected(kFailed);
  return {};
}

Result<void> MemoryTransaction::begin_change() {
  ZEROK_TRY_VOID(usable());
  auto allowed = disk_.allows_change();
  lost_ = !allowed;
  return allowed;
}

void MemoryTransaction::undo_with(std::function<void()> step) {
  if (undo_.empty()) ++disk_.stores_with_changes_;
  undo_.push_back(std::move(step));
}

Result<void> MemoryTransaction::commit() {
  if (const auto good = usable(); !good) {
    rollback();
    return good;
  }
  if (undo_.empty()) return {};
  Error error = kFailed;
  const auto verdict = disk_.judge_commit(error);
  if (verdict == MemoryDisk::Verdict::kGood) {
    forget();
    return {};
  }
  if (verdict == MemoryDisk::Verdict::kCutAfterwards) forget();
  rollback();
  return std::unexpected(error);
}

void MemoryTransaction::rollback() {
  for (auto& step : undo_ | std::views::reverse) step();
  forget();
}

void MemoryTransaction::forget() {
  if (!undo_.empty()) --disk_.stores_with_changes_;
  undo_.clear();
  lost_ = false;
}

void put_memory_value(MemoryTransaction& transaction, MemoryValues& values, std::string_view name,
                      ByteView value) {
  const auto found = values.find(name);
  if (value.empty()) {
    if (found == values.end()) return;
    transaction.undo_with(
        [&values, key = found->first, old = found->second] { values[key] = old; });
    values.erase(found);
  } else if (found == values.end()) {
    const auto added = values.emplace(std::string(name), Bytes(value.begin(), value.end())).first;
    transaction.undo_with([&values, key = added->first] { values.erase(key); });
  } else {
    transaction.undo_with(
        [&values, key = found->first, old = found->second] { values[key] = old; });
    found->second.assign(value.begin(), value.end());
  }
}

}  // namespace zerok::store
