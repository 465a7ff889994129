// SPDX-License-Identifier: MIT OR Apache-2.0
// The functions ngtcp2 calls back, all of them on the Connection given as its user data.
#pragma once

struct ngtcp2_callbacks;

namespace zerok::transport {

const ngtcp2_callbacks& connection_callbacks();

}  // namespace zerok::transport
