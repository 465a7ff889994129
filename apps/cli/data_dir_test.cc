// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/data_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/file.h"
#include "common/key_file.h"

namespace zerok::apps {
namespace {

class DataDirTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "0k-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(DataDirTest, GivesSettingsBackAndKeepsThemToItsOwner) {
  const auto dir = DataDir::locate(folder_ + "//");
  ASSERT_TRUE(dir);
  EXPECT_EQ(dir->path(), folder_);
  EXPECT_EQ(dir->is_made(), false);
  EXPECT_EQ(dir->settings().error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(dir->put_settings({"Mein \xc3\xbc Laptop"}));
  EXPECT_EQ(dir->is_made(), true);
  EXPECT_EQ(dir->settings()->name, "Mein \xc3\xbc Laptop");
  struct stat info{};
  ASSERT_EQ(stat(dir->settings_file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(DataDirTest, RefusesSettingsThatItDidNotWrite) {
  const auto dir = DataDir::locate(folder_);
  for (const char* text : {"", "[]", "{}", "{\"version\":\"1\"}", "not json"}) {
    std::ofstream(dir->settings_file()) << text;
    EXPECT_EQ(dir->settings().error().code, ErrorCode::kMalformed) << text;
  }
  std::ofstream(dir->settings_file()) << R"({"version":2})";
  EXPECT_EQ(dir->settings().error().code, ErrorCode::kUnsupported);
}

TEST_F(DataDirTest, LiesInTheUsersDataFolderUnlessTold) {
  setenv("XDG_DATA_HOME", "/data", 1);
  EXPECT_EQ(DataDir::locate("")->path(), "/data/0k");
  setenv("XDG_DATA_HOME", "relative", 1);
  setenv("HOME", "/someone", 1);
  EXPECT_EQ(DataDir::locate("")->path(), "/someone/.local/share/0k");
  unsetenv("XDG_DATA_HOME");
  EXPECT_EQ(DataDir::locate("")->path(), "/someone/.local/share/0k");
}

TEST_F(DataDirTest, AKeyIsNeverOverwrittenAndLeavesNothingBesideIt) {
  DeterministicRng rng(1);
  const std::string path = folder_ + "/device.key";
  ASSERT_TRUE(create_key_file(path, rng));
  const auto first = read_key_file(path);
  ASSERT_TRUE(first);
  EXPECT_EQ(create_key_file(path, rng).error().code, ErrorCode::kInvalidState);
  EXPECT_TRUE(*read_key_file(path) == *first);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(DataDirTest, AFileIsThereWholeOrNotAtAll) {
  const std::string path = folder_ + "/file";
  ASSERT_TRUE(write_file(path, as_bytes("one"), 0644, IfThere::kRefuse));
  EXPECT_EQ(write_file(path, as_bytes("two"), 0644, IfThere::kRefuse).error().code,
            ErrorCode::kInvalidState);
  ASSERT_TRUE(write_file(path, as_bytes("three"), 0600, IfThere::kReplace));
  std::string text;
  std::ifstream(path) >> text;
  EXPECT_EQ(text, "three");
  EXPECT_EQ(write_file(folder_ + "/none/file", as_bytes("x"), 0600, IfThere::kRefuse).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
  ASSERT_TRUE(make_folder(folder_ + "/a/b/c", 0700));
  EXPECT_TRUE(std::filesystem::is_directory(folder_ + "/a/b/c"));
  EXPECT_FALSE(make_folder(path, 0700));
}

}  // namespace
}  // namespace zerok::apps
