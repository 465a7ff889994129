// SPDX-License-Identifier: MIT OR Apache-2.0
// Which addresses a relay's ticket names when nobody said.
#pragma once

#include <string>
#include <vector>

#include "transport/address.h"

namespace zerok::apps {

// host:port, 1 to 8. For a bound address that one; for a wildcard the machine's own addresses but
// those of its loopback and of single links, IPv4 first; with none of these the loopback's.
std::vector<std::string> advertised_addresses(const transport::SocketAddress& bound);

}  // namespace zerok::apps
