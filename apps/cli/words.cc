// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/words.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/printable.h"

namespace zerok::apps {

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string counted(std::uint64_t number, std::string_view what) {
  return fmt::format("{} {}{}", grouped(number), what, number == 1 ? "" : "s");
}

std::string size_words(std::uint64_t bytes) {
  constexpr std::uint64_t kMib = std::uint64_t{1} << 20;
  if (bytes < 10 * kMib) return counted(bytes, "byte");
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / static_cast<double>(kMib));
}

std::string time_words(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  if (seconds < 172'800) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} days", seconds / 86'400);
}

double exact_time_ms() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(since_1970).count();
  return static_cast<double>(us) / 1000.0;
}

std::string short_id(const DeviceId& device) { return to_base64(device.bytes()).substr(0, 8); }

std::string printable_name(const client::DeviceInfo& device) {
  const std::string name = printable(device.name, Lines::kOne);
  return name.empty() ? short_id(device.id) : name;
}

std::string device_words(const std::vector<client::DeviceInfo>& devices, const DeviceId& device) {
  if (device == DeviceId{}) return "the relay";
  const auto found = std::ranges::find(devices, device, &client::DeviceInfo::id);
  return found == devices.end() ? short_id(device) : printable_name(*found);
}

std::string_view connection_name(client::Connection connection) {
  switch (connection) {
    case client::Connection::kNone:
      return "none";
    case client::Connection::kOffline:
      return "offline";
    case client::Connection::kConnecting:
      return "connecting";
    case client::Connection::kOnline:
      return "online";
    case client::Connection::kStopped:
      return "refused";
  }
  return "";
}

std::string_view place_name(core::BlobPlace place) {
  switch (place) {
    case core::BlobPlace::kPending:
      return "pending";
    case core::BlobPlace::kOnRelay:
      return "on_relay";
    case core::BlobPlace::kDelivered:
      return "delivered";
    case core::BlobPlace::kFailed:
      return "failed";
    case core::BlobPlace::kUnknown:
      return "unknown";
  }
  return "";
}

std::string_view waits_name(core::WaitsFor waits) {
  switch (waits) {
    case core::WaitsFor::kNothing:
      return "nothing";
    case core::WaitsFor::kNetwork:
      return "network";
    case core::WaitsFor::kRate:
      return "rate";
    case core::WaitsFor::kQuota:
      return "quota";
    case core::WaitsFor::kRelay:
      return "relay";
    case core::WaitsFor::kEpoch:
      return "epoch";
  }
  return "";
}

std::string_view waits_words(core::WaitsFor waits) {
  switch (waits) {
    case core::WaitsFor::kNothing:
      return "on the way";
    case core::WaitsFor::kNetwork:
      return "waiting for the relay to be reached";
    case core::WaitsFor::kRate:
      return "waiting, as the relay limits how fast a device may push";
    case core::WaitsFor::kQuota:
      return "waiting for space: the group's share of the relay is full";
    case core::WaitsFor::kRelay:
      return "waiting for the relay, which can't just now";
    case core::WaitsFor::kEpoch:
      return "waiting for the group's new secret";
  }
  return "";
}

std::string refusal_words(std::optional<wire::WireErrorCode> code) {
  if (!code) return "it does not say why";
  switch (*code) {
    case wire::WireErrorCode::kUnknownGroup:
      return "it does not have this group and does not take it (does the ticket have its token?)";
    case wire::WireErrorCode::kUnauthorized:
      return "this device is not one of the group there, or the ticket lacks the relay's token";
    case wire::WireErrorCode::kDeviceRevoked:
      return "this device was removed from its group, or has left it";
    case wire::WireErrorCode::kNotBlobOwner:
      return "another device pushed it";
    case wire::WireErrorCode::kStaleEpoch:
      return "the group's secret was replaced";
    case wire::WireErrorCode::kUnsupported:
      return "one of both needs a newer version";
    default:
      return std::string(wire::wire_error_name(static_cast<std::uint16_t>(*code)));
  }
}

nlohmann::json outbox_json(const core::OutboxStatus& outbox) {
  return {{"pending", outbox.pending},
          {"pending_bytes", outbox.pending_bytes},
          {"waits_for", waits_name(outbox.waits_for)},
          {"on_relay", outbox.on_relay},
          {"failed", outbox.failed},
          {"removals", outbox.removals}};
}

std::string outbox_words(const core::OutboxStatus& outbox) {
  std::string out;
  if (outbox.pending > 0) {
    out = fmt::format("{} pending ({}), {}", grouped(outbox.pending),
                      size_words(outbox.pending_bytes), waits_words(outbox.waits_for));
  }
  if (outbox.on_relay > 0) {
    out += fmt::format("{}{} on the relay, not yet with every device", out.empty() ? "" : "; ",
                       grouped(outbox.on_relay));
  }
  if (outbox.failed > 0) {
    out += fmt::format("{}{} failed", out.empty() ? "" : "; ", grouped(outbox.failed));
  }
  if (outbox.removals > 0) {
    out += fmt::format("{}{} to be deleted", out.empty() ? "" : "; ", grouped(outbox.removals));
  }
  return out.empty() ? "nothing waits" : out;
}

}  // namespace zerok::apps
