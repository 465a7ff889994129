// SPDX-License-Identifier: MIT OR Apache-2.0
// The server whose memory idle_memory() watches: this program again, as a process of its own, so
// that nothing else is in its memory. It speaks with its parent over a socket pair.
#pragma once

namespace zerok::bench {

// Serves until the parent closes its end. socket: the child's end. with_noise: channels, else bare
// QUIC. An exit code.
int serve_idle(int socket, bool with_noise);

}  // namespace zerok::bench
