// SPDX-License-Identifier: MIT OR Apache-2.0
// The commands of 0k-channel, each as a function from its options to an exit code. Answers go to
// standard output, what went wrong and what to do about it to standard error.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace zerok::apps {

enum ExitCode : int {
  kExitOk = 0,
  kExitFailed = 1,
  kExitUsage = 2,
  kExitWrongPeer = 3,    // the peer is not who the ticket says
  kExitUnreachable = 4,  // nobody answered in time
  kExitMismatch = 5,     // the echo differs from what was sent
};

struct ListenOptions {
  std::string key_file;
  std::string bind = "127.0.0.1:0";
  // What the ticket says instead of the bound address; a wildcard bind needs it.
  std::string advertise;
  std::string ticket_file;
  std::uint64_t links_to_serve = 0;  // then exit; 0: until SIGINT or SIGTERM
  bool json = false;
};

struct DialOptions {
  std::string key_file;
  std::string ticket;
  std::string file;
  std::string out;
  std::uint64_t timeout_s = 10;  // without progress
  bool json = false;
};

struct MixTicketOptions {
  std::string ticket;
  std::string noise_from;    // empty: keep
  std::string address_from;  // empty: keep
};

int keygen(const std::string& path);
int listen(const ListenOptions& options);
int dial(const DialOptions& options);
int mix_ticket(const MixTicketOptions& options);

// Says why a key file can't be used and what to do about it; returns kExitFailed.
int no_key(const std::string& path, const Error& error);

}  // namespace zerok::apps
