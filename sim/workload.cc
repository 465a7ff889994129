// SPDX-License-Identifier: MIT OR Apache-2.0
// What the applications of a world do: they push, take and confirm, delete what they pushed, and
// enrol further devices.
#include <algorithm>

#include "core/blob_content.h"
#include "core/roster_entry.h"
#include "sim/world.h"

namespace zerok::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kTakeMax = 64;

bool chance(Rng& rng, std::uint64_t per_thousand) { return rng.below(1000) < per_thousand; }

}  // namespace

void World::work() {
  const Knobs& knobs = context_.knobs;
  if (phase_ != Phase::kFaults || works_ >= knobs.pushes_max) return;
  ++works_;
  at(up_to(rng_, 2 * knobs.push_every), {.kind = Kind::kWork});
  DeviceMachine* device = any_device(rng_, true);
  if (device == nullptr) return;
  if (knobs.faults.has(Fault::kDeletes) && chance(rng_, 100)) return delete_something(*device);
  const bool burst = chance(rng_, knobs.burst_per_thousand);
  const std::uint64_t pushes = burst ? 1 + rng_.below(knobs.burst_max) : 1;
  works_ += pushes - 1;
  for (std::uint64_t i = 0; i < pushes && device->is_running() && ok(); ++i) {
    push_something(*device);
  }
}

Bytes World::make_payload(DeviceIndex device) {
  const Knobs& knobs = context_.knobs;
  if (chance(rng_, knobs.empty_per_thousand)) return {};
  std::size_t size = 1 + rng_.below(300);
  if (chance(rng_, 100)) size = 1 + rng_.below(20'000);
  if (chance(rng_, knobs.large_per_thousand)) {
    size = core::kPayloadBytesMax - (chance(rng_, 500) ? 0 : rng_.below(core::kPayloadBytesMax));
  }
  const std::string text =
      fmt::format("{} {} of device {}", SecrecyCheck::kCanary, ++payloads_, device);
  Bytes payload(size);
  std::uint64_t filler = payloads_;
  for (std::size_t i = 0; i < size; ++i) {
    filler = filler * 6364136223846793005 + 1442695040888963407;
    payload[i] = i < text.size() ? static_cast<std::uint8_t>(text[i])
                                 : static_cast<std::uint8_t>(filler >> 56);
  }
  return payload;
}

void World::push_something(DeviceMachine& device) {
  DeviceMachine::PushWish wish{make_payload(device.index()), {}};
  const auto& blobs = context_.truth.blobs;
  if (chance(rng_, context_.knobs.keyed_per_thousand)) {
    if (!blobs.empty() && chance(rng_, 250)) {
      // An application that does not remember whether it pushed this.
      auto at = blobs.begin();
      std::advance(at, static_cast<std::ptrdiff_t>(rng_.below(blobs.size())));
      if (at->second.device == device.index() && !at->second.key.empty()) {
        wish = {at->second.payload, at->second.key};
      }
    }
    if (wish.key.empty()) {
      wish.key.resize(1 + rng_.below(64));
      rng_.fill(wish.key);
      if (wish.key.size() < 8) wish.key.resize(8, 1);
    }
  }
  if (!device.push(wish)) down(device, up_to(rng_, seconds(3)));
}

void World::push_unfinished(DeviceMachine& device) {
  for (const DeviceMachine::PushWish& wish : device.take_unfinished()) {
    if (!device.is_running() || !device.has_group()) return;
    if (!device.push(wish)) down(device, seconds(1));
  }
}

void World::delete_something(DeviceMachine& device) {
  std::vector<BlobId> own;
  for (const auto& [id, blob] : context_.truth.blobs) {
    if (blob.device == device.index() && !blob.deleted) own.push_back(id);
  }
  if (own.empty()) return;
  const BlobId& blob = own[rng_.below(own.size())];
  context_.truth.find_blob(blob)->deleted = true;
  if (!device.remove(blob)) down(device, seconds(1));
}

void World::take(DeviceMachine& device) {
  bool more = false;
  const std::size_t most = 1 + rng_.below(kTakeMax);
  if (!device.take(most, more)) return down(device, seconds(1));
  const Duration delay = up_to(rng_, context_.knobs.confirm_delay_max);
  if (const std::uint64_t last = device.ledger().last_taken();
      last > device.ledger().confirmed_up_to()) {
    at(delay, {.kind = Kind::kConfirm, .device = device.index(), .number = last});
  }
  if (more) {
    at(up_to(rng_, context_.knobs.take_delay_max), {.kind = Kind::kTake, .device = device.index()});
  }
  at(delay, {.kind = Kind::kNotices, .device = device.index()});
}

// Enrols the device by another one that is there, with what both would tell each other while they
// pair. Comes back until it is done: each step may be lost in a crash.
void World::join(DeviceMachine& device) {
  const Action again{.kind = Kind::kJoin, .device = device.index()};
  if (!device.is_running()) return at(seconds(1), again);
  if (device.has_group()) return;
  DeviceMachine* adder = any_device(rng_, true);
  if (adder == nullptr) return at(milliseconds(500), again);
  auto secrets = adder->client().group_secrets();
  if (!secrets) return at(milliseconds(500), again);

  if (adder->ledger().roster().contains(device.id())) {
    if (!device.join_group(*std::move(secrets))) down(device, seconds(1));
    return at(seconds(1), again);
  }
  const auto group_keys = crypto::GroupKeys::derive(secrets->epochs.front().secret);
  const GroupId group = *adder->client().group();
  const auto name =
      core::seal_name(group_keys.roster, group, device.id(),
                      fmt::format("{} {}", SecrecyCheck::kCanary, device.index()), rng_);
  ZEROK_ASSERT(name.has_value());
  const Bytes record = core::MemberRecord::of(device.keys(), *name).encode();
  const auto signature = core::sign_member_record(device.keys().signing, group, record);
  context_.log.note("device {} proposes device {}", adder->index(), device.index());
  // It may be busy with another one.
  (void)adder->client().propose_member(record, signature);
  at(milliseconds(300), again);
}

void World::down(DeviceMachine& device, Duration for_how_long) {
  device.crash();
  at(for_how_long, {.kind = Kind::kStartDevice, .device = device.index()});
}

}  // namespace zerok::sim
