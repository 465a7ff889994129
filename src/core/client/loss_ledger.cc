// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/client/loss_ledger.h"

#include <utility>

#include "base/check.h"
#include "wire/decoder.h"
#include "wire/encoder.h"
#include "wire/messages/limits.h"

namespace zerok::core {
namespace {

// As a value of the store: at most kSendersInValue senders of 35 and 3 * 9 bytes.
constexpr std::size_t kBytesMax = std::size_t{64} << 10;
constexpr std::size_t kSendersInValue = 1024;

}  // namespace

// Null past the bound: then a gap stays and is told, which loses nothing.
LossLedger::Loss* LossLedger::open(const DeviceId& sender) {
  if (losses_.size() >= kSendersInValue && !losses_.contains(sender)) return nullptr;
  changed_ = true;
  return &losses_[sender];
}

void LossLedger::add_deleted(const DeviceId& sender) {
  if (Loss* loss = open(sender)) ++loss->count;
}

void LossLedger::add_lost(const DeviceId& sender) {
  Loss* loss = open(sender);
  if (loss == nullptr) return;
  ++loss->count;
  ++loss->untold;
}

void LossLedger::suspect(const DeviceId& sender) {
  if (Loss* loss = open(sender)) ++loss->suspected;
}

void LossLedger::suspect_unknown(const DeviceId& sender) {
  if (Loss* loss = open(sender)) loss->unknown_suspected = true;
}

void LossLedger::drop_suspects() {
  for (auto& [sender, loss] : losses_) {
    loss.suspected = 0;
    loss.unknown_suspected = false;
  }
  changed_ = true;
}

void LossLedger::add_unknown(const DeviceId& sender) {
  if (Loss* loss = open(sender)) loss->unknown = true;
}

std::map<DeviceId, std::uint64_t> LossLedger::take_untold() {
  std::map<DeviceId, std::uint64_t> out;
  for (auto& [sender, loss] : losses_) {
    if (loss.untold == 0) continue;
    out.emplace(sender, std::exchange(loss.untold, 0));
    changed_ = true;
  }
  return out;
}

LossLedger::Cover LossLedger::spend(const DeviceId& sender, std::uint64_t count) {
  const auto at = losses_.find(sender);
  if (at == losses_.end()) return Cover::kNone;
  Loss& loss = at->second;
  if (loss.count < count && !loss.unknown) return Cover::kNone;
  changed_ = true;
  if (loss.count >= count) {
    loss.count -= count;
    return Cover::kKnown;
  }
  loss.count = 0;
  loss.unknown = false;
  return Cover::kUnknown;
}

void LossLedger::settle(const DeviceId& sender) {
  const auto at = losses_.find(sender);
  if (at == losses_.end() || (at->second.count == 0 && !at->second.unknown)) return;
  at->second.count = 0;
  at->second.unknown = false;
  changed_ = true;
}

Bytes LossLedger::encode() {
  changed_ = false;
  std::erase_if(losses_, [](const auto& entry) {
    const Loss& loss = entry.second;
    return loss.count == 0 && loss.suspected == 0 && loss.untold == 0 && !loss.unknown &&
           !loss.unknown_suspected;
  });
  if (losses_.empty()) return {};
  wire::Encoder out(kBytesMax);
  out.add_array(static_cast<std::uint32_t>(losses_.size()));
  for (const auto& [sender, loss] : losses_) {
    out.add_array(6).add_bin(sender.bytes()).add_unsigned(loss.count);
    out.add_unsigned(loss.suspected).add_unsigned(loss.untold).add_bool(loss.unknown);
    out.add_bool(loss.unknown_suspected);
  }
  auto bytes = out.take();
  ZEROK_ASSERT(bytes);  // kSendersInValue of 63 bytes fit
  return *std::move(bytes);
}

Result<LossLedger> LossLedger::decode(ByteView bytes) {
  LossLedger out;
  if (bytes.empty()) return out;
  wire::Decoder in(bytes, wire::Extras::kRefused);
  ZEROK_TRY(const std::uint32_t senders, in.begin_list(kSendersInValue));
  for (std::uint32_t n = 0; n < senders; ++n) {
    ZEROK_TRY_VOID(in.begin_record(6));
    ZEROK_TRY(const auto sender, in.read_fixed<DeviceId::kSize>());
    Loss loss;
    ZEROK_TRY(loss.count, in.read_unsigned(wire::kCountMax));
    ZEROK_TRY(loss.suspected, in.read_unsigned(wire::kCountMax));
    ZEROK_TRY(loss.untold, in.read_unsigned(wire::kCountMax));
    ZEROK_TRY(loss.unknown, in.read_bool());
    ZEROK_TRY(loss.unknown_suspected, in.read_bool());
    ZEROK_TRY_VOID(in.end());
    out.losses_.insert_or_assign(DeviceId(sender), loss);
  }
  ZEROK_TRY_VOID(in.end());
  ZEROK_TRY_VOID(in.finish());
  return out;
}

}  // namespace zerok::core
