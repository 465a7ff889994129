// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/secrecy.h"

#include <algorithm>

#include "core/log_hash.h"

namespace zerok::sim {

void SecrecyCheck::relay_holds(ByteView bytes, std::string_view what) {
  const ByteView canary = as_bytes(kCanary);
  if (!std::ranges::search(bytes, canary).empty()) {
    findings_.fail("plaintext", "the relay holds plaintext in {}", what);
  }
}

void SecrecyCheck::sealed(const GroupId& epoch_group, const BlobId& blob, ByteView sealed) {
  Nonce nonce{};
  if (sealed.size() < nonce.size()) {
    findings_.fail("nonce", "a sealed blob of {} bytes has no nonce", sealed.size());
    return;
  }
  std::copy_n(sealed.begin(), nonce.size(), nonce.begin());
  const auto hash = core::ciphertext_hash(sealed);
  const auto [known, is_new] = nonces_.try_emplace({epoch_group, nonce}, hash);
  if (!is_new && known->second != hash) {
    findings_.fail("nonce", "blob {} has a nonce that another ciphertext has",
                   to_hex(blob.bytes()).substr(0, 8));
  }
}

}  // namespace zerok::sim
