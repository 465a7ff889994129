// SPDX-License-Identifier: MIT OR Apache-2.0
// The command line of 0k: one description of it, from which come parsing, --help and completion.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"

namespace zerok::apps {

struct Arguments {
  CommonOptions common;
  InitOptions init;
  GroupOptions group;
  InviteOptions invite;
  JoinOptions join;
  PushOptions push;
  ReceiveOptions pull;
  ReceiveOptions watch;
  StatusOptions status;
  StatusOptions devices;
  DeleteOptions remove;
  std::string shell;
};

// The result refers to `arguments`, which live as long.
std::unique_ptr<CLI::App> describe_command_line(Arguments& arguments);

// What may stand for the last of these words (of which the program's name is none), all of it that
// begins as that word does. kFiles and kFolders ask the shell for names.
struct Completion {
  enum class Names : std::uint8_t { kNone, kFiles, kFolders };
  Names names = Names::kNone;
  std::vector<std::string> words;
};
Completion complete(const CLI::App& app, const std::vector<std::string>& words);
// The script a shell reads: bash, zsh or fish; empty for another.
std::string completion_script(const std::string& shell);

}  // namespace zerok::apps
