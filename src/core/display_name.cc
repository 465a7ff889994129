// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/display_name.h"

#include <algorithm>
#include <array>

#include "core/roster_entry.h"
#include "wire/item.h"

namespace zerok::core {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Taken out. Variation selectors and the joiner of emoji sequences are shown as part of what they
// follow, but let two names look alike; so they go too.
constexpr std::array kHidden = {
    Range{0x00, 0x08},       Range{0x0e, 0x1f},       Range{0x7f, 0x84},
    Range{0x86, 0x9f},       Range{0xad, 0xad},       Range{0x34f, 0x34f},
    Range{0x61c, 0x61c},     Range{0x115f, 0x1160},   Range{0x17b4, 0x17b5},
    Range{0x180b, 0x180f},   Range{0x200b, 0x200f},   Range{0x202a, 0x202e},
    Range{0x2060, 0x206f},   Range{0x3164, 0x3164},   Range{0xe000, 0xf8ff},
    Range{0xfdd0, 0xfdef},   Range{0xfe00, 0xfe0f},   Range{0xfeff, 0xfeff},
    Range{0xffa0, 0xffa0},   Range{0xfff0, 0xfffb},   Range{0xfffe, 0xffff},
    Range{0x1bca0, 0x1bca3}, Range{0x1d173, 0x1d17a}, Range{0xe0000, 0x10ffff},
};
constexpr std::array kSpaces = {
    Range{0x09, 0x0d},     Range{0x20, 0x20},     Range{0x85, 0x85},     Range{0xa0, 0xa0},
    Range{0x1680, 0x1680}, Range{0x2000, 0x200a}, Range{0x2028, 0x2029}, Range{0x202f, 0x202f},
    Range{0x205f, 0x205f}, Range{0x2800, 0x2800}, Range{0x3000, 0x3000},
};
constexpr std::array kMarks = {Range{0x300, 0x36f},   Range{0x483, 0x489},   Range{0x1ab0, 0x1aff},
                               Range{0x1dc0, 0x1dff}, Range{0x20d0, 0x20ff}, Range{0xfe20, 0xfe2f}};
constexpr int kMarksMax = 2;

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t c) {
  return std::ranges::any_of(ranges, [&](const Range& r) { return c >= r.first && c <= r.last; });
}

// Of text that is known to be UTF-8.
std::size_t sequence_size(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte < 0x80) return 1;
  if (byte < 0xe0) return 2;
  return byte < 0xf0 ? 3 : 4;
}

char32_t character_of(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return lead;
  char32_t c = lead & (0x7fU >> sequence.size());
  for (const char next : sequence.substr(1)) {
    c = c << 6 | (static_cast<unsigned char>(next) & 0x3fU);
  }
  return c;
}

}  // namespace

std::string display_name(std::string_view claimed) {
  if (!wire::is_utf8(claimed)) return {};
  std::string out;
  bool space = false;
  int marks = 0;
  while (!claimed.empty()) {
    const std::string_view sequence = claimed.substr(0, sequence_size(claimed[0]));
    claimed.remove_prefix(sequence.size());
    const char32_t c = character_of(sequence);
    if (is_in(kHidden, c)) continue;
    if (is_in(kSpaces, c)) {
      space = !out.empty();
      continue;
    }
    // A mark with nothing before it would join what stands before the name.
    const bool is_mark = is_in(kMarks, c);
    marks = is_mark ? marks + 1 : 0;
    if (is_mark && (out.empty() || marks > kMarksMax)) continue;
    if (out.size() + (space ? 1 : 0) + sequence.size() > kNameBytesMax) break;
    if (space) out += ' ';
    space = false;
    out += sequence;
  }
  return out;
}

}  // namespace zerok::core
