// SPDX-License-Identifier: MIT OR Apache-2.0
// For tests only: a world with a group in it and its devices connected.
#pragma once

#include <gtest/gtest.h>

#include "core/testing/roster_sample.h"
#include "relay/testing/relay_world.h"

namespace zerok::relay::testing {

inline BlobId blob_id(std::uint8_t n) { return *BlobId::from_bytes(Bytes(BlobId::kSize, n)); }
inline MailboxId mailbox_id(std::uint8_t n) {
  return *MailboxId::from_bytes(Bytes(MailboxId::kSize, n));
}

class RelayTestBase : public ::testing::Test {
 protected:
  explicit RelayTestBase(const RelayConfig& config = {}) : world_(config) {}

  // Makes the group with devices 1 to n; a_, b_ and c_ are the first three, connected.
  void make_group(std::uint8_t devices) {
    a_ = world_.device(1);
    a_->with_create = true;
    a_->welcome();
    a_->with_create = false;
    if (devices < 2) return;
    const core::Roster roster = core::testing::sample_roster(devices);
    wire::RosterAppend append{.first = 1};
    for (std::size_t i = 1; i < roster.size(); ++i) append.entries.push_back(roster.entries()[i]);
    const auto answer = a_->ask(append);
    ASSERT_TRUE(answer && answer->as<wire::Roster>());
    b_ = world_.device(2);
    b_->welcome();
    if (devices < 3) return;
    c_ = world_.device(3);
    c_->welcome();
  }
  // The relay dies and comes back; nobody is connected.
  void restart() {
    world_.restart();
    for (auto* device : {a_.get(), b_.get(), c_.get()}) {
      if (device != nullptr) device->disconnect();
    }
  }
  static std::vector<std::uint64_t> cursors(const std::optional<Received>& answer) {
    const auto* ack = answer ? answer->as<wire::PushAck>() : nullptr;
    return ack == nullptr ? std::vector<std::uint64_t>{} : ack->cursors;
  }
  static std::optional<wire::WireErrorCode> stopped(const std::optional<Received>& answer) {
    const auto* ack = answer ? answer->as<wire::PushAck>() : nullptr;
    return ack == nullptr || !ack->stopped ? std::nullopt : std::optional(ack->stopped->code);
  }
  static std::optional<wire::WireErrorCode> error(const std::optional<Received>& answer) {
    return answer ? answer->error() : std::nullopt;
  }
  static bool is_done(const std::optional<Received>& answer) {
    return answer && answer->as<wire::Done>() != nullptr;
  }

  RelayWorld world_;
  std::unique_ptr<RawDevice> a_;
  std::unique_ptr<RawDevice> b_;
  std::unique_ptr<RawDevice> c_;
};

}  // namespace zerok::relay::testing
