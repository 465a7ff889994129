// SPDX-License-Identifier: MIT OR Apache-2.0
// The handshake against recorded runs: messages, hashes and transport messages, and the state
// after every token. tests/vectors/ holds ours; go-clatter's published file (made with the Rust
// crate clatter 2.2.0) is read where it is present: ZEROK_OUTSIDE_VECTORS names its folder.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "noise/handshake_impl.h"
#include "noise/testing/test_support.h"

namespace zerok::noise {
namespace {

constexpr std::string_view kSource = ZEROK_SOURCE_DIR;

// The byte source both parties share in the recorded runs: 0xef, 0xf0, 0xf1, ...
class CountingRng final : public Rng {
 public:
  void fill(MutableByteView out) override {
    for (auto& b : out) b = next_++;
  }

 private:
  std::uint8_t next_ = 0xef;
};

// "name: value" lines; names repeat nowhere.
std::map<std::string, std::string> read_values(const std::filesystem::path& path) {
  std::map<std::string, std::string> values;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(": ");
    if (colon != std::string::npos) values[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return values;
}

// The four static secrets in the order in which the recorded runs draw them.
struct Statics {
  explicit Statics(Rng& rng) {
    crypto::X25519SecretKey dh[2];
    crypto::MlKemSeed kem[2];
    for (auto& secret : dh) rng.fill(secret.mutable_bytes());
    for (auto& seed : kem) rng.fill(seed.mutable_bytes());
    initiator = StaticKeys::from_secrets(std::move(dh[0]), kem[0]);
    responder = StaticKeys::from_secrets(std::move(dh[1]), kem[1]);
  }
  StaticKeys initiator;
  StaticKeys responder;
};

Bytes seal(Session& session, std::string_view text) {
  Bytes message(text.size() + crypto::kAeadTagSize);
  EXPECT_TRUE(session.seal(as_bytes(text), message));
  return message;
}

void open_as(Session& session, const Bytes& message, std::string_view text) {
  Bytes plaintext(message.size() - crypto::kAeadTagSize);
  EXPECT_TRUE(session.open(message, plaintext));
  EXPECT_EQ(to_hex(plaintext), to_hex(as_bytes(text)));
}

template <typename Hash>
void check_run(const std::filesystem::path& path) {
  auto values = read_values(path);
  ASSERT_EQ(values.count("handshake_hash"), 1u) << path;
  const auto prologue = from_hex(values["prologue_hex"]);
  ASSERT_TRUE(prologue && !prologue->empty());

  CountingRng rng;
  const Statics statics(rng);
  auto initiator =
      Handshake<Hash>::initiator(statics.initiator, statics.responder.identity().id(), *prologue);
  auto responder = Handshake<Hash>::responder(statics.responder, *prologue);
  for (std::size_t i = 0; i < 4; ++i) {
    auto& writer = i % 2 == 0 ? initiator : responder;
    auto& reader = i % 2 == 0 ? responder : initiator;
    Bytes message(kHandshakeMessageSizes[i]);
    ASSERT_TRUE(writer.write_message(rng, message));
    const std::string number = "[" + std::to_string(i) + "]";
    EXPECT_EQ(to_hex(message), values["msg" + number + (i % 2 == 0 ? " initiator" : " responder")]);
    ASSERT_TRUE(reader.read_message(message));
    EXPECT_EQ(to_hex(NoiseTestPeer::symmetric(writer).h()), values["h" + number]);
    EXPECT_EQ(to_hex(NoiseTestPeer::symmetric(reader).h()), values["h" + number]);
  }
  auto i = initiator.finish().value();
  auto r = responder.finish().value();
  EXPECT_EQ(to_hex(i.handshake_hash()), values["handshake_hash"]);
  EXPECT_EQ(to_hex(r.handshake_hash()), values["handshake_hash"]);

  const Bytes first = seal(i, "Scream without a sound");
  const Bytes second = seal(r, "Flying off the handle");
  const Bytes third = seal(i, "Eugene gene the dance machine");
  EXPECT_EQ(to_hex(first), values["transport[0] initiator"]);
  EXPECT_EQ(to_hex(second), values["transport[1] responder"]);
  EXPECT_EQ(to_hex(third), values["transport[2] initiator"]);
  open_as(r, first, "Scream without a sound");
  open_as(i, second, "Flying off the handle");
  open_as(r, third, "Eugene gene the dance machine");
}

TEST(HandshakeVectorTest, ReproducesOurRecordedRunByteForByte) {
  check_run<crypto::Blake2s>(std::filesystem::path(kSource) /
                             "tests/vectors/hybrid_xx_blake2s.txt");
}

TEST(HandshakeVectorTest, ReproducesThePublishedRunOfRustClatterByteForByte) {
  const char* folder = std::getenv("ZEROK_OUTSIDE_VECTORS");
  const auto path =
      (folder != nullptr ? std::filesystem::path(folder)
                         : std::filesystem::path(kSource) / "../shared/vectors/outside") /
      "hybrid_xx_x25519_mlkem768_chacha_sha256.txt";
  if (!std::filesystem::exists(path)) {
    GTEST_SKIP() << "go-clatter's vector file is not here; set ZEROK_OUTSIDE_VECTORS to its folder";
  }
  check_run<crypto::Sha256>(path);
}

// One line set of the trace files.
struct Snapshot {
  std::string where;
  std::string h;
  std::string ck;
  std::string k;
  friend bool operator==(const Snapshot&, const Snapshot&) = default;
  friend void PrintTo(const Snapshot& s, std::ostream* out) {
    *out << s.where << " h " << s.h << " ck " << s.ck << " k " << s.k;
  }
};

struct RecordingTrace {
  static inline std::vector<Snapshot> seen;

  template <typename Symmetric>
  static void after(int message, const char* token, const Symmetric& state) {
    const CipherState& cipher = NoiseTestPeer::cipher(state);
    seen.push_back({message < 0 ? token : "msg" + std::to_string(message) + " after " + token,
                    to_hex(state.h()), to_hex(NoiseTestPeer::ck(state)),
                    (cipher.has_key() ? to_hex(NoiseTestPeer::k(cipher)) : std::string("-")) +
                        " n " + std::to_string(NoiseTestPeer::n(cipher))});
  }
};

std::vector<Snapshot> read_snapshots(const std::filesystem::path& path) {
  std::vector<Snapshot> snapshots;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.find(" after ") == 4) {
      snapshots.push_back({line, "", "", ""});
    } else if (line.starts_with("  h  ")) {
      snapshots.back().h = line.substr(5);
    } else if (line.starts_with("  ck ")) {
      snapshots.back().ck = line.substr(5);
    } else if (line.starts_with("  k  ")) {
      snapshots.back().k = line.substr(5);
    }
  }
  return snapshots;
}

template <typename Hash>
void check_trace(std::string_view name) {
  const auto path = std::filesystem::path(kSource) / "tests/vectors" / name;
  auto values = read_values(path);
  const auto expected = read_snapshots(path);
  ASSERT_EQ(expected.size(), 14u);

  CountingRng rng;
  const Statics statics(rng);
  for (const auto& [keys, who] : {std::pair(&statics.initiator, std::string("initiator")),
                                  std::pair(&statics.responder, std::string("responder"))}) {
    EXPECT_EQ(to_hex(keys->dh.secret.bytes()), values[who + " static x25519 secret"]);
    EXPECT_EQ(to_hex(keys->dh.public_key.bytes()), values[who + " static x25519 public"]);
    EXPECT_EQ(to_hex(crypto::Sha256().update(keys->kem.public_key.bytes()).finish()),
              values["sha256(" + who + " static mlkem ek)"]);
  }

  using Traced = Handshake<Hash, RecordingTrace>;
  auto& seen = RecordingTrace::seen;
  seen.clear();
  const ByteView prologue = as_bytes("Stumbling all around");
  auto initiator =
      Traced::initiator(statics.initiator, statics.responder.identity().id(), prologue);
  auto responder = Traced::responder(statics.responder, prologue);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_EQ(seen[0].h, values["h after prologue"]);
  EXPECT_EQ(seen[0].ck, values["ck initially"]);
  EXPECT_EQ(seen[0].k, "- n 0");

  std::vector<Snapshot> written;
  std::vector<Snapshot> read;
  for (std::size_t i = 0; i < 4; ++i) {
    Bytes message(kHandshakeMessageSizes[i]);
    seen.clear();
    ASSERT_TRUE((i % 2 == 0 ? initiator : responder).write_message(rng, message));
    written.insert(written.end(), seen.begin(), seen.end());
    seen.clear();
    ASSERT_TRUE((i % 2 == 0 ? responder : initiator).read_message(message));
    read.insert(read.end(), seen.begin(), seen.end());
  }
  EXPECT_EQ(written, expected);
  EXPECT_EQ(read, expected);

  auto session = initiator.finish().value();
  EXPECT_EQ(to_hex(NoiseTestPeer::k(NoiseTestPeer::send(session))),
            values["transport key initiator->responder"]);
  EXPECT_EQ(to_hex(NoiseTestPeer::k(NoiseTestPeer::receive(session))),
            values["transport key responder->initiator"]);
}

TEST(HandshakeTraceTest, HasTheRecordedStateAfterEveryTokenOnBothSidesWithBlake2s) {
  check_trace<crypto::Blake2s>("hybrid_xx_trace_blake2s.txt");
}

TEST(HandshakeTraceTest, HasTheRecordedStateAfterEveryTokenOnBothSidesWithSha256) {
  check_trace<crypto::Sha256>("hybrid_xx_trace_sha256.txt");
}

}  // namespace
}  // namespace zerok::noise
