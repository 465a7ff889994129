// SPDX-License-Identifier: MIT OR Apache-2.0
// World: one relay, its devices, their applications and what goes wrong, from one seed, in one
// thread and in virtual time. First a safety phase with faults; then everything is healed and must
// converge within a bounded time. Checkers look on all along; the first thing they find ends it.
#pragma once

#include <deque>

#include "sim/device_machine.h"
#include "sim/liar.h"
#include "sim/relay_machine.h"
#include "sim/schedule.h"

namespace zerok::sim {

struct WorldOptions {
  std::uint64_t seed = 1;
  FaultSet without;
  bool traced = false;
};

// What a world did, for reports and to see that it did something.
struct WorldCounts {
  std::uint64_t pushes = 0;
  std::uint64_t handed_over = 0;
  std::uint64_t lines = 0;
  std::uint64_t strikes = 0;  // of faults
  std::uint64_t turns = 0;
  std::uint64_t virtual_ms = 0;
};

class World {
 public:
  explicit World(const WorldOptions& options);

  void run();

  bool ok() const { return context_.findings.ok(); }
  const Findings& findings() const { return context_.findings; }
  const Knobs& knobs() const { return context_.knobs; }
  std::uint64_t digest() const { return context_.log.digest(); }
  WorldCounts counts() const;

 private:
  enum class Phase : std::uint8_t { kSetUp, kFaults, kHealed };

  // Something that is going to happen.
  struct Action {
    enum class Kind : std::uint8_t {
      kWork,     // some application does something
      kTake,     // device
      kConfirm,  // device, number
      kNotices,  // device
      kStartRelay,
      kStartDevice,  // device
      kJoin,         // device
      kStrike,       // fault
      kUndo,         // fault, device
      kLook,         // checks what devices say of themselves
    };
    Kind kind{};
    Fault fault{};
    DeviceIndex device = 0;
    std::uint64_t number = 0;
  };
  using Kind = Action::Kind;

  // The loop: world.cc.
  void set_up();
  void turn(Instant until);
  void run_until(Instant until);
  void step_machines();
  void after_step(DeviceMachine& device, const DeviceMachine::Turn& turn);
  void act(const Action& action);
  void at(Duration delay, Action action) { schedule_.add(context_.now + delay, action); }
  void heal();
  void converge();
  // What convergence waits for; empty when it is reached.
  std::string unmet();
  std::string unmet_of(const DeviceMachine& device);

  // Applications: workload.cc.
  void work();
  void push_something(DeviceMachine& device);
  Bytes make_payload(DeviceIndex device);
  void delete_something(DeviceMachine& device);
  void leave(DeviceMachine& device);
  void take(DeviceMachine& device);
  void join(DeviceMachine& device);
  void push_unfinished(DeviceMachine& device);
  void down(DeviceMachine& device, Duration for_how_long);

  // Faults: faults.cc.
  transport::LinkSettings draw_link(Rng& rng) const;
  void plan(Fault fault);
  void strike(Fault fault);
  void undo(const Action& action);
  void block(DeviceIndex device, bool up, bool down, bool on);
  void lie(Rng& rng);
  void invent_lines(Rng& rng);
  void relay_down(Duration for_how_long);

  Duration up_to(Rng& rng, Duration most) const;
  DeviceMachine* any_device(Rng& rng, bool with_group);
  bool goes_on() const { return ok() && !context_.truth.roster_forked; }
  bool honest() const { return context_.knobs.faults.has(Fault::kLyingRelay) == false; }

  Context context_;
  DeterministicRng rng_;  // of the workload
  std::array<DeterministicRng, kFaultCount> fault_rng_;
  RelayMachine relay_;
  std::deque<DeviceMachine> devices_;
  std::optional<Liar> liar_;
  Schedule<Action> schedule_;
  Phase phase_ = Phase::kSetUp;
  Instant healed_at_{};
  std::uint64_t works_ = 0;
  std::uint64_t payloads_ = 0;
  std::uint64_t strikes_ = 0;
  std::uint64_t turns_ = 0;
  std::uint64_t turns_at_once_ = 0;
  std::vector<std::array<int, 2>> blocked_;  // per device, up and down: how many faults block it
};

}  // namespace zerok::sim
