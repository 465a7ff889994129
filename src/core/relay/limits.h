// SPDX-License-Identifier: MIT OR Apache-2.0
// RelayLimits: everything a relay bounds, with its defaults. What a peer may never exceed, whatever
// is set here, is in wire/messages/limits.h; validate() keeps the two in line.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "base/time.h"
#include "wire/messages/limits.h"

namespace zerok::core {

struct RelayLimits {
  // Told to every device in WELCOME.
  std::uint32_t sealed_bytes_max = wire::kSealedBytesMax;  // of one blob
  std::uint32_t push_blobs_max = wire::kPushBlobsMax;      // in one PUSH
  std::uint32_t pull_lines_max = 100;                      // in one PULL_RESPONSE
  std::uint32_t pull_bytes_max = wire::kBatchBytesMax;
  std::uint32_t blobs_per_minute = 600;  // of one device
  std::uint32_t blobs_burst = 1000;
  std::uint64_t bytes_per_minute = std::uint64_t{256} << 20;  // sealed, of one device
  std::uint64_t group_bytes_max = std::uint64_t{100} << 20;   // sealed, kept for one group
  std::uint32_t ttl_s = 7 * 24 * 60 * 60;

  // Share of group_bytes_max from which on QUOTA is said.
  std::uint32_t quota_notice_percent = 80;
  Duration stub_life = std::chrono::hours(24 * 90);

  // The whole relay. A line counts with its payload and line_overhead_bytes.
  std::uint64_t disk_bytes_max = std::uint64_t{20} << 30;
  std::uint32_t line_overhead_bytes = 256;
  std::uint64_t groups_max = 100'000;
  // New groups in all, once open_to_all: what a stranger may cost.
  std::uint32_t new_groups_per_hour = 60;
  std::uint32_t new_groups_burst = 20;

  std::size_t sessions_max = 16'384;
  std::size_t guests_max = 256;
  // How long guests and unenrolled devices may stay: the longest life of a mailbox, and a little.
  Duration visit_time = std::chrono::seconds(660);
  std::size_t unenrolled_per_group_max = 4;
  // HELLO, or MAILBOX_JOIN, from the moment the channel is open.
  Duration hello_timeout = std::chrono::seconds(10);
  // How long the last ERROR of a session has to arrive before the connection is closed.
  Duration close_linger = std::chrono::seconds(2);
  // Requests and notices of one device, whatever they ask.
  std::uint32_t requests_per_minute = 6'000;
  std::uint32_t requests_burst = 2'000;

  // Answers waiting to be sent on one connection; above it, its requests wait unread and notices
  // are coalesced.
  std::size_t send_queue_bytes_max = std::size_t{4} << 20;
  Duration notify_repeat = std::chrono::seconds(60);
  Duration presence_interval = std::chrono::seconds(3);

  std::size_t mailboxes_max = 1'024;
  std::size_t mailboxes_per_group_max = 4;
  // Messages of one side that wait to be taken.
  std::size_t mailbox_waiting_max = 4;

  // Lines looked at per step while cleaning up, and how often old payloads are looked for.
  std::size_t cleanup_lines_max = 64;
  Duration cleanup_interval = std::chrono::seconds(10);
  // How often the retention clock is written down (retention_clock.h).
  Duration clock_save_interval = std::chrono::minutes(5);

  // kInvalidArgument with what is wrong.
  Result<void> validate() const;
};

}  // namespace zerok::core
