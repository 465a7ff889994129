// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/lying_relay_store.h"

#include <algorithm>

namespace zerok::sim {

Result<std::optional<LogHash>> LyingRelayStore::log_hash_at(store::GroupKey group,
                                                            std::uint64_t cursor) {
  ZEROK_TRY(auto hash, inner_.log_hash_at(group, cursor));
  if (hash && cursor != 0 && lies_.tell()) hash->mutable_bytes()[0] ^= 1;
  return hash;
}

Result<std::vector<store::StoredLine>> LyingRelayStore::read_lines(
    store::GroupKey group, std::uint64_t after, std::size_t lines_max, std::size_t bytes_max,
    const std::optional<DeviceId>& without_payload_of) {
  ZEROK_TRY(auto lines, inner_.read_lines(group, after, lines_max, bytes_max, without_payload_of));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lies_.tell()) spoil(lines, i);
  }
  return lines;
}

void LyingRelayStore::spoil(std::vector<store::StoredLine>& lines, std::size_t at) {
  store::StoredLine& line = lines[at];
  store::StoredLine& other = lines[lies_.rng.below(lines.size())];
  switch (lies_.rng.below(8)) {
    case 0:  // swaps two payloads
      if (line.sealed.empty() || other.sealed.empty()) break;
      std::swap(line.sealed, other.sealed);
      break;
    case 1:  // swaps two lines
      std::swap(line.info.blob, other.info.blob);
      std::swap(line.info.ciphertext_hash, other.info.ciphertext_hash);
      std::swap(line.info.stub, other.info.stub);
      std::swap(line.info.sender, other.info.sender);
      std::swap(line.sealed, other.sealed);
      break;
    case 2:  // repeats another line in this one's place
      if (line.sealed.empty() || other.sealed.empty()) break;
      line = store::StoredLine{other.info, other.sealed};
      line.info.cursor = lines[0].info.cursor + at;
      break;
    case 3:  // changes a payload
      if (line.sealed.empty()) break;
      line.sealed[lies_.rng.below(line.sealed.size())] ^= 0x10;
      break;
    case 4:  // withholds it
      if (line.sealed.empty()) break;
      line.info.stub = static_cast<wire::StubReason>(1 + lies_.rng.below(3));
      line.sealed.clear();
      // With its true hash: a reader can't know better, and never asks for it again.
      ledger_.show_removed(line.info.blob);
      break;
    case 5:  // withholds it under another hash
      if (line.sealed.empty()) break;
      line.info.stub = static_cast<wire::StubReason>(1 + lies_.rng.below(3));
      line.info.ciphertext_hash.mutable_bytes()[3] ^= 1;
      line.sealed.clear();
      ledger_.show_removed(line.info.blob);
      break;
    case 6:  // invents a sender
      line.info.sender.mutable_bytes()[7] ^= 1;
      break;
    case 7:  // blames another one
      line.info.sender = other.info.sender;
      break;
    default:
      break;
  }
}

}  // namespace zerok::sim
