// SPDX-License-Identifier: MIT OR Apache-2.0
// What core/relay wants of the store, done: reads are answered, changes go into the open
// transaction. Says nothing about when to commit.
#pragma once

#include <optional>

#include "core/relay/effects.h"
#include "core/relay/hub.h"
#include "store/relay_store.h"

namespace zerok::relay {

// The name under which the retention clock lies in the store.
inline constexpr std::string_view kClockValue = "retention_clock";

// What a Read is answered with; nothing for a change, and for what is no matter of the store. An
// error leaves it open what was done: roll back.
Result<std::optional<core::RelayAnswer>> apply_to_store(store::RelayStore& store,
                                                        const core::RelayEffect& effect);

Result<core::DiskUse> disk_use(store::RelayStore& store);

}  // namespace zerok::relay
