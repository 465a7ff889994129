// SPDX-License-Identifier: MIT OR Apache-2.0
// Pairing codes: what the joining device is told outside of the network, docs/protocol/pairing.md
// section 2. The long one is a URI for a picture or a message, the short one is typed. Neither
// holds a group secret; each is worth one attempt within ten minutes. A code's text is a secret
// until then, so nothing here is logged.
#pragma once

#include <variant>

#include "base/rng.h"
#include "core/ticket.h"
#include "crypto/keys.h"

namespace zerok::core {

inline constexpr std::uint32_t kPairingLifeSeconds = 600;

using PairingPassword = crypto::SecretKey<struct PairingPasswordTag, 32>;

// Hash of all the creator says of itself in the exchange, its ephemeral key included: section 4.
struct PairingPartyHashTag {
  static constexpr const char* kName = "pairing";
};
using PairingPartyHash = Id<PairingPartyHashTag, 32>;

// All a joiner needs to begin, from either code.
struct PairingOffer {
  RelayTicket relay;
  MailboxId mailbox;
  PairingPassword password;
  std::optional<PairingPartyHash> creator;  // only the long code tells
};

struct LongCode {
  static constexpr std::string_view kDefaultScheme = "0k";
  static constexpr std::size_t kSchemeBytesMax = 32;
  static constexpr std::size_t kTextBytesMax = 8192;
  // A joiner's clock may be as wrong as this.
  static constexpr std::uint64_t kClockErrorSeconds = 600;

  RelayTicket relay;  // its admission token is left out: a photograph must not hold one
  MailboxId mailbox;
  PairingPassword password;
  PairingPartyHash creator;
  std::uint64_t expires_unix_s = 0;

  // <scheme>://sync?invite=... kInvalidArgument for a scheme that is not 1 to 32 of a-z, 0-9, +, -
  // and ., or a relay that has no ticket.
  Result<std::string> to_uri(std::string_view scheme = kDefaultScheme) const;
  // Forgives case and white space. kMalformed for another kind of text, another scheme, a typo;
  // kUnsupported for a code of a newer version; kTooLarge.
  static Result<LongCode> parse(std::string_view text, std::string_view scheme = kDefaultScheme);

  // A courtesy to the user: whether it can still be good is for its creator to say.
  bool has_expired(std::uint64_t now_unix_s) const {
    return now_unix_s > expires_unix_s && now_unix_s - expires_unix_s > kClockErrorSeconds;
  }
  PairingOffer offer() const;
};

// XXXX-XXXX-XXXX-XXXX in Crockford's base32.
class ShortCode {
 public:
  static constexpr std::size_t kMailboxSymbols = 8;
  static constexpr std::size_t kPasswordSymbols = 7;
  static constexpr std::size_t kSymbols = kMailboxSymbols + kPasswordSymbols + 1;
  static constexpr std::size_t kTextBytesMax = 128;

  // Draws 15 bytes.
  static ShortCode draw(Rng& rng);
  // Forgives case, white space, missing or other dashes, and O for 0, I and L for 1. kMalformed for
  // another number of symbols, a character that is none, and for any single wrong symbol and any
  // two that changed places; kTooLarge.
  static Result<ShortCode> parse(std::string_view text);

  std::string to_text() const;
  MailboxId mailbox() const;
  PairingPassword password() const;
  PairingOffer offer(const RelayTicket& relay) const;

 private:
  ShortCode() = default;
  // 5 bits each, the checksum left out.
  Secret<kMailboxSymbols + kPasswordSymbols> symbols_;
};

// Whichever the text looks like: a URI has "://".
Result<std::variant<LongCode, ShortCode>> parse_pairing_code(
    std::string_view text, std::string_view scheme = LongCode::kDefaultScheme);

// What an exchange is bound to: the relay's two identities, not where it is.
crypto::Hash256 pairing_relay_hash(const RelayTicket& relay);

}  // namespace zerok::core
