// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/relay/limits.h"

namespace zerok::core {
namespace {

template <typename T>
bool within(T value, T min, T max) {
  return value >= min && value <= max;
}

}  // namespace

Result<void> RelayLimits::validate() const {
  const bool told = within<std::size_t>(sealed_bytes_max, 1, wire::kSealedBytesMax) &&
                    within<std::size_t>(push_blobs_max, 1, wire::kPushBlobsMax) &&
                    within<std::size_t>(pull_lines_max, 1, wire::kPullLinesMax) &&
                    within<std::size_t>(pull_bytes_max, 1, wire::kBatchBytesMax);
  if (!told) return fail(ErrorCode::kInvalidArgument, "a limit past the protocol's own bound");
  if (blobs_per_minute == 0 || blobs_burst == 0 || requests_per_minute == 0 ||
      requests_burst == 0 || !within<std::uint64_t>(bytes_per_minute, 1, wire::kCountMax)) {
    return fail(ErrorCode::kInvalidArgument, "a rate of zero");
  }
  if (!within<std::uint64_t>(group_bytes_max, 1, wire::kCountMax) ||
      !within<std::uint64_t>(disk_bytes_max, 1, wire::kCountMax) || ttl_s == 0) {
    return fail(ErrorCode::kInvalidArgument, "a relay that keeps nothing");
  }
  if (quota_notice_percent == 0 || quota_notice_percent > 100 || new_groups_per_hour == 0 ||
      new_groups_burst == 0 || sessions_max == 0 || cleanup_lines_max == 0 || groups_max == 0 ||
      mailbox_waiting_max == 0) {
    return fail(ErrorCode::kInvalidArgument, "a limit that leaves nothing");
  }
  const Duration zero = Duration::zero();
  if (hello_timeout <= zero || close_linger <= zero || presence_interval <= zero ||
      notify_repeat <= zero || cleanup_interval <= zero || clock_save_interval <= zero ||
      stub_life <= zero || visit_time <= zero) {
    return fail(ErrorCode::kInvalidArgument, "a time of zero");
  }
  return {};
}

}  // namespace zerok::core
