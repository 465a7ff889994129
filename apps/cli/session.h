// SPDX-License-Identifier: MIT OR Apache-2.0
// Session: a device's folder opened for one command: its store, a socket, the client on both, and
// the loop that turns them. Opening connects nothing; next_event() does.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "base/rng.h"
#include "cli/commands.h"
#include "cli/data_dir.h"
#include "cli/resolver.h"
#include "client/client.h"
#include "transport/quic/quic_transport.h"

namespace zerok::apps {

// A value, or the exit code of an error that has been complained about.
template <typename T>
using OrExit = std::expected<T, ExitCode>;

class Session {
 public:
  // Of a device that is set up; complains itself.
  static OrExit<std::unique_ptr<Session>> open(const CommonOptions& common);
  // Of one whose settings may not be there yet.
  static OrExit<std::unique_ptr<Session>> open(const DataDir& dir, Settings settings);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  client::Client& client() { return *client_; }
  const Settings& settings() const { return settings_; }
  const DataDir& dir() const { return dir_; }
  const crypto::DeviceKeys& keys() const { return keys_; }
  Rng& rng() { return rng_; }

  // The next event, or one sleep until something happens, at most until `until`. Nullopt also when
  // what happened was no event, a signal asked to stop, or `input` can be read: callers look anew.
  std::optional<client::ClientEvent> next_event(Instant until, int input = -1);
  bool input_ready() const { return input_ready_; }
  // Turns until the relay has answered, or refused for good, or `until`; whether we are online.
  // With kOnce it gives up as soon as an attempt has failed at every address.
  enum class Attempts : std::uint8_t { kOnce, kMany };
  bool connect(Instant until, Attempts attempts = Attempts::kMany);
  // Lets what is on its way arrive, 500 ms at most. Calls the loop; nothing may be begun after it.
  void close();

 private:
  Session(DataDir dir, Settings settings, crypto::DeviceKeys keys);
  void step();
  void sleep(Instant until, int input);

  DataDir dir_;
  Settings settings_;
  crypto::DeviceKeys keys_;
  SystemRng rng_;
  Resolver resolver_;
  std::unique_ptr<store::ClientStore> store_;
  std::unique_ptr<transport::QuicTransport> transport_;
  std::unique_ptr<client::Client> client_;
  bool input_ready_ = false;
  bool closed_ = false;
};

// Where the folder is, complaining if that can't be said.
OrExit<DataDir> locate_data_dir(const CommonOptions& common);
// Whoever answers is not the relay of the ticket: trying on is no use.
bool is_wrong_relay(const client::ClientStatus& status);
// Complains unless the device is in a group.
OrExit<void> need_group(Session& session);
// Complains about an error of this device's folder: a full disk, a damaged store.
ExitCode local_failure(std::string_view what, const Error& error);
// The exit code for a connection that did not come about, with what to do about it. Says nothing
// and returns kExitOk while we are online.
ExitCode complain_about_connection(const client::ClientStatus& status);

}  // namespace zerok::apps
