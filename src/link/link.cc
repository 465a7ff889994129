// SPDX-License-Identifier: MIT OR Apache-2.0
#include "link/link.h"

namespace zerok::link {

std::optional<core::ChannelEvent> Link::poll_event(transport::Transport& transport, Instant now) {
  for (;;) {
    if (auto event = channel_.poll_event()) return event;
    if (!read_some(transport, now)) return std::nullopt;
    flush(transport);
  }
}

bool Link::read_some(transport::Transport& transport, Instant now) {
  const MutableByteView buffer = channel_.input_buffer();
  if (buffer.empty()) return false;
  const auto read = transport.read(connection_, stream_, buffer);
  if (!read) {
    // The connection's own end is told by its kClosed; a stream that was reset has no other sign.
    if (read.error().code != ErrorCode::kReset) return false;
    channel_.handle_end();
    return true;
  }
  channel_.commit_input(read->size, now);
  if (read->fin) channel_.handle_end();
  return read->size > 0 || read->fin;
}

bool Link::flush(transport::Transport& transport) {
  bool wrote = false;
  for (ByteView bytes = channel_.output(); !bytes.empty(); bytes = channel_.output()) {
    const auto taken = transport.write(connection_, stream_, bytes, false);
    // An error here means the connection or stream is going away, and reading will say so.
    if (!taken || *taken == 0) break;
    channel_.consume_output(*taken);
    wrote = true;
  }
  return wrote;
}

}  // namespace zerok::link
