// SPDX-License-Identifier: MIT OR Apache-2.0
// Blobs from the relay (sealed bytes nobody can have made) and from a member (any plaintext, sealed
// with the right key). What opens is within its bounds, is exactly what was sealed, and opens again
// under another epoch and id as the same content.
#include "core/testing/blob_sample.h"
#include "crypto/aead.h"

namespace {

using namespace zerok;
using namespace zerok::core;

Bytes seal_any(const BlobEpoch& epoch, const BlobId& id, ByteView plaintext) {
  Bytes ad = {14};
  for (const ByteView part : {as_bytes("0k-sync/2 blob"), ByteView(epoch.group.bytes()),
                              ByteView(epoch.epoch.bytes()), ByteView(id.bytes())}) {
    ad.insert(ad.end(), part.begin(), part.end());
  }
  Bytes sealed(kSealBytes + plaintext.size());
  crypto::xchacha_poly_seal(epoch.key, MutableByteView(sealed).first<kNonceBytes>(), ad, plaintext,
                            MutableByteView(sealed).subspan(kNonceBytes));
  return sealed;
}

void check_content(const BlobContent& content) {
  const BlobHeader& header = content.header();
  ZEROK_ASSERT(content.bytes().size() <= BlobContent::kBytesMax);
  ZEROK_ASSERT(content.payload().size() <= kPayloadBytesMax);
  ZEROK_ASSERT(header.sequence >= 1 && header.sequence <= kSequenceMax);
  ZEROK_ASSERT(header.lamport >= 1 && header.lamport <= kLamportMax);
  const auto again = BlobContent::make(header, content.payload());
  ZEROK_ASSERT(again && *again == content && again->chain_hash() == content.chain_hash());
}

void check_resealed(const BlobContent& content, ByteView nonce_seed) {
  const BlobEpoch epoch = testing::sample_epoch(0x60);
  DeterministicRng rng(nonce_seed.size());
  for (const Padding padding : {Padding::kPadme, Padding::kNone}) {
    const BlobId id = draw_blob_id(rng);
    const auto opened = open_blob(epoch, id, seal_blob(epoch, id, content, padding, rng));
    ZEROK_ASSERT(opened && *opened == content);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  static const BlobEpoch epoch = testing::sample_epoch();
  const BlobId id;
  const auto forged = open_blob(epoch, id, input);
  ZEROK_ASSERT(!forged && forged.error() == BlobRefusal::kNotAuthentic);

  if (const auto content = BlobContent::parse(Bytes(input.begin(), input.end()))) {
    ZEROK_ASSERT(std::ranges::equal(content->bytes(), input));
    check_content(*content);
    check_resealed(*content, input);
  }
  const auto opened = open_blob(epoch, id, seal_any(epoch, id, input));
  if (opened) {
    check_content(*opened);
    const std::size_t used = kLengthBytes + opened->bytes().size();
    ZEROK_ASSERT(size == used || size == padded_size(used));
    ZEROK_ASSERT(
        std::ranges::equal(opened->bytes(), input.subspan(kLengthBytes, used - kLengthBytes)));
  } else {
    ZEROK_ASSERT(opened.error() == BlobRefusal::kMalformed ||
                 opened.error() == BlobRefusal::kNewerVersion);
  }
  return 0;
}
