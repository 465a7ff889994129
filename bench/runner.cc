// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/check.h"

namespace zerok::bench {
namespace {

const Measurement& measurement_of(const std::vector<Measurement>& all, const std::string& key) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Measurement& one) {
    return std::any_of(one.values.begin(), one.values.end(),
                       [&](const Value& value) { return value.key == key; });
  });
  ZEROK_ASSERT(found != all.end());
  return *found;
}

// Picked ones and, ahead of each, what it is compared with or computed from.
void collect(const std::vector<Measurement>& all, const Measurement& one,
             std::vector<const Measurement*>& out) {
  if (std::find(out.begin(), out.end(), &one) != out.end()) return;
  for (const std::string& key : one.needs) collect(all, measurement_of(all, key), out);
  for (const Value& value : one.values) {
    if (value.limit.empty()) continue;
    const Measurement& limit = measurement_of(all, value.limit);
    if (&limit != &one) collect(all, limit, out);
  }
  out.push_back(&one);
}

class Samples {
 public:
  explicit Samples(Better better) : better_(better) {}
  void add(double sample) {
    low_ = std::min(low_, sample);
    high_ = std::max(high_, sample);
  }
  double best() const { return better_ == Better::kMore ? high_ : low_; }
  double spread() const { return best() == 0 ? 0 : (high_ - low_) / std::abs(best()); }

 private:
  Better better_;
  double low_ = HUGE_VAL;
  double high_ = -HUGE_VAL;
};

Result<std::vector<Outcome>> measure(const Measurement& one, const Settings& settings,
                                     const Results& results) {
  std::vector<Samples> samples;
  for (const Value& value : one.values) samples.emplace_back(value.better);
  for (int i = 0; i < (one.derived ? 1 : settings.samples); ++i) {
    ZEROK_TRY(const auto sample, one.sample({settings.seconds, results}));
    ZEROK_ASSERT(sample.size() == one.values.size());
    for (std::size_t v = 0; v < sample.size(); ++v) samples[v].add(sample[v]);
  }
  std::vector<Outcome> outcomes;
  for (std::size_t v = 0; v < samples.size(); ++v) {
    outcomes.push_back({.value = one.values[v],
                        .best = samples[v].best(),
                        .spread = samples[v].spread(),
                        .of_limit = {},
                        .met = {}});
  }
  return outcomes;
}

void judge(Outcome& outcome, const Results& results) {
  const Value& value = outcome.value;
  const bool more = value.better == Better::kMore;
  if (!value.limit.empty()) {
    const double limit = results.find(value.limit)->second;
    outcome.of_limit = more ? outcome.best / limit : limit / outcome.best;
  }
  if (value.target)
    outcome.met = more ? outcome.best >= *value.target : outcome.best <= *value.target;
}

}  // namespace

bool is_picked(const Measurement& measurement, const std::string& filter) {
  return std::any_of(measurement.values.begin(), measurement.values.end(), [&](const Value& value) {
    return value.key.find(filter) != std::string::npos;
  });
}

Result<std::vector<Outcome>> run(const std::vector<Measurement>& all, const Settings& settings,
                                 bool talk, std::string& failed) {
  std::vector<const Measurement*> picked;
  for (const Measurement& one : all) {
    if (is_picked(one, settings.filter)) collect(all, one, picked);
  }
  Results results;
  std::vector<Outcome> outcomes;
  for (const Measurement* one : picked) {
    const std::string& key = one->values.front().key;
    if (talk) fmt::print(stderr, "{}\n", key);
    auto some = measure(*one, settings, results);
    if (!some) {
      failed = key;
      return std::unexpected(some.error());
    }
    for (Outcome& outcome : *some) {
      results[outcome.value.key] = outcome.best;
      outcomes.push_back(std::move(outcome));
    }
  }
  for (Outcome& outcome : outcomes) judge(outcome, results);
  return outcomes;
}

}  // namespace zerok::bench
