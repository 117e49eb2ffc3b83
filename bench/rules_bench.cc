// Rows D to G: evaluating many rules beside a flat, hand-written scan of the
// same rules, and what it takes to publish them.
//
// A benchmark's argument is the number of rules. Each first checks that both
// sides hit the same rules. Only our side's time counts towards
// --benchmark_min_time, and the other may take hundreds of times as long: 0.1
// is enough, 0.02 beside CLIPS.
//
//   rules_bench --dump 1000 mixed
// prints rules, movements and the hits of each as JSON instead, for engines in
// other languages (bench/zen).
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "bench/clips_engine.h"
#include "bench/compare.h"
#include "bench/rule_workload.h"
#include "scoring/programme.h"

namespace portrisk::bench {
namespace {

constexpr size_t kRulesPerSet = 100'000;  // The most a document may hold.

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

// Of the processor, in user code: what else runs on the machine counts less.
double UserSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec) * 1e-6;
}

size_t HeapBytes() { return mallinfo2().uordblks; }

struct Published {
  std::shared_ptr<const scoring::Programme> programme;
  double check_seconds = 0;
  double compile_seconds = 0;
  double check_user_seconds = 0;
  double compile_user_seconds = 0;
  size_t yaml_bytes = 0;
};

Published Publish(const std::vector<BenchRule>& rules) {
  Published result;
  std::vector<scoring::Programme::Member> members;
  for (size_t at = 0; at < rules.size(); at += kRulesPerSet) {
    const std::string yaml =
        ToYaml(rules, at, std::min(rules.size(), at + kRulesPerSet));
    result.yaml_bytes += yaml.size();
    const double user = UserSeconds();
    const auto start = std::chrono::steady_clock::now();
    scoring::CheckResult checked = scoring::CheckRuleSet(yaml, "bench.yaml");
    result.check_seconds += SecondsSince(start);
    result.check_user_seconds += UserSeconds() - user;
    if (checked.rule_set == nullptr) {
      std::fprintf(stderr, "rules refused: %s\n",
                   checked.issues[0].DebugString().c_str());
      std::exit(1);
    }
    members.push_back({members.size() + 1, checked.rule_set});
  }
  const double user = UserSeconds();
  const auto start = std::chrono::steady_clock::now();
  result.programme = *scoring::Programme::Compile(std::move(members));
  result.compile_seconds = SecondsSince(start);
  result.compile_user_seconds = UserSeconds() - user;
  return result;
}

void TakeMedians(const std::vector<Published>& others, Published* one) {
  for (double Published::*const seconds :
       {&Published::check_seconds, &Published::compile_seconds,
        &Published::check_user_seconds, &Published::compile_user_seconds}) {
    std::vector<double> all = {one->*seconds};
    for (const Published& other : others) all.push_back(other.*seconds);
    one->*seconds = Percentile(all, 0.5);
  }
}

void Evaluate(benchmark::State& state, RuleMix mix) {
  const auto size = static_cast<size_t>(state.range(0));
  const std::vector<BenchRule> rules = MakeRules(size, mix, 7);
  std::vector<v1::Movement> movements;
  // So many a turn that what the other side left in the cache is soon gone.
  for (const BenchEvent& event :
       MakeEvents(std::clamp<size_t>(100'000'000 / size, 500, 10'000), 11)) {
    movements.push_back(event.ToMovement());
  }
  const FlatScan flat(rules);
  const size_t heap_before = HeapBytes();
  Published published = Publish(rules);
  const size_t heap_after = HeapBytes();
  // What takes parts of a second is told apart from the machine's noise.
  std::vector<Published> again;
  for (size_t i = 0; i < 4 && size <= 10'000; ++i) {
    again.push_back(Publish(rules));
  }
  TakeMedians(again, &published);
  const v1::ContainerView container;
  const v1::RightView right;
  scoring::EvalScratch scratch;
  v1::Assessment assessment;
  size_t hits = 0;
  std::vector<uint32_t> expected, found;
  for (const v1::Movement& movement : movements) {
    expected.clear();
    found.clear();
    flat.Match(movement, &expected);
    assessment.Clear();
    published.programme->Evaluate({&movement, &container, &right}, &scratch,
                                  &assessment);
    for (const v1::Hit& hit : assessment.hits()) {
      found.push_back(static_cast<uint32_t>(std::stoul(hit.rule())));
    }
    if (found != expected || assessment.not_evaluated_size() != 0) {
      std::fprintf(stderr, "wrong answer: %zu hits, the scan has %zu\n",
                   found.size(), expected.size());
      std::exit(1);
    }
    hits += found.size();
  }
  Compare(state, {.subject =
                      [&] {
                        for (const v1::Movement& movement : movements) {
                          assessment.clear_hits();
                          assessment.clear_revisions();
                          published.programme->Evaluate(
                              {&movement, &container, &right}, &scratch,
                              &assessment);
                        }
                      },
                  .limit =
                      [&] {
                        for (const v1::Movement& movement : movements) {
                          found.clear();
                          flat.Match(movement, &found);
                          benchmark::DoNotOptimize(found.data());
                        }
                      },
                  .items_per_call = static_cast<int64_t>(movements.size())});
  const double n = static_cast<double>(size);
  state.counters["times_faster"] = 1 / state.counters["ratio_p50"];
  state.counters["hits"] =
      static_cast<double>(hits) / static_cast<double>(movements.size());
  state.counters["check_s"] = published.check_seconds;
  state.counters["compile_s"] = published.compile_seconds;
  state.counters["check_user_s"] = published.check_user_seconds;
  state.counters["compile_user_s"] = published.compile_user_seconds;
  state.counters["programme_B_rule"] =
      static_cast<double>(published.programme->SpaceUsed()) / n;
  state.counters["heap_B_rule"] =
      static_cast<double>(heap_after - heap_before) / n;
}

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseManualTime();
  for (const int64_t rules : {100, 1'000, 10'000, 100'000, 1'000'000}) {
    benchmark->Arg(rules);
  }
}
BENCHMARK_CAPTURE(Evaluate, equality, RuleMix::kEquality)->Apply(Sizes);
BENCHMARK_CAPTURE(Evaluate, mixed, RuleMix::kMixed)->Apply(Sizes);
BENCHMARK_CAPTURE(Evaluate, ranges, RuleMix::kRangesOnly)->Apply(Sizes);

// Our evaluation beside CLIPS, on the same rules and movements. Building the
// texts of facts is part of CLIPS's time as reading fields is of ours.
void EvaluateBesideClips(benchmark::State& state, RuleMix mix) {
  const auto size = static_cast<size_t>(state.range(0));
  const std::vector<BenchRule> rules = MakeRules(size, mix, 7);
  const auto start = std::chrono::steady_clock::now();
  const std::unique_ptr<ClipsEngine> clips = MakeClipsEngine(rules);
  if (clips == nullptr) {
    state.SkipWithError("not run: built without CLIPS (libclips-dev)");
    return;
  }
  const double load_seconds = SecondsSince(start);
  const std::vector<BenchEvent> events = MakeEvents(50, 11);
  const Published published = Publish(rules);
  const v1::ContainerView container;
  const v1::RightView right;
  scoring::EvalScratch scratch;
  v1::Assessment assessment;
  std::vector<v1::Movement> movements;
  std::vector<uint32_t> expected, found;
  const auto evaluate = [&](const v1::Movement& movement) {
    assessment.clear_hits();
    assessment.clear_revisions();
    published.programme->Evaluate({&movement, &container, &right}, &scratch,
                                  &assessment);
  };
  for (const BenchEvent& event : events) {
    movements.push_back(event.ToMovement());
    clips->Match(event, &expected);
    evaluate(movements.back());
    found.clear();
    for (const v1::Hit& hit : assessment.hits()) {
      found.push_back(static_cast<uint32_t>(std::stoul(hit.rule())));
    }
    if (found != expected) {
      std::fprintf(stderr, "wrong answer: %zu hits, CLIPS has %zu\n",
                   found.size(), expected.size());
      std::exit(1);
    }
  }
  Compare(state, {.subject =
                      [&] {
                        for (const v1::Movement& m : movements) evaluate(m);
                      },
                  .limit =
                      [&] {
                        for (const BenchEvent& event : events) {
                          clips->Match(event, &found);
                        }
                      },
                  .items_per_call = static_cast<int64_t>(events.size())});
  state.counters["times_faster"] = 1 / state.counters["ratio_p50"];
  state.counters["clips_load_s"] = load_seconds;
}

void ClipsSizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseManualTime();
  for (const int64_t rules : {100, 1'000, 10'000, 100'000}) {
    benchmark->Arg(rules);
  }
}
BENCHMARK_CAPTURE(EvaluateBesideClips, equality, RuleMix::kEquality)
    ->Apply(ClipsSizes);
BENCHMARK_CAPTURE(EvaluateBesideClips, mixed, RuleMix::kMixed)
    ->Apply(ClipsSizes);
BENCHMARK_CAPTURE(EvaluateBesideClips, ranges, RuleMix::kRangesOnly)
    ->Apply(ClipsSizes);

}  // namespace
}  // namespace portrisk::bench

int main(int argc, char** argv) {
  using portrisk::bench::RuleMix;
  if (argc == 4 && absl::string_view(argv[1]) == "--dump") {
    for (const RuleMix mix :
         {RuleMix::kEquality, RuleMix::kMixed, RuleMix::kRangesOnly}) {
      if (absl::string_view(argv[3]) != portrisk::bench::MixName(mix)) continue;
      const auto rules = portrisk::bench::MakeRules(
          static_cast<size_t>(std::atoll(argv[2])), mix, 7);
      const auto events = portrisk::bench::MakeEvents(50, 11);
      std::puts(portrisk::bench::ToJson(rules, events).c_str());
      return 0;
    }
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
