// SPDX-License-Identifier: MIT OR Apache-2.0
// SimulatedFiles: the model behind SimulatedDisk, without SQLite: what files hold, what of it would
// survive a power cut, and which operation fails. For simulated_disk.cc.
#pragma once

#include <limits>
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "store/sqlite/simulated_disk.h"

namespace zerok::store {

class SimulatedFiles {
 public:
  enum class Outcome : std::uint8_t { kGood, kFailed, kFull };

  explicit SimulatedFiles(std::uint64_t seed) : rng_(seed) {}

  bool exists(const std::string& name) const { return files_.contains(name); }
  std::uint64_t size(const std::string& name) const;
  std::vector<std::string> names() const;
  Rng& rng() { return rng_; }

  // Makes the file if it is not there; on disk it is with its first sync.
  Outcome open(const std::string& name);
  // Zeros beyond the end; gives how many bytes there were.
  std::size_t read(const std::string& name, std::uint64_t offset, MutableByteView out) const;
  Outcome write(const std::string& name, std::uint64_t offset, ByteView bytes);
  Outcome truncate(const std::string& name, std::uint64_t size);
  Outcome sync(const std::string& name);
  // Durable at once, or it may come back after a power cut.
  Outcome remove(const std::string& name, bool durable);

  void lose_power(PowerLoss loss);
  void flip_bit(const std::string& name, std::uint64_t byte, unsigned bit);
  void copy_files(const SimulatedFiles& other);

  // The faults and figures of SimulatedDisk.
  bool powered = true;
  std::uint64_t operations_until_cut = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t failing_syncs = 0;
  std::uint64_t failing_writes = 0;
  bool full = false;
  std::uint64_t bytes_max = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t operations = 0;
  std::uint64_t syncs = 0;

 private:
  struct Change {
    bool truncates = false;
    std::uint64_t offset = 0;  // the new size, if it truncates
    Bytes bytes;
  };
  struct File {
    Bytes now;
    Bytes durable;
    bool is_durable = false;  // its name
    std::vector<Change> unsynced;
  };

  // Counts an operation that changes something.
  bool begin_operation();
  static void apply(Bytes& bytes, const Change& change);
  void tear(File& file);

  DeterministicRng rng_;
  std::map<std::string, File> files_;
  std::map<std::string, Bytes> removed_;  // what may come back
  std::uint64_t bytes_ = 0;
};

}  // namespace zerok::store
