// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/rules.h"

#include <algorithm>
#include <array>

#include "wire/messages/limits.h"

namespace zerok::store {
namespace {

Result<void> check_size(ByteView bytes, std::size_t max) {
  if (bytes.empty()) return fail(ErrorCode::kInvalidArgument, "nothing to store");
  if (bytes.size() > max) return fail(ErrorCode::kTooLarge, "more bytes than a store takes");
  return {};
}

}  // namespace

Result<void> check_number(std::uint64_t number) {
  if (number > wire::kCountMax) return fail(ErrorCode::kOutOfRange, "a number above 2^63 - 1");
  return {};
}

Result<void> check_name(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax) {
    return fail(ErrorCode::kInvalidArgument, "a value's name has 1 to 64 bytes");
  }
  return {};
}

Result<void> check_value(std::string_view name, ByteView value) {
  if (value.size() > kValueBytesMax) return fail(ErrorCode::kTooLarge, "a value above 64 KiB");
  return check_name(name);
}

Result<void> check_roster_entry(ByteView entry) {
  return check_size(entry, wire::kRosterEntryBytesMax);
}

Result<void> check_device(const RelayDevice& device) {
  ZEROK_TRY_VOID(check_number(device.acknowledged));
  return check_number(device.own_lines);
}

Result<void> check_state(ByteView state) { return check_size(state, wire::kDeviceStateBytesMax); }

Result<void> check_line(const NewLine& line) {
  ZEROK_TRY_VOID(check_number(line.cursor));
  return check_sealed(line.sealed);
}

Result<void> check_epoch(const StoredEpoch& epoch) {
  return check_size(epoch.wrapped_secret, kWrappedSecretBytesMax);
}

Result<void> check_sealed(ByteView sealed) { return check_size(sealed, wire::kSealedBytesMax); }

Result<void> check_outbox(const OutboxBlob& blob, ByteView sealed) {
  for (const std::uint64_t number : {blob.number, blob.sequence, blob.lamport, blob.cursor}) {
    ZEROK_TRY_VOID(check_number(number));
  }
  ZEROK_TRY_VOID(check_sealed(sealed));
  if (blob.sealed_bytes != sealed.size()) {
    return fail(ErrorCode::kInvalidArgument, "sealed_bytes is not the size of the blob");
  }
  return {};
}

Result<void> check_push_key(ByteView key) { return check_size(key, kPushKeyBytesMax); }

Result<void> check_inbox_row(const InboxBlob& blob) {
  for (const std::uint64_t number : {blob.arrival, blob.number, blob.sequence, blob.lamport}) {
    ZEROK_TRY_VOID(check_number(number));
  }
  constexpr std::array kStates = {InboxState::kWaiting, InboxState::kReady,
                                  InboxState::kQuarantined};
  if (std::ranges::find(kStates, blob.state) == kStates.end()) {
    return fail(ErrorCode::kInvalidArgument, "no such state of an inbox row");
  }
  if ((blob.state == InboxState::kReady) != (blob.number != 0)) {
    return fail(ErrorCode::kInvalidArgument, "ready rows have a number, others none");
  }
  return {};
}

Result<void> check_inbox(const InboxBlob& blob, ByteView sealed) {
  ZEROK_TRY_VOID(check_inbox_row(blob));
  if (blob.sealed_bytes != sealed.size()) {
    return fail(ErrorCode::kInvalidArgument, "sealed_bytes is not the size of the blob");
  }
  if (sealed.empty()) return {};
  return check_sealed(sealed);
}

Result<void> check_chain_head(const ChainHead& head) { return check_number(head.sequence); }

Result<void> check_peer_state(const PeerState& state) {
  ZEROK_TRY_VOID(check_number(state.counter));
  return check_state(state.state);
}

Result<void> check_notice(const Notice& notice) {
  ZEROK_TRY_VOID(check_number(notice.number));
  if (notice.detail.size() > kNoticeBytesMax) {
    return fail(ErrorCode::kTooLarge, "a notice above 64 KiB");
  }
  return {};
}

std::unexpected<Error> no_group() { return fail(ErrorCode::kNotFound, "no group with this key"); }
std::unexpected<Error> group_is_there() {
  return fail(ErrorCode::kInvalidState, "the group is there already");
}
std::unexpected<Error> roster_has_another_length() {
  return fail(ErrorCode::kInvalidState, "the roster has another length");
}
std::unexpected<Error> no_device() {
  return fail(ErrorCode::kNotFound, "the group has no such device");
}
std::unexpected<Error> cursor_does_not_follow() {
  return fail(ErrorCode::kInvalidState, "the line does not follow the head");
}
std::unexpected<Error> blob_has_a_line() {
  return fail(ErrorCode::kInvalidArgument, "the blob has a line already");
}
std::unexpected<Error> no_line() { return fail(ErrorCode::kNotFound, "no line with this cursor"); }
std::unexpected<Error> number_does_not_rise() {
  return fail(ErrorCode::kInvalidState, "the number is not above those that are there");
}
std::unexpected<Error> no_row() { return fail(ErrorCode::kNotFound, "no row with this number"); }
std::unexpected<Error> damaged_blob() {
  return fail(ErrorCode::kMalformed, "the disk has damaged a blob");
}
std::unexpected<Error> blob_is_there() {
  return fail(ErrorCode::kInvalidState, "the blob is there already");
}
std::unexpected<Error> push_key_is_there() {
  return fail(ErrorCode::kInvalidState, "the key of a push is there already");
}
std::unexpected<Error> hand_over_number_is_there() {
  return fail(ErrorCode::kInvalidState, "another row has this hand-over number");
}
std::unexpected<Error> in_use_elsewhere() {
  return fail(ErrorCode::kInvalidState, "the store is in use by another process");
}

}  // namespace zerok::store
