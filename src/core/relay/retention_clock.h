// SPDX-License-Identifier: MIT OR Apache-2.0
// RetentionClock: what a relay dates payloads and stubs with. The wall clock of a machine may jump
// by years either way, and a relay that believed it would throw everything away at once. This clock
// advances by the monotonic clock while the relay runs, and over a stop by what the wall clock says
// has passed, at most a day. It may fall behind, which only keeps things longer; it never jumps.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace zerok::core {

class RetentionClock {
 public:
  static constexpr UnixMs kGapMaxMs = UnixMs{24} * 60 * 60 * 1000;

  // saved: what save() last gave, or empty at the first start. kMalformed.
  static Result<RetentionClock> start(ByteView saved, Instant now, UnixMs wall);

  UnixMs at(Instant now) const;
  // 16 bytes: this clock's time and the wall's.
  Bytes save(Instant now, UnixMs wall) const;

 private:
  RetentionClock(UnixMs time, Instant start) : time_(time), start_(start) {}
  UnixMs time_;
  Instant start_;
};

}  // namespace zerok::core
