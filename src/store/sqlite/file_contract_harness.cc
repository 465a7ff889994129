// SPDX-License-Identifier: MIT OR Apache-2.0
// The contract tests on files of the system.
#include "store/contract_harness.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/temporary_folder.h"

namespace zerok::store {
namespace {

class FileHarness final : public StoreHarness {
 public:
  Result<std::unique_ptr<RelayStore>> open_relay() override {
    return open_sqlite_relay_store({.path = folder_.file("relay.db")});
  }
  Result<std::unique_ptr<ClientStore>> open_client() override {
    return open_sqlite_client_store({.path = folder_.file("client.db")});
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace

std::unique_ptr<StoreHarness> make_store_harness() { return std::make_unique<FileHarness>(); }

}  // namespace zerok::store
