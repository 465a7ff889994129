// SPDX-License-Identifier: MIT OR Apache-2.0
// What another device puts into a blob for the program 0k, and the names and texts in it: an item
// that is read encodes to the same bytes unless a later version added to it; what comes out for a
// terminal or a file system is fit for it, whatever went in.
#include <string>

#include "base/check.h"
#include "cli/envelope.h"
#include "cli/printable.h"
#include "wire/item.h"

namespace {

using namespace zerok;

void check_item(ByteView payload) {
  const auto item = apps::decode_item(payload);
  if (!item) return;
  ZEROK_ASSERT(item->name.size() <= apps::kItemNameBytesMax && wire::is_utf8(item->name));
  ZEROK_ASSERT(item->content.size() <= apps::kItemContentBytesMax);
  const auto again = apps::encode_item(*item);
  ZEROK_ASSERT(again.has_value());
  // 0x95: the five items of this version and no more.
  if (payload[0] == 0x95) ZEROK_ASSERT(std::ranges::equal(*again, payload));
  const auto back = apps::decode_item(*again);
  ZEROK_ASSERT(back && back->name == item->name &&
               std::ranges::equal(back->content, item->content));
}

void check_text(std::string_view text) {
  const std::string line = apps::printable(text, apps::Lines::kOne);
  ZEROK_ASSERT(wire::is_utf8(line) && apps::printable(line, apps::Lines::kOne) == line);
  for (const char c : line) ZEROK_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);

  const std::string name = apps::safe_file_name(text);
  ZEROK_ASSERT(!name.empty() && name.size() <= 200 && wire::is_utf8(name));
  ZEROK_ASSERT(name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos);
  ZEROK_ASSERT(name[0] != '.' && name[0] != '-' && name[0] != '~');
  ZEROK_ASSERT(apps::printable(name, apps::Lines::kOne) == name);
  ZEROK_ASSERT(apps::safe_file_name(name) == name);
  ZEROK_ASSERT(apps::numbered_file_name(name, 2) != name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  check_item(input);
  check_text({reinterpret_cast<const char*>(data), size});
  return 0;
}
