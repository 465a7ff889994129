// SPDX-License-Identifier: MIT OR Apache-2.0
// SimulatedDisk: files in memory for the SQLite stores, with power cuts, failing and full disks,
// and bit rot on demand. What was written and not synced is lost with the power, all of it or, torn
// into sectors of 512 bytes, a part that the seed decides. Open a store on it with
// SqliteOptions::vfs = disk.vfs(). The same seed and the same calls give the same files; time
// stands still and SQLite's random numbers come from the seed. It outlives the stores on it. Not
// thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"

namespace zerok::store {

enum class PowerLoss : std::uint8_t {
  kNone,           // only the process died: the system still writes what it was given
  kLosesUnsynced,  // everything that was not synced
  kKeepsSome,      // any part of it may be there
};

class SimulatedDisk {
 public:
  explicit SimulatedDisk(std::uint64_t seed);
  // No store may be open on it.
  ~SimulatedDisk();
  SimulatedDisk(const SimulatedDisk&) = delete;
  SimulatedDisk& operator=(const SimulatedDisk&) = delete;

  const std::string& vfs() const;
  // What is on it now, as a backup or a clone of a machine takes it along; without faults.
  std::unique_ptr<SimulatedDisk> copy(std::uint64_t seed) const;

  // Every call of SQLite fails from now on, or from the operation on that comes after `operations`
  // more (writes, truncations, syncs, deletions).
  void cut_power();
  void cut_power_after(std::uint64_t operations);
  bool has_power() const;
  // All stores on it have been destroyed. Ends every fault.
  void restore_power(PowerLoss loss);

  // The next `count` of them fail.
  void fail_syncs(std::uint64_t count);
  void fail_writes(std::uint64_t count);
  // No write finds space, or only while all files together have at most this many bytes.
  void set_full(bool full);
  void set_bytes_max(std::uint64_t bytes);

  // Since it was made; deterministic.
  std::uint64_t operations() const;
  std::uint64_t syncs() const;

  // By ascending name.
  std::vector<std::string> files() const;
  std::uint64_t bytes(const std::string& file) const;  // 0 if it is not there
  Bytes content(const std::string& file) const;
  // Changes what reading gives, now and after a power cut. The file has that byte.
  void flip_bit(const std::string& file, std::uint64_t byte, unsigned bit);

 private:
  class Vfs;
  std::unique_ptr<Vfs> vfs_;
};

}  // namespace zerok::store
