// SPDX-License-Identifier: MIT OR Apache-2.0
// How 0k says things: numbers, times, ids, states and notices, for people and for JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/client.h"

namespace zerok::apps {

// 1234567: "1,234,567".
std::string grouped(std::uint64_t number);
// "1 blob", "2 blobs".
std::string counted(std::uint64_t number, std::string_view what);
// "12,345 bytes", "3.4 MiB".
std::string size_words(std::uint64_t bytes);
// "4 s", "3 min", "2 h", "5 days".
std::string time_words(Duration duration);

// The time of day in milliseconds since 1970, to the microsecond: `at_ms` of events.
double exact_time_ms();

// The name a device goes by, fit for one line of a terminal, never empty.
std::string device_words(const std::vector<client::DeviceInfo>& devices, const DeviceId& device);
std::string printable_name(const client::DeviceInfo& device);
// Enough of a Device ID to tell one's devices apart.
std::string short_id(const DeviceId& device);

std::string_view connection_name(client::Connection connection);  // "online"
std::string_view place_name(core::BlobPlace place);               // "on_relay"
std::string_view waits_name(core::WaitsFor waits);                // "network"
std::string_view waits_words(core::WaitsFor waits);               // "waiting for the network"
// What a refusal means and what to do.
std::string refusal_words(std::optional<wire::WireErrorCode> code);

std::string_view notice_name(core::NoticeKind kind);  // "history_lost"
std::string notice_words(const client::Notice& notice,
                         const std::vector<client::DeviceInfo>& devices);
nlohmann::json notice_json(const client::Notice& notice);

// "{pending, on_relay, ...}" of what this device has pushed.
nlohmann::json outbox_json(const core::OutboxStatus& outbox);
// "2 pending (1,024 bytes), waiting for the network; 3 on the relay"; "nothing waits" if none.
std::string outbox_words(const core::OutboxStatus& outbox);

}  // namespace zerok::apps
