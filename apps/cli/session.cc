// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/session.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>

#include "base/system_clock.h"
#include "cli/words.h"
#include "common/complain.h"
#include "common/signals.h"
#include "store/sqlite/sqlite_store.h"

namespace zerok::apps {
namespace {

// One socket for both families, as a relay may have addresses of both; or a machine without IPv6.
Result<std::unique_ptr<transport::QuicTransport>> make_transport(const crypto::DeviceKeys& keys,
                                                                 Rng& rng) {
  transport::QuicConfig config;
  config.accept = false;
  // Half of what keeps a NAT open and well below the idle timeout.
  config.keep_alive = std::chrono::seconds(10);
  // A device answers no strangers, so a fresh reset secret serves.
  Secret<32> reset_secret;
  rng.fill(reset_secret.mutable_bytes());
  const auto on = [&](const char* bind) {
    return transport::QuicTransport::create(config, keys.signing.seed(), reset_secret,
                                            *transport::SocketAddress::parse(bind), rng);
  };
  auto transport = on("[::]:0");
  return transport ? std::move(transport) : on("0.0.0.0:0");
}

}  // namespace

OrExit<DataDir> locate_data_dir(const CommonOptions& common) {
  auto dir = DataDir::locate(common.data_dir);
  if (dir) return *std::move(dir);
  complain("data folder", dir.error());
  return std::unexpected(kExitLocalData);
}

ExitCode local_failure(std::string_view what, const Error& error) {
  complain(what, error);
  return kExitLocalData;
}

OrExit<std::unique_ptr<Session>> Session::open(const CommonOptions& common) {
  auto dir = locate_data_dir(common);
  if (!dir) return std::unexpected(dir.error());
  auto settings = dir->settings();
  if (!settings) {
    complain(dir->path(), settings.error());
    if (settings.error().code == ErrorCode::kNotFound) {
      complain("make this folder a device with: 0k init --name NAME --relay TICKET");
    }
    return std::unexpected(kExitLocalData);
  }
  return open(*std::move(dir), *std::move(settings));
}

OrExit<std::unique_ptr<Session>> Session::open(const DataDir& dir, Settings settings) {
  auto keys = dir.keys();
  if (!keys) return std::unexpected(local_failure(dir.key_file(), keys.error()));
  std::unique_ptr<Session> session(new Session(dir, std::move(settings), *std::move(keys)));

  auto store = store::open_sqlite_client_store({.path = dir.store_file()});
  if (!store) {
    complain(dir.store_file(), store.error());
    if (store.error().code == ErrorCode::kInvalidState) {
      complain("another 0k is at work in this folder, perhaps a `0k watch`: stop it or let it end");
    }
    return std::unexpected(kExitLocalData);
  }
  session->store_ = *std::move(store);
  auto transport = make_transport(session->keys_, session->rng_);
  if (!transport) {
    complain("socket", transport.error());
    return std::unexpected(kExitFailed);
  }
  session->transport_ = *std::move(transport);
  auto client = client::Client::open(*session->store_, *session->transport_, session->keys_,
                                     session->rng_, {}, monotonic_now(), wall_now());
  if (!client) {
    complain(dir.path(), client.error());
    if (client.error().code == ErrorCode::kWrongPeer) {
      complain("device.key and store.sqlite are of two devices: one of them was copied here");
    }
    return std::unexpected(kExitLocalData);
  }
  session->client_ = *std::move(client);
  stop_on_signals();
  wake_when_stopped(session->transport_.get());
  return session;
}

Session::Session(DataDir dir, Settings settings, crypto::DeviceKeys keys)
    : dir_(std::move(dir)), settings_(std::move(settings)), keys_(std::move(keys)) {}

Session::~Session() {
  close();
  wake_when_stopped(nullptr);
}

void Session::step() {
  while (auto answer = resolver_.poll()) client_->resolved(answer->name, answer->addresses);
  client_->step(monotonic_now(), wall_now());
  for (const auto& name : client_->unresolved()) resolver_.begin(name);
}

void Session::sleep(Instant until, int input) {
  until = std::min(until, client_->next_timeout());
  const Instant now = monotonic_now();
  timespec timeout{};
  if (until > now) {
    const Duration left = std::min<Duration>(until - now, std::chrono::hours(1));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    timeout.tv_sec = seconds.count();
    timeout.tv_nsec = (left - seconds).count();
  }
  pollfd waited[] = {
      {transport_->fd(), POLLIN, 0}, {resolver_.fd(), POLLIN, 0}, {input, POLLIN, 0}};
  ::ppoll(waited, 3, &timeout, nullptr);
  input_ready_ = waited[2].revents != 0;
}

std::optional<client::ClientEvent> Session::next_event(Instant until, int input) {
  input_ready_ = false;
  if (auto event = client_->poll_event()) return event;
  step();
  if (auto event = client_->poll_event()) return event;
  if (monotonic_now() < until && !stop_requested()) {
    sleep(until, input);
    step();
  }
  return client_->poll_event();
}

bool Session::connect(Instant until, Attempts attempts) {
  for (;;) {
    const auto connection = client_->status().connection;
    if (connection == client::Connection::kOnline) return true;
    if (connection == client::Connection::kStopped || connection == client::Connection::kNone) {
      // Nothing is known before the first step.
      step();
      if (client_->status().connection == connection) return false;
      continue;
    }
    const bool has_failed = connection == client::Connection::kOffline &&
                            client_->status().last_error && client_->unresolved().empty() &&
                            client_->status().next_attempt > monotonic_now();
    if (attempts == Attempts::kOnce && has_failed) return false;
    if (is_wrong_relay(client_->status())) return false;
    if (!next_event(until) && (monotonic_now() >= until || stop_requested())) return false;
  }
}

void Session::close() {
  if (closed_ || !client_) return;
  closed_ = true;
  client_->begin_close(monotonic_now());
  while (!client_->is_closed(monotonic_now())) {
    step();
    while (client_->poll_event()) {
    }
    if (client_->is_closed(monotonic_now())) break;
    sleep(monotonic_now() + std::chrono::milliseconds(50), -1);
  }
}

bool is_wrong_relay(const client::ClientStatus& status) {
  return status.connection != client::Connection::kOnline && status.last_error &&
         status.last_error->code == ErrorCode::kWrongPeer;
}

OrExit<void> need_group(Session& session) {
  if (session.client().has_group()) return {};
  complain(
      "this device is in no group: make one with `0k group create`, or enter one with `0k join`");
  return std::unexpected(kExitLocalData);
}

ExitCode complain_about_connection(const client::ClientStatus& status) {
  switch (status.connection) {
    case client::Connection::kOnline:
      return kExitOk;
    case client::Connection::kNone:
      complain("no relay is set: 0k init --relay TICKET");
      return kExitNotInTime;
    case client::Connection::kStopped:
      complain(fmt::format("the relay refuses this device: {}", refusal_words(status.stopped_by)));
      return kExitRefused;
    default:
      break;
  }
  if (!status.last_error) {
    complain("the relay did not answer in time: is it running, and is the network up?");
    return kExitNotInTime;
  }
  complain("relay", *status.last_error);
  if (is_wrong_relay(status)) {
    complain(
        "whoever answers there is not the relay of this device's ticket. If the relay was set up "
        "anew, ask its operator for a new ticket; if not, someone may be in between");
    return kExitRefused;
  }
  return kExitNotInTime;
}

}  // namespace zerok::apps
