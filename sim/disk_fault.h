// SPDX-License-Identifier: MIT OR Apache-2.0
// DiskFault: what the next commits of one machine meet. A power cut ends the process in the middle
// of whatever it was doing, so it leaves by an exception: the only one in the simulator, caught
// where a process is stepped. The code under test throws and catches nothing.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace zerok::sim {

// The machine lost its power; nothing that its process knew is left but what is on its disk.
struct PowerCut {
  bool durable = false;  // the commit that it hit is on the disk all the same
};

struct DiskFault {
  enum class Cut : std::uint8_t { kNone, kBeforeDurable, kAfterDurable };

  bool full = false;  // commits fail until this is over
  Cut cut = Cut::kNone;
  std::uint64_t commits_until_cut = 0;

  // Commits, or fails in one of these ways. Store: RelayStore or ClientStore.
  template <typename Store>
  Result<void> commit(Store& store) {
    if (cut != Cut::kNone && commits_until_cut-- == 0) {
      const Cut now = cut;
      cut = Cut::kNone;
      if (now == Cut::kAfterDurable && !full && store.commit()) throw PowerCut{true};
      store.rollback();
      throw PowerCut{false};
    }
    if (full) {
      store.rollback();
      return fail(ErrorCode::kIo, "the disk is full");
    }
    return store.commit();
  }
};

}  // namespace zerok::sim
