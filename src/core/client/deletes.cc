// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/client/deletes.h"

#include <algorithm>

#include "base/check.h"
#include "wire/decoder.h"
#include "wire/encoder.h"

namespace zerok::core {
namespace {

constexpr std::size_t kBytesMax = std::size_t{64} << 10;
// 29 bytes each.
constexpr std::uint32_t kCountMax = 2048;

}  // namespace

Result<void> Deletes::add(const BlobId& blob, const Outbox& outbox, std::size_t count_max) {
  if (wanted_.contains(blob)) return {};
  forget_delivered(outbox);
  if (waiting() >= count_max) {
    return fail(ErrorCode::kOverloaded, "too many removals wait for the relay");
  }
  if (wanted_.size() >= kCountMax) {
    return fail(ErrorCode::kOverloaded, "too many removed blobs wait for the other devices");
  }
  const OutboxEntry* entry = outbox.find(blob);
  wanted_.emplace(blob, Wanted{entry == nullptr ? 0 : entry->number, false});
  changed_ = true;
  return {};
}

std::optional<BlobId> Deletes::next(const Outbox& outbox) const {
  for (const auto& [blob, wanted] : wanted_) {
    if (wanted.done) continue;
    const OutboxEntry* entry = wanted.number == 0 ? nullptr : outbox.find(wanted.number);
    // Not pushed at all it would leave a hole in the chain that nothing explains.
    if (entry == nullptr || entry->cursor != 0) return blob;
  }
  return std::nullopt;
}

std::size_t Deletes::waiting() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(wanted_, [](const auto& entry) { return !entry.second.done; }));
}

void Deletes::done(const BlobId& blob, const Outbox& outbox) {
  const auto at = wanted_.find(blob);
  if (at == wanted_.end()) return;
  changed_ = true;
  at->second.done = true;
  forget_delivered(outbox);
}

void Deletes::forget_delivered(const Outbox& outbox) {
  const auto gone = std::erase_if(wanted_, [&](const auto& entry) {
    const Wanted& wanted = entry.second;
    return wanted.done && (wanted.number == 0 || outbox.find(wanted.number) == nullptr);
  });
  if (gone > 0) changed_ = true;
}

void Deletes::rename(const BlobId& before, const BlobId& after) {
  auto node = wanted_.extract(before);
  if (node.empty()) return;
  node.key() = after;
  wanted_.insert(std::move(node));
  changed_ = true;
}

void Deletes::give_up(const BlobId& blob) {
  if (wanted_.erase(blob) > 0) changed_ = true;
}

void Deletes::forget_relay() {
  for (auto& [blob, wanted] : wanted_) {
    if (wanted.done) changed_ = true;
    wanted.done = false;
  }
}

Bytes Deletes::encode() {
  changed_ = false;
  if (wanted_.empty()) return {};
  wire::Encoder out(kBytesMax);
  out.add_array(static_cast<std::uint32_t>(wanted_.size()));
  for (const auto& [blob, wanted] : wanted_) {
    out.add_array(3).add_bin(blob.bytes()).add_unsigned(wanted.number).add_bool(wanted.done);
  }
  auto bytes = out.take();
  ZEROK_ASSERT(bytes);  // kCountMax of them fit
  return *std::move(bytes);
}

Result<Deletes> Deletes::decode(ByteView bytes) {
  Deletes out;
  if (bytes.empty()) return out;
  wire::Decoder in(bytes, wire::Extras::kRefused);
  ZEROK_TRY(const std::uint32_t count, in.begin_list(kCountMax));
  for (std::uint32_t n = 0; n < count; ++n) {
    ZEROK_TRY_VOID(in.begin_record(3));
    ZEROK_TRY(const auto blob, in.read_fixed<BlobId::kSize>());
    Wanted wanted;
    ZEROK_TRY(wanted.number, in.read_unsigned());
    ZEROK_TRY(wanted.done, in.read_bool());
    ZEROK_TRY_VOID(in.end());
    out.wanted_.insert_or_assign(BlobId(blob), wanted);
  }
  ZEROK_TRY_VOID(in.end());
  ZEROK_TRY_VOID(in.finish());
  return out;
}

}  // namespace zerok::core
