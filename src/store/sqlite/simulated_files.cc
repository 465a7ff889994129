// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/sqlite/simulated_files.h"

#include <algorithm>

#include "base/check.h"

namespace zerok::store {
namespace {

constexpr std::uint64_t kSectorBytes = 512;
constexpr auto kForever = std::numeric_limits<std::uint64_t>::max();

}  // namespace

std::uint64_t SimulatedFiles::size(const std::string& name) const {
  const auto found = files_.find(name);
  return found == files_.end() ? 0 : found->second.now.size();
}

std::vector<std::string> SimulatedFiles::names() const {
  std::vector<std::string> names;
  for (const auto& [name, file] : files_) names.push_back(name);
  return names;
}

bool SimulatedFiles::begin_operation() {
  if (powered && operations_until_cut != kForever && operations_until_cut-- == 0) {
    operations_until_cut = kForever;
    powered = false;
  }
  if (powered) ++operations;
  return powered;
}

SimulatedFiles::Outcome SimulatedFiles::open(const std::string& name) {
  if (!powered) return Outcome::kFailed;
  files_.try_emplace(name);
  return Outcome::kGood;
}

std::size_t SimulatedFiles::read(const std::string& name, std::uint64_t offset,
                                 MutableByteView out) const {
  const Bytes& bytes = files_.find(name)->second.now;
  std::ranges::fill(out, std::uint8_t{0});
  if (offset >= bytes.size()) return 0;
  const auto count = std::min<std::uint64_t>(out.size(), bytes.size() - offset);
  std::ranges::copy(ByteView(bytes).subspan(offset, count), out.begin());
  return static_cast<std::size_t>(count);
}

void SimulatedFiles::apply(Bytes& bytes, const Change& change) {
  if (change.truncates) {
    bytes.resize(change.offset);
    return;
  }
  bytes.resize(std::max<std::size_t>(bytes.size(), change.offset + change.bytes.size()));
  std::ranges::copy(change.bytes, bytes.begin() + static_cast<std::ptrdiff_t>(change.offset));
}

SimulatedFiles::Outcome SimulatedFiles::write(const std::string& name, std::uint64_t offset,
                                              ByteView bytes) {
  if (!begin_operation()) return Outcome::kFailed;
  if (failing_writes > 0) {
    --failing_writes;
    return Outcome::kFailed;
  }
  File& file = files_.find(name)->second;
  const std::uint64_t end = offset + bytes.size();
  const std::uint64_t growth = end > file.now.size() ? end - file.now.size() : 0;
  if (full || (growth > 0 && bytes_ + growth > bytes_max)) return Outcome::kFull;
  file.unsynced.push_back({.offset = offset, .bytes = Bytes(bytes.begin(), bytes.end())});
  apply(file.now, file.unsynced.back());
  bytes_ += growth;
  return Outcome::kGood;
}

SimulatedFiles::Outcome SimulatedFiles::truncate(const std::string& name, std::uint64_t size) {
  if (!begin_operation()) return Outcome::kFailed;
  File& file = files_.find(name)->second;
  bytes_ += size;
  bytes_ -= file.now.size();
  file.unsynced.push_back({.truncates = true, .offset = size, .bytes = {}});
  apply(file.now, file.unsynced.back());
  return Outcome::kGood;
}

SimulatedFiles::Outcome SimulatedFiles::sync(const std::string& name) {
  if (!begin_operation()) return Outcome::kFailed;
  if (failing_syncs > 0) {
    --failing_syncs;
    return Outcome::kFailed;
  }
  ++syncs;
  File& file = files_.find(name)->second;
  for (const Change& change : file.unsynced) apply(file.durable, change);
  file.unsynced.clear();
  file.is_durable = true;
  removed_.erase(name);
  return Outcome::kGood;
}

SimulatedFiles::Outcome SimulatedFiles::remove(const std::string& name, bool durable) {
  if (!begin_operation()) return Outcome::kFailed;
  const auto found = files_.find(name);
  if (found == files_.end()) return Outcome::kGood;
  bytes_ -= found->second.now.size();
  if (durable) {
    removed_.erase(name);
  } else if (found->second.is_durable) {
    removed_[name] = std::move(found->second.durable);
  }
  files_.erase(found);
  return Outcome::kGood;
}

// Any sector of any change since the last sync may be there or not.
void SimulatedFiles::tear(File& file) {
  const std::uint64_t survivors = rng_.below(5);  // none, one of four, ..., all
  for (const Change& change : file.unsynced) {
    if (change.truncates) {
      if (rng_.below(4) < survivors) apply(file.durable, change);
      continue;
    }
    const std::uint64_t end = change.offset + change.bytes.size();
    for (std::uint64_t begin = change.offset; begin < end;) {
      const std::uint64_t next = std::min(end, (begin / kSectorBytes + 1) * kSectorBytes);
      if (rng_.below(4) < survivors) {
        const auto from = change.bytes.begin() + static_cast<std::ptrdiff_t>(begin - change.offset);
        const auto count = static_cast<std::ptrdiff_t>(next - begin);
        apply(file.durable, {.offset = begin, .bytes = Bytes(from, from + count)});
      }
      begin = next;
    }
  }
}

void SimulatedFiles::lose_power(PowerLoss loss) {
  if (loss != PowerLoss::kNone) {
    for (auto place = files_.begin(); place != files_.end();) {
      File& file = place->second;
      if (loss == PowerLoss::kKeepsSome) tear(file);
      const bool stays = file.is_durable || (loss == PowerLoss::kKeepsSome && rng_.below(2) == 0);
      if (!stays) {
        place = files_.erase(place);
        continue;
      }
      file.is_durable = true;
      file.unsynced.clear();
      file.now = file.durable;
      ++place;
    }
    for (auto& [name, bytes] : removed_) {
      if (files_.contains(name) || rng_.below(2) == 0) continue;
      files_[name] = {.now = bytes, .durable = bytes, .is_durable = true, .unsynced = {}};
    }
    removed_.clear();
  }
  bytes_ = 0;
  for (const auto& [name, file] : files_) bytes_ += file.now.size();
  powered = true;
  operations_until_cut = kForever;
  failing_syncs = failing_writes = 0;
  full = false;
  bytes_max = kForever;
}

void SimulatedFiles::flip_bit(const std::string& name, std::uint64_t byte, unsigned bit) {
  const auto found = files_.find(name);
  ZEROK_ASSERT(found != files_.end() && byte < found->second.now.size() && bit < 8);
  const auto mask = static_cast<std::uint8_t>(1U << bit);
  found->second.now[byte] ^= mask;
  if (byte < found->second.durable.size()) found->second.durable[byte] ^= mask;
}

void SimulatedFiles::copy_files(const SimulatedFiles& other) {
  for (const auto& [name, file] : other.files_) {
    files_[name] = {.now = file.now, .durable = file.now, .is_durable = true, .unsynced = {}};
    bytes_ += file.now.size();
  }
}

}  // namespace zerok::store
