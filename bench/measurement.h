// SPDX-License-Identifier: MIT OR Apache-2.0
// What a benchmark is to the runner: named values that one run gives, what bounds them and what
// they should reach. Every file of this folder that measures offers one function returning its
// Measurements; main.cc lists them. Keys are stable: scripts and docs/performance.md use them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace zerok::bench {

enum class Better : std::uint8_t { kMore, kLess };

struct Value {
  // A dot in it makes an object of objects in JSON: a.b is {"a": {"b": ...}}.
  std::string key;
  std::string name;
  std::string unit;
  Better better = Better::kMore;
  // The key of the value that bounds this one, measured in the same run; empty: nothing does.
  std::string limit = {};
  std::optional<double> target = {};
};

// The results so far, by key.
using Results = std::map<std::string, double, std::less<>>;

struct Context {
  // How long one sample should measure.
  double seconds;
  const Results& results;
  double operator[](std::string_view key) const { return results.find(key)->second; }
};

struct Measurement {
  // What one sample gives, in this order.
  std::vector<Value> values;
  std::function<Result<std::vector<double>>(const Context&)> sample;
  // Keys that sample() looks up; they are measured first, as is every value's limit.
  std::vector<std::string> needs = {};
  // Computed from other results: one sample says all.
  bool derived = false;
};

std::vector<Measurement> primitives();
std::vector<Measurement> handshake();
std::vector<Measurement> sealing();
std::vector<Measurement> quic_throughput();
std::vector<Measurement> noise_throughput();
std::vector<Measurement> setups();
std::vector<Measurement> idle_memory();
std::vector<Measurement> storage();
std::vector<Measurement> durable_push();
std::vector<Measurement> time_to_sync();
std::vector<Measurement> catch_up();
std::vector<Measurement> idle_sessions();
std::vector<Measurement> binaries();

}  // namespace zerok::bench
