// SPDX-License-Identifier: MIT OR Apache-2.0
// Id<Tag, N>: a public identifier of N bytes with its own type, so that a group id is never taken
// for a device id. Its text form is asked for by name (to_base64, to_hex on bytes()); formatting it
// with fmt, and so logging it, prints only a blinded form: the tag and a short keyed hash whose key
// lives as long as the process.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <compare>

#include "base/bytes.h"

namespace zerok {

// Six hex digits of SipHash-2-4 over the bytes under this process's random key.
std::string blind(ByteView identifier);
// The whole hash, for tables keyed by bytes that strangers choose.
std::uint64_t keyed_hash(ByteView bytes);

// No std::hash on purpose: strangers choose ids. Tables keyed by them are ordered, which also keeps
// a simulation's order of events; where that is too slow, keyed_hash().
template <typename Tag, std::size_t N>
class Id {
 public:
  static constexpr std::size_t kSize = N;

  constexpr Id() = default;
  explicit constexpr Id(std::span<const std::uint8_t, N> bytes) {
    std::copy(bytes.begin(), bytes.end(), bytes_.begin());
  }
  // Nothing if the size differs.
  static std::optional<Id> from_bytes(ByteView bytes) {
    if (bytes.size() != N) return std::nullopt;
    return Id(std::span<const std::uint8_t, N>(bytes));
  }

  constexpr std::span<const std::uint8_t, N> bytes() const { return bytes_; }
  constexpr std::span<std::uint8_t, N> mutable_bytes() { return bytes_; }
  friend constexpr auto operator<=>(const Id&, const Id&) = default;

 private:
  std::array<std::uint8_t, N> bytes_{};
};

// Ed25519 public key of a QUIC endpoint (RFC 7250 raw public key), as iroh uses it. For a device it
// is the Device ID.
struct EndpointIdTag {
  static constexpr const char* kName = "endpoint";
};
using EndpointId = Id<EndpointIdTag, 32>;

// A device's Ed25519 public key: docs/protocol/keys.md.
struct DeviceIdTag {
  static constexpr const char* kName = "device";
};
using DeviceId = Id<DeviceIdTag, 32>;

// A group in one epoch, as the relay knows it: docs/protocol/keys.md.
struct GroupIdTag {
  static constexpr const char* kName = "group";
};
using GroupId = Id<GroupIdTag, 32>;

// The life of one group secret.
struct EpochIdTag {
  static constexpr const char* kName = "epoch";
};
using EpochId = Id<EpochIdTag, 32>;

// Hash of a roster's last entry, and through the chain of the whole roster.
struct RosterHeadTag {
  static constexpr const char* kName = "roster";
};
using RosterHead = Id<RosterHeadTag, 32>;

// One sealed blob: drawn at random by its sender, the same at every relay and device.
struct BlobIdTag {
  static constexpr const char* kName = "blob";
};
using BlobId = Id<BlobIdTag, 16>;

// Hash of a blob as it is sealed: docs/protocol/messages.md, section 3.
struct CiphertextHashTag {
  static constexpr const char* kName = "ciphertext";
};
using CiphertextHash = Id<CiphertextHashTag, 32>;

// Running hash over the lines of a group's log at one relay: docs/protocol/messages.md, section 3.
struct LogHashTag {
  static constexpr const char* kName = "log";
};
using LogHash = Id<LogHashTag, 32>;

// Where two devices meet to pair.
struct MailboxIdTag {
  static constexpr const char* kName = "mailbox";
};
using MailboxId = Id<MailboxIdTag, 16>;

// One unbroken life of a device's store. Drawn at random when the store is made and whenever it may
// have been copied or restored; sequence numbers count within it.
struct IncarnationTag {
  static constexpr const char* kName = "incarnation";
};
using Incarnation = Id<IncarnationTag, 16>;

// Hash of one blob's content, and through it of all its sender sent before in the same incarnation
// (docs/protocol/blob.md). All zero where there is none before.
struct ChainHashTag {
  static constexpr const char* kName = "chain";
};
using ChainHash = Id<ChainHashTag, 32>;

}  // namespace zerok

template <typename Tag, std::size_t N>
struct fmt::formatter<zerok::Id<Tag, N>> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  template <typename Context>
  auto format(const zerok::Id<Tag, N>& id, Context& context) const {
    return fmt::format_to(context.out(), "{}#{}", Tag::kName, zerok::blind(id.bytes()));
  }
};
