// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/pairing_code.h"

#include <algorithm>

#include "core/label.h"
#include "wire/decoder.h"
#include "wire/encoder.h"

namespace zerok::core {
namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::string_view kChecksumLabel = "0k-sync/2 pairing code checksum";
constexpr std::string_view kMailboxLabel = "0k-sync/2 pairing mailbox";
constexpr std::string_view kPasswordLabel = "0k-sync/2 pairing password";
constexpr std::string_view kRelayLabel = "0k-sync/2 pairing relay";
constexpr std::string_view kAfterScheme = "://sync?invite=";
constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kBodyBytesMax = LongCode::kTextBytesMax * 5 / 8 - kChecksumBytes;

// --- the long code ---

bool is_white(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_scheme(std::string_view scheme) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  };
  return !scheme.empty() && scheme.size() <= LongCode::kSchemeBytesMax &&
         std::ranges::all_of(scheme, allowed);
}

ByteArray<kChecksumBytes> checksum(ByteView body) {
  const auto hash = labelled_hash(kChecksumLabel, body);
  ByteArray<kChecksumBytes> out;
  std::copy_n(hash.begin(), out.size(), out.begin());
  return out;
}

Result<LongCode> decode_body(ByteView body) {
  wire::Decoder decoder(body);
  ZEROK_TRY_VOID(decoder.begin_record(1));
  ZEROK_TRY(const std::uint64_t version, decoder.read_unsigned());
  if (version != kVersion) {
    return fail(ErrorCode::kUnsupported, "the pairing code is of a newer version: update 0k-Sync");
  }
  LongCode code;
  ZEROK_TRY(const auto relay, decoder.read_bin(kBodyBytesMax));
  ZEROK_TRY(code.relay, RelayTicket::decode(relay));
  if (code.relay.admission_token) {
    return fail(ErrorCode::kMalformed, "a pairing code with an admission token");
  }
  ZEROK_TRY(const auto mailbox, decoder.read_fixed<MailboxId::kSize>());
  code.mailbox = MailboxId(mailbox);
  ZEROK_TRY(const auto password, decoder.read_fixed<PairingPassword::kSize>());
  code.password = PairingPassword(password);
  ZEROK_TRY(const auto creator, decoder.read_fixed<PairingPartyHash::kSize>());
  code.creator = PairingPartyHash(creator);
  ZEROK_TRY(code.expires_unix_s, decoder.read_unsigned());
  ZEROK_TRY_VOID(decoder.end());
  ZEROK_TRY_VOID(decoder.finish());
  return code;
}

// --- the short code ---

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kGroupSymbols = 4;

// In the field of 32 elements, modulo x^5 + x^2 + 1.
constexpr std::uint8_t times_x(std::uint8_t a) {
  return static_cast<std::uint8_t>((a & 0x10) != 0 ? (a << 1) ^ 0x25 : a << 1);
}

// The sum of the symbols, each times a power of x of its own, by Horner's rule. All 15 powers
// differ, so one wrong symbol changes the sum, and so do two that changed places.
std::uint8_t checksum_symbol(ByteView symbols) {
  std::uint8_t sum = 0;
  for (const std::uint8_t symbol : symbols) sum = times_x(sum ^ symbol);
  return sum;
}

// -1 for a character that stands for no symbol.
int symbol_of(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'O') c = '0';
  if (c == 'I' || c == 'L') c = '1';
  const std::size_t at = kAlphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

// Bytes of the separator that the text begins with; 0 if it begins with something else. Dashes come
// as U+2010 to U+2015 and U+2212 from programs that beautify text.
std::size_t separator_size(std::string_view text) {
  if (is_white(text[0]) || text[0] == '-') return 1;
  for (const std::string_view dash :
       {"\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2015", "\u2212"}) {
    if (text.starts_with(dash)) return dash.size();
  }
  return 0;
}

}  // namespace

Result<std::string> LongCode::to_uri(std::string_view scheme) const {
  if (!is_scheme(scheme)) return fail(ErrorCode::kInvalidArgument, "not a scheme for a URI");
  RelayTicket ticket = relay;
  ticket.admission_token.reset();
  ZEROK_TRY(const Bytes ticket_body, ticket.encode());
  wire::Encoder encoder(kBodyBytesMax);
  encoder.add_array(6)
      .add_unsigned(kVersion)
      .add_bin(ticket_body)
      .add_bin(mailbox.bytes())
      .add_bin(password.bytes())
      .add_bin(creator.bytes())
      .add_unsigned(expires_unix_s);
  ZEROK_TRY(Bytes body, encoder.take());
  const auto sum = checksum(body);
  body.insert(body.end(), sum.begin(), sum.end());
  std::string uri = std::string(scheme) + std::string(kAfterScheme) + to_base32(body);
  secure_wipe(body);
  return uri;
}

Result<LongCode> LongCode::parse(std::string_view text, std::string_view scheme) {
  if (text.size() > kTextBytesMax) return fail(ErrorCode::kTooLarge, "too long for a pairing code");
  std::string lower;
  for (const char c : text) {
    if (!is_white(c)) lower += to_lower(c);
  }
  const std::string prefix = std::string(scheme) + std::string(kAfterScheme);
  if (!lower.starts_with(prefix)) {
    return fail(ErrorCode::kMalformed, "not a pairing code for this program");
  }
  auto bytes = from_base32(std::string_view(lower).substr(prefix.size()));
  secure_wipe({reinterpret_cast<std::uint8_t*>(lower.data()), lower.size()});
  const auto mistyped = [] {
    return fail(ErrorCode::kMalformed, "the pairing code is cut short or mistyped");
  };
  if (!bytes || bytes->size() <= kChecksumBytes) return mistyped();
  const ByteView body = ByteView(*bytes).first(bytes->size() - kChecksumBytes);
  if (!std::ranges::equal(checksum(body), ByteView(*bytes).last(kChecksumBytes))) return mistyped();
  auto code = decode_body(body);
  secure_wipe(*bytes);
  return code;
}

PairingOffer LongCode::offer() const { return {relay, mailbox, password.clone(), creator}; }

ShortCode ShortCode::draw(Rng& rng) {
  ShortCode code;
  rng.fill(code.symbols_.mutable_bytes());
  for (auto& symbol : code.symbols_.mutable_bytes()) symbol &= 0x1f;
  return code;
}

Result<ShortCode> ShortCode::parse(std::string_view text) {
  if (text.size() > kTextBytesMax) return fail(ErrorCode::kTooLarge, "too long for a pairing code");
  Secret<kSymbols> symbols;
  std::size_t count = 0;
  while (!text.empty()) {
    if (const std::size_t size = separator_size(text); size > 0) {
      text.remove_prefix(size);
      continue;
    }
    const int symbol = symbol_of(text[0]);
    if (symbol < 0 || count == kSymbols) {
      return fail(ErrorCode::kMalformed, "not a pairing code: one is 16 letters and digits");
    }
    symbols.mutable_bytes()[count++] = static_cast<std::uint8_t>(symbol);
    text.remove_prefix(1);
  }
  if (count != kSymbols) {
    return fail(ErrorCode::kMalformed, "not a pairing code: one is 16 letters and digits");
  }
  ShortCode code;
  const auto said = symbols.bytes().first<kSymbols - 1>();
  if (checksum_symbol(said) != symbols.bytes()[kSymbols - 1]) {
    return fail(ErrorCode::kMalformed, "the pairing code is mistyped");
  }
  std::ranges::copy(said, code.symbols_.mutable_bytes().begin());
  return code;
}

std::string ShortCode::to_text() const {
  std::string text;
  const auto add = [&](std::uint8_t symbol) {
    if (text.size() % (kGroupSymbols + 1) == kGroupSymbols) text += '-';
    text += kAlphabet[symbol];
  };
  for (const std::uint8_t symbol : symbols_.bytes()) add(symbol);
  add(checksum_symbol(symbols_.bytes()));
  return text;
}

MailboxId ShortCode::mailbox() const {
  const auto hash = labelled_hash(kMailboxLabel, symbols_.bytes().first<kMailboxSymbols>());
  return MailboxId(std::span(hash).first<MailboxId::kSize>());
}

PairingPassword ShortCode::password() const {
  return PairingPassword(labelled_hash(kPasswordLabel, symbols_.bytes().last<kPasswordSymbols>()));
}

PairingOffer ShortCode::offer(const RelayTicket& relay) const {
  return {relay, mailbox(), password(), std::nullopt};
}

Result<std::variant<LongCode, ShortCode>> parse_pairing_code(std::string_view text,
                                                             std::string_view scheme) {
  using Code = std::variant<LongCode, ShortCode>;
  if (text.find("://") != std::string_view::npos) {
    ZEROK_TRY(LongCode code, LongCode::parse(text, scheme));
    return Code(std::move(code));
  }
  ZEROK_TRY(ShortCode code, ShortCode::parse(text));
  return Code(std::move(code));
}

crypto::Hash256 pairing_relay_hash(const RelayTicket& relay) {
  Bytes bytes;
  append(bytes, relay.endpoint.bytes());
  append(bytes, relay.noise_identity.bytes());
  return labelled_hash(kRelayLabel, bytes);
}

}  // namespace zerok::core
