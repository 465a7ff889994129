// SPDX-License-Identifier: MIT OR Apache-2.0
// For tests and fuzz targets only: one device's engine on a memory store, without a network. Its
// relay is whatever the caller says. Group and devices are those of core/testing/roster_sample.h:
// device 1 is under test, 2 and 3 are other members, 9 was never enrolled.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "client/rows.h"
#include "core/client/engine.h"
#include "store/memory/memory_disk.h"

namespace zerok::client::testing {

// A member that seals blobs and states by the rules, or nearly.
class FakeMember {
 public:
  explicit FakeMember(std::uint8_t number);

  DeviceId id() const;
  // The next content of its chain, sealed; `as` puts another device's name into it.
  struct Made {
    wire::Line line;  // views into sealed
    std::shared_ptr<Bytes> sealed;
    core::ChainPosition position;
  };
  Made next(std::string_view payload, std::optional<DeviceId> as = {});
  // Goes back to before the last one, so that the next is another version of it.
  void forget_last() { position_ = before_; }
  void begin_incarnation(std::uint8_t value);
  Bytes state(std::uint64_t counter, std::vector<core::StoredHead> heads);
  core::StoredHead head() const { return {id(), incarnation_, position_}; }
  const Incarnation& incarnation() const { return incarnation_; }

 private:
  std::uint8_t number_;
  DeterministicRng rng_;
  Incarnation incarnation_{};
  core::ChainPosition position_{};
  core::ChainPosition before_{};
  std::uint64_t lamport_ = 0;
};

wire::Line stub_of(const wire::Line& line, wire::StubReason reason);
// Of a line of ours, as a relay gives it that was not asked for content.
wire::Line own_line(const wire::PushBlob& blob);

class EngineWorld {
 public:
  explicit EngineWorld(std::uint8_t members = 3);

  // A new engine from what the store has committed.
  Result<void> restart();

  // --- the session
  void open();  // the channel is there: HELLO goes out
  // What an honest relay with this log would say.
  wire::Welcome welcome_for(const std::vector<wire::Line>& log, std::uint64_t own_lines = 0) const;
  void answer(std::uint32_t request, const wire::AnyMessage& message);
  void notice(const wire::AnyMessage& message);
  void raw(const wire::MessageKey& key, ByteView body);
  void end();
  // Pumps, stores, commits; what was sent is in `sent`.
  void run();
  void pass(Duration time);

  // --- an honest relay in short
  // Opens a session on this log and answers PULLs from it until nothing more is asked.
  void connect(const std::vector<wire::Line>& log, std::uint64_t own_lines = 0);
  void serve(const std::vector<wire::Line>& log);
  // The open request of this type, taken out of `sent`.
  struct Sent {
    wire::MessageKey key;
    Bytes body;
    template <typename M>
    M as() const {
      return M::decode(body).value();
    }
  };
  std::optional<Sent> take(wire::MessageType type);

  std::uint64_t push(std::string_view payload);
  std::vector<std::string> hand_over();  // everything ready, confirmed
  std::size_t count(core::NoticeKind kind);
  void confirm_notices();
  core::ClientEngine& engine() { return *engine_; }

  static wire::Position position_at(const std::vector<wire::Line>& log, std::uint64_t cursor);

  std::vector<Sent> sent;
  std::optional<core::CloseSession> closed;
  core::ClientLimits limits;
  Instant now{std::chrono::hours(5)};
  UnixMs wall = 1'800'000'000'000;
  store::MemoryDisk disk;

 private:
  void apply();

  std::uint8_t members_;
  crypto::DeviceKeys keys_;
  DeterministicRng rng_{3};
  std::unique_ptr<store::ClientStore> store_;
  std::unique_ptr<core::ClientEngine> engine_;
  std::vector<core::ClientEffect> released_;
};

}  // namespace zerok::client::testing
