// SPDX-License-Identifier: MIT OR Apache-2.0
// Pairing codes as a stranger hands them over: the input as a text of either kind, as the body of a
// long code under a right checksum, and as symbols of a short one. What is read is written again
// and reads as the same.
#include "base/check.h"
#include "core/label.h"
#include "core/pairing_code.h"

namespace {

using namespace zerok;
using namespace zerok::core;

void check_long(const LongCode& code) {
  ZEROK_ASSERT(!code.relay.admission_token);
  const auto uri = code.to_uri();
  ZEROK_ASSERT(uri.has_value());
  const auto back = LongCode::parse(*uri);
  ZEROK_ASSERT(back && back->mailbox == code.mailbox && back->password == code.password &&
               back->creator == code.creator && back->expires_unix_s == code.expires_unix_s &&
               back->relay.endpoint == code.relay.endpoint &&
               back->relay.addresses == code.relay.addresses);
  ZEROK_ASSERT(pairing_relay_hash(back->relay) == pairing_relay_hash(code.relay));
}

void check_short(const ShortCode& code) {
  const std::string text = code.to_text();
  ZEROK_ASSERT(text.size() == 19);
  const auto back = ShortCode::parse(text);
  ZEROK_ASSERT(back && back->to_text() == text && back->mailbox() == code.mailbox() &&
               back->password() == code.password());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto code = parse_pairing_code(text)) {
    if (const auto* uri = std::get_if<LongCode>(&*code)) check_long(*uri);
    if (const auto* typed = std::get_if<ShortCode>(&*code)) check_short(*typed);
  }
  Bytes bytes(data, data + size);
  const auto sum = labelled_hash("0k-sync/2 pairing code checksum", bytes);
  bytes.insert(bytes.end(), sum.begin(), sum.begin() + 4);
  if (const auto code = LongCode::parse("0k://sync?invite=" + to_base32(bytes))) check_long(*code);

  // Of all last symbols exactly one is right.
  if (size < 15) return 0;
  constexpr std::string_view kSymbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string symbols;
  for (std::size_t i = 0; i < 15; ++i) symbols += kSymbols[data[i] % 32];
  int right = 0;
  for (const char last : kSymbols) {
    if (const auto code = ShortCode::parse(symbols + last)) {
      ++right;
      check_short(*code);
    }
  }
  ZEROK_ASSERT(right == 1);
  return 0;
}
