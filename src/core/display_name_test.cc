// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/display_name.h"

#include <gtest/gtest.h>

#include "core/roster_entry.h"
#include "wire/item.h"

namespace zerok::core {
namespace {

TEST(DisplayNameTest, LeavesOrdinaryNamesAlone) {
  for (const char* name : {"Phone", "Zo\u00eb's laptop (2)", "\u6771\u4eac",
                           "\u05d8\u05dc\u05e4\u05d5\u05df", "\U0001f4bb", "e\u0301"}) {
    EXPECT_EQ(display_name(name), name);
  }
}

TEST(DisplayNameTest, TakesOutWhatBreaksLinesTurnsTextOrHides) {
  EXPECT_EQ(display_name("a\x1b[31mb\x7f"), "a[31mb");
  EXPECT_EQ(display_name("a\u202eb\u2066c\u200f"), "abc");
  EXPECT_EQ(display_name("a\u200bb\ufeffc\u00add\U000e0041"), "abcd");
  EXPECT_EQ(display_name("a\ue000b\U00100000"), "ab");
  EXPECT_EQ(display_name(std::string("a\0b", 3)), "ab");
}

TEST(DisplayNameTest, MakesAllWhiteSpaceSingleSpacesInside) {
  EXPECT_EQ(display_name(" \t\n a \u00a0\u3000\r\n b \u2028"), "a b");
  EXPECT_EQ(display_name(" \u2003 "), "");
}

TEST(DisplayNameTest, LimitsMarksThatPileUp) {
  EXPECT_EQ(display_name("\u0301a"), "a");
  EXPECT_EQ(display_name("a\u0301\u0302\u0303\u0304b"), "a\u0301\u0302b");
}

TEST(DisplayNameTest, CutsBetweenCharacters) {
  std::string name;
  for (int i = 0; i < 60; ++i) name += "\u6771";
  const std::string cut = display_name(name);
  EXPECT_EQ(cut.size(), 126u);
  EXPECT_TRUE(wire::is_utf8(cut));
  EXPECT_EQ(display_name(std::string(127, 'a')).size(), kNameBytesMax);
  EXPECT_EQ(display_name(std::string(500, 'a')).size(), kNameBytesMax);
}

TEST(DisplayNameTest, ShowsNothingOfWhatIsNotText) {
  EXPECT_EQ(display_name("a\xff"), "");
  EXPECT_EQ(display_name("\xed\xa0\x80"), "");
  EXPECT_EQ(display_name(""), "");
}

}  // namespace
}  // namespace zerok::core
