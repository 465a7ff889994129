// SPDX-License-Identifier: MIT OR Apache-2.0
// What a Client is made of, for the files of this folder. step() has one rhythm: messages into the
// engine, its store effects into one transaction, the commit, and only then what others may see.
#pragma once

#include <deque>
#include <set>

#include "client/connection.h"
#include "client/rows.h"
#include "core/client/engine.h"
#include "core/relay/retention_clock.h"
#include "link/endpoint.h"

namespace zerok::client {

struct Client::Parts {
  Parts(store::ClientStore& the_store, transport::Transport& transport,
        const crypto::DeviceKeys& the_keys, Rng& the_rng, const ClientConfig& config);

  // From what is committed; forgets all else.
  Result<void> reload();
  // Applies and commits what the engine has decided, then carries out the rest of it. After an
  // error nothing of it has happened, and the engine stands where the store does.
  Result<void> carry_out();
  // What carry_out() and its caller want done before an API call changes anything.
  Result<void> ready_for_change();

  // Stores a group and has the engine use it.
  Result<void> adopt(core::ClientGroup group);

  void handle(const link::LinkEvent& event);
  void step(Instant now, UnixMs wall);
  void give_up(const Error& error);
  void end_session();
  void tell(ClientEvent event);
  void tell_connection();
  Result<void> start_clock();
  Result<void> save_clock();

  store::ClientStore& store;
  const crypto::DeviceKeys& keys;
  Rng& rng;
  ClientConfig config;
  noise::StaticKeys noise_keys;
  link::Endpoint endpoint;
  RelayConnection connection;
  std::unique_ptr<core::ClientEngine> engine;

  Instant now{};
  UnixMs date = 0;  // the wall clock
  // What times are reckoned by that count across restarts: the wall clock without its jumps.
  UnixMs wall = 0;
  std::optional<core::RetentionClock> clock;
  Instant save_clock_at{};
  bool dirty = true;  // something was changed from outside since the last step
  // The store could not be read back: nothing works until it can.
  std::optional<Error> broken;
  Instant reload_due = kNever;
  std::uint64_t taken = 0;  // hand-over number of the last blob given to the application
  std::optional<Bytes> admission_token;
  std::optional<MailboxId> guest;

  std::deque<core::ClientEffect> released;  // to be carried out once committed
  std::deque<ClientEvent> events;
  std::set<ClientEvent> waiting_events;
  bool retry_quarantine = false;
  bool remake_outbox = false;
  Connection told_connection = Connection::kNone;
  Instant close_deadline = kNever;
  bool closed = false;

 private:
  Result<void> apply();
  Result<void> prepare_push(const core::SendPush& push);
  void release();
  void release_one(const core::SendMessage& message);
  void release_one(const core::CloseSession& close);
  Result<void> try_quarantine();
  Result<void> remake();
};

}  // namespace zerok::client
