// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/arguments.h"

namespace zerok::apps {
namespace {

constexpr const char* kFooter = R"(Two devices, one group (0k-relay printed the ticket):
  laptop$ 0k init --name Laptop --relay @relay.ticket
  laptop$ 0k group create
  laptop$ 0k invite
  phone$  0k init --name Phone && 0k join      (asks for the code)
  phone$  0k watch
  laptop$ 0k push --file photo.jpg

Exit codes: 0 done; 1 failed; 2 wrong usage; 3 refused (wrong relay, or it refuses this device);
4 offline or not in time; 5 this device's folder (not set up, in use, damaged, disk full); 6 not paired;
130 interrupted. More: docs/cli.md)";

// A command with what every command has.
CLI::App* add_command(CLI::App& parent, CommonOptions& common, const std::string& name,
                      const std::string& description, const std::string& examples) {
  CLI::App* command = parent.add_subcommand(name, description);
  command->add_option("--data-dir", common.data_dir, "The device's folder")
      ->type_name("DIR")
      ->envname("ZEROK_DATA_DIR");
  command->add_flag("--json", common.json, "One JSON object per line instead of text");
  command->add_flag("-v,--verbose", common.verbose, "Log what happens; identifiers are blinded");
  command->footer("Examples:\n" + examples);
  return command;
}

void add_timeout(CLI::App* command, std::uint32_t& seconds, const std::string& what) {
  command->add_option("--timeout", seconds, what)
      ->type_name("SECONDS")
      ->capture_default_str()
      ->check(CLI::Range(0, 86'400));
}

void describe_setup(CLI::App& app, Arguments& to) {
  auto* init = add_command(app, to.common, "init", "Make this folder a device, once",
                           "  0k init --name Laptop --relay @relay.ticket\n"
                           "  0k init --name Phone            (the long code of `0k join` brings "
                           "the relay along)");
  init->add_option("--relay", to.init.relay, "The relay's ticket, @FILE, or - for standard input")
      ->type_name("TICKET|@FILE");
  init->add_option("--name", to.init.name, "What the other devices call this one; else the host's")
      ->type_name("NAME");

  auto* group = app.add_subcommand("group", "Make a group");
  group->require_subcommand(1);
  auto* create = add_command(*group, to.common, "create", "Make a group with this device in it",
                             "  0k group create");
  add_timeout(create, to.group.timeout_s, "How long to try to reach the relay");

  auto* invite = add_command(app, to.common, "invite",
                             "Print codes for a new device and wait for it (10 minutes, once)",
                             "  0k invite\n  0k invite --approve       (takes whoever has the "
                             "code, without asking)");
  invite->add_flag("--approve", to.invite.approve, "Accept the device without asking");

  auto* join = add_command(app, to.common, "join", "Join a group with a code of either kind",
                           "  0k join                       (asks for the code)\n"
                           "  0k join --code-file code.txt\n"
                           "  echo XXXX-XXXX-XXXX-XXXX | 0k join");
  join->add_option("CODE", to.join.code,
                   "The code; safer from standard input, as others can see a command line")
      ->type_name("CODE");
  join->add_option("--code-file", to.join.code_file, "Read the code from here")->type_name("FILE");
  add_timeout(join, to.join.timeout_s, "How long to wait for the other device");
}

void describe_data(CLI::App& app, Arguments& to) {
  auto* push = add_command(
      app, to.common, "push", "Push texts and files: saved here at once, sent as soon as possible",
      "  0k push 'buy milk'\n  0k push --file a.pdf b.jpg\n  date | 0k push\n"
      "  tar c notes | 0k push --name notes.tar --wait delivered --timeout 60");
  push->add_option("TEXT", to.push.text, "A text; without it and --file, standard input")
      ->type_name("TEXT");
  push->add_option("-f,--file", to.push.files, "Files, each at most 1,048,064 bytes")
      ->type_name("FILE");
  push->add_option("--name", to.push.name, "Push standard input as a file of this name")
      ->type_name("NAME");
  push->add_option("--key", to.push.key, "Pushing with the same key again changes nothing")
      ->type_name("KEY");
  push->add_option("--tag", to.push.tag, "A word of at most 64 bytes for the receivers, sealed")
      ->type_name("TAG");
  push->add_option("--wait", to.push.wait,
                   "Fail unless it gets there in time; without it, an attempt is made")
      ->check(CLI::IsMember({"none", "relay", "delivered"}));
  add_timeout(push, to.push.timeout_s, "How long to try");

  const auto add_receiving = [](CLI::App* command, ReceiveOptions& options) {
    command->add_option("--out-dir", options.out_dir, "Where files go; else the current folder")
        ->type_name("DIR");
    command->add_flag("--raw", options.raw, "Texts and files to standard output, nothing else");
  };
  auto* pull = add_command(app, to.common, "pull", "Receive what is there, and send what waits",
                           "  0k pull --out-dir inbox\n  0k pull --json");
  add_receiving(pull, to.pull);
  to.pull.timeout_s = 10;
  add_timeout(pull, to.pull.timeout_s, "How long to try");

  auto* watch = add_command(app, to.common, "watch", "Receive things as they arrive, until stopped",
                            "  0k watch --out-dir inbox\n  0k watch --json --count 3 --timeout 60");
  add_receiving(watch, to.watch);
  watch->add_option("--count", to.watch.count, "Stop after this many")->type_name("N");
  add_timeout(watch, to.watch.timeout_s, "Stop after this long; 0: never");

  auto* remove = add_command(app, to.common, "delete",
                             "Have the relay drop the content of something that was pushed",
                             "  0k delete 3f0c9a...      (an id that push or status printed)");
  remove->add_option("ID", to.remove.blob, "The id that push printed")->required()->type_name("ID");
  add_timeout(remove, to.remove.timeout_s, "How long to try");
}

void describe_state(CLI::App& app, Arguments& to) {
  auto* status = add_command(app, to.common, "status", "Say what is synced and what is not",
                             "  0k status\n  0k status --offline --json");
  status->add_flag("--offline", to.status.offline, "Do not ask the relay");
  add_timeout(status, to.status.timeout_s, "How long to wait for the relay");
  auto* devices = add_command(app, to.common, "devices", "List the group's devices",
                              "  0k devices\n  0k devices --json");
  devices->add_flag("--offline", to.devices.offline, "Do not ask the relay");
  add_timeout(devices, to.devices.timeout_s, "How long to wait for the relay");

  auto* completion = app.add_subcommand("completion", "Print a completion script for a shell");
  completion->add_option("SHELL", to.shell, "Which shell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->footer("Examples:\n  source <(0k completion bash)\n  0k completion fish | source");
  add_command(app, to.common, "version", "Print the version", "  0k version --json");
}

}  // namespace

std::unique_ptr<CLI::App> describe_command_line(Arguments& arguments) {
  auto app = std::make_unique<CLI::App>("Zero-knowledge sync between your devices.", "0k");
  app->footer(kFooter);
  app->set_version_flag("--version", "0k " ZEROK_VERSION);
  app->require_subcommand(1);
  describe_setup(*app, arguments);
  describe_data(*app, arguments);
  describe_state(*app, arguments);
  return app;
}

}  // namespace zerok::apps
