// SPDX-License-Identifier: MIT OR Apache-2.0
// The commands of 0k, each as a function from its options to an exit code. Answers go to standard
// output, what went wrong and what to do about it to standard error. docs/cli.md has the exit
// codes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace zerok::apps {

enum ExitCode : int {
  kExitOk = 0,
  kExitFailed = 1,
  kExitUsage = 2,
  kExitRefused = 3,    // not the relay of the ticket, or it refuses this device
  kExitNotInTime = 4,  // offline, or what was waited for did not happen in time
  kExitLocalData = 5,  // this device's folder: not set up, in use, damaged, disk full
  kExitNotPaired = 6,  // wrong, used, expired, cancelled or declined
  kExitInterrupted = 130,
};

// Of every command.
struct CommonOptions {
  std::string data_dir;
  bool json = false;
  bool verbose = false;
};

struct InitOptions {
  std::string relay;  // ticket, @FILE or -
  std::string name;
};
struct GroupOptions {
  std::uint32_t timeout_s = 5;
};
struct InviteOptions {
  bool approve = false;
};
struct JoinOptions {
  std::string code;
  std::string code_file;
  std::uint32_t timeout_s = 600;
};
struct PushOptions {
  std::string text;
  bool has_text = false;
  std::vector<std::string> files;
  std::string name;  // makes a file of standard input
  std::string key;
  std::string tag;
  std::string wait;  // none, relay, delivered; empty: relay, without an error if it does not happen
  std::uint32_t timeout_s = 5;
};
struct ReceiveOptions {
  std::string out_dir;
  bool raw = false;
  std::uint64_t count = 0;      // 0: no end
  std::uint32_t timeout_s = 0;  // 0: none
};
struct StatusOptions {
  bool offline = false;
  std::uint32_t timeout_s = 3;
};
struct DeleteOptions {
  std::string blob;
  std::uint32_t timeout_s = 10;
};

int init(const CommonOptions& common, const InitOptions& options);
int create_group(const CommonOptions& common, const GroupOptions& options);
int invite(const CommonOptions& common, const InviteOptions& options);
int join(const CommonOptions& common, const JoinOptions& options);
int push(const CommonOptions& common, const PushOptions& options);
int pull(const CommonOptions& common, const ReceiveOptions& options);
int watch(const CommonOptions& common, const ReceiveOptions& options);
int status(const CommonOptions& common, const StatusOptions& options);
int devices(const CommonOptions& common, const StatusOptions& options);
int remove(const CommonOptions& common, const DeleteOptions& options);
int print_version(const CommonOptions& common);

}  // namespace zerok::apps
