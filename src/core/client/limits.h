// SPDX-License-Identifier: MIT OR Apache-2.0
// ClientLimits: everything a device bounds, with its defaults. What nobody may ever exceed is in
// wire/messages/limits.h, what the relay allows comes with WELCOME.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"
#include "wire/messages/limits.h"

namespace zerok::core {

struct ClientLimits {
  // Own blobs that some other device does not have yet. push() is refused above it.
  std::size_t outbox_blobs_max = std::size_t{1} << 19;
  std::uint64_t outbox_bytes_max = std::uint64_t{4} << 30;
  // Foreign blobs that the application has not confirmed: above it nothing more is pulled.
  std::size_t inbox_blobs_max = std::size_t{1} << 18;
  std::uint64_t inbox_bytes_max = std::uint64_t{1} << 30;
  // Blobs that can't be used. Those that never will be make room for others; above the bytes only
  // hashes are kept, above the count nothing.
  std::size_t quarantine_blobs_max = 4096;
  std::uint64_t quarantine_bytes_max = std::uint64_t{64} << 20;
  std::size_t notices_max = 256;
  std::size_t deletes_max = 1024;

  // One PUSH, the smaller of this and of what the relay allows.
  std::uint32_t push_blobs_max = wire::kPushBlobsMax;
  std::uint32_t push_bytes_max = wire::kBatchBytesMax;
  // What is asked or sent at once is halved when a session ends in the middle of it, and doubled
  // again when it works: on a bad line something still gets through.
  std::uint32_t batch_bytes_min = std::uint32_t{16} << 10;
  // PULLs open at once, and the lines and bytes each asks for.
  std::size_t pulls_max = 6;
  std::uint32_t pull_lines_max = wire::kPullLinesMax;
  std::uint32_t pull_bytes_max = std::uint32_t{1} << 20;

  // Reaching one address and proving both identities; the answer to a request.
  Duration connect_timeout = std::chrono::seconds(15);
  Duration request_timeout = std::chrono::seconds(60);
  // On top of it, for what is on its way: the slowest line that is served, in bytes per second.
  std::uint32_t slowest_bytes_per_s = 2048;
  // Reconnecting: base, doubled up to max, and a jitter of 0 to jitter on each attempt.
  Duration retry_base = std::chrono::seconds(1);
  Duration retry_max = std::chrono::seconds(30);
  Duration retry_jitter = std::chrono::seconds(5);
  // A refusal that names no wait is tried again after this.
  Duration refusal_wait = std::chrono::seconds(30);

  // Between two ACKs that no PULL carries, and between two DEVICE_STATEs.
  Duration ack_interval = std::chrono::milliseconds(50);
  Duration state_interval = std::chrono::milliseconds(500);
  Duration state_refresh = std::chrono::hours(24);
  // A device that was not heard of for so long delays nothing any more.
  std::int64_t dormant_after_ms = std::int64_t{3} * 24 * 60 * 60 * 1000;
  // A blob that somebody signed to have and the relay does not show for so long: it withholds.
  Duration withheld_after = std::chrono::minutes(5);
};

}  // namespace zerok::core
