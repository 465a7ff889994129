// SPDX-License-Identifier: MIT OR Apache-2.0
// Deletes: blobs that the application wants gone from the relay, until they are. One of our own
// that is still in the outbox is remembered beyond that: a relay that lost its log would get it
// again.
#pragma once

#include <map>

#include "core/client/outbox.h"

namespace zerok::core {

class Deletes {
 public:
  // kOverloaded when `count_max` wait for the relay, or too many that are done for other devices.
  Result<void> add(const BlobId& blob, const Outbox& outbox, std::size_t count_max);
  bool contains(const BlobId& blob) const { return wanted_.contains(blob); }
  // The next one to ask the relay for; blobs that it does not have yet come first to it.
  std::optional<BlobId> next(const Outbox& outbox) const;
  // How many the relay has not done.
  std::size_t waiting() const;
  void done(const BlobId& blob, const Outbox& outbox);
  // The blob goes out under another id.
  void rename(const BlobId& before, const BlobId& after);
  void give_up(const BlobId& blob);
  // The relay's log is another one.
  void forget_relay();

  bool changed() const { return changed_; }
  // Clears changed().
  Bytes encode();
  static Result<Deletes> decode(ByteView bytes);

 private:
  struct Wanted {
    std::uint64_t number = 0;  // in the outbox when it was asked for; 0: not
    bool done = false;
  };
  // Done, and no relay will ever get the blob from here again.
  void forget_delivered(const Outbox& outbox);

  std::map<BlobId, Wanted> wanted_;
  bool changed_ = false;
};

}  // namespace zerok::core
