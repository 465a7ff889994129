// SPDX-License-Identifier: MIT OR Apache-2.0
// LossLedger: how many blobs of each sender are known to be gone for good: deleted by their sender,
// or lost and told to the application. Only they let a chain's gap be passed over. A stub names no
// sequence number, so what is known is a count; where the beginning of the log was dropped even
// that is not known, and the next gap of each sender is covered whatever its length.
#pragma once

#include <map>

#include "base/id.h"
#include "base/result.h"

namespace zerok::core {

class LossLedger {
 public:
  // One by its sender's wish.
  void add_deleted(const DeviceId& sender);
  // One that the application is to be told of.
  void add_lost(const DeviceId& sender);
  // The same of a log that is read again after a reset, whose losses may well be here: neither,
  // until it is decided.
  void suspect(const DeviceId& sender);
  void suspect_unknown(const DeviceId& sender);
  // It is the log that was read before: all of it is here.
  void drop_suspects();
  // Decides for all suspected ones of each sender; lost(sender) says whether something is missing.
  template <typename Lost>
  void decide(Lost lost) {
    for (auto& [sender, loss] : losses_) {
      if (loss.suspected == 0 && !loss.unknown_suspected) continue;
      loss.unknown = loss.unknown || loss.unknown_suspected;
      loss.unknown_suspected = false;
      if (loss.suspected > 0 && lost(sender)) {
        loss.count += loss.suspected;
        loss.untold += loss.suspected;
      }
      loss.suspected = 0;
      changed_ = true;
    }
  }
  // What was lost since the last call, by sender.
  std::map<DeviceId, std::uint64_t> take_untold();
  // The beginning of the log is gone: one gap of any length.
  void add_unknown(const DeviceId& sender);
  enum class Cover : std::uint8_t {
    kNone,
    kKnown,    // each of them was counted
    kUnknown,  // somewhere in the beginning that was dropped
  };
  // Whether `count` missing blobs are covered; then they are spent.
  Cover spend(const DeviceId& sender, std::uint64_t count);
  // A later blob of the sender followed its chain without a gap: whatever is gone did not make one,
  // and must not explain another.
  void settle(const DeviceId& sender);

  bool changed() const { return changed_; }
  // Clears changed(). Empty when nothing is owed.
  Bytes encode();
  static Result<LossLedger> decode(ByteView bytes);

 private:
  struct Loss {
    std::uint64_t count = 0;
    std::uint64_t suspected = 0;
    std::uint64_t untold = 0;
    bool unknown = false;
    bool unknown_suspected = false;
  };
  Loss* open(const DeviceId& sender);

  std::map<DeviceId, Loss> losses_;
  bool changed_ = false;
};

}  // namespace zerok::core
