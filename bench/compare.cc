#include "bench/compare.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace portrisk::bench {
namespace {

double SecondsOf(const std::function<void()>& call) {
  const auto start = std::chrono::steady_clock::now();
  call();
  const auto end = std::chrono::steady_clock::now();
  return std::chrono::duration<double>(end - start).count();
}

}  // namespace

double Percentile(std::vector<double> values, double fraction) {
  const double rank = std::ceil(fraction * static_cast<double>(values.size()));
  const auto nth = values.begin() + static_cast<int64_t>(rank) - 1;
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

void Compare(benchmark::State& state, const Comparison& comparison) {
  std::vector<double> subject;
  std::vector<double> limit;
  bool limit_first = true;  // Neither always finds the other's warm cache.
  while (state.KeepRunning()) {
    comparison.prepare();
    if (limit_first) limit.push_back(SecondsOf(comparison.limit));
    subject.push_back(SecondsOf(comparison.subject));
    if (!limit_first) limit.push_back(SecondsOf(comparison.limit));
    limit_first = !limit_first;
    state.SetIterationTime(subject.back());
  }
  state.SetItemsProcessed(state.iterations() * comparison.items_per_call);
  const double unit = 1e6 / static_cast<double>(comparison.items_per_call);
  for (const int percent : {50, 99}) {
    const std::string name = "_p" + std::to_string(percent);
    const double ours = Percentile(subject, percent / 100.0);
    const double theirs = Percentile(limit, percent / 100.0);
    state.counters["subject" + name + "_us"] = ours * unit;
    state.counters["limit" + name + "_us"] = theirs * unit;
    state.counters["ratio" + name] = ours / theirs;
  }
}

}  // namespace portrisk::bench
