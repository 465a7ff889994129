// SPDX-License-Identifier: MIT OR Apache-2.0
// SIGINT and SIGTERM end a program's loop instead of the process; a second one ends the process, so
// that nobody has to wait for a program that hangs.
#pragma once

#include "transport/quic/quic_transport.h"

namespace zerok::apps {

void stop_on_signals();
bool stop_requested();
// The signal ends this transport's wait(), also one that begins just after it. Null: none any more;
// say so before the transport dies.
void wake_when_stopped(transport::QuicTransport* transport);

}  // namespace zerok::apps
