// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/world.h"

#include <algorithm>

namespace zerok::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kLookEvery = milliseconds(250);
// From the end of all faults: the longest backoff, the longest waits that a refusal names, and the
// transfer itself.
constexpr Duration kConvergeWithin = minutes(15);
// Turns without any time passing: a machine that asks for more is spinning.
constexpr std::uint64_t kTurnsAtOnceMax = 10'000;
// Once all is quiet only keep-alives are left.
constexpr Duration kQuiet = seconds(20);
constexpr std::uint64_t kQuietTurnsPerDeviceMax = 200;

template <std::size_t... I>
std::array<DeterministicRng, sizeof...(I)> fault_generators(std::uint64_t seed,
                                                            std::index_sequence<I...>) {
  return {DeterministicRng(seed * 1000 + 17 + I)...};
}

}  // namespace

World::World(const WorldOptions& options)
    : context_(options.seed, Knobs::draw(options.seed, options.without), options.traced),
      rng_(options.seed ^ 0x776f726b),
      fault_rng_(fault_generators(options.seed, std::make_index_sequence<kFaultCount>{})),
      relay_(context_, options.seed ^ 0x72656c6179) {
  const std::size_t count = context_.knobs.devices + context_.knobs.late_devices;
  for (DeviceIndex i = 0; i < count; ++i) {
    DeviceMachine& device = devices_.emplace_back(context_, i, relay_.ticket(),
                                                  (options.seed << 8) + 0x646576 + i * 7919);
    context_.truth.devices.push_back({.id = device.id()});
  }
  blocked_.resize(count);
  if (context_.knobs.faults.has(Fault::kLiar)) liar_.emplace(context_, options.seed ^ 0x6c696172);
}

WorldCounts World::counts() const {
  WorldCounts counts;
  for (const DeviceMachine& device : devices_) {
    counts.pushes += device.ledger().pushes();
    counts.handed_over += device.ledger().handed_over();
  }
  counts.lines = context_.ledger.lines_ever();
  counts.strikes = strikes_;
  counts.turns = turns_;
  counts.virtual_ms = static_cast<std::uint64_t>(context_.now.time_since_epoch() / milliseconds(1));
  return counts;
}

void World::run() {
  std::string faults;
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    if (context_.knobs.faults.has(static_cast<Fault>(i))) {
      faults += fmt::format(" {}", kFaultNames[i]);
    }
  }
  context_.log.note("a world of {} devices and {} that join, with{}", context_.knobs.devices,
                    context_.knobs.late_devices, std::string_view(faults));
  set_up();
  if (!ok()) return;
  phase_ = Phase::kFaults;
  context_.network.set_all_links(draw_link(fault_rng_[0]));
  for (std::size_t i = 0; i < kFaultCount; ++i) plan(static_cast<Fault>(i));
  at(Duration::zero(), {.kind = Kind::kWork});
  run_until(context_.now + context_.knobs.duration);
  heal();
  converge();
  context_.log.mix(context_.network.digest());
}

// Without faults: the relay, the group and its first devices.
void World::set_up() {
  relay_.start();
  at(kLookEvery, {.kind = Kind::kLook});
  for (DeviceMachine& device : devices_) device.start();
  devices_[0].create_group(fmt::format("{} 0", SecrecyCheck::kCanary));
  for (DeviceIndex i = 1; i < context_.knobs.devices; ++i) {
    at(Duration::zero(), {.kind = Kind::kJoin, .device = i});
  }
  const Instant end = context_.now + minutes(5);
  const auto all_joined = [&] {
    return std::ranges::all_of(devices_, [&](const DeviceMachine& device) {
      return device.index() >= context_.knobs.devices || device.has_group();
    });
  };
  while (ok() && !all_joined() && context_.now < end) turn(end);
  if (ok() && !all_joined()) context_.findings.fail("set-up", "not all devices could join");
  context_.log.note("set up");
}

void World::run_until(Instant until) {
  while (goes_on() && context_.now < until) turn(until);
}

void World::turn(Instant until) {
  Instant next =
      std::min({until, schedule_.next(), context_.network.next_timeout(), relay_.next_timeout()});
  for (const DeviceMachine& device : devices_) next = std::min(next, device.next_timeout());
  if (liar_) next = std::min(next, liar_->next_timeout());
  ++turns_;
  if (next > context_.now) {
    context_.now = next;
    turns_at_once_ = 0;
  } else if (++turns_at_once_ > kTurnsAtOnceMax) {
    context_.findings.fail("bounds", "{} turns without any time passing{}", turns_at_once_,
                           relay_.next_timeout() <= context_.now ? ": the relay spins" : "");
    return;
  }
  context_.log.set_time(context_.now);
  context_.ledger.set_time(context_.now);
  context_.network.step(context_.now);
  step_machines();
  if (schedule_.next() <= context_.now && ok()) act(schedule_.take());
}

void World::step_machines() {
  if (relay_.is_due() && !relay_.step()) {
    at(up_to(rng_, seconds(5)), {.kind = Kind::kStartRelay});
  }
  for (DeviceMachine& device : devices_) {
    if (device.is_due()) after_step(device, device.step());
  }
  if (liar_ && liar_->is_due()) liar_->step();
}

void World::after_step(DeviceMachine& device, const DeviceMachine::Turn& turn) {
  if (turn.power_cut) return down(device, up_to(rng_, seconds(3)));
  if (turn.received) {
    at(up_to(rng_, context_.knobs.take_delay_max), {.kind = Kind::kTake, .device = device.index()});
  }
}

void World::act(const Action& action) {
  DeviceMachine& device = devices_[action.device];
  switch (action.kind) {
    case Kind::kWork:
      return work();
    case Kind::kTake:
      if (device.is_running()) take(device);
      return;
    case Kind::kConfirm:
      if (device.is_running() && !device.confirm(action.number)) down(device, seconds(1));
      return;
    case Kind::kNotices:
      if (device.is_running() && !device.confirm_notices()) down(device, seconds(1));
      return;
    case Kind::kStartRelay:
      if (!relay_.is_running() && !relay_.start()) at(seconds(1), action);
      return;
    case Kind::kStartDevice:
      if (device.is_running()) return;
      if (!device.start()) return at(seconds(1), action);
      at(up_to(rng_, context_.knobs.take_delay_max),
         {.kind = Kind::kTake, .device = action.device});
      at(milliseconds(10), {.kind = Kind::kNotices, .device = action.device});
      return push_unfinished(device);
    case Kind::kJoin:
      return join(device);
    case Kind::kStrike:
      return strike(action.fault);
    case Kind::kUndo:
      return undo(action);
    case Kind::kLook:
      for (DeviceMachine& each : devices_) {
        if (each.is_running()) {
          each.check_status(
              honest(), phase_ == Phase::kHealed ? context_.now - healed_at_ : Duration::zero());
        }
      }
      return at(kLookEvery, action);
  }
}

Duration World::up_to(Rng& rng, Duration most) const {
  return milliseconds(rng.below(static_cast<std::uint64_t>(most / milliseconds(1)) + 1));
}

DeviceMachine* World::any_device(Rng& rng, bool with_group) {
  const std::size_t first = rng.below(devices_.size());
  for (std::size_t i = 0; i < devices_.size(); ++i) {
    DeviceMachine& device = devices_[(first + i) % devices_.size()];
    if (device.is_running() && (!with_group || device.has_group())) return &device;
  }
  return nullptr;
}

void World::heal() {
  context_.log.note("healed");
  phase_ = Phase::kHealed;
  healed_at_ = context_.now;
  context_.network.set_all_links({});
  for (DeviceMachine& device : devices_) {
    context_.network.set_partition(relay_.node(), device.node(), false);
    device.fault() = {};
    if (!device.is_running())
      at(Duration::zero(), {.kind = Kind::kStartDevice, .device = device.index()});
  }
  if (liar_) liar_->stop();
  relay_.fault() = {};
  relay_.lies().per_thousand = 0;
  if (context_.knobs.faults.has(Fault::kSmallQuota) && relay_.is_running()) {
    relay_.limits() = {};
    relay_.limits().ttl_s = static_cast<std::uint32_t>(context_.knobs.ttl_s);
    relay_.crash();
  }
  if (!relay_.is_running()) at(Duration::zero(), {.kind = Kind::kStartRelay});
}

void World::converge() {
  const Instant end = context_.now + kConvergeWithin;
  for (;;) {
    std::string missing = "something";
    while (goes_on() && !missing.empty() && context_.now < end) {
      run_until(std::min(end, context_.now + seconds(1)));
      missing = unmet();
    }
    if (!goes_on()) return;
    if (!missing.empty()) {
      context_.findings.fail("convergence", "{} s after the last fault {}",
                             kConvergeWithin / seconds(1), missing);
      return;
    }
    context_.log.note("converged");
    const std::uint64_t before = turns_;
    run_until(context_.now + kQuiet);
    if (!goes_on()) return;
    // A push whose application was never told that it is safe may still have been on its way.
    if (!unmet().empty()) continue;
    if (turns_ - before > kQuietTurnsPerDeviceMax * (devices_.size() + 1)) {
      context_.findings.fail("bounds", "{} turns in {} s in which nothing happens", turns_ - before,
                             kQuiet / seconds(1));
    }
    return;
  }
}

}  // namespace zerok::sim
