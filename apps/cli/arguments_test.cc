// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/arguments.h"

#include <gtest/gtest.h>

namespace zerok::apps {
namespace {

// Whether the description takes this command line.
bool parses(std::vector<std::string> words, Arguments& out) {
  const auto app = describe_command_line(out);
  std::reverse(words.begin(), words.end());
  try {
    app->parse(words);
  } catch (const CLI::ParseError&) {
    return false;
  }
  return true;
}

TEST(ArgumentsTest, TakesManyFiles) {
  Arguments arguments;
  ASSERT_TRUE(parses({"push", "--file", "a", "b", "-f", "c", "--json"}, arguments));
  EXPECT_EQ(arguments.push.files, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(arguments.common.json);
}

TEST(ArgumentsTest, RefusesWhatNoCommandTakes) {
  Arguments arguments;
  EXPECT_FALSE(parses({}, arguments));
  EXPECT_FALSE(parses({"frobnicate"}, arguments));
  EXPECT_FALSE(parses({"group"}, arguments));
  EXPECT_FALSE(parses({"push", "--wait", "later"}, arguments));
  EXPECT_FALSE(parses({"pull", "--timeout", "-1"}, arguments));
  EXPECT_FALSE(parses({"delete"}, arguments));
}

TEST(ArgumentsTest, EveryCommandExplainsItselfWithExamples) {
  Arguments arguments;
  const auto app = describe_command_line(arguments);
  std::vector<const CLI::App*> commands;
  for (const CLI::App* command : app->get_subcommands({})) {
    if (command->get_name() != "group") commands.push_back(command);
    for (const CLI::App* inner : command->get_subcommands({})) commands.push_back(inner);
  }
  EXPECT_EQ(commands.size(), 12U);
  for (const CLI::App* command : commands) {
    EXPECT_NE(command->help().find("Examples:"), std::string::npos) << command->get_name();
    EXPECT_FALSE(command->get_description().empty());
  }
}

TEST(ArgumentsTest, EveryCommandThatAnswersHasJsonAndADataDir) {
  Arguments arguments;
  const auto app = describe_command_line(arguments);
  for (const CLI::App* command : app->get_subcommands({})) {
    if (command->get_name() == "group" || command->get_name() == "completion") continue;
    EXPECT_NE(command->get_option_no_throw("--json"), nullptr) << command->get_name();
    EXPECT_NE(command->get_option_no_throw("--data-dir"), nullptr) << command->get_name();
  }
}

}  // namespace
}  // namespace zerok::apps
