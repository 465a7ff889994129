// SPDX-License-Identifier: MIT OR Apache-2.0
// Mailboxes: where two devices meet to pair (docs/protocol/messages.md, section 10). In memory
// only, bounded in number and bytes, gone at their end. One side is the device that made the
// mailbox, the other the first guest that joined, known by the Noise identity of its channel.
// Answers come as data; the content of a MAILBOX_MESSAGE is a view that the next call ends.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <vector>

#include "core/relay/effects.h"
#include "crypto/hash.h"
#include "noise/identity.h"
#include "wire/messages/any.h"

namespace zerok::core {

struct MailboxLimits {
  std::size_t mailboxes_max = 1'024;  // closed ones that are not to come back included
  std::size_t per_group_max = 4;
  std::size_t waiting_max = 4;  // messages of one side
  std::size_t bytes_max = std::size_t{32} << 20;
};

struct MailboxAnswer {
  SessionId session{};
  std::uint32_t request = 0;
  wire::AnyMessage message;
};
using MailboxAnswers = std::vector<MailboxAnswer>;

// Who asks: the request's session, and what it has proven to be.
struct MailboxCaller {
  SessionId session{};
  std::uint32_t request = 0;
  // A device of a group, or else a guest.
  std::optional<std::pair<GroupId, DeviceId>> device{};
  noise::IdentityHash noise_identity{};
};

class Mailboxes {
 public:
  explicit Mailboxes(const MailboxLimits& limits) : limits_(limits) {}

  MailboxAnswers create(const MailboxCaller& caller, const wire::MailboxCreate& message,
                        Instant now);
  MailboxAnswers join(const MailboxCaller& caller, const wire::MailboxJoin& message, Instant now);
  MailboxAnswers put(const MailboxCaller& caller, const wire::MailboxPut& message);
  MailboxAnswers take(const MailboxCaller& caller, const wire::MailboxTake& message);
  MailboxAnswers close(const MailboxCaller& caller, const wire::MailboxClose& message);

  // A session's open MAILBOX_TAKEs are forgotten with it; its mailboxes stay.
  void handle_session_closed(SessionId session);
  // The device is none of the group any more.
  MailboxAnswers handle_device_left(const GroupId& group, const DeviceId& device);
  MailboxAnswers handle_timeout(Instant now);
  Instant next_timeout() const { return ends_.empty() ? kNever : ends_.begin()->first; }

  // Open ones.
  std::size_t size() const { return boxes_.size() - closed_; }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Taker {
    SessionId session{};
    std::uint32_t request = 0;
    std::uint32_t number = 0;
  };
  // What one side has put, for the other to take.
  struct Lane {
    std::vector<crypto::Hash256> hashes;  // of every message ever put
    std::map<std::uint32_t, Bytes> waiting;
    std::uint32_t taken = 0;     // messages below it have arrived
    std::optional<Taker> taker;  // of the other side
  };
  struct Box {
    GroupId group{};
    DeviceId creator{};
    std::optional<noise::IdentityHash> guest;
    bool closed = false;
    Instant ends{};
    // What the creator has put, what the guest has.
    std::array<Lane, 2> lanes;
  };
  using Boxes = std::map<MailboxId, Box>;

  static MailboxAnswer refuse(const MailboxCaller& caller, wire::WireErrorCode code,
                              std::uint32_t retry_after_ms = 0);
  static MailboxAnswer ready(const MailboxCaller& caller, const Box& box, Instant now);
  // Which side the caller is, 0 the creator; nothing: neither.
  static std::optional<std::size_t> side_of(const Box& box, const MailboxCaller& caller);
  Box* find(const MailboxId& mailbox);
  void drop_taken(Lane& lane, std::uint32_t number);
  void end(Box& box, MailboxAnswers& answers);

  MailboxLimits limits_;
  Boxes boxes_;
  std::multimap<Instant, MailboxId> ends_;
  std::size_t closed_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace zerok::core
