// SPDX-License-Identifier: MIT OR Apache-2.0
// Device states from the relay (sealed bytes nobody can have made) and from a member: any content,
// sealed with the right key, which only the device itself can have signed. The input, cut to
// sections, is also heads to be sealed: what comes back is what went in, sorted.
#include "core/testing/state_sample.h"

namespace {

using namespace zerok;
using namespace zerok::core;

constexpr std::size_t kHeadBytes = 3;

void seal_heads(const StateEpoch& epoch, ByteView input) {
  const auto& device = testing::sample_device(1);
  DeviceState state = testing::sample_state(0);
  state.counter = 1 + input.size();
  for (std::size_t at = 0; at + kHeadBytes <= input.size(); at += kHeadBytes) {
    StoredHead head = testing::sample_head(input[at]);
    head.incarnation.mutable_bytes()[0] = input[at + 1];
    head.position.sequence = input[at + 2];
    state.heads.push_back(head);
  }
  DeterministicRng rng(input.size());
  const auto sealed = seal_device_state(state, epoch, device.keys.signing, rng);
  if (!sealed) return;
  ZEROK_ASSERT(std::ranges::find(kSealedStateSizes, sealed->size()) != kSealedStateSizes.end());
  const auto opened = open_device_state(epoch, device.id(), *sealed);
  ZEROK_ASSERT(opened.has_value());
  ZEROK_ASSERT(opened->heads.size() == std::min(state.heads.size(), DeviceState::kHeadsMax));
  for (const StoredHead& head : opened->heads) {
    ZEROK_ASSERT(std::ranges::find(state.heads, head) != state.heads.end());
  }
  ZEROK_ASSERT(opened->counter == state.counter && opened->epoch == epoch.epoch);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  static const StateEpoch epoch = testing::sample_state_epoch();
  static const DeviceId device = testing::sample_device(1).id();
  const auto forged = open_device_state(epoch, device, input);
  ZEROK_ASSERT(!forged && forged.error().code == ErrorCode::kCryptoFailed);

  // The seeds hold contents that the device did sign: they, and nothing else, open to these bytes.
  if (size + 4 + 72 <= kSealedStateSizes.back()) {
    const std::size_t sealed_size = *std::ranges::lower_bound(kSealedStateSizes, size + 76);
    const Bytes sealed = testing::seal_state_content(epoch, device, input, sealed_size);
    if (const auto opened = open_device_state(epoch, device, sealed)) {
      ZEROK_ASSERT(opened->device == device && opened->epoch == epoch.epoch);
      DeterministicRng rng(size);
      const auto again =
          seal_device_state(*opened, epoch, testing::sample_device(1).keys.signing, rng).value();
      ZEROK_ASSERT(std::ranges::equal(testing::open_state_content(epoch, device, again), input));
    }
  }
  seal_heads(epoch, input);
  return 0;
}
