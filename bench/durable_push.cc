// SPDX-License-Identifier: MIT OR Apache-2.0
// How many blobs a second 64 devices get acknowledged by one relay that has them on its disk. Each
// device is in a group of two whose other device is away, so the relay keeps everything. The
// devices' own stores are in memory: in the world each has a disk of its own.
#include "base/system_clock.h"
#include "bench/devices.h"
#include "bench/loopback.h"
#include "bench/measurement.h"
#include "bench/relay_process.h"
#include "bench/scratch.h"
#include "bench/timing.h"

namespace zerok::bench {
namespace {

constexpr std::size_t kDevices = 64;
constexpr std::size_t kPayloadBytes = 1024;
constexpr double kPatienceSeconds = 20;

enum class Disk : std::uint8_t { kReal, kNone };

// Devices that push again as soon as a push is acknowledged.
class Load {
 public:
  // window: pushes that each device has waiting.
  Load(Fleet& fleet, std::size_t window) : fleet_(fleet), window_(window), payload_(kPayloadBytes) {
    rng_.fill(payload_);
    for (Device* device : fleet.devices()) states_.push_back({device});
  }

  std::uint64_t acknowledged() const { return acknowledged_; }

  // Goes on for so long, and until at least so many more are acknowledged.
  Result<void> run(double seconds, std::uint64_t at_least) {
    const double start = wall_seconds();
    const std::uint64_t goal = acknowledged_ + at_least;
    while (wall_seconds() - start < seconds || acknowledged_ < goal) {
      for (State& state : states_) ZEROK_TRY_VOID(fill(state));
      fleet_.loop().turn(monotonic_now() + kTurn);
      if (wall_seconds() - start > seconds + kPatienceSeconds) {
        return fail(ErrorCode::kTimedOut, "pushes are not acknowledged");
      }
    }
    return {};
  }

 private:
  struct State {
    Device* device;
    std::uint64_t pushed = 0;
    std::uint64_t acknowledged = 0;
  };

  Result<void> fill(State& state) {
    const std::uint64_t pending = state.device->client().status().outbox.pending;
    acknowledged_ += state.pushed - pending - state.acknowledged;
    state.acknowledged = state.pushed - pending;
    for (std::uint64_t n = pending; n < window_; ++n) {
      ZEROK_TRY_VOID(state.device->push(payload_));
      ++state.pushed;
    }
    return {};
  }

  Fleet& fleet_;
  std::size_t window_;
  Bytes payload_;
  SystemRng rng_;
  std::vector<State> states_;
  std::uint64_t acknowledged_ = 0;
};

struct Rates {
  double per_s = 0;
  double relay_cpu_us = 0;
  double devices_cpu_us = 0;
  double blobs_per_commit = 0;
};

Result<Rates> measure(double seconds, std::size_t window, Disk disk) {
  ZEROK_TRY(const Scratch scratch, Scratch::make());
  ZEROK_TRY(const auto relay,
            RelayProcess::start(disk == Disk::kReal ? scratch.file("relay.db") : ""));
  Fleet fleet(relay->ticket());
  ZEROK_TRY_VOID(fleet.add(kDevices, 2, 1));
  Load load(fleet, window);
  ZEROK_TRY_VOID(load.run(seconds / 4, kDevices));
  ZEROK_TRY(const RelayUse before, relay->use());
  const double wall = wall_seconds();
  const double cpu = thread_cpu_seconds();
  const std::uint64_t acknowledged = load.acknowledged();
  ZEROK_TRY_VOID(load.run(seconds, kDevices));
  const auto done = static_cast<double>(load.acknowledged() - acknowledged);
  const double wall_after = wall_seconds();
  const double cpu_after = thread_cpu_seconds();
  ZEROK_TRY(const RelayUse after, relay->use());
  const auto blobs = static_cast<double>(after.blobs - before.blobs);
  return Rates{.per_s = done / (wall_after - wall),
               .relay_cpu_us = (after.cpu_seconds - before.cpu_seconds) / blobs * 1e6,
               .devices_cpu_us = (cpu_after - cpu) / done * 1e6,
               .blobs_per_commit = blobs / static_cast<double>(after.commits - before.commits)};
}

}  // namespace

std::vector<Measurement> durable_push() {
  // Short runs leave the start in the figure.
  constexpr double kLonger = 4;
  std::vector<Measurement> out;
  out.push_back(
      {.values = {{"push_no_disk_per_s", "pushes to a relay that keeps them in memory", "1/s"},
                  {"push_no_disk_relay_cpu_us", "relay's CPU per push, no disk", "us",
                   Better::kLess}},
       .sample = [](const Context& context) -> Result<std::vector<double>> {
         ZEROK_TRY(const Rates rates, measure(context.seconds * kLonger, 1, Disk::kNone));
         return std::vector{rates.per_s, rates.relay_cpu_us};
       }});
  out.push_back({.values = {{"durable_push_per_s", "durable pushes of 1 KiB, 64 devices", "1/s",
                             Better::kMore, "sqlite_group_commit_per_s", 5000},
                            {"durable_push_relay_cpu_us", "relay's CPU per durable push", "us",
                             Better::kLess},
                            {"durable_push_device_cpu_us", "device's CPU per durable push", "us",
                             Better::kLess},
                            {"durable_push_per_commit", "blobs per commit of the relay", ""}},
                 .sample = [](const Context& context) -> Result<std::vector<double>> {
                   ZEROK_TRY(const Rates rates, measure(context.seconds * kLonger, 1, Disk::kReal));
                   return std::vector{rates.per_s, rates.relay_cpu_us, rates.devices_cpu_us,
                                      rates.blobs_per_commit};
                 },
                 .needs = {"push_no_disk_per_s"}});
  out.push_back({.values = {{"durable_push_backlog_per_s", "the same, 16 waiting on each device",
                             "1/s", Better::kMore, "sqlite_group_commit_per_s"},
                            {"durable_push_backlog_relay_cpu_us",
                             "relay's CPU per push, 16 waiting", "us", Better::kLess}},
                 .sample = [](const Context& context) -> Result<std::vector<double>> {
                   ZEROK_TRY(const Rates rates,
                             measure(context.seconds * kLonger, 16, Disk::kReal));
                   return std::vector{rates.per_s, rates.relay_cpu_us};
                 }});
  return out;
}

}  // namespace zerok::bench
