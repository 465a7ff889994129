// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench/report.h"

#include <fmt/format.h>
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <sodium.h>
#include <sqlite3.h>
#include <sys/utsname.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "bench/scratch.h"

namespace zerok::bench {
namespace {

using Json = nlohmann::ordered_json;

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const auto colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

double load_average() {
  double load = 0;
  std::ifstream("/proc/loadavg") >> load;
  return load;
}

Json machine() {
  utsname system{};
  uname(&system);
  return {{"cpu", cpu_model()},
          {"cores", std::thread::hardware_concurrency()},
          {"kernel", system.release},
          {"load_average", load_average()},
          {"compiler", __VERSION__},
          {"libsodium", sodium_version_string()},
          {"ngtcp2", ngtcp2_version(0)->version_str},
          {"gnutls", gnutls_check_version(nullptr)},
          {"sqlite", sqlite3_libversion()},
          {"file_system", scratch_file_system()}};
}

// Three digits that mean something.
std::string number(double value) {
  const double size = std::abs(value);
  if (size >= 100) return fmt::format("{:.0f}", value);
  if (size >= 10) return fmt::format("{:.1f}", value);
  return fmt::format("{:.2f}", value);
}

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json& at_key(Json& object, const std::string& key) {
  const auto dot = key.find('.');
  if (dot == std::string::npos) return object[key];
  return at_key(object[key.substr(0, dot)], key.substr(dot + 1));
}

}  // namespace

void print_table(const std::vector<Outcome>& outcomes, const Settings& settings) {
  const Json about = machine();
  fmt::print("{}, {} cores, Linux {}, load {:.2f}\n", about["cpu"].get<std::string>(),
             about["cores"].get<unsigned>(), about["kernel"].get<std::string>(),
             about["load_average"].get<double>());
  fmt::print("libsodium {}, ngtcp2 {}, GnuTLS {}, compiler {}\n",
             about["libsodium"].get<std::string>(), about["ngtcp2"].get<std::string>(),
             about["gnutls"].get<std::string>(), about["compiler"].get<std::string>());
  fmt::print("SQLite {}, databases on {}\n", about["sqlite"].get<std::string>(),
             about["file_system"].get<std::string>());
  fmt::print("best of {} samples of {} s; spread: worst against best\n\n", settings.samples,
             settings.seconds);
  fmt::print("{:<46} {:>9} {:<6} {:>7}  {:>5} of {:<38} {:>7}  {}\n", "what", "value", "unit",
             "spread", "share", "its limit", "target", "met");
  for (const Outcome& outcome : outcomes) {
    const Value& value = outcome.value;
    const std::string share =
        outcome.of_limit ? fmt::format("{:>4.0f} % of {:<38}", *outcome.of_limit * 100, value.limit)
                         : fmt::format("{:<48}", "");
    const std::string target =
        value.target ? fmt::format("{:>7}  {}", number(*value.target), *outcome.met ? "yes" : "NO")
                     : "";
    std::string line =
        fmt::format("{:<46} {:>9} {:<6} {:>5.0f} %  {} {}", value.name, number(outcome.best),
                    value.unit, outcome.spread * 100, share, target);
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}\n", line);
  }
}

void print_json(const std::vector<Outcome>& outcomes, const Settings& settings) {
  Json results = Json::object();
  for (const Outcome& outcome : outcomes) {
    const Value& value = outcome.value;
    at_key(results, value.key) = {
        {"name", value.name},
        {"value", outcome.best},
        {"unit", value.unit},
        {"spread", outcome.spread},
        {"limit", value.limit.empty() ? Json(nullptr) : Json(value.limit)},
        {"of_limit", or_null(outcome.of_limit)},
        {"target", or_null(value.target)},
        {"met", or_null(outcome.met)}};
  }
  const Json report = {{"format", 1},
                       {"machine", machine()},
                       {"settings", {{"seconds", settings.seconds}, {"samples", settings.samples}}},
                       {"results", results}};
  fmt::print("{}\n", report.dump(2));
}

}  // namespace zerok::bench
