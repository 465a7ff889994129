// SPDX-License-Identifier: MIT OR Apache-2.0
// Our handshake against the Rust crate clatter 2.2.0, live, in both roles and with both hashes:
// src/main.rs is the other side, a child process behind two pipes. Skipped where CMake found no
// cargo; failed, not skipped, where cargo is there and the peer was not built.
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>

#include "base/rng.h"
#include "noise/handshake.h"
#include "noise/prologue.h"
#include "tests/interop/clatter/peer_process.h"

namespace zerok::interop {
namespace {

using noise::Handshake;
using noise::Role;
using noise::Session;

constexpr std::string_view kPeerProgram = ZEROK_CLATTER_PEER;
constexpr int kRefused = 3;
constexpr std::chrono::seconds kTimeLimit{30};

struct Suite {
  Role our_role;
  bool blake2s;
};

std::string name_of(const testing::TestParamInfo<Suite>& suite) {
  return std::string(suite.param.our_role == Role::kInitiator ? "Initiator" : "Responder") +
         (suite.param.blake2s ? "Blake2s" : "Sha256");
}

template <std::size_t N>
std::span<const std::uint8_t, N> part(const Bytes& bytes, std::size_t at) {
  return std::span<const std::uint8_t, N>(ByteView(bytes).subspan(at, N));
}

// One run of our side over a peer process; handshake messages can be changed on their way.
template <typename Hash>
class LiveRun {
 public:
  LiveRun(Role role, const std::string& hash, ByteView prologue, ByteView peers_prologue)
      : keys_(noise::StaticKeys::generate(rng_)),
        peer(std::string(kPeerProgram),
             {role == Role::kInitiator ? "responder" : "initiator", hash, to_hex(peers_prologue)},
             kTimeLimit) {
    const auto shown = peer.read_frame();
    if (!shown || shown->size() != 32 + 1184) return;
    identity_ = noise::PeerIdentity{crypto::X25519PublicKey(part<32>(*shown, 0)),
                                    crypto::MlKemPublicKey(part<1184>(*shown, 32))};
    handshake.emplace(role == Role::kInitiator
                          ? Handshake<Hash>::initiator(keys_, identity_->id(), prologue)
                          : Handshake<Hash>::responder(keys_, prologue));
  }

  // Runs the handshake. change: called with the number of each message and its bytes before it
  // goes on, in either direction. Returns false where either side stops.
  template <typename Change>
  bool shake(Change change) {
    for (int number = 0; !handshake->is_finished(); ++number) {
      Bytes message;
      if (handshake->is_our_turn()) {
        message.resize(handshake->next_message_size());
        if (!handshake->write_message(rng_, message)) return false;
        change(number, message);
        if (!peer.write_frame(message)) return false;
      } else {
        auto received = peer.read_frame();
        if (!received) return false;
        change(number, *received);
        if (!handshake->read_message(*received)) return false;
      }
    }
    return true;
  }
  bool shake() {
    return shake([](int, Bytes&) {});
  }

  // Expects what the peer reports after its handshake, and its three transport messages.
  void expect_report(Session& session) {
    const auto report = peer.read_frame();
    ASSERT_TRUE(report);
    ASSERT_EQ(report->size(), 32u + 32u + 1184u);
    EXPECT_EQ(to_hex(session.handshake_hash()), to_hex(part<32>(*report, 0)));
    EXPECT_EQ(to_hex(keys_.dh.public_key.bytes()), to_hex(part<32>(*report, 32)));
    EXPECT_EQ(to_hex(keys_.kem.public_key.bytes()), to_hex(part<1184>(*report, 64)));
    const Bytes longest(noise::kTransportPlaintextSizeMax, 0x5a);
    const ByteView texts[] = {as_bytes("clatter says hello"), {}, longest};
    for (const ByteView text : texts) expect_text(session, text);
    EXPECT_EQ(session.confirmed_peer(), identity_->id());
  }

  void expect_text(Session& session, ByteView expected) {
    const auto message = peer.read_frame();
    ASSERT_TRUE(message);
    ASSERT_GE(message->size(), crypto::kAeadTagSize);
    Bytes text(message->size() - crypto::kAeadTagSize);
    ASSERT_TRUE(session.open(*message, text));
    EXPECT_TRUE(std::equal(text.begin(), text.end(), expected.begin(), expected.end()));
  }

  bool send(Session& session, ByteView text) {
    Bytes message(text.size() + crypto::kAeadTagSize);
    return session.seal(text, message) && peer.write_frame(message);
  }

 private:
  SystemRng rng_;
  noise::StaticKeys keys_;
  std::optional<noise::PeerIdentity> identity_;

 public:
  PeerProcess peer;
  std::optional<Handshake<Hash>> handshake;
};

class ClatterInteropTest : public testing::TestWithParam<Suite> {
 protected:
  void SetUp() override {
    if (kPeerProgram.empty()) GTEST_SKIP() << "CMake found no cargo 1.81 or newer: no Rust peer";
    ASSERT_TRUE(std::filesystem::exists(kPeerProgram))
        << "the Rust peer was not built; see the output of the target clatter_peer";
  }

  // body: a generic lambda taking a LiveRun.
  template <typename Body>
  void with_run(Body body, std::optional<Bytes> peers_prologue = std::nullopt) {
    const auto [role, blake2s] = GetParam();
    const auto prologue = noise::channel_prologue(EndpointId(), EndpointId());
    const ByteView other = peers_prologue ? ByteView(*peers_prologue) : ByteView(prologue);
    if (blake2s) {
      LiveRun<crypto::Blake2s> run(role, "blake2s", prologue, other);
      ASSERT_TRUE(run.handshake) << "the peer did not start";
      body(run);
    } else {
      LiveRun<crypto::Sha256> run(role, "sha256", prologue, other);
      ASSERT_TRUE(run.handshake) << "the peer did not start";
      body(run);
    }
  }

  bool we_write(int number) const {
    return (number % 2 == 0) == (GetParam().our_role == Role::kInitiator);
  }
};

TEST_P(ClatterInteropTest, AgreesOnTheHashTheIdentitiesAndTheTransportMessages) {
  with_run([](auto& run) {
    ASSERT_TRUE(run.shake());
    Session session = run.handshake->finish().value();
    run.expect_report(session);
    Bytes longest(noise::kTransportPlaintextSizeMax);
    DeterministicRng(1).fill(longest);
    const ByteView texts[] = {as_bytes("zerok says hello"), {}, longest, as_bytes("bye")};
    for (const ByteView text : texts) {
      ASSERT_TRUE(run.send(session, text));
      run.expect_text(session, text);
    }
    run.peer.close_input();
    EXPECT_EQ(run.peer.wait(), 0);
  });
}

TEST_P(ClatterInteropTest, EitherSideRefusesAHandshakeMessageChangedOnItsWay) {
  // One byte in each field of each message; offsets from the layout of the messages.
  const std::vector<std::size_t> fields[4] = {
      {0, 32}, {0, 1088, 1120, 2304, 2352, 3552}, {0, 1104, 1152, 2352}, {0, 1104}};
  for (int number = 0; number < 4; ++number) {
    for (const std::size_t at : fields[number]) {
      with_run([&](auto& run) {
        const bool finished = run.shake([&](int current, Bytes& message) {
          if (current == number) message[at + 1] ^= 0x04;
        });
        // The first message is only protected by the second: its writer notices, unless the change
        // made the ML-KEM key invalid and we are the ones who read it.
        const bool we_notice =
            number == 0 ? we_write(0) || run.handshake->has_failed() : !we_write(number);
        if (we_notice) {
          EXPECT_FALSE(finished);
          EXPECT_TRUE(run.handshake->has_failed()) << "message " << number << " byte " << at;
        } else {
          EXPECT_EQ(run.peer.wait(), kRefused) << "message " << number << " byte " << at;
          EXPECT_FALSE(run.peer.read_frame()) << "it says nothing after that";
        }
      });
    }
  }
}

TEST_P(ClatterInteropTest, EitherSideRefusesHandshakeMessagesOfOtherLengths) {
  for (int number = 0; number < 4; ++number) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{100}, std::size_t{65535}}) {
      with_run([&](auto& run) {
        const bool finished = run.shake([&](int current, Bytes& message) {
          if (current == number) message.resize(size);
        });
        if (we_write(number)) {
          EXPECT_EQ(run.peer.wait(), kRefused) << "message " << number << " size " << size;
        } else {
          EXPECT_FALSE(finished);
          EXPECT_TRUE(run.handshake->has_failed()) << "message " << number << " size " << size;
        }
      });
    }
  }
}

TEST_P(ClatterInteropTest, ThePeerRefusesAChangedTransportMessageAndNoiseOfTheLargestSize) {
  for (const bool changed : {true, false}) {
    with_run([changed](auto& run) {
      ASSERT_TRUE(run.shake());
      Session session = run.handshake->finish().value();
      run.expect_report(session);
      Bytes message(changed ? 21 : 65535);
      if (changed) {
        ASSERT_TRUE(session.seal(as_bytes("hello"), message));
        message[3] ^= 1;
      }
      ASSERT_TRUE(run.peer.write_frame(message));
      EXPECT_EQ(run.peer.wait(), kRefused);
    });
  }
}

TEST_P(ClatterInteropTest, OurSessionEndsOnAChangedTransportMessage) {
  with_run([](auto& run) {
    ASSERT_TRUE(run.shake());
    Session session = run.handshake->finish().value();
    ASSERT_TRUE(run.peer.read_frame()) << "the report";
    auto message = run.peer.read_frame();
    ASSERT_TRUE(message);
    (*message)[3] ^= 1;
    Bytes text(message->size() - crypto::kAeadTagSize);
    EXPECT_FALSE(session.open(*message, text));
    EXPECT_TRUE(session.is_ended());
  });
}

TEST_P(ClatterInteropTest, ADifferentPrologueEndsTheHandshake) {
  with_run(
      [](auto& run) {
        EXPECT_FALSE(run.shake());
        if (GetParam().our_role == Role::kInitiator) {
          EXPECT_TRUE(run.handshake->has_failed());
        } else {
          EXPECT_EQ(run.peer.wait(), kRefused);
        }
      },
      Bytes{1, 2, 3});
}

INSTANTIATE_TEST_SUITE_P(Roles, ClatterInteropTest,
                         testing::Values(Suite{Role::kInitiator, true},
                                         Suite{Role::kResponder, true},
                                         Suite{Role::kInitiator, false},
                                         Suite{Role::kResponder, false}),
                         name_of);

}  // namespace
}  // namespace zerok::interop
