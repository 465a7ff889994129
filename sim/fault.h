// SPDX-License-Identifier: MIT OR Apache-2.0
// What can go wrong in a simulated world. A seed switches on a random part of it; the command line
// can take single faults out again, which is how a failing seed is made small. Every fault draws
// from a generator of its own, so taking one out leaves the others' draws as they were.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace zerok::sim {

enum class Fault : std::uint8_t {
  kLatency,         // slow links, up to a satellite's
  kJitter,          // packets of one link overtake each other
  kLoss,            // single packets lost
  kBurst,           // many in a row
  kDuplicates,      // packets that arrive twice
  kReordering,      // packets held back
  kNarrow,          // little bandwidth, some of the time
  kPartition,       // a device and the relay can't reach each other for a while
  kBlackhole,       // the same in one direction only
  kCut,             // something in between resets a device's connections
  kMove,            // a device's address changes under its connections
  kRelayCrash,      // forgets what was not committed
  kRelayPowerCut,   // in the middle of a commit, just before or just after it is durable
  kRelayShutdown,   // stops politely and comes back
  kRelayDisk,       // commits fail for a while
  kRelayWiped,      // comes back with its keys and nothing else
  kRelayRestored,   // comes back with an old copy of its disk
  kDeviceCrash,     // as the relay's, with a time away
  kDevicePowerCut,  // in the middle of push() or of storing what was pulled
  kDeviceDisk,      // commits fail for a while
  kDeviceAway,      // off for a long time
  kWallClock,       // the date jumps, either way, on relay and devices
  kShortTtl,        // blobs expire within the run
  kSlowReader,      // an application that takes and confirms late
  kDeletes,         // applications delete what they pushed
  kJoins,           // devices join while others push
  kLeaves,          // devices leave the group
  kSmallQuota,      // limits of the relay are met
  kLyingRelay,      // swaps, replays, withholds, changes and invents lines, serves an old roster
  kLiar,            // somebody with valid old keys, or others' ids, talks to the relay
};
inline constexpr std::size_t kFaultCount = 30;

inline constexpr std::array<std::string_view, kFaultCount> kFaultNames = {"latency",
                                                                          "jitter",
                                                                          "loss",
                                                                          "burst",
                                                                          "duplicates",
                                                                          "reordering",
                                                                          "narrow",
                                                                          "partition",
                                                                          "blackhole",
                                                                          "cut",
                                                                          "move",
                                                                          "relay_crash",
                                                                          "relay_power_cut",
                                                                          "relay_shutdown",
                                                                          "relay_disk",
                                                                          "relay_wiped",
                                                                          "relay_restored",
                                                                          "device_crash",
                                                                          "device_power_cut",
                                                                          "device_disk",
                                                                          "device_away",
                                                                          "wall_clock",
                                                                          "short_ttl",
                                                                          "slow_reader",
                                                                          "deletes",
                                                                          "joins",
                                                                          "leaves",
                                                                          "small_quota",
                                                                          "lying_relay",
                                                                          "liar"};

constexpr std::string_view fault_name(Fault fault) {
  return kFaultNames[static_cast<std::size_t>(fault)];
}

class FaultSet {
 public:
  constexpr FaultSet() = default;
  static constexpr FaultSet all() {
    FaultSet set;
    set.bits_ = (std::uint64_t{1} << kFaultCount) - 1;
    return set;
  }
  constexpr bool has(Fault fault) const { return (bits_ & bit(fault)) != 0; }
  constexpr void add(Fault fault) { bits_ |= bit(fault); }
  constexpr void remove(Fault fault) { bits_ &= ~bit(fault); }
  constexpr FaultSet operator&(const FaultSet& other) const {
    FaultSet set;
    set.bits_ = bits_ & other.bits_;
    return set;
  }
  constexpr std::uint64_t bits() const { return bits_; }
  constexpr bool empty() const { return bits_ == 0; }

 private:
  static constexpr std::uint64_t bit(Fault fault) {
    return std::uint64_t{1} << static_cast<unsigned>(fault);
  }
  std::uint64_t bits_ = 0;
};

}  // namespace zerok::sim
