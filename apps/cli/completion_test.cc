// SPDX-License-Identifier: MIT OR Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/arguments.h"

namespace zerok::apps {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using Names = Completion::Names;

class CompletionTest : public ::testing::Test {
 protected:
  Completion of(std::vector<std::string> words) { return complete(*app_, words); }
  Arguments arguments_;
  std::unique_ptr<CLI::App> app_ = describe_command_line(arguments_);
};

TEST_F(CompletionTest, NamesEveryCommand) {
  EXPECT_THAT(of({""}).words,
              UnorderedElementsAre("init", "group", "invite", "join", "push", "pull", "watch",
                                   "status", "devices", "delete", "completion", "version"));
  EXPECT_THAT(of({"pu"}).words, UnorderedElementsAre("push", "pull"));
  EXPECT_THAT(of({"group", ""}).words, ElementsAre("create"));
  EXPECT_THAT(of({"completion", ""}).words, UnorderedElementsAre("bash", "zsh", "fish"));
}

TEST_F(CompletionTest, NamesTheOptionsOfTheCommandThatStandsThere) {
  EXPECT_THAT(of({"push", "--"}).words, Contains("--file"));
  EXPECT_THAT(of({"push", "--"}).words, Contains("--json"));
  EXPECT_THAT(of({"push", "--"}).words, Not(Contains("--approve")));
  EXPECT_THAT(of({"invite", "--app"}).words, ElementsAre("--approve"));
  EXPECT_THAT(of({"group", "create", "--j"}).words, ElementsAre("--json"));
}

TEST_F(CompletionTest, KnowsWhatAnOptionTakes) {
  EXPECT_EQ(of({"push", "--file", ""}).names, Names::kFiles);
  EXPECT_EQ(of({"push", "-f", "a", ""}).names, Names::kFiles);  // takes several
  EXPECT_EQ(of({"pull", "--out-dir", ""}).names, Names::kFolders);
  EXPECT_EQ(of({"status", "--data-dir", "x", ""}).names, Names::kNone);
  EXPECT_THAT(of({"push", "--wait", ""}).words, UnorderedElementsAre("none", "relay", "delivered"));
  EXPECT_THAT(of({"push", "--wait", "=", "rel"}).words, ElementsAre("relay"));
  EXPECT_EQ(of({"push", ""}).names, Names::kNone);
}

TEST_F(CompletionTest, SaysNothingOfWhatItDoesNotKnow) {
  EXPECT_THAT(of({"frobnicate", "--x"}).words, IsEmpty());
  EXPECT_THAT(of({"push", "--nosuch"}).words, IsEmpty());
  EXPECT_THAT(of({"", "", "-"}).words, Not(IsEmpty()));
  of({});
}

TEST_F(CompletionTest, HasAScriptForThreeShells) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    EXPECT_NE(completion_script(shell).find("__complete"), std::string::npos);
  }
  EXPECT_EQ(completion_script("tcsh"), "");
}

}  // namespace
}  // namespace zerok::apps
