// SPDX-License-Identifier: MIT OR Apache-2.0
// For tests and fuzz targets only: device states, and what a member with a broken program could
// seal in their place.
#pragma once

#include "core/device_state.h"
#include "core/label.h"
#include "core/testing/roster_sample.h"
#include "crypto/aead.h"

namespace zerok::core::testing {

// The first epoch of sample_group(first).
inline StateEpoch sample_state_epoch(std::uint8_t first = 0x40) {
  auto group = sample_group(first);
  return {group.group_id(), group.group_id(), group.epoch_id({}, {}), std::move(group.state)};
}

inline StoredHead sample_head(std::uint8_t n) {
  StoredHead head;
  head.sender.mutable_bytes()[0] = n;
  head.incarnation.mutable_bytes()[15] = n;
  head.position.sequence = std::uint64_t{n} * n * n;
  head.position.hash.mutable_bytes()[1] = n;
  return head;
}

// Of sample_device(1), in sample_state_epoch().
inline DeviceState sample_state(std::size_t heads) {
  DeviceState state;
  state.device = sample_device(1).id();
  state.counter = 7;
  state.epoch = sample_state_epoch().epoch;
  state.roster_length = 2;
  state.roster_head.mutable_bytes()[0] = 0xcc;
  for (std::size_t n = 1; n <= heads; ++n) {
    state.heads.push_back(sample_head(static_cast<std::uint8_t>(n)));
  }
  return state;
}

inline Bytes state_associated_data(const StateEpoch& epoch, const DeviceId& device) {
  Bytes ad = begin_labelled("0k-sync/2 device state", 96);
  append(ad, epoch.group.bytes());
  append(ad, epoch.epoch_group.bytes());
  append(ad, device.bytes());
  return ad;
}

// Any plaintext, under a nonce of zeros.
inline Bytes seal_state_plaintext(const StateEpoch& epoch, const DeviceId& device,
                                  ByteView plaintext) {
  Bytes sealed(56 + plaintext.size() + 16);
  std::ranges::copy(epoch.epoch_group.bytes(), sealed.begin());
  crypto::xchacha_poly_seal(epoch.key, MutableByteView(sealed).subspan<32, 24>(),
                            state_associated_data(epoch, device), plaintext,
                            MutableByteView(sealed).subspan(56));
  return sealed;
}

// Any content that fits, padded to a sealed size.
inline Bytes seal_state_content(const StateEpoch& epoch, const DeviceId& device, ByteView content,
                                std::size_t sealed_size) {
  Bytes plaintext(sealed_size - 72);
  ZEROK_ASSERT(content.size() + 4 <= plaintext.size());
  store_be32(plaintext, static_cast<std::uint32_t>(content.size()));
  std::ranges::copy(content, plaintext.begin() + 4);
  return seal_state_plaintext(epoch, device, plaintext);
}

// Of a state that opens.
inline Bytes open_state_content(const StateEpoch& epoch, const DeviceId& device, ByteView sealed) {
  Bytes plaintext(sealed.size() - 72);
  ZEROK_ASSERT(crypto::xchacha_poly_open(epoch.key, sealed.subspan<32, 24>(),
                                         state_associated_data(epoch, device), sealed.subspan(56),
                                         plaintext)
                   .has_value());
  const auto content = ByteView(plaintext).subspan(4, load_be32(plaintext));
  return {content.begin(), content.end()};
}

}  // namespace zerok::core::testing
