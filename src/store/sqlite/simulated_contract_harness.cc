// SPDX-License-Identifier: MIT OR Apache-2.0
// The contract tests on a SimulatedDisk, with its faults.
#include "store/contract_harness.h"
#include "store/sqlite/simulated_disk.h"
#include "store/sqlite/sqlite_store.h"

namespace zerok::store {
namespace {

class SimulatedHarness final : public FaultyStoreHarness {
 public:
  Result<std::unique_ptr<RelayStore>> open_relay() override {
    return open_sqlite_relay_store({.path = "relay.db", .vfs = disk_.vfs()});
  }
  Result<std::unique_ptr<ClientStore>> open_client() override {
    return open_sqlite_client_store({.path = "client.db", .vfs = disk_.vfs()});
  }
  // A commit syncs the log once.
  void fail_commits(std::uint64_t count) override { disk_.fail_syncs(count); }
  void set_full(bool full) override { disk_.set_full(full); }

 private:
  SimulatedDisk disk_{1};
};

}  // namespace

std::unique_ptr<StoreHarness> make_store_harness() { return std::make_unique<SimulatedHarness>(); }
std::unique_ptr<FaultyStoreHarness> make_faulty_store_harness() {
  return std::make_unique<SimulatedHarness>();
}

}  // namespace zerok::store
