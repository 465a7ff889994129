// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/blob.h"

#include <algorithm>

#include "core/label.h"
#include "crypto/aead.h"

namespace zerok::core {
namespace {

constexpr std::string_view kBlobLabel = "0k-sync/2 blob";

Bytes associated_data(const BlobEpoch& epoch, const BlobId& id) {
  Bytes out = begin_labelled(kBlobLabel, GroupId::kSize + EpochId::kSize + BlobId::kSize);
  append(out, epoch.group.bytes());
  append(out, epoch.epoch.bytes());
  append(out, id.bytes());
  return out;
}

// The content inside an authentic plaintext.
std::expected<BlobContent, BlobRefusal> unpad(Bytes plaintext) {
  const auto malformed = std::unexpected(BlobRefusal::kMalformed);
  if (plaintext.size() < kLengthBytes) return malformed;
  const std::size_t size = load_be32(plaintext);
  if (size > plaintext.size() - kLengthBytes) return malformed;
  const std::size_t used = kLengthBytes + size;
  const std::size_t padded = plaintext.size();
  const bool zeros = std::ranges::all_of(ByteView(plaintext).subspan(used),
                                         [](std::uint8_t byte) { return byte == 0; });
  plaintext.resize(used);
  plaintext.erase(plaintext.begin(), plaintext.begin() + kLengthBytes);
  auto content = BlobContent::parse(std::move(plaintext));
  // A newer version may have its own rules for what surrounds it.
  if (!content && content.error().code == ErrorCode::kUnsupported) {
    return std::unexpected(BlobRefusal::kNewerVersion);
  }
  if (!content || !zeros || (padded != used && padded != padded_size(used))) return malformed;
  return *std::move(content);
}

}  // namespace

BlobId draw_blob_id(Rng& rng) {
  BlobId id;
  rng.fill(id.mutable_bytes());
  return id;
}

Bytes seal_blob(const BlobEpoch& epoch, const BlobId& id, const BlobContent& content,
                Padding padding, Rng& rng) {
  const std::size_t used = kLengthBytes + content.bytes().size();
  const std::size_t padded = padding == Padding::kPadme ? padded_size(used) : used;
  // Nonce, plaintext, room for the tag; sealed in place.
  Bytes sealed(kSealBytes + padded);
  const auto nonce = MutableByteView(sealed).first<kNonceBytes>();
  rng.fill(nonce);
  const auto body = MutableByteView(sealed).subspan(kNonceBytes);
  store_be32(body, static_cast<std::uint32_t>(content.bytes().size()));
  std::ranges::copy(content.bytes(), body.begin() + kLengthBytes);
  crypto::xchacha_poly_seal(epoch.key, nonce, associated_data(epoch, id), body.first(padded), body);
  return sealed;
}

std::expected<BlobContent, BlobRefusal> open_blob(const BlobEpoch& epoch, const BlobId& id,
                                                  ByteView sealed) {
  if (sealed.size() < kSealBytes || sealed.size() > kSealedBytesMax) {
    return std::unexpected(BlobRefusal::kNotAuthentic);
  }
  Bytes plaintext(sealed.size() - kSealBytes);
  if (!crypto::xchacha_poly_open(epoch.key, sealed.first<kNonceBytes>(), associated_data(epoch, id),
                                 sealed.subspan(kNonceBytes), plaintext)) {
    return std::unexpected(BlobRefusal::kNotAuthentic);
  }
  return unpad(std::move(plaintext));
}

Result<void> BlobKeyring::add(const GroupId& epoch_group, const EpochId& epoch,
                              crypto::BlobKey key) {
  if (epochs_.contains(epoch_group)) {
    return fail(ErrorCode::kInvalidState, "the epoch's key is held already");
  }
  if (epochs_.size() == kEpochsMax) return fail(ErrorCode::kOverloaded, "too many epochs are held");
  epochs_.emplace(epoch_group, BlobEpoch{group_, epoch, std::move(key)});
  return {};
}

const BlobEpoch* BlobKeyring::find(const GroupId& epoch_group) const {
  const auto found = epochs_.find(epoch_group);
  return found == epochs_.end() ? nullptr : &found->second;
}

std::expected<BlobContent, BlobRefusal> BlobKeyring::open(const GroupId& epoch_group,
                                                          const BlobId& id, ByteView sealed) const {
  const BlobEpoch* epoch = find(epoch_group);
  if (epoch == nullptr) return std::unexpected(BlobRefusal::kKeyMissing);
  return open_blob(*epoch, id, sealed);
}

}  // namespace zerok::core
