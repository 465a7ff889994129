// SPDX-License-Identifier: MIT OR Apache-2.0
// Link: one Channel on one stream of a Transport. Moves bytes between the two and nothing else:
// reads as much as the channel takes, writes as much as the stream takes. The stream's flow control
// reaches the sender because an unread channel stops reading. Used by Endpoint.
#pragma once

#include <optional>

#include "core/channel.h"
#include "transport/transport.h"

namespace zerok::link {

class Link {
 public:
  Link(transport::ConnectionId connection, transport::StreamId stream, core::Channel channel)
      : connection_(connection), stream_(stream), channel_(std::move(channel)) {}

  core::Channel& channel() { return channel_; }
  const core::Channel& channel() const { return channel_; }
  transport::StreamId stream() const { return stream_; }

  // The next event, reading from the stream as needed; nullopt when the stream has nothing more
  // now. Writes what became due (handshake replies). The message in an event is good until the next
  // call.
  std::optional<core::ChannelEvent> poll_event(transport::Transport& transport, Instant now);
  // Writes until the channel has nothing more or the stream takes no more. True when it wrote
  // something.
  bool flush(transport::Transport& transport);

 private:
  bool read_some(transport::Transport& transport, Instant now);

  transport::ConnectionId connection_;
  transport::StreamId stream_;
  core::Channel channel_;
};

}  // namespace zerok::link
