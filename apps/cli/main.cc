// SPDX-License-Identifier: MIT OR Apache-2.0
// 0k: sync from a command line. Parses, and calls the command.
#include <fmt/format.h>
#include <signal.h>

#include "base/log.h"
#include "cli/arguments.h"
#include "common/complain.h"

namespace zerok::apps {
namespace {

// For the completion scripts: one candidate a line, ":files" or ":folders" for the shell's own.
int print_completion(const CLI::App& app, int argc, char** argv) {
  const auto answer = complete(app, {argv + 2, argv + argc});
  if (answer.names == Completion::Names::kFiles) fmt::print(":files\n");
  if (answer.names == Completion::Names::kFolders) fmt::print(":folders\n");
  for (const auto& word : answer.words) fmt::print("{}\n", word);
  return 0;
}

// Calls the command that was parsed; its exit code.
int run_command(const CLI::App& app, const Arguments& arguments) {
  const CLI::App* command = app.get_subcommands().front();
  const std::string name = command->get_name();
  const CommonOptions& common = arguments.common;
  if (name == "group") return create_group(common, arguments.group);  // all it has
  if (name == "init") return init(common, arguments.init);
  if (name == "invite") return invite(common, arguments.invite);
  if (name == "join") return join(common, arguments.join);
  if (name == "push") {
    PushOptions options = arguments.push;
    options.has_text = command->get_option("TEXT")->count() > 0;
    return push(common, options);
  }
  if (name == "pull") return pull(common, arguments.pull);
  if (name == "watch") return watch(common, arguments.watch);
  if (name == "status") return status(common, arguments.status);
  if (name == "devices") return devices(common, arguments.devices);
  if (name == "delete") return remove(common, arguments.remove);
  if (name == "version") return print_version(common);
  fmt::print("{}", completion_script(arguments.shell));
  return kExitOk;
}

}  // namespace
}  // namespace zerok::apps

int main(int argc, char** argv) {
  using namespace zerok::apps;
  set_program_name("0k");
  // A reader that went away is an error of the write, like a full disk.
  signal(SIGPIPE, SIG_IGN);
  Arguments arguments;
  const auto app = describe_command_line(arguments);
  if (argc > 1 && std::string_view(argv[1]) == "__complete") {
    return print_completion(*app, argc, argv);
  }
  try {
    app->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app->exit(error) == 0 ? kExitOk : kExitUsage;
  }
  if (arguments.common.verbose) zerok::log::set_level(zerok::log::Level::kDebug);
  return run_command(*app, arguments);
}
