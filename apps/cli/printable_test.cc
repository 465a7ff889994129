// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/printable.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "wire/item.h"

namespace zerok::apps {
namespace {

constexpr const char* kSign = "\xef\xbf\xbd";

TEST(PrintableTest, LeavesOrdinaryTextAlone) {
  for (const std::string text :
       {"hello", "gr\xc3\xbc\xc3\x9f", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x8e\x89", "a b, c."}) {
    EXPECT_EQ(printable(text, Lines::kOne), text);
  }
}

TEST(PrintableTest, TakesAwayWhatATerminalWouldObey) {
  EXPECT_EQ(printable("\x1b[31mred\x07", Lines::kOne), std::string(kSign) + "[31mred" + kSign);
  EXPECT_EQ(printable("a\xc2\x9b"
                      "b",
                      Lines::kOne),
            std::string("a") + kSign + "b");  // C1
  EXPECT_EQ(printable("a\x7f", Lines::kOne), std::string("a") + kSign);
}

TEST(PrintableTest, TakesAwayWhatTurnsOrHidesWriting) {
  for (const std::string hidden : {"\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x80\x8b", "\xef\xbb\xbf",
                                   "\xe2\x80\xa8", "\xf3\xa0\x81\x81"}) {
    EXPECT_EQ(printable("a" + hidden + "b", Lines::kMany), std::string("a") + kSign + "b");
  }
}

TEST(PrintableTest, KeepsLinesOnlyWhereTheyAreWanted) {
  EXPECT_EQ(printable("a\n\tb", Lines::kMany), "a\n\tb");
  EXPECT_EQ(printable("a\n\tb", Lines::kOne), std::string("a") + kSign + kSign + "b");
  EXPECT_EQ(printable("a\rb", Lines::kMany), std::string("a") + kSign + "b");
}

TEST(PrintableTest, MakesValidTextOfAnyBytes) {
  DeterministicRng rng(5);
  for (int i = 0; i < 3000; ++i) {
    std::string text(rng.below(40), 'x');
    for (char& c : text) c = static_cast<char>(rng.below(256));
    const std::string out = printable(text, Lines::kOne);
    EXPECT_TRUE(wire::is_utf8(out));
    EXPECT_EQ(printable(out, Lines::kOne), out);
    if (wire::is_utf8(text) && text.find_first_not_of("abcdefgh ") == std::string::npos) {
      EXPECT_EQ(out, text);
    }
  }
}

TEST(SafeFileNameTest, KeepsOrdinaryNames) {
  for (const std::string name :
       {"report.pdf", "two words.txt", "\xc3\xa4.txt", "a.tar.gz", "Makefile"}) {
    EXPECT_EQ(safe_file_name(name), name);
  }
}

TEST(SafeFileNameTest, HasNoWayOutOfItsFolder) {
  EXPECT_EQ(safe_file_name("../../etc/passwd"), "passwd");
  EXPECT_EQ(safe_file_name("/etc/passwd"), "passwd");
  EXPECT_EQ(safe_file_name("..\\..\\boot.ini"), "boot.ini");
  EXPECT_EQ(safe_file_name(".."), "file");
  EXPECT_EQ(safe_file_name("a/.."), "file");
  EXPECT_EQ(safe_file_name("a/"), "file");
  EXPECT_EQ(safe_file_name(""), "file");
  EXPECT_EQ(safe_file_name(std::string("a\0b", 3)), "a_b");
}

TEST(SafeFileNameTest, IsNeverHiddenNorAnOption) {
  EXPECT_EQ(safe_file_name(".bashrc"), "_bashrc");
  EXPECT_EQ(safe_file_name("-rf"), "_rf");
  EXPECT_EQ(safe_file_name("~"), "_");
  EXPECT_EQ(safe_file_name("  .profile "), "_profile");
}

TEST(SafeFileNameTest, CutsLongNamesAndKeepsTheirEnding) {
  const std::string name = safe_file_name(std::string(300, 'a') + ".pdf");
  EXPECT_EQ(name.size(), 200U);
  EXPECT_TRUE(name.ends_with("a.pdf"));
  EXPECT_EQ(safe_file_name(std::string(198, 'a') + " .bcdefghijklmnopqrst"), std::string(198, 'a'));
  std::string wide;
  for (int i = 0; i < 150; ++i) wide += "\xc3\xa4";
  EXPECT_TRUE(wire::is_utf8(safe_file_name(wide + ".txt")));
}

TEST(SafeFileNameTest, IsSafeWhateverWasClaimed) {
  DeterministicRng rng(6);
  for (int i = 0; i < 5000; ++i) {
    std::string claimed(rng.below(300), 'x');
    for (char& c : claimed) {
      // Often the characters that matter.
      c = rng.below(3) == 0 ? "./\\ -~"[rng.below(6)] : static_cast<char>(rng.below(256));
    }
    const std::string name = safe_file_name(claimed);
    EXPECT_FALSE(name.empty());
    EXPECT_LE(name.size(), 200U);
    EXPECT_EQ(name.find_first_of(std::string("/\\\n\r\0", 5)), std::string::npos);
    EXPECT_NE(name.front(), '.');
    EXPECT_NE(name.front(), '-');
    EXPECT_TRUE(wire::is_utf8(name));
    EXPECT_EQ(safe_file_name(name), name);
  }
}

TEST(NumberedFileNameTest, CountsBeforeTheEnding) {
  EXPECT_EQ(numbered_file_name("report.pdf", 2), "report (2).pdf");
  EXPECT_EQ(numbered_file_name("Makefile", 3), "Makefile (3)");
}

}  // namespace
}  // namespace zerok::apps
