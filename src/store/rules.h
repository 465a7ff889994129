// SPDX-License-Identifier: MIT OR Apache-2.0
// What every store refuses by the arguments alone, so that all of them refuse alike: kOutOfRange
// for numbers above wire::kCountMax, kTooLarge, kInvalidArgument. See relay_store.h and
// client_store.h for the rules. For implementations of a store only.
#pragma once

#include "store/client_store.h"
#include "store/relay_store.h"

namespace zerok::store {

inline constexpr std::size_t kNameBytesMax = 64;
inline constexpr std::size_t kValueBytesMax = std::size_t{64} << 10;
inline constexpr std::size_t kPushKeyBytesMax = 64;
inline constexpr std::size_t kWrappedSecretBytesMax = 256;
inline constexpr std::size_t kNoticeBytesMax = std::size_t{64} << 10;
// How far stubs_older_than() looks along one group's lines.
inline constexpr std::size_t kStubRunMax = 1024;

Result<void> check_number(std::uint64_t number);
Result<void> check_name(std::string_view name);
Result<void> check_value(std::string_view name, ByteView value);
Result<void> check_roster_entry(ByteView entry);

Result<void> check_device(const RelayDevice& device);
Result<void> check_state(ByteView state);
Result<void> check_line(const NewLine& line);

Result<void> check_epoch(const StoredEpoch& epoch);
Result<void> check_sealed(ByteView sealed);
Result<void> check_outbox(const OutboxBlob& blob, ByteView sealed);
Result<void> check_push_key(ByteView key);
// What a change of the row has to keep to as well.
Result<void> check_inbox_row(const InboxBlob& blob);
Result<void> check_inbox(const InboxBlob& blob, ByteView sealed);
Result<void> check_chain_head(const ChainHead& head);
Result<void> check_peer_state(const PeerState& state);
Result<void> check_notice(const Notice& notice);

// Refusals by what is there.
std::unexpected<Error> no_group();
std::unexpected<Error> group_is_there();
std::unexpected<Error> roster_has_another_length();
std::unexpected<Error> no_device();
std::unexpected<Error> cursor_does_not_follow();
std::unexpected<Error> blob_has_a_line();
std::unexpected<Error> no_line();
std::unexpected<Error> number_does_not_rise();
std::unexpected<Error> no_row();
std::unexpected<Error> damaged_blob();
std::unexpected<Error> blob_is_there();
std::unexpected<Error> push_key_is_there();
std::unexpected<Error> hand_over_number_is_there();
std::unexpected<Error> in_use_elsewhere();

}  // namespace zerok::store
