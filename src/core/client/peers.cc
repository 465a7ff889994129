// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/client/peers.h"

#include <algorithm>

#include "base/check.h"
#include "wire/decoder.h"
#include "wire/encoder.h"
#include "wire/messages/limits.h"

namespace zerok::core {
namespace {

// Exact times mean nothing here, and each change costs a write.
constexpr UnixMs kHeardGrainMs = 60'000;
constexpr std::size_t kHeardBytesMax = std::size_t{64} << 10;
constexpr std::uint32_t kHeardDevicesMax = 1024;

}  // namespace

bool Peers::holds(const DeviceId& device, ByteView sealed) const {
  const auto at = peers_.find(device);
  return at != peers_.end() && std::ranges::equal(at->second.sealed, sealed);
}

Peers::Freshness Peers::freshness(const DeviceId& device, std::uint64_t counter,
                                  ByteView sealed) const {
  const auto at = peers_.find(device);
  if (at == peers_.end() || counter > at->second.state.counter) return Freshness::kNew;
  if (counter < at->second.state.counter) return Freshness::kOlder;
  return std::ranges::equal(at->second.sealed, sealed) ? Freshness::kSame : Freshness::kDiffers;
}

Peers::OwnChain Peers::take(const DeviceState& state, ByteView sealed, const DeviceId& self,
                            const ClientRecord& record, const Outbox& outbox) {
  Peer& peer = peers_[state.device];
  peer.state = state;
  peer.sealed.assign(sealed.begin(), sealed.end());
  auto verdict = OwnChain::kAgrees;
  for (const StoredHead& head : state.heads) {
    if (head.sender != self) continue;
    const bool present = head.incarnation == record.incarnation;
    const OutboxEntry* entry = outbox.find(head.incarnation, head.position.sequence);
    bool agrees = true;
    if (entry != nullptr) {
      agrees = entry->chain == head.position.hash;
    } else if (present && head.position.sequence == record.sent.sequence) {
      agrees = record.sent.hash == head.position.hash;
    } else if (present) {
      // What left the outbox was compared when it did; what we never sent is not ours.
      agrees = head.position.sequence < record.sent.sequence;
    }
    if (agrees) {
      std::uint64_t& stored = peer.stored[head.incarnation];
      stored = std::max(stored, head.position.sequence);
    } else {
      verdict = OwnChain::kContradicts;
    }
  }
  return verdict;
}

void Peers::heard(const DeviceId& device, UnixMs wall) {
  const auto [at, added] = heard_.emplace(device, wall);
  if (!added && wall < at->second + kHeardGrainMs) return;
  if (heard_.size() > kHeardDevicesMax) return;
  at->second = wall;
  heard_changed_ = true;
}

bool Peers::forget(const DeviceId& device) {
  peers_.erase(device);
  if (heard_.erase(device) == 0) return false;
  heard_changed_ = true;
  return true;
}

bool Peers::is_dormant(const DeviceId& device, UnixMs wall, const ClientLimits& limits) const {
  const auto at = heard_.find(device);
  return at != heard_.end() && wall - at->second > limits.dormant_after_ms;
}

Bytes Peers::encode_heard() {
  heard_changed_ = false;
  wire::Encoder out(kHeardBytesMax);
  out.add_array(static_cast<std::uint32_t>(heard_.size()));
  for (const auto& [device, wall] : heard_) {
    out.add_array(2).add_bin(device.bytes()).add_signed(wall);
  }
  auto bytes = out.take();
  ZEROK_ASSERT(bytes);  // kHeardDevicesMax of 44 bytes fit
  return *std::move(bytes);
}

Result<void> Peers::restore_heard(ByteView bytes) {
  if (bytes.empty()) return {};
  wire::Decoder in(bytes, wire::Extras::kRefused);
  ZEROK_TRY(const std::uint32_t devices, in.begin_list(kHeardDevicesMax));
  for (std::uint32_t n = 0; n < devices; ++n) {
    ZEROK_TRY_VOID(in.begin_record(2));
    ZEROK_TRY(const auto device, in.read_fixed<DeviceId::kSize>());
    ZEROK_TRY(const std::int64_t wall, in.read_signed());
    ZEROK_TRY_VOID(in.end());
    heard_.insert_or_assign(DeviceId(device), wall);
  }
  ZEROK_TRY_VOID(in.end());
  return in.finish();
}

std::uint64_t Peers::stored_by(const DeviceId& device, const Incarnation& incarnation) const {
  const auto peer = peers_.find(device);
  if (peer == peers_.end()) return 0;
  const auto at = peer->second.stored.find(incarnation);
  return at == peer->second.stored.end() ? 0 : at->second;
}

Peers::Delivery Peers::delivery(const OutboxEntry& entry, const DeviceId& self,
                                const Roster& roster, UnixMs wall,
                                const ClientLimits& limits) const {
  Delivery out;
  bool all = true;
  for (const Member& member : roster.members()) {
    if (!member.active || member.device == self) continue;
    ++out.devices;
    if (stored_by(member.device, entry.incarnation) >= entry.sequence) {
      ++out.delivered_to;
    } else if (!is_dormant(member.device, wall, limits)) {
      all = false;
    }
  }
  out.done = all && out.delivered_to > 0;
  return out;
}

void Peers::drop_delivered(Outbox& outbox, const DeviceId& self, const Roster& roster, UnixMs wall,
                           const ClientLimits& limits, Journal& journal) const {
  // Whoever has one blob of an incarnation has all before it, so the first that must stay ends it.
  std::vector<std::uint64_t> gone;
  for (const auto& [incarnation, numbers] : outbox.chains()) {
    for (const auto& [sequence, number] : numbers) {
      // One that the relay has not acknowledged is asked for again: it may have been counted there.
      if (outbox.find(number)->cursor == 0) break;
      if (!delivery(*outbox.find(number), self, roster, wall, limits).done) break;
      gone.push_back(number);
    }
  }
  for (const std::uint64_t number : gone) outbox.remove(number, journal);
}

const DeviceState* Peers::state_of(const DeviceId& device) const {
  const auto at = peers_.find(device);
  return at == peers_.end() ? nullptr : &at->second.state;
}

}  // namespace zerok::core
