// SPDX-License-Identifier: MIT OR Apache-2.0
// A relay to measure: the real Relay on real QUIC at 127.0.0.1, in a process of its own, so that
// its memory and CPU time are nobody else's. What it allows one device is raised out of the way.
#pragma once

#include "bench/child.h"
#include "core/ticket.h"

namespace zerok::bench {

// Plain bytes: it crosses a socket.
struct RelayUse {
  std::uint64_t resident_bytes = 0;
  double cpu_seconds = 0;
  std::uint64_t sessions = 0;
  std::uint64_t blobs = 0;    // committed since it was started
  std::uint64_t commits = 0;  // of transactions that changed something
  std::uint64_t errors = 0;   // ERROR messages
};

class RelayProcess {
 public:
  // database: the file its SQLite store is made in; empty: a store in memory, without any disk.
  static Result<std::unique_ptr<RelayProcess>> start(const std::string& database);

  const core::RelayTicket& ticket() const { return ticket_; }
  Result<RelayUse> use() { return child_->ask<RelayUse>(); }

 private:
  std::unique_ptr<Child> child_;
  core::RelayTicket ticket_;
};

// The process: serves until the parent closes its end. An exit code.
int serve_relay(int socket, const std::string& database);

}  // namespace zerok::bench
