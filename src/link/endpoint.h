// SPDX-License-Identifier: MIT OR Apache-2.0
// Endpoint: a Transport whose connections each carry one secure Channel. Dials peers whose two
// identities are known, accepts others within bounds, and hands out whole messages from proven
// peers. One handshake per connection, on its first bidirectional stream; every other stream is
// refused. Not thread-safe; the driver of a client or relay owns one.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <unordered_map>

#include "link/link.h"

namespace zerok::link {

// Application close codes of the connection (RFC 9000 section 10.2), docs/protocol/transport.md.
enum class CloseCode : std::uint64_t {
  kNormal = 0,
  kChannelFailed = 1,  // the handshake or a record was wrong; says no more on purpose
  kTimedOut = 2,
  kOverloaded = 3,
  kStreamRefused = 4,  // on a stream, not a connection: only the first bidirectional one is used
};

struct EndpointConfig {
  bool accept = false;
  // Links in every state; further connections are closed with kOverloaded.
  std::size_t links_max = 16384;
  // Accepted links whose peer has not proven itself yet.
  std::size_t unproven_max = 512;
  // From a connection's acceptance to its stream.
  Duration stream_timeout = std::chrono::seconds(5);
  core::ChannelLimits channel;
};

using LinkId = transport::ConnectionId;

struct LinkEvent {
  enum class Kind : std::uint8_t {
    kOpened,   // both identities of the peer are proven
    kMessage,  // body good until the next call of this endpoint
    kDrained,  // all that was sent has been handed to the transport, after a send() that could not
               // be at once
    kClosed,   // the last event of a link that dial() returned or that was opened
  };
  Kind kind;
  LinkId link;
  std::optional<wire::Message> message;
  Error error{ErrorCode::kClosed, "closed"};
  // kClosed: the peer's close code, when it closed.
  std::uint64_t code = 0;
};

// What is known of an open link.
struct LinkInfo {
  bool dialled = false;
  EndpointId endpoint;
  noise::IdentityHash noise_identity;
  crypto::Hash256 handshake_hash;
  // From the connection's start (dialled) or acceptance to proof of the peer.
  Duration setup_time{};
  // The part of it until the transport had the peer's TLS key; zero when accepted.
  Duration transport_time{};
};

class Endpoint {
 public:
  // All three must outlive the endpoint.
  Endpoint(transport::Transport& transport, const noise::StaticKeys& keys, Rng& rng,
           const EndpointConfig& config);

  // kOpened or kClosed follows. A peer with another TLS key or another Noise identity: kClosed with
  // kWrongPeer.
  Result<LinkId> dial(const transport::SocketAddress& address, const EndpointId& endpoint,
                      const noise::IdentityHash& noise_identity, Instant now);

  // Errors: kNotFound, kInvalidState (not open), and those of MessageScheduler::push; after
  // kOverloaded wait for kDrained.
  Result<void> send(LinkId link, wire::Priority priority, wire::MessageKey key, Bytes body);
  // Bytes queued and not yet handed to the transport; 0 for an unknown link.
  std::size_t queued_bytes(LinkId link) const;
  // Stops or goes on taking a link's messages. While stopped its peer can send no more than fits
  // the transport's window; kDrained and kClosed are told as always, what was unread then is
  // dropped.
  void set_reading(LinkId link, bool on);
  // As Channel::set_receive_limits(); config.channel has the limits before.
  void set_receive_limits(LinkId link, const wire::AssemblerLimits& limits);
  // Closes at once, dropping what is queued. No event follows.
  void close(LinkId link, CloseCode code);

  // nullopt unless the link is open.
  std::optional<LinkInfo> info(LinkId link) const;
  std::size_t links() const { return links_.size(); }
  std::size_t unproven() const { return unproven_; }

  // Call at next_timeout(), on input, and once more after the events were handled (it sends what
  // they caused).
  void step(Instant now);
  Instant next_timeout() const;
  // Links with something to say take turns, one event each.
  std::optional<LinkEvent> poll_event();

 private:
  struct Entry {
    bool dialled = false;
    bool opened = false;
    bool ready = false;  // listed in ready_
    bool told_full = false;
    bool reading = true;
    EndpointId endpoint;
    noise::IdentityHash pin;  // dialled only
    Instant started;
    Duration setup_time{};
    Duration transport_time{};
    Instant deadline = kNever;
    std::optional<Link> link;
  };
  // A kClosed event that waits to be polled.
  struct Closed {
    LinkId link;
    Error error;
    std::uint64_t code = 0;
  };
  using Entries = std::map<LinkId, Entry>;

  void take_transport_events();
  void handle(const transport::Event& event);
  void handle_connected(LinkId id, Entry& entry);
  void handle_accepted(const transport::Event& event);
  void handle_stream_opened(LinkId id, Entry& entry, transport::StreamId stream);
  void handle_closed(const transport::Event& event);
  void refuse_stream(LinkId id, transport::StreamId stream);
  void expire();
  void set_deadline(LinkId id, Entry& entry, Instant deadline);
  void mark_ready(LinkId id, Entry& entry);
  // Ends a link on our initiative and tells the driver if it knows of it.
  void fail_link(LinkId id, const Error& error);
  void remove(Entries::iterator at);
  std::optional<LinkEvent> poll_link(LinkId id, Entry& entry);

  transport::Transport* transport_;
  const noise::StaticKeys* keys_;
  Rng* rng_;
  EndpointConfig config_;
  Instant now_;
  bool dirty_ = false;  // something was written since the transport's last step
  std::size_t unproven_ = 0;
  Entries links_;
  std::set<std::pair<Instant, LinkId>> deadlines_;
  std::deque<LinkId> ready_;
  std::deque<Closed> closed_;
  // The end of a link that may have unread messages: they come first. The transport keeps them
  // until its next event is taken, so no other is taken before.
  std::optional<transport::Event> ending_;
};

}  // namespace zerok::link
