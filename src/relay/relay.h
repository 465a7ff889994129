// SPDX-License-Identifier: MIT OR Apache-2.0
// Relay: the driver of core/relay on a store and a transport. Nothing leaves it before what it
// speaks of is durable: everything that arrived until a step's commit is one transaction, and all
// answers and notices of it wait for that commit. Not thread-safe; one caller turns step().
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "core/relay/limits.h"
#include "core/ticket.h"
#include "crypto/device_keys.h"
#include "store/relay_store.h"
#include "transport/transport.h"

namespace zerok::relay {

struct RelayConfig {
  core::RelayLimits limits;
  // What a HELLO has to bring to make a new group; part of the ticket. 1 to 64 bytes, or nothing:
  // then anybody may make groups, as fast as limits.new_groups_per_hour says.
  std::optional<Bytes> admission_token;
};

// Counted since open(), gauges apart.
struct RelayStats {
  std::size_t connections = 0;             // now, in every state
  std::size_t sessions = 0;                // now, that have said HELLO or MAILBOX_JOIN
  std::size_t groups = 0;                  // now, with a session
  std::size_t mailboxes = 0;               // now
  std::uint64_t stored_payload_bytes = 0;  // now
  std::uint64_t stored_lines = 0;          // now, stubs included
  std::uint64_t blobs_committed = 0;
  std::uint64_t commits = 0;
  std::uint64_t commits_failed = 0;
  std::uint64_t requests = 0;
  std::uint64_t errors_sent = 0;
  std::uint64_t payloads_removed = 0;
};

class Relay {
 public:
  // Store, transport and rng must outlive the relay; keys are copied. wall is only read here and in
  // step() to date what is kept across restarts, and may be wrong. Errors: kInvalidArgument for a
  // config that can't be, and the store's.
  static Result<std::unique_ptr<Relay>> open(store::RelayStore& store,
                                             transport::Transport& transport,
                                             const crypto::RelayKeys& keys, Rng& rng,
                                             const RelayConfig& config, Instant now, UnixMs wall);
  // As a crash would: nobody is told, what was not committed is gone.
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Receives, commits, answers. Call at next_timeout() and on input.
  void step(Instant now, UnixMs wall);
  Instant next_timeout() const;

  // Tells every session RELAY_SHUTTING_DOWN and takes no further one; go on with step() until
  // is_shut_down(): when all have gone, or after twice the limits' close_linger.
  void shut_down(Instant now);
  bool is_shut_down() const;

  // What devices need to find and recognise this relay there: 1 to 8 host:port.
  core::RelayTicket ticket(std::vector<std::string> addresses) const;
  RelayStats stats() const;

 private:
  struct Parts;
  explicit Relay(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace zerok::relay
