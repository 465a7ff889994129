// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes docs/protocol/vectors/keys.txt anew and compares. To change the file on purpose:
//   ZEROK_WRITE_VECTORS=1 crypto_test --gtest_filter=KeyDerivationTest.*
// tools/check_key_vectors.py computes the same file's values from the document's rules alone.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "crypto/device_keys.h"
#include "crypto/dh.h"
#include "crypto/group_keys.h"
#include "crypto/hash.h"
#include "crypto/kem.h"
#include "crypto/testing/hex.h"

namespace zerok::crypto {
namespace {

using testing::counting_bytes;
using testing::key_of;

class VectorFile {
 public:
  void section(std::string_view name) { text_ += "\n[" + std::string(name) + "]\n"; }
  void add(std::string_view name, ByteView value) {
    text_ += std::string(name) + " = " + to_hex(value) + "\n";
  }
  void add_noise(const NoiseStaticSecrets& secrets) {
    add_hybrid("noise", secrets.dh, secrets.kem);
  }
  void add_sealing(const SealingSecrets& secrets) {
    add_hybrid("sealing", secrets.dh, secrets.kem);
  }
  void add_signing(const Ed25519KeyPair& pair) {
    add("identity_ed25519_seed", pair.seed().bytes());
    add("identity_ed25519_public", pair.public_key().bytes());
  }
  const std::string& text() const { return text_; }

 private:
  void add_hybrid(const std::string& use, const X25519SecretKey& dh, const MlKemSeed& kem) {
    add(use + "_x25519_secret", dh.bytes());
    add(use + "_x25519_public", X25519KeyPair::from_secret(dh.clone()).public_key.bytes());
    add(use + "_mlkem_seed", kem.bytes());
    // The key itself is 1,184 bytes long.
    const auto pair = MlKemKeyPair::from_seed(kem);
    add(use + "_mlkem_public_sha256", Sha256().update(pair.public_key.bytes()).finish());
  }

  std::string text_ =
      "# Key derivation vectors: docs/protocol/keys.md. Values in hex, in the order they follow.\n";
};

void add_device(VectorFile& file, std::string_view name, ByteView secret) {
  const auto keys = DeviceKeys::derive(key_of<DeviceSecret>(secret));
  file.section(name);
  file.add("device_secret", secret);
  file.add_signing(keys.signing);
  file.add_noise(keys.noise);
  file.add_sealing(keys.sealing);
  file.add("store_key", keys.store.bytes());
}

void add_relay(VectorFile& file, std::string_view name, ByteView secret) {
  const auto keys = RelayKeys::derive(key_of<RelaySecret>(secret));
  file.section(name);
  file.add("relay_secret", secret);
  file.add_signing(keys.signing);
  file.add_noise(keys.noise);
  file.add("quic_stateless_reset", keys.stateless_reset.bytes());
}

EpochId add_group(VectorFile& file, std::string_view name, ByteView secret, const EpochId& parent,
                  const RosterHead& roster_head) {
  const auto keys = GroupKeys::derive(key_of<GroupSecret>(secret));
  const EpochId epoch = keys.epoch_id(parent, roster_head);
  file.section(name);
  file.add("group_secret", secret);
  file.add("blob_key", keys.blob.bytes());
  file.add("roster_key", keys.roster.bytes());
  file.add("state_key", keys.state.bytes());
  file.add("membership_ed25519_seed", keys.membership.seed().bytes());
  file.add("membership_ed25519_public", keys.membership.public_key().bytes());
  file.add("commitment", keys.commitment.bytes());
  file.add("group_id", keys.group_id().bytes());
  file.add("parent_epoch_id", parent.bytes());
  file.add("roster_head", roster_head.bytes());
  file.add("epoch_id", epoch.bytes());
  return epoch;
}

std::string current_vectors() {
  VectorFile file;
  add_device(file, "device 1", counting_bytes(32));
  add_device(file, "device 2", Bytes(32, 0xff));
  // The secret of device 1: nothing below it may be the same.
  add_relay(file, "relay 1", counting_bytes(32));
  const auto first = add_group(file, "group, first epoch", counting_bytes(32, 0x40), {}, {});
  add_group(file, "group, second epoch", counting_bytes(32, 0x60), first,
            key_of<RosterHead>(ByteView(counting_bytes(32, 0xa0))));
  return file.text();
}

TEST(KeyDerivationTest, AgreesWithThePublishedVectorFile) {
  const std::string path = ZEROK_SOURCE_DIR "/docs/protocol/vectors/keys.txt";
  const std::string vectors = current_vectors();
  if (std::getenv("ZEROK_WRITE_VECTORS") != nullptr) {
    std::ofstream(path) << vectors;
    GTEST_SKIP() << "wrote " << path;
  }
  std::ifstream in(path);
  const std::string published{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  EXPECT_EQ(published, vectors);
}

TEST(KeyDerivationTest, NamesTheDeviceByItsEd25519KeyInTheRosterAndInQuic) {
  const auto keys = DeviceKeys::derive(key_of<DeviceSecret>(ByteView(counting_bytes(32))));
  EXPECT_EQ(to_hex(keys.device_id().bytes()), to_hex(keys.signing.public_key().bytes()));
  EXPECT_EQ(to_hex(keys.endpoint_id().bytes()), to_hex(keys.device_id().bytes()));
}

TEST(KeyDerivationTest, SharesNoKeyBetweenUsesOrRoles) {
  const auto secret = counting_bytes(32);
  const auto device = DeviceKeys::derive(key_of<DeviceSecret>(ByteView(secret)));
  const auto relay = RelayKeys::derive(key_of<RelaySecret>(ByteView(secret)));
  const auto group = GroupKeys::derive(key_of<GroupSecret>(ByteView(secret)));
  const std::vector<std::string> keys = {to_hex(secret),
                                         to_hex(device.signing.seed().bytes()),
                                         to_hex(device.noise.dh.bytes()),
                                         to_hex(device.noise.kem.bytes().first<32>()),
                                         to_hex(device.noise.kem.bytes().last<32>()),
                                         to_hex(device.sealing.dh.bytes()),
                                         to_hex(device.sealing.kem.bytes().first<32>()),
                                         to_hex(device.sealing.kem.bytes().last<32>()),
                                         to_hex(device.store.bytes()),
                                         to_hex(relay.signing.seed().bytes()),
                                         to_hex(relay.noise.dh.bytes()),
                                         to_hex(relay.noise.kem.bytes().first<32>()),
                                         to_hex(relay.noise.kem.bytes().last<32>()),
                                         to_hex(relay.stateless_reset.bytes()),
                                         to_hex(group.blob.bytes()),
                                         to_hex(group.roster.bytes()),
                                         to_hex(group.state.bytes()),
                                         to_hex(group.membership.seed().bytes()),
                                         to_hex(group.commitment.bytes())};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(keys[i], keys[j]) << i << " and " << j;
  }
}

TEST(KeyDerivationTest, ChangesTheEpochIdWithTheSecretTheParentAndTheRosterHead) {
  const auto one = GroupKeys::derive(key_of<GroupSecret>(ByteView(counting_bytes(32, 1))));
  const auto two = GroupKeys::derive(key_of<GroupSecret>(ByteView(counting_bytes(32, 2))));
  const auto parent = key_of<EpochId>(ByteView(counting_bytes(32, 3)));
  const auto head = key_of<RosterHead>(ByteView(counting_bytes(32, 4)));
  const auto id = one.epoch_id(parent, head);
  EXPECT_EQ(id, one.epoch_id(parent, head));
  EXPECT_NE(id, two.epoch_id(parent, head));
  EXPECT_NE(id, one.epoch_id({}, head));
  EXPECT_NE(id, one.epoch_id(parent, {}));
  EXPECT_NE(one.group_id(), two.group_id());
}

}  // namespace
}  // namespace zerok::crypto
