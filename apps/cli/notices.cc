// SPDX-License-Identifier: MIT OR Apache-2.0
// What a person is told of each kind of notice.
#include <fmt/format.h>

#include "cli/words.h"

namespace zerok::apps {

std::string_view notice_name(core::NoticeKind kind) {
  switch (kind) {
    case core::NoticeKind::kHistoryLost:
      return "history_lost";
    case core::NoticeKind::kRelayReset:
      return "relay_reset";
    case core::NoticeKind::kStoreCopied:
      return "store_copied";
    case core::NoticeKind::kGap:
      return "gap";
    case core::NoticeKind::kQuarantined:
      return "quarantined";
    case core::NoticeKind::kContradiction:
      return "contradiction";
    case core::NoticeKind::kRosterForked:
      return "roster_forked";
    case core::NoticeKind::kWithheld:
      return "withheld";
    case core::NoticeKind::kStateRolledBack:
      return "state_rolled_back";
    case core::NoticeKind::kRelayMisbehaves:
      return "relay_misbehaves";
    case core::NoticeKind::kRefused:
      return "refused";
    case core::NoticeKind::kDeviceAdded:
      return "device_added";
    case core::NoticeKind::kDeviceLeft:
      return "device_left";
    case core::NoticeKind::kPushFailed:
      return "push_failed";
    case core::NoticeKind::kStoreDamaged:
      return "store_damaged";
    case core::NoticeKind::kUpdateNeeded:
      return "update_needed";
    case core::NoticeKind::kMore:
      return "more";
  }
  return "unknown";
}

std::string notice_words(const client::Notice& notice,
                         const std::vector<client::DeviceInfo>& devices) {
  const core::NoticeDetail& detail = notice.detail;
  const std::string device = device_words(devices, detail.device);
  const std::string other = device_words(devices, detail.other);
  switch (notice.kind) {
    case core::NoticeKind::kHistoryLost:
      return fmt::format("{} things are gone from the relay before they were received here",
                         grouped(detail.count));
    case core::NoticeKind::kRelayReset:
      return "the relay lost its log or went back to a backup; it is being refilled";
    case core::NoticeKind::kStoreCopied:
      return "another copy of this device's folder was used: run each device from one folder only";
    case core::NoticeKind::kGap:
      return fmt::format("{} to {} of {} are missing at the relay; what came later waits for them",
                         grouped(detail.first), grouped(detail.last), device);
    case core::NoticeKind::kQuarantined:
      return fmt::format("something from {} could not be opened and was put aside", device);
    case core::NoticeKind::kContradiction:
      return fmt::format(
          "two versions of what {} pushed exist: its folder was copied, or somebody "
          "lies",
          device);
    case core::NoticeKind::kRosterForked:
      return fmt::format("{} showed another list of devices than this one has", other);
    case core::NoticeKind::kWithheld:
      return fmt::format("the relay does not show what {} has of {}", other, device);
    case core::NoticeKind::kStateRolledBack:
      return fmt::format("the relay shows an older state of {} than before", device);
    case core::NoticeKind::kRelayMisbehaves:
      return "the relay breaks the protocol";
    case core::NoticeKind::kRefused:
      return "the relay refuses this device: " +
             refusal_words(static_cast<wire::WireErrorCode>(detail.code));
    case core::NoticeKind::kDeviceAdded:
      return fmt::format("{} is now a device of the group, added by {}", device, other);
    case core::NoticeKind::kDeviceLeft:
      return fmt::format("{} is no device of the group any more", device);
    case core::NoticeKind::kPushFailed:
      if (detail.number == 0) {
        return fmt::format("{} can't be deleted: {}", to_hex(detail.blob.bytes()),
                           refusal_words(static_cast<wire::WireErrorCode>(detail.code)));
      }
      return fmt::format("number {} can't be pushed: {}", grouped(detail.number),
                         refusal_words(static_cast<wire::WireErrorCode>(detail.code)));
    case core::NoticeKind::kStoreDamaged:
      return fmt::format("number {} was changed on this device's disk", grouped(detail.number));
    case core::NoticeKind::kUpdateNeeded:
      return "something needs a newer version of 0k";
    case core::NoticeKind::kMore:
      return fmt::format("{} more notices", grouped(detail.count));
  }
  return "";
}

nlohmann::json notice_json(const client::Notice& notice) {
  const core::NoticeDetail& detail = notice.detail;
  nlohmann::json out = {
      {"event", "notice"},     {"number", notice.number}, {"kind", notice_name(notice.kind)},
      {"count", detail.count}, {"first", detail.first},   {"last", detail.last},
      {"code", detail.code}};
  if (detail.device != DeviceId{}) out["device"] = to_base64(detail.device.bytes());
  if (detail.other != DeviceId{}) out["other"] = to_base64(detail.other.bytes());
  if (detail.blob != BlobId{}) out["id"] = to_hex(detail.blob.bytes());
  return out;
}

}  // namespace zerok::apps
