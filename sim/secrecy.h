// SPDX-License-Identifier: MIT OR Apache-2.0
// SecrecyCheck: what must be true of every sealed byte that leaves a device: no plaintext in what a
// relay holds, and no nonce twice under one key. Payloads and names carry a canary, a text that
// sealing would never produce.
#pragma once

#include <map>
#include <string>

#include "base/id.h"
#include "sim/findings.h"

namespace zerok::sim {

class SecrecyCheck {
 public:
  static constexpr std::string_view kCanary = "canary-6f1d0b7c";

  explicit SecrecyCheck(Findings& findings) : findings_(findings) {}

  // Bytes that a relay keeps or was sent.
  void relay_holds(ByteView bytes, std::string_view what);
  // A sealed blob, whose first 24 bytes are its nonce.
  void sealed(const GroupId& epoch_group, const BlobId& blob, ByteView sealed);
  std::size_t nonces() const { return nonces_.size(); }

 private:
  using Nonce = ByteArray<24>;

  Findings& findings_;
  std::map<std::pair<GroupId, Nonce>, CiphertextHash> nonces_;
};

}  // namespace zerok::sim
