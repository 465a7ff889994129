// SPDX-License-Identifier: MIT OR Apache-2.0
// Between the rows of a store and the entries of core, which knows no store: everything is loaded
// here, and every store effect carried out.
#pragma once

#include "core/client/engine.h"
#include "store/client_store.h"

namespace zerok::client {

// Names of values that only the driver writes.
inline constexpr std::string_view kTicketValue = "ticket";

// All that the store holds. A store that nobody has written to gets a record with ids drawn, not
// committed yet. Errors: as Client::open.
Result<core::ClientSnapshot> load_snapshot(store::ClientStore& store,
                                           const crypto::DeviceKeys& keys, Rng& rng);

// The group's secrets, wrapped, and its roster, into an empty store.
Result<void> store_group(store::ClientStore& store, const core::ClientGroup& group,
                         const crypto::DeviceKeys& keys, Rng& rng);

store::OutboxBlob row_of(const core::OutboxEntry& entry);
core::InboxEntry entry_of(const store::InboxBlob& row);

// True when the effect was one for the store.
Result<bool> apply_to_store(store::ClientStore& store, const core::ClientEffect& effect);

}  // namespace zerok::client
