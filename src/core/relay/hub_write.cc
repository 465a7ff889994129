// SPDX-License-Identifier: MIT OR Apache-2.0
// RelayHub: PUSH, DELETE and DEVICE_STATE, docs/protocol/messages.md, sections 6 and 8.
#include <algorithm>

#include "base/planted_bug.h"
#include "core/log_hash.h"
#include "core/relay/hub.h"

namespace zerok::core {
namespace {

using wire::WireErrorCode;

// What is kept of new blobs so that NOTIFY can bring them, until the commit.
constexpr std::size_t kFreshBytesMax = std::size_t{1} << 20;
// Space comes back as devices acknowledge or blobs expire; sooner than that nothing changes.
constexpr std::uint32_t kFullRetryMs = 60'000;

std::uint32_t milliseconds(Duration wait) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(ms, 1, wire::kRetryAfterMsMax));
}

}  // namespace

RelayHub::DeviceRates& RelayHub::rates_of(const RelaySession& session, Instant now) {
  const RelayLimits& l = limits();
  const std::uint64_t bytes_burst = std::max<std::uint64_t>(l.bytes_per_minute, l.sealed_bytes_max);
  return rates_
      .try_emplace({session.group, session.device},
                   DeviceRates{TokenBucket(l.blobs_per_minute, l.blobs_burst, now),
                               TokenBucket(l.bytes_per_minute, bytes_burst, now)})
      .first->second;
}

void RelayHub::begin_push(SessionId id, RelaySession& session, std::uint32_t request,
                          const wire::Push& push) {
  if (session.push_open) return refuse(id, request, WireErrorCode::kRateLimited);
  const Group& group = *group_of(session);
  if (push.group != group.state.id()) return refuse(id, request, WireErrorCode::kStaleEpoch);
  session.push_open = true;
  ReadBlobs read{.group = group.state.key()};
  const std::size_t count = std::min<std::size_t>(push.blobs.size(), limits().push_blobs_max);
  for (std::size_t i = 0; i < count; ++i) read.blobs.push_back(push.blobs[i].id);
  op_ = PushOp{.session = id, .request = request, .push = push};
  effects_.push_back(std::move(read));
}

// Why a blob of this size can't get a line, or nothing.
std::optional<wire::Refusal> RelayHub::may_append(const Group& group, DeviceRates& rates,
                                                  std::size_t sealed_bytes, Instant now) {
  const RelayLimits& l = limits();
  if (sealed_bytes > l.sealed_bytes_max) return wire::Refusal{WireErrorCode::kBlobTooLarge};
  if (group.state.payload_bytes() + sealed_bytes > l.group_bytes_max) {
    return wire::Refusal{WireErrorCode::kGroupQuotaExceeded, kFullRetryMs};
  }
  const std::uint64_t used = use_.payload_bytes + use_.lines * l.line_overhead_bytes + added_bytes_;
  if (used + sealed_bytes + l.line_overhead_bytes > l.disk_bytes_max) {
    return wire::Refusal{WireErrorCode::kRelayOverloaded, kFullRetryMs};
  }
  if (!rates.bytes.take(sealed_bytes, now)) {
    return wire::Refusal{WireErrorCode::kRateLimited,
                         milliseconds(rates.bytes.wait_for(sealed_bytes, now))};
  }
  if (!rates.blobs.take(1, now)) {
    return wire::Refusal{WireErrorCode::kRateLimited, milliseconds(rates.blobs.wait_for(1, now))};
  }
  return std::nullopt;
}

void RelayHub::append(Group& group, const DeviceId& sender, const wire::PushBlob& blob,
                      const CiphertextHash& hash, Instant now) {
  LineRecord line = group.state.append(blob.id, sender, hash, blob.sealed.size());
  touch(group);
  added_bytes_ += blob.sealed.size() + limits().line_overhead_bytes;
  ++blobs_committed_;
  FreshLine fresh{.cursor = line.cursor, .blob = blob.id, .sender = sender, .sealed = {}};
  const bool anybody_else = group.online.size() > 1;
  if (anybody_else && blob.sealed.size() <= wire::kInlineBytesMax &&
      group.fresh_bytes + blob.sealed.size() <= kFreshBytesMax) {
    fresh.sealed.assign(blob.sealed.begin(), blob.sealed.end());
    group.fresh_bytes += blob.sealed.size();
  }
  group.fresh.push_back(std::move(fresh));
  effects_.push_back(AppendLine{.group = group.state.key(),
                                .line = line,
                                .committed = clock_.at(now),
                                .sealed = blob.sealed});
}

// Commits a prefix: what stops one blob stops all after it.
void RelayHub::handle_push_blobs(const PushOp& op, const ReadBlobs::Answer& known, Instant now) {
  RelaySession& session = *find(op.session);
  Group& group = *group_of(session);
  DeviceRates& rates = rates_of(session, now);
  struct Place {
    CiphertextHash hash;
    std::uint64_t cursor;
  };
  std::map<BlobId, Place> in_this_push;
  wire::PushAck ack;
  for (std::size_t i = 0; i < op.push.blobs.size() && !ack.stopped; ++i) {
    if (i == known.size()) {
      ack.stopped = wire::Refusal{WireErrorCode::kRateLimited, 1};
      break;
    }
    const wire::PushBlob& blob = op.push.blobs[i];
    const CiphertextHash hash = ciphertext_hash(blob.sealed);
    std::optional<Place> there;
    if (known[i]) there = Place{known[i]->ciphertext_hash, known[i]->cursor};
    if (const auto found = in_this_push.find(blob.id); found != in_this_push.end()) {
      there = found->second;
    }
    if (there && there->hash != hash) {
      ack.stopped = wire::Refusal{WireErrorCode::kInvalidMessage};
    } else if (there && !planted(PlantedBug::kLostAckNewCursor)) {
      ack.cursors.push_back(there->cursor);
    } else if (const auto refusal = may_append(group, rates, blob.sealed.size(), now)) {
      ack.stopped = refusal;
    } else {
      wire::PushBlob line = blob;
      if (there) {
        // The planted bug: under another id, as a store takes no id twice.
        auto bytes = ByteArray<BlobId::kSize>{};
        std::ranges::copy(blob.id.bytes(), bytes.begin());
        bytes[0] = static_cast<std::uint8_t>(bytes[0] + 1 + group.state.head().cursor % 250);
        line.id = BlobId(bytes);
      }
      append(group, session.device, line, hash, now);
      ack.cursors.push_back(group.state.head().cursor);
      in_this_push.emplace(blob.id, Place{hash, group.state.head().cursor});
    }
  }
  if (group.touched) save_devices(group);
  answer(op.session, op.request, ack);
}

void RelayHub::handle_delete_blob(const DeleteOp& op, const ReadBlobs::Answer& known, Instant now) {
  const RelaySession& session = *find(op.session);
  Group& group = *group_of(session);
  const auto& line = known.front();
  if (line && line->sender != session.device && group.state.roster().is_active(line->sender)) {
    return refuse(op.session, op.request, WireErrorCode::kNotBlobOwner);
  }
  if (line && !line->stub) {
    effects_.push_back(MakeStub{.group = group.state.key(),
                                .cursor = line->cursor,
                                .reason = wire::StubReason::kDeleted,
                                .now = clock_.at(now)});
    removed(group.state.key(), line->sealed_bytes);
    touch(group);
    want_chores(group, true, now);
  }
  answer(op.session, op.request, wire::Done{});
}

void RelayHub::handle_device_state(SessionId id, RelaySession& session, std::uint32_t request,
                                   const wire::DeviceState& message, Instant now) {
  if (message.device != session.device) return refuse(id, request, WireErrorCode::kUnauthorized);
  DeviceRates& rates = rates_of(session, now);
  if (!rates.bytes.take(message.state.size(), now)) {
    return refuse(id, request, WireErrorCode::kRateLimited,
                  milliseconds(rates.bytes.wait_for(message.state.size(), now)));
  }
  Group& group = *group_of(session);
  group.state.set_state(session.device, message.state);
  // The store knows no slot of a device that it never heard of.
  save_devices(group);
  effects_.push_back(
      PutState{.group = group.state.key(), .device = session.device, .state = message.state});
  touch(group);
  group.fresh_states.insert(session.device);
  answer(id, request, wire::Done{});
}

}  // namespace zerok::core
