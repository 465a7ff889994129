// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench/devices.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/system_clock.h"
#include "bench/loopback.h"
#include "bench/timing.h"
#include "core/roster.h"
#include "store/sqlite/sqlite_store.h"

namespace zerok::bench {
namespace {

constexpr double kConnectSeconds = 60;

Result<Bytes> member_record(const crypto::DeviceKeys& keys, const crypto::GroupKeys& group,
                            Rng& rng) {
  ZEROK_TRY(const auto name,
            core::seal_name(group.roster, group.group_id(), keys.device_id(), "bench", rng));
  return core::MemberRecord::of(keys, name).encode();
}

}  // namespace

Result<Group> Group::create(std::size_t count, Rng& rng) {
  Group out;
  rng.fill(out.secret.mutable_bytes());
  const auto keys = crypto::GroupKeys::derive(out.secret);
  for (std::size_t i = 0; i < count; ++i) {
    crypto::DeviceSecret secret;
    rng.fill(secret.mutable_bytes());
    out.devices.push_back(crypto::DeviceKeys::derive(secret));
  }
  const crypto::Ed25519KeyPair& first = out.devices.front().signing;
  for (const crypto::DeviceKeys& device : out.devices) {
    ZEROK_TRY(const Bytes record, member_record(device, keys, rng));
    if (out.roster.empty()) {
      out.roster.push_back(core::make_create_entry(first, keys.membership, record));
    } else {
      out.roster.push_back(
          core::make_add_entry(first, core::roster_head(out.roster.back()), record,
                               core::sign_member_record(device.signing, keys.group_id(), record)));
    }
  }
  return out;
}

client::Client::GroupSecrets Group::secrets() const {
  client::Client::GroupSecrets out;
  out.epochs.push_back({crypto::GroupKeys::derive(secret).epoch_id({}, {}), secret.clone()});
  out.roster = roster;
  return out;
}

Device::~Device() = default;

Result<std::unique_ptr<Device>> Device::create(const Group& group, std::size_t number,
                                               const core::RelayTicket& relay,
                                               const std::string& database) {
  std::unique_ptr<Device> out(new Device);
  const crypto::DeviceKeys& keys = group.devices[number];
  if (database.empty()) {
    ZEROK_TRY(out->store_, out->memory_.open_client_store());
  } else {
    ZEROK_TRY(out->store_, store::open_sqlite_client_store({.path = database}));
  }
  Secret<32> reset_secret;
  out->rng_.fill(reset_secret.mutable_bytes());
  auto config = quic_config();
  config.accept = false;
  ZEROK_TRY(out->transport_, transport::QuicTransport::create(
                                 config, keys.signing.seed(), reset_secret,
                                 transport::SocketAddress::ipv4({127, 0, 0, 1}, 0), out->rng_));
  ZEROK_TRY(out->client_, client::Client::open(*out->store_, *out->transport_, keys, out->rng_, {},
                                               monotonic_now(), wall_now()));
  ZEROK_TRY_VOID(out->client_->set_relay(relay));
  ZEROK_TRY_VOID(out->client_->join_group(group.secrets()));
  return out;
}

Result<client::Pushed> Device::push(ByteView payload) {
  due_ = {};
  return client_->push(payload);
}

void Device::step(Instant now) {
  client_->step(now, wall_now());
  due_ = client_->next_timeout();
}

Devices::Devices() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}
Devices::~Devices() { ::close(epoll_); }

Result<void> Devices::add(Device& device) {
  epoll_event wanted{.events = EPOLLIN, .data = {.ptr = &device}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, device.transport_->fd(), &wanted) != 0) {
    return fail(ErrorCode::kIo, "can't watch a socket", errno);
  }
  devices_.push_back(&device);
  return {};
}

const std::vector<Device*>& Devices::turn(Instant until) {
  turned_.clear();
  Instant wake = until;
  for (const Device* device : devices_) wake = std::min(wake, device->due_);
  const Duration patience = std::max(wake - monotonic_now(), Duration::zero());
  pollfd ready{.fd = epoll_, .events = POLLIN, .revents = 0};
  const timespec timeout{.tv_sec = patience / std::chrono::seconds(1),
                         .tv_nsec = (patience % std::chrono::seconds(1)).count()};
  if (::ppoll(&ready, 1, &timeout, nullptr) > 0) {
    std::array<epoll_event, 256> events{};
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 0);
    for (std::size_t i = 0; static_cast<int>(i) < count; ++i) {
      static_cast<Device*>(events[i].data.ptr)->due_ = {};
    }
  }
  const Instant now = monotonic_now();
  for (Device* device : devices_) {
    if (device->due_ > now) continue;
    device->step(now);
    turned_.push_back(device);
  }
  return turned_;
}

Result<void> Devices::connect(std::span<Device* const> devices) {
  const double end = wall_seconds() + kConnectSeconds;
  while (!devices.empty()) {
    turn(monotonic_now() + kTurn);
    while (!devices.empty()) {
      const client::ClientStatus status = devices.front()->client().status();
      if (status.connection == client::Connection::kStopped) {
        return fail(ErrorCode::kPermissionDenied, "the relay refuses a device");
      }
      if (!status.synced) break;
      devices = devices.subspan(1);
    }
    if (wall_seconds() > end) return fail(ErrorCode::kTimedOut, "devices are not connected");
  }
  return {};
}

Result<void> Fleet::add(std::size_t groups, std::size_t devices_each, std::size_t online) {
  SystemRng rng;
  const std::size_t first_group = groups_.size();
  for (std::size_t g = 0; g < groups; ++g) {
    ZEROK_TRY(auto group, Group::create(devices_each, rng));
    groups_.push_back(std::make_unique<Group>(std::move(group)));
  }
  for (const auto& [from, to] : {std::pair<std::size_t, std::size_t>{0, 1}, {1, online}}) {
    const std::size_t first_device = devices_.size();
    for (std::size_t g = first_group; g < groups_.size(); ++g) {
      for (std::size_t n = from; n < to; ++n) {
        ZEROK_TRY(auto device, Device::create(*groups_[g], n, relay_, ""));
        ZEROK_TRY_VOID(loop_.add(*device));
        devices_.push_back(device.get());
        owned_.push_back(std::move(device));
      }
    }
    ZEROK_TRY_VOID(loop_.connect(std::span(devices_).subspan(first_device)));
  }
  return {};
}

}  // namespace zerok::bench
