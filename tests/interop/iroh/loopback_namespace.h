// SPDX-License-Identifier: MIT OR Apache-2.0
// A network namespace of the test's own, with nothing but loopback in it. iroh looks for a router
// (one SSDP multicast) when an endpoint is bound; in here that packet has nowhere to go, and no
// other program's port can be met.
#pragma once

namespace zerok::interop {

// Moves this process, and what it starts, into a new network namespace. Call before any thread
// exists. False when the system does not allow it; nothing has changed then.
bool enter_loopback_namespace();

}  // namespace zerok::interop
