// SPDX-License-Identifier: MIT OR Apache-2.0
// What goes wrong in a world: each fault strikes again and again, by its own generator, until the
// world is healed; most of them undo themselves after a while.
#include <algorithm>

#include "core/blob.h"
#include "sim/world.h"

namespace zerok::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kMillion = 1'000'000;

}  // namespace

transport::LinkSettings World::draw_link(Rng& rng) const {
  const FaultSet& faults = context_.knobs.faults;
  transport::LinkSettings link;
  link.latency = milliseconds(1 + rng.below(30));
  link.random_segments = rng.below(4) == 0;
  if (faults.has(Fault::kLatency)) link.latency = milliseconds(rng.below(700));
  if (faults.has(Fault::kJitter)) link.jitter = milliseconds(rng.below(200));
  if (faults.has(Fault::kLoss)) {
    link.loss_per_million = static_cast<std::uint32_t>(rng.below(kMillion / 5));
  }
  if (faults.has(Fault::kBurst)) {
    link.loss_per_million += kMillion / 50;
    link.burst_loss_per_million = static_cast<std::uint32_t>(rng.below(kMillion * 4 / 5));
  }
  if (faults.has(Fault::kDuplicates)) {
    link.duplicate_per_million = static_cast<std::uint32_t>(rng.below(kMillion / 5));
  }
  if (faults.has(Fault::kReordering)) {
    link.reorder_per_million = static_cast<std::uint32_t>(rng.below(kMillion / 5));
    link.reorder_delay = milliseconds(rng.below(300));
  }
  return link;
}

void World::plan(Fault fault) {
  const Knobs& knobs = context_.knobs;
  if (!knobs.faults.has(fault)) return;
  Rng& rng = fault_rng_[static_cast<std::size_t>(fault)];
  switch (fault) {
    case Fault::kJoins:
      for (DeviceIndex i = knobs.devices; i < devices_.size(); ++i) {
        at(up_to(rng, knobs.duration), {.kind = Kind::kJoin, .device = i});
      }
      return;
    // These are settings of the whole world.
    case Fault::kLatency:
    case Fault::kJitter:
    case Fault::kLoss:
    case Fault::kBurst:
    case Fault::kDuplicates:
    case Fault::kReordering:
    case Fault::kShortTtl:
    case Fault::kSlowReader:
    case Fault::kDeletes:
    case Fault::kSmallQuota:
      return;
    default:
      at(up_to(rng, 2 * knobs.fault_every), {.kind = Kind::kStrike, .fault = fault});
  }
}

void World::block(DeviceIndex device, bool up, bool down, bool on) {
  const int change = on ? 1 : -1;
  auto& [ups, downs] = blocked_[device];
  const transport::NodeId node = devices_[device].node();
  if (up) {
    ups += change;
    context_.network.set_blackhole(node, relay_.node(), ups > 0);
  }
  if (down) {
    downs += change;
    context_.network.set_blackhole(relay_.node(), node, downs > 0);
  }
}

void World::relay_down(Duration for_how_long) {
  if (relay_.is_running()) relay_.crash();
  at(for_how_long, {.kind = Kind::kStartRelay});
}

void World::strike(Fault fault) {
  if (phase_ != Phase::kFaults) return;
  const Knobs& knobs = context_.knobs;
  Rng& rng = fault_rng_[static_cast<std::size_t>(fault)];
  at(up_to(rng, 2 * knobs.fault_every), {.kind = Kind::kStrike, .fault = fault});
  const DeviceIndex index = rng.below(devices_.size());
  DeviceMachine& device = devices_[index];
  const Duration length = up_to(rng, knobs.fault_length_max);
  const std::uint64_t dice = rng.next_u64();
  const Action undo{.kind = Kind::kUndo, .fault = fault, .device = index, .number = dice};
  ++strikes_;
  context_.log.note("fault {} on device {} for {} ms", fault_name(fault), index,
                    length / milliseconds(1));
  switch (fault) {
    case Fault::kNarrow: {
      auto link = context_.network.link_settings(relay_.node(), device.node());
      link.bytes_per_second = 7'000 + dice % 60'000;
      context_.network.set_link(relay_.node(), device.node(), link);
      context_.network.set_link(device.node(), relay_.node(), link);
      return at(length, undo);
    }
    case Fault::kPartition:
      block(index, true, true, true);
      return at(length, undo);
    case Fault::kBlackhole:
      block(index, dice % 2 == 0, dice % 2 == 1, true);
      return at(length, undo);
    case Fault::kCut:
      return context_.network.cut_connections(relay_.node(), device.node());
    case Fault::kMove:
      return context_.network.move(
          device.node(),
          transport::SocketAddress::ipv4({10, static_cast<std::uint8_t>(2 + strikes_ / 250),
                                          static_cast<std::uint8_t>(strikes_ % 250), 1},
                                         static_cast<std::uint16_t>(1024 + index)));
    case Fault::kRelayCrash:
      return relay_down(length / 4);
    case Fault::kRelayPowerCut:
      relay_.fault().commits_until_cut = dice / 2 % 4;
      relay_.fault().cut =
          dice % 2 == 0 ? DiskFault::Cut::kBeforeDurable : DiskFault::Cut::kAfterDurable;
      return;
    case Fault::kRelayShutdown:
      if (relay_.is_running()) relay_.shut_down();
      return;
    case Fault::kRelayDisk:
      relay_.fault().full = true;
      return at(length, undo);
    case Fault::kRelayWiped:
      relay_down(length / 8);
      return relay_.wipe();
    case Fault::kRelayRestored:
      if (!relay_.has_copy() || dice % 3 == 0) return relay_.take_copy();
      relay_down(length / 8);
      return relay_.restore();
    case Fault::kDeviceCrash:
      if (device.is_running()) down(device, length / 8);
      return;
    case Fault::kDevicePowerCut:
      device.fault().commits_until_cut = dice / 2 % 4;
      device.fault().cut =
          dice % 2 == 0 ? DiskFault::Cut::kBeforeDurable : DiskFault::Cut::kAfterDurable;
      return;
    case Fault::kDeviceDisk:
      device.fault().full = true;
      return at(length, undo);
    case Fault::kDeviceAway:
      if (device.is_running()) down(device, 3 * length);
      return;
    case Fault::kWallClock: {
      const auto days = static_cast<UnixMs>(dice / 8 % 4000);
      const UnixMs by = (dice % 2 == 0 ? 1 : -1) * (dice % 4 < 2 ? days : 1) * 86'400'000 / 24;
      if (dice % 8 < 3) return relay_.jump_wall(by);
      return device.jump_wall(by);
    }
    case Fault::kLyingRelay:
      if (dice % 3 == 0) {
        relay_down(length / 8);
        return invent_lines(rng);
      }
      relay_.lies().per_thousand = static_cast<std::uint32_t>(20 + dice % 300);
      return at(length, undo);
    case Fault::kLiar:
      return lie(rng);
    case Fault::kLeaves:
    default:
      return;
  }
}

void World::lie(Rng& rng) {
  DeviceMachine* victim = any_device(rng, true);
  if (victim == nullptr || liar_->is_busy() || liar_->is_tired()) return;
  auto secrets = victim->client().group_secrets();
  if (!secrets) return;
  liar_->begin(
      static_cast<Liar::Trick>(rng.below(Liar::kTricks)),
      {std::move(secrets->epochs.front().secret), std::move(secrets->roster), &victim->keys()},
      relay_.ticket());
}

// By a relay that got hold of the group's secret, which is the worst case: a stranger's blob that
// opens; besides, one that does not, one in another's name, and one that was there before.
void World::invent_lines(Rng& rng) {
  DeviceMachine* victim = any_device(rng, true);
  if (victim == nullptr) return;
  const auto secrets = victim->client().group_secrets();
  if (!secrets) return;
  const auto keys = crypto::GroupKeys::derive(secrets->epochs.front().secret);
  const core::BlobEpoch epoch{keys.group_id(), secrets->epochs.front().epoch,
                              crypto::BlobKey(keys.blob.bytes())};
  for (std::uint64_t i = 0, count = 1 + rng.below(3); i < count; ++i) {
    const BlobId blob = core::draw_blob_id(rng);
    DeviceId stranger;
    rng.fill(stranger.mutable_bytes());
    core::BlobHeader header;
    header.device = stranger;
    rng.fill(header.incarnation.mutable_bytes());
    header.sequence = 1;
    header.lamport = 1 + rng.below(1000);
    const auto content = core::BlobContent::make(header, as_bytes("not from any of us"));
    ZEROK_ASSERT(content.has_value());
    Bytes sealed = core::seal_blob(epoch, blob, *content, core::Padding::kPadme, rng);
    DeviceId sender = stranger;
    switch (rng.below(4)) {
      case 0:
        rng.fill(sealed);
        break;
      case 1:
        sender = victim->id();
        break;
      default:
        break;
    }
    relay_.invent(keys.group_id(), sender, blob, sealed);
  }
}

void World::undo(const Action& action) {
  if (phase_ != Phase::kFaults) return;
  const DeviceIndex index = action.device;
  DeviceMachine& device = devices_[index];
  context_.log.note("fault {} on device {} is over", fault_name(action.fault), index);
  switch (action.fault) {
    case Fault::kNarrow: {
      auto link = context_.network.link_settings(relay_.node(), device.node());
      link.bytes_per_second = 0;
      context_.network.set_link(relay_.node(), device.node(), link);
      context_.network.set_link(device.node(), relay_.node(), link);
      return;
    }
    case Fault::kPartition:
      return block(index, true, true, false);
    case Fault::kBlackhole:
      return block(index, action.number % 2 == 0, action.number % 2 == 1, false);
    case Fault::kRelayDisk:
      relay_.fault().full = false;
      return;
    case Fault::kDeviceDisk:
      device.fault().full = false;
      return push_unfinished(device);
    case Fault::kLyingRelay:
      relay_.lies().per_thousand = 0;
      return;
    default:
      return;
  }
}

}  // namespace zerok::sim
