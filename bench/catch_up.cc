// SPDX-License-Identifier: MIT OR Apache-2.0
// How fast a device that was away reads 100,000 blobs of 1 KiB from a relay's disk onto its own:
// from the first step of a new client until all of them are stored and acknowledged.
#include <fmt/format.h>

#include <algorithm>

#include "base/system_clock.h"
#include "bench/devices.h"
#include "bench/loopback.h"
#include "bench/measurement.h"
#include "bench/relay_process.h"
#include "bench/scratch.h"
#include "bench/timing.h"

namespace zerok::bench {
namespace {

constexpr std::size_t kPayloadBytes = 1024;
constexpr std::size_t kBlobsMax = 100'000;
// The first wrote it all, the last never comes: so nothing is removed, and each of the others can
// catch up once.
constexpr std::size_t kDevices = 32;
constexpr double kPatienceSeconds = 120;

// A relay with so many blobs of one device. Made once, as that takes longer than to read them.
class Archive {
 public:
  static Result<std::unique_ptr<Archive>> create(std::size_t blobs) {
    ZEROK_TRY(Scratch scratch, Scratch::make());
    std::unique_ptr<Archive> out(new Archive(std::move(scratch), blobs));
    ZEROK_TRY(out->relay_, RelayProcess::start(out->scratch_.file("relay.db")));
    SystemRng rng;
    ZEROK_TRY(out->group_, Group::create(kDevices, rng));
    ZEROK_TRY_VOID(out->write());
    return out;
  }

  std::size_t blobs() const { return blobs_; }

  // One more device catches up; in seconds of wall time, this thread's and the relay's CPU.
  struct Times {
    double wall = 0;
    double device_cpu = 0;
    double relay_cpu = 0;
  };
  Result<Times> read() {
    const std::size_t number = 1 + read_++ % (kDevices - 2);
    const std::string database = scratch_.file(fmt::format("device-{}.db", read_));
    ZEROK_TRY(const auto device, Device::create(*group_, number, relay_->ticket(), database));
    Devices loop;
    ZEROK_TRY_VOID(loop.add(*device));
    ZEROK_TRY(const RelayUse before, relay_->use());
    const double cpu = thread_cpu_seconds();
    const double start = wall_seconds();
    while (!has_all(device->client().status())) {
      loop.turn(monotonic_now() + kTurn);
      if (wall_seconds() - start > kPatienceSeconds) {
        return fail(ErrorCode::kTimedOut, "catching up does not end");
      }
    }
    Times times{.wall = wall_seconds() - start, .device_cpu = thread_cpu_seconds() - cpu};
    ZEROK_TRY(const RelayUse after, relay_->use());
    times.relay_cpu = after.cpu_seconds - before.cpu_seconds;
    return times;
  }

 private:
  Archive(Scratch scratch, std::size_t blobs) : scratch_(std::move(scratch)), blobs_(blobs) {}

  bool has_all(const client::ClientStatus& status) const {
    return status.position >= blobs_ && status.synced;
  }

  Result<void> write() {
    constexpr std::size_t kWindow = 2048;
    ZEROK_TRY(const auto device, Device::create(*group_, 0, relay_->ticket(), ""));
    Devices loop;
    ZEROK_TRY_VOID(loop.add(*device));
    Bytes payload(kPayloadBytes);
    SystemRng().fill(payload);
    const double start = wall_seconds();
    std::size_t pushed = 0;
    std::size_t pending = 0;
    do {
      for (; pushed < blobs_ && pending < kWindow; ++pushed, ++pending) {
        ZEROK_TRY_VOID(device->push(payload));
      }
      loop.turn(monotonic_now() + kTurn);
      pending = device->client().status().outbox.pending;
      if (wall_seconds() - start > kPatienceSeconds) {
        return fail(ErrorCode::kTimedOut, "pushes are not acknowledged");
      }
    } while (pushed < blobs_ || pending > 0);
    return {};
  }

  Scratch scratch_;
  std::size_t blobs_;
  std::unique_ptr<RelayProcess> relay_;
  std::optional<Group> group_;
  std::size_t read_ = 0;
};

}  // namespace

std::vector<Measurement> catch_up() {
  std::vector<Measurement> out;
  auto archive = std::make_shared<std::unique_ptr<Archive>>();
  out.push_back({.values = {{"catchup_mib_per_s", "reading 100,000 blobs of 1 KiB anew", "MiB/s",
                             Better::kMore, "", 50},
                            {"catchup_device_cpu_us", "device's CPU per blob", "us", Better::kLess},
                            {"catchup_relay_cpu_us", "relay's CPU per blob", "us", Better::kLess}},
                 .sample = [archive](const Context& context) -> Result<std::vector<double>> {
                   // All of them, but for the shortest of runs.
                   const auto blobs = static_cast<std::size_t>(std::clamp(
                       context.seconds * 400'000, 100.0, static_cast<double>(kBlobsMax)));
                   if (!*archive || (*archive)->blobs() != blobs) {
                     archive->reset();
                     ZEROK_TRY(*archive, Archive::create(blobs));
                   }
                   ZEROK_TRY(const auto times, (*archive)->read());
                   const auto count = static_cast<double>(blobs);
                   return std::vector{count * kPayloadBytes / kMebibyte / times.wall,
                                      times.device_cpu / count * 1e6,
                                      times.relay_cpu / count * 1e6};
                 }});
  return out;
}

}  // namespace zerok::bench
