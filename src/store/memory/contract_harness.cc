// SPDX-License-Identifier: MIT OR Apache-2.0
// The contract tests on a MemoryDisk.
#include "store/contract_harness.h"

#include "store/memory/memory_disk.h"

namespace zerok::store {
namespace {

class MemoryHarness final : public FaultyStoreHarness {
 public:
  Result<std::unique_ptr<RelayStore>> open_relay() override { return disk_.open_relay_store(); }
  Result<std::unique_ptr<ClientStore>> open_client() override { return disk_.open_client_store(); }
  void fail_commits(std::uint64_t count) override { disk_.fail_commits(count); }
  void set_full(bool full) override { disk_.set_full(full); }

 private:
  MemoryDisk disk_;
};

}  // namespace

std::unique_ptr<StoreHarness> make_store_harness() { return std::make_unique<MemoryHarness>(); }
std::unique_ptr<FaultyStoreHarness> make_faulty_store_harness() {
  return std::make_unique<MemoryHarness>();
}

}  // namespace zerok::store
