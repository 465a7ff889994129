// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/printable.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace zerok::apps {
namespace {

constexpr std::size_t kFileNameBytesMax = 200;
constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

struct Character {
  char32_t code = 0;
  std::size_t size = 0;
};

// The character that `text` begins with, or nothing for what is not UTF-8 in its one shortest form.
std::optional<Character> first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return Character{lead, 1};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return std::nullopt;
  char32_t code = lead & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return std::nullopt;
    code = code << 6 | (byte(i) & 0x3fU);
  }
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  const char32_t least = size == 4 ? 0x10000 : size == 3 ? 0x800 : 0x80;
  if (code < least || code > 0x10ffff || is_surrogate) return std::nullopt;
  return Character{code, size};
}

// Controls (C0, DEL, C1), line and paragraph separators, everything that is invisible or turns the
// direction of writing.
bool is_unfit(char32_t code) {
  const auto within = [&](char32_t first, char32_t last) { return code >= first && code <= last; };
  return code < 0x20 || within(0x7f, 0x9f) || code == 0xad || code == 0x61c || code == 0x180e ||
         within(0x200b, 0x200f) || within(0x2028, 0x202e) || within(0x2060, 0x206f) ||
         code == 0xfeff || within(0xfff9, 0xfffb) || within(0xe0000, 0xe007f);
}

// Calls keep(character, its bytes) or replace() for each piece of the text.
template <typename Keep, typename Replace>
void for_each_character(std::string_view text, Keep keep, Replace replace) {
  while (!text.empty()) {
    const auto character = first_character(text);
    if (!character) {
      replace();
      text.remove_prefix(1);
      continue;
    }
    keep(character->code, text.substr(0, character->size));
    text.remove_prefix(character->size);
  }
}

// The beginning of the text, cut between characters.
std::string_view cut(std::string_view text, std::size_t size_max) {
  if (text.size() <= size_max) return text;
  while (size_max > 0 && (static_cast<std::uint8_t>(text[size_max]) & 0xc0) == 0x80) --size_max;
  return text.substr(0, size_max);
}

// Some systems drop blanks and dots at the end, and so make two names one.
void trim_end(std::string& name) {
  while (!name.empty() && (name.back() == ' ' || name.back() == '.')) name.pop_back();
}

// Where the ending begins: ".pdf" of "report.pdf"; the end if there is none worth keeping.
std::size_t ending_of(std::string_view name) {
  constexpr std::size_t kEndingBytesMax = 16;
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || name.size() - dot > kEndingBytesMax) {
    return name.size();
  }
  return dot;
}

}  // namespace

std::string printable(std::string_view text, Lines lines) {
  std::string out;
  out.reserve(text.size());
  for_each_character(
      text,
      [&](char32_t code, std::string_view bytes) {
        const bool is_layout = lines == Lines::kMany && (code == '\n' || code == '\t');
        out += is_unfit(code) && !is_layout ? kReplacement : bytes;
      },
      [&] { out += kReplacement; });
  return out;
}

std::string safe_file_name(std::string_view claimed) {
  const auto slash = claimed.find_last_of("/\\");
  if (slash != std::string_view::npos) claimed.remove_prefix(slash + 1);
  std::string name;
  for_each_character(
      claimed,
      [&](char32_t code, std::string_view bytes) {
        // A colon names a drive or a stream elsewhere; the others are for patterns and pipes.
        const bool is_awkward =
            code < 0x80 &&
            std::string_view(":*?\"<>|").find(static_cast<char>(code)) != std::string_view::npos;
        if (is_unfit(code) || is_awkward) {
          name += '_';
        } else {
          name += bytes;
        }
      },
      [&] { name += '_'; });
  trim_end(name);
  while (!name.empty() && name.front() == ' ') name.erase(0, 1);
  if (name.empty()) return "file";
  // A hidden file in the wrong folder is a program that runs at the next login.
  if (name.front() == '.' || name.front() == '-' || name.front() == '~') name.front() = '_';
  if (name.size() > kFileNameBytesMax) {
    const std::string ending = name.substr(ending_of(name));
    name = std::string(cut(name, kFileNameBytesMax - ending.size())) + ending;
    trim_end(name);
  }
  return name;
}

std::string numbered_file_name(std::string_view name, unsigned number) {
  const std::size_t ending = ending_of(name);
  return std::string(name.substr(0, ending)) + " (" + std::to_string(number) + ")" +
         std::string(name.substr(ending));
}

}  // namespace zerok::apps
