// SPDX-License-Identifier: MIT OR Apache-2.0
// How long a blob takes from push() on one device to take() on another, at a pace that is given
// (open loop): each time counts from when the push was due, so a push that had to wait for an
// earlier one is charged for it.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/system_clock.h"
#include "bench/awake.h"
#include "bench/devices.h"
#include "bench/loopback.h"
#include "bench/measurement.h"
#include "bench/relay_process.h"
#include "bench/scratch.h"
#include "bench/timing.h"

namespace zerok::bench {
namespace {

constexpr std::size_t kPayloadBytes = 1024;
constexpr Duration kPatience = std::chrono::seconds(30);

// When each push is due, in seconds from a start that comes after the set-up: at random moments, as
// many a second as asked for, so that nothing beats in time with the disk or the timers.
class Schedule {
 public:
  Schedule(double per_second, double seconds) {
    DeterministicRng rng(1);
    double at = 0;
    do {
      const double uniform =
          (static_cast<double>(rng.next_u64() >> 11) + 1) / 9007199254740993.0;  // above 0, below 1
      at += -std::log(uniform) / per_second;
      due_.push_back(at);
    } while (at < seconds || due_.size() < 10);
  }
  std::size_t size() const { return due_.size(); }
  Instant due(Instant start, std::size_t index) const {
    return start + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(due_[index]));
  }

 private:
  std::vector<double> due_;
};

Bytes payload_of(std::uint64_t index) {
  Bytes payload(kPayloadBytes, 0x5a);
  std::memcpy(payload.data(), &index, sizeof(index));
  return payload;
}

// One device that pushes and one that takes, each with a thread and a store of its own, or any
// number of them in one thread.
class Race {
 public:
  explicit Race(const Schedule& schedule) : schedule_(schedule) {}

  void start(Instant at) { start_ = at; }
  // Pushes what is due, devices taking turns; when the next one is.
  Result<Instant> push_due(const std::vector<Device*>& devices) {
    while (pushed_ < schedule_.size()) {
      const Instant due = schedule_.due(start_, pushed_);
      if (due > monotonic_now()) return due;
      // In this order devices of all groups are next to each other.
      ZEROK_TRY_VOID(devices[pushed_ % devices.size()]->push(payload_of(pushed_)));
      ++pushed_;
    }
    return kNever;
  }
  Result<void> take(Device& device) {
    ZEROK_TRY(const auto blobs, device.client().take(64));
    if (blobs.empty()) return {};
    const Instant now = monotonic_now();
    for (const client::Received& blob : blobs) {
      std::uint64_t index = 0;
      std::memcpy(&index, blob.payload.data(), sizeof(index));
      const Duration time = now - schedule_.due(start_, index);
      times_ms_.push_back(std::chrono::duration<double, std::milli>(time).count());
    }
    return device.client().confirm(blobs.back().number);
  }
  std::size_t taken() const { return times_ms_.size(); }
  // p50, p95 and p99.
  std::vector<double> percentiles() {
    std::ranges::sort(times_ms_);
    const auto at = [&](double share) {
      return times_ms_[static_cast<std::size_t>(share * static_cast<double>(times_ms_.size() - 1))];
    };
    return {at(0.5), at(0.95), at(0.99)};
  }

 private:
  const Schedule& schedule_;
  Instant start_{};
  std::size_t pushed_ = 0;
  std::vector<double> times_ms_;
};

// Until so many are taken by those that `turn` turns.
template <typename Turn>
Result<void> run_until_taken(const Race& race, std::size_t count, Instant end, Turn&& turn) {
  while (race.taken() < count) {
    ZEROK_TRY_VOID(turn());
    if (monotonic_now() > end) return fail(ErrorCode::kTimedOut, "blobs do not arrive");
  }
  return {};
}

// A store's log is written over once it has grown to its size; growing costs the disk more. So much
// is pushed ahead of the measurement that all stores are past that, and taken again.
constexpr std::size_t kWarmUpBlobs = 72;
constexpr std::size_t kWarmUpBlobBytes = std::size_t{64} << 10;

Result<void> push_warm_up(Device& device) {
  const Bytes payload(kWarmUpBlobBytes, 0x5a);
  for (std::size_t i = 0; i < kWarmUpBlobs; ++i) ZEROK_TRY_VOID(device.push(payload));
  return {};
}

// How many it took.
Result<std::size_t> drop_received(Device& device) {
  ZEROK_TRY(const auto blobs, device.client().take(kWarmUpBlobs));
  if (!blobs.empty()) ZEROK_TRY_VOID(device.client().confirm(blobs.back().number));
  return blobs.size();
}

enum class Disk : std::uint8_t { kReal, kNone };

// The pushing device in a thread of its own, as on another machine: neither waits for the other's
// disk.
Result<std::vector<double>> two_devices(double seconds, double per_second, Disk disk) {
  ZEROK_TRY(const Scratch scratch, Scratch::make());
  const auto file = [&](const char* name) {
    return disk == Disk::kReal ? scratch.file(name) : std::string();
  };
  ZEROK_TRY(const auto relay, RelayProcess::start(file("relay.db")));
  SystemRng rng;
  ZEROK_TRY(const Group group, Group::create(2, rng));
  ZEROK_TRY(const auto sender, Device::create(group, 0, relay->ticket(), file("sender.db")));
  ZEROK_TRY(const auto receiver, Device::create(group, 1, relay->ticket(), file("receiver.db")));
  const std::vector<Device*> senders{sender.get()};
  const std::vector<Device*> receivers{receiver.get()};
  Devices sender_loop;
  Devices receiver_loop;
  ZEROK_TRY_VOID(sender_loop.add(*sender));
  ZEROK_TRY_VOID(sender_loop.connect(senders));
  ZEROK_TRY_VOID(receiver_loop.add(*receiver));
  ZEROK_TRY_VOID(receiver_loop.connect(receivers));

  ZEROK_TRY_VOID(push_warm_up(*sender));
  const Instant warm_end = monotonic_now() + kPatience;
  for (std::size_t taken = 0; taken < kWarmUpBlobs;) {
    sender_loop.turn(monotonic_now());
    receiver_loop.turn(monotonic_now() + std::chrono::milliseconds(1));
    ZEROK_TRY(const std::size_t more, drop_received(*receiver));
    taken += more;
    if (monotonic_now() > warm_end) return fail(ErrorCode::kTimedOut, "blobs do not arrive");
  }

  const Schedule schedule(per_second, seconds);
  Race pushes(schedule);
  Race takes(schedule);
  const Instant start = monotonic_now() + std::chrono::milliseconds(200);
  pushes.start(start);
  takes.start(start);
  std::atomic<bool> push_failed = false;
  const Worker pusher([&] {
    const auto next = pushes.push_due(senders);
    if (!next) push_failed = true;
    sender_loop.turn(std::min(next.value_or(kNever), monotonic_now() + kTurn));
  });
  const Instant end = schedule.due(start, schedule.size() - 1) + kPatience;
  const auto turn = [&]() -> Result<void> {
    if (push_failed) return fail(ErrorCode::kInternal, "a push failed");
    receiver_loop.turn(monotonic_now() + kTurn);
    return takes.take(*receiver);
  };
  ZEROK_TRY_VOID(run_until_taken(takes, schedule.size(), end, turn));
  return takes.percentiles();
}

// A hundred devices on one relay, all in this thread with stores in memory. A blob goes to all
// other devices of its group, and each of them counts.
Result<std::vector<double>> hundred_devices(double seconds, double per_second, Disk disk,
                                            std::size_t groups) {
  const std::size_t each = 100 / groups;
  ZEROK_TRY(const Scratch scratch, Scratch::make());
  ZEROK_TRY(const auto relay,
            RelayProcess::start(disk == Disk::kReal ? scratch.file("relay.db") : ""));
  Fleet fleet(relay->ticket());
  ZEROK_TRY_VOID(fleet.add(groups, each, each));
  ZEROK_TRY_VOID(push_warm_up(*fleet.devices().front()));
  const Instant warm_end = monotonic_now() + kPatience;
  for (std::size_t taken = 0; taken < kWarmUpBlobs * (each - 1);) {
    for (Device* device : fleet.loop().turn(monotonic_now() + kTurn)) {
      ZEROK_TRY(const std::size_t more, drop_received(*device));
      taken += more;
    }
    if (monotonic_now() > warm_end) return fail(ErrorCode::kTimedOut, "blobs do not arrive");
  }

  const Schedule schedule(per_second, seconds);
  Race race(schedule);
  const Instant start = monotonic_now() + std::chrono::milliseconds(200);
  race.start(start);
  const Instant end = schedule.due(start, schedule.size() - 1) + kPatience;
  const auto turn = [&]() -> Result<void> {
    ZEROK_TRY(const Instant next, race.push_due(fleet.devices()));
    for (Device* device : fleet.loop().turn(std::min(next, monotonic_now() + kTurn))) {
      ZEROK_TRY_VOID(race.take(*device));
    }
    return {};
  };
  ZEROK_TRY_VOID(run_until_taken(race, schedule.size() * (each - 1), end, turn));
  return race.percentiles();
}

// Percentiles want many samples: for so many times longer than a measurement of a rate.
constexpr double kLonger = 10;
constexpr double kTwoPerSecond = 50;
constexpr double kHundredPerSecond = 10;
constexpr double kPairsPerSecond = 100;

using Percentiles = std::function<Result<std::vector<double>>(double, double, Disk)>;

Percentiles hundred_in(std::size_t groups) {
  return [groups](double seconds, double per_second, Disk disk) {
    return hundred_devices(seconds, per_second, disk, groups);
  };
}

// Every blob waits for three syncs in a row, of its sender, the relay and its receiver: `sync` is
// the key of one.
Measurement percentiles(const std::string& key, const std::string& name, Percentiles measure,
                        double per_second, Disk disk, bool awake, const std::string& sync) {
  std::vector<Value> values{{key + ".p50", name + ", p50", "ms", Better::kLess},
                            {key + ".p95", name + ", p95", "ms", Better::kLess},
                            {key + ".p99", name + ", p99", "ms", Better::kLess}};
  if (disk == Disk::kReal) {
    values[0].limit = sync + ".p50";
    values[2].limit = sync + ".p99";
    values[0].target = 5;
    values[2].target = 25;
  }
  return {.values = values, .sample = [=](const Context& context) {
            std::optional<Awake> keep_awake;
            if (awake) keep_awake.emplace();
            return measure(context.seconds * kLonger, per_second, disk);
          }};
}

}  // namespace

std::vector<Measurement> time_to_sync() {
  std::vector<Measurement> out;
  out.push_back(percentiles("time_to_sync_ms.2_devices", "push to take, 2 devices", two_devices,
                            kTwoPerSecond, Disk::kReal, false, "fsync_ms"));
  out.push_back(percentiles("time_to_sync_ms.2_devices_awake", "the same, a core kept busy",
                            two_devices, kTwoPerSecond, Disk::kReal, true, "fsync_awake_ms"));
  out.push_back(percentiles("time_to_sync_ms.2_devices_no_disk", "the same, all stores in memory",
                            two_devices, kTwoPerSecond, Disk::kNone, true, ""));
  out.push_back(percentiles("time_to_sync_ms.100_devices", "push to take, 4 groups of 25 devices",
                            hundred_in(4), kHundredPerSecond, Disk::kReal, false, "fsync_ms"));
  out.push_back(percentiles("time_to_sync_ms.100_devices_in_pairs", "the same, 50 groups of 2",
                            hundred_in(50), kPairsPerSecond, Disk::kReal, false, "fsync_ms"));
  return out;
}

}  // namespace zerok::bench
