// SPDX-License-Identifier: MIT OR Apache-2.0
// The vectors of docs/protocol/vectors/log_hash.txt. To write the file anew on purpose:
//   ZEROK_WRITE_VECTORS=1 core_test --gtest_filter=LogHashTest.*
// tools/check_message_vectors.py computes the same values from the document's rules.
#include "core/log_hash.h"

#include <gtest/gtest.h>

#include <set>

#include "core/testing/vector_file.h"

namespace zerok::core {
namespace {

Bytes counting(std::uint8_t first, std::size_t size) {
  Bytes out(size);
  for (auto& byte : out) byte = first++;
  return out;
}

TEST(LogHashTest, AgreesWithThePublishedVectors) {
  testing::VectorFile file("Log hash vectors: docs/protocol/messages.md, section 3.");
  LogHash hash;
  for (std::uint8_t cursor = 1; cursor <= 3; ++cursor) {
    const Bytes sealed = counting(cursor, 40U * cursor);
    const auto blob = BlobId::from_bytes(counting(static_cast<std::uint8_t>(0x80 + cursor), 16));
    const auto ciphertext = ciphertext_hash(sealed);
    hash = extend_log_hash(hash, cursor, *blob, ciphertext);
    file.section("line " + std::to_string(cursor));
    file.add("blob_id", blob->bytes());
    file.add("sealed", sealed);
    file.add("ciphertext_hash", ciphertext.bytes());
    file.add("log_hash", hash.bytes());
  }
  EXPECT_EQ(file.published("log_hash.txt"), file.text());
}

TEST(LogHashTest, DependsOnEverythingThatNamesALineAndOnAllBeforeIt) {
  const auto hash = LogHash::from_bytes(counting(1, 32)).value();
  const auto blob = BlobId::from_bytes(counting(2, 16)).value();
  const auto ciphertext = ciphertext_hash(counting(3, 50));
  const std::set<LogHash> hashes = {
      extend_log_hash(hash, 7, blob, ciphertext),
      extend_log_hash(LogHash(), 7, blob, ciphertext),
      extend_log_hash(hash, 7U << 8, blob, ciphertext),
      extend_log_hash(hash, 7, BlobId(), ciphertext),
      extend_log_hash(hash, 7, blob, ciphertext_hash(counting(3, 51))),
  };
  EXPECT_EQ(hashes.size(), 5u);
}

}  // namespace
}  // namespace zerok::core
