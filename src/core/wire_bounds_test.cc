// SPDX-License-Identifier: MIT OR Apache-2.0
// The bounds of what is made here and of the messages that carry it are the same.
#include "core/blob.h"
#include "core/roster.h"
#include "core/ticket.h"
#include "wire/messages/limits.h"

namespace zerok::core {

static_assert(kSealedBytesMax == wire::kSealedBytesMax);
static_assert(Roster::kActiveMax == wire::kDevicesMax);
static_assert(Roster::kEntriesMax == wire::kRosterEntriesMax);
static_assert(Roster::kBytesMax == wire::kRosterBytesMax);
static_assert(kRosterEntryBytesMax == wire::kRosterEntryBytesMax);
static_assert(RelayTicket::kTokenBytesMax == wire::kAdmissionTokenBytesMax);

}  // namespace zerok::core
