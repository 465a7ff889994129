// SPDX-License-Identifier: MIT OR Apache-2.0
// Liar: somebody who talks to the relay by the rules of the channel and lies in what it says: with
// the group's id and another membership key, with a HELLO from another connection, with a device's
// key and other Noise keys, as a device that nobody enrolled, with a roster it made up, with noise.
// One attempt at a time. It must be refused by an ERROR, learn nothing, and change nothing.
#pragma once

#include <memory>
#include <optional>

#include "core/session_proof.h"
#include "crypto/group_keys.h"
#include "link/endpoint.h"
#include "sim/machine.h"
#include "wire/messages/any.h"

namespace zerok::sim {

class Liar {
 public:
  enum class Trick : std::uint8_t {
    kWrongMembership,  // the group's id with a membership key of its own
    kFalseSignature,   // the right membership key, signed by another
    kReplayedHello,    // a HELLO that was right on another connection
    kWrongNoise,       // a real device's key, other Noise keys
    kNotEnrolled,      // all keys right, in no roster; asks for everything
    kForgedRoster,     // the same, and enrols itself
    kNoise,            // random messages
    kSilent,           // nothing at all
  };
  static constexpr std::uint64_t kTricks = 8;

  Liar(Context& context, std::uint64_t seed);

  // What it got hold of.
  struct Loot {
    crypto::GroupSecret group;
    std::vector<Bytes> roster;
    const crypto::DeviceKeys* device = nullptr;  // for kWrongNoise
  };
  void begin(Trick trick, const Loot& loot, const core::RelayTicket& relay);
  bool is_busy() const { return endpoint_ != nullptr; }
  // It makes a machine for each stolen key, and not without end.
  bool is_tired() const { return stolen_ == 250; }
  void stop();

  bool is_due() const;
  Instant next_timeout() const;
  void step();

 private:
  void opened();
  void answered(const wire::Message& message);
  void ask_for_everything();
  void forge_roster();
  void send(const wire::AnyMessage& message, bool is_request = true);
  wire::Hello hello(const core::SessionBinding& binding) const;

  Context& context_;
  DeterministicRng rng_;
  crypto::DeviceKeys own_keys_;
  transport::NodeId own_node_;
  transport::NodeId node_;   // of this attempt
  std::uint8_t stolen_ = 0;  // nodes made with stolen keys
  std::optional<crypto::GroupKeys> group_keys_;
  std::vector<Bytes> roster_;

  Trick trick_{};
  const crypto::DeviceKeys* device_ = nullptr;  // as whom it speaks
  EndpointId relay_;
  std::unique_ptr<noise::StaticKeys> noise_;
  std::unique_ptr<transport::SimulatedTransport> transport_;
  std::unique_ptr<link::Endpoint> endpoint_;
  link::LinkId link_{};
  bool sent_ = false;
  bool welcomed_ = false;
  std::uint32_t requests_ = 0;
  Instant ends_{};
};

}  // namespace zerok::sim
