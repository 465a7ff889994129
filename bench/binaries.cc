// SPDX-License-Identifier: MIT OR Apache-2.0
// How large the programs are without their symbols.
#include <spawn.h>
#include <sys/wait.h>

#include <filesystem>

#include "bench/measurement.h"
#include "bench/scratch.h"

extern char** environ;

namespace zerok::bench {
namespace {

Result<double> stripped_kib(std::string program) {
  ZEROK_TRY(const Scratch scratch, Scratch::make());
  std::string strip = ZEROK_STRIP;
  std::string option = "-o";
  std::string copy = scratch.file("stripped");
  char* arguments[] = {strip.data(), option.data(), copy.data(), program.data(), nullptr};
  pid_t pid = -1;
  int status = -1;
  if (::posix_spawnp(&pid, strip.c_str(), nullptr, nullptr, arguments, environ) != 0 ||
      ::waitpid(pid, &status, 0) != pid || status != 0) {
    return fail(ErrorCode::kNotFound, "can't strip a copy of the program");
  }
  std::error_code error;
  const auto bytes = std::filesystem::file_size(copy, error);
  if (error) return fail(ErrorCode::kIo, "can't read the stripped copy");
  return static_cast<double>(bytes) / 1024;
}

}  // namespace

std::vector<Measurement> binaries() {
  std::vector<Measurement> out;
  for (const std::string path : {ZEROK_PROGRAMS}) {
    const std::string name = std::filesystem::path(path).filename().string();
    out.push_back({.values = {{"binary_kib." + name, "the program " + name + ", stripped", "KiB",
                               Better::kLess}},
                   .sample = [path](const Context&) -> Result<std::vector<double>> {
                     ZEROK_TRY(const double kib, stripped_kib(path));
                     return std::vector{kib};
                   },
                   .derived = true});
  }
  return out;
}

}  // namespace zerok::bench
