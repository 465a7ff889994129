// SPDX-License-Identifier: MIT OR Apache-2.0
// The two forms of the output: a table for people and one JSON object for scripts.
#pragma once

#include "bench/runner.h"

namespace zerok::bench {

void print_table(const std::vector<Outcome>& outcomes, const Settings& settings);

// {"format": 1, "machine": {...}, "settings": {...}, "results": {KEY: {"name", "value", "unit",
// "spread", "limit", "of_limit", "target", "met"}}}; what does not apply is null.
void print_json(const std::vector<Outcome>& outcomes, const Settings& settings);

}  // namespace zerok::bench
