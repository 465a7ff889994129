// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs the measurements that a filter picks, and those they are compared with, each several times,
// and keeps the best sample: noise of the machine only ever makes a figure worse.
#pragma once

#include "bench/measurement.h"

namespace zerok::bench {

struct Settings {
  std::string filter;
  double seconds = 0.5;
  int samples = 3;
};

struct Outcome {
  Value value;
  double best = 0;
  // The worst sample's distance from the best, as a part of the best.
  double spread = 0;
  // How much of what its limit allows was reached, 1 being all.
  std::optional<double> of_limit;
  std::optional<bool> met;
};

// Whether the filter picks any value of it. An empty filter picks all.
bool is_picked(const Measurement& measurement, const std::string& filter);

// In the order of `all`. The error is the first of a measurement that could not run; its key is
// then in `failed`. Says on standard error what it is about to do when `talk`.
Result<std::vector<Outcome>> run(const std::vector<Measurement>& all, const Settings& settings,
                                 bool talk, std::string& failed);

}  // namespace zerok::bench
