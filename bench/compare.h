// A subject timed beside its limit, in one run, taking turns: the machine
// drifts from minute to minute, the ratio does not.
//
//   void BM_Get(benchmark::State& state) {
//     Compare(state, {.subject = [&] { store.Get(...); },
//                     .limit = [&] { map.find(...); }});
//   }
//   BENCHMARK(BM_Get)->UseManualTime();
//
// Reported per item: the subject's and the limit's median and 99th percentile
// in microseconds (subject_p50_us, limit_p50_us ...) and their ratios. A "99th
// percentile" of fewer than 100 turns is their maximum.
#ifndef PORTRISK_BENCH_COMPARE_H_
#define PORTRISK_BENCH_COMPARE_H_

#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace portrisk::bench {

struct Comparison {
  std::function<void()> prepare = [] {};  // Before each turn; not timed.
  std::function<void()> subject;
  std::function<void()> limit;
  int64_t items_per_call = 1;
};

// The benchmark must be registered with UseManualTime(); its own time is the
// subject's.
void Compare(benchmark::State& state, const Comparison& comparison);

// The smallest element that at least `fraction` of them do not exceed.
// Precondition: not empty, 0 < fraction <= 1.
double Percentile(std::vector<double> values, double fraction);

}  // namespace portrisk::bench

#endif  // PORTRISK_BENCH_COMPARE_H_
