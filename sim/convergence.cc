// SPDX-License-Identifier: MIT OR Apache-2.0
// What has to be so once a healed world has come to rest.
#include <algorithm>

#include "sim/world.h"

namespace zerok::sim {

std::string World::unmet() {
  if (!relay_.is_running()) return "the relay does not run";
  std::size_t sessions = 0;
  for (const DeviceMachine& device : devices_) {
    sessions += device.has_group() ? 1 : 0;
    if (device.index() >= context_.knobs.devices && context_.knobs.late_devices == 0) continue;
    if (std::string missing = unmet_of(device); !missing.empty()) return missing;
  }
  if (const auto stats = relay_.stats(); stats.sessions > sessions || stats.groups > 1) {
    return fmt::format("the relay has {} sessions of {} groups for {} devices", stats.sessions,
                       stats.groups, sessions);
  }
  return {};
}

std::string World::unmet_of(const DeviceMachine& device) {
  const DeviceIndex index = device.index();
  if (!device.is_running()) return fmt::format("device {} does not run", index);
  if (context_.truth.devices[index].left) return {};
  if (!device.has_group()) return fmt::format("device {} is in no group", index);

  const client::ClientStatus status = const_cast<DeviceMachine&>(device).client().status();
  if (status.connection != client::Connection::kOnline) {
    return fmt::format("device {} is not online but {}", index,
                       static_cast<int>(status.connection));
  }
  const RelayLedger::Group* group = context_.ledger.group();
  if (group == nullptr) return "the relay does not have the group";
  if (!status.synced || context_.ledger.first_missing(index, status.position)) {
    return fmt::format("device {} is {} at line {} of {}, and the relay has {}", index,
                       status.synced ? "synced" : "not synced", status.position, status.highest,
                       group->head);
  }
  for (const auto& [id, blob] : context_.truth.blobs) {
    if (blob.device == index || !context_.truth.is_active(blob.device) || !blob.returned) continue;
    if (device.ledger().has_handed_over(id) || blob.deleted) continue;
    const bool can_be_had = context_.ledger.can_be_had(blob);
    if (!can_be_had && device.ledger().notices(core::NoticeKind::kHistoryLost) != 0) continue;
    // Gone before it came, and without a trace at the relay: it may never learn of it.
    const bool came_later = context_.truth.devices[index].enrolled_at > blob.pushed_at;
    if (!can_be_had && came_later && context_.ledger.find(id) == nullptr) continue;
    // What came instead of it was put aside, or it seemed lost, and the application was told.
    if (!honest() && (device.ledger().notices(core::NoticeKind::kQuarantined) != 0 ||
                      device.ledger().notices(core::NoticeKind::kHistoryLost) != 0)) {
      continue;
    }
    // Told as deleted by its sender, which the relay can't prove and nobody refute.
    if (context_.ledger.may_seem_gone(id)) continue;
    return fmt::format("device {} was never handed blob {} of device {}, which {}", index,
                       blob.number, blob.device,
                       can_be_had ? "can be had" : "is gone, and nobody said so");
  }
  if (!device.ledger().has_confirmed_all()) {
    return fmt::format("device {} has not confirmed all it took", index);
  }
  if (const std::size_t kept = device.ledger().kept_for_nobody(); kept != 0) {
    return fmt::format("device {} keeps {} blobs that every other device has", index, kept);
  }
  return {};
}

}  // namespace zerok::sim
