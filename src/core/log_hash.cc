// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/log_hash.h"

#include "core/label.h"

namespace zerok::core {

CiphertextHash ciphertext_hash(ByteView sealed) {
  return CiphertextHash(labelled_hash("0k-sync/2 ciphertext", sealed));
}

LogHash extend_log_hash(const LogHash& before, std::uint64_t cursor, const BlobId& blob,
                        const CiphertextHash& ciphertext) {
  ByteArray<LogHash::kSize + 8 + BlobId::kSize + CiphertextHash::kSize> line;
  const MutableByteView out(line);
  std::ranges::copy(before.bytes(), out.begin());
  store_be64(out.subspan(32), cursor);
  std::ranges::copy(blob.bytes(), out.begin() + 40);
  std::ranges::copy(ciphertext.bytes(), out.begin() + 56);
  return LogHash(labelled_hash("0k-sync/2 log line", line));
}

}  // namespace zerok::core
