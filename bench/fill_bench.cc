// Row I: filling new aggregates from the journal, and opening again after a
// crash, each beside a proto parse of the same movements in the same round.
//
//   fill_bench [--movements 300000] [--rounds 3]
//
//   PARSE   one parse of every movement of the journal
//   FILL 1  a revision with one aggregate, from the step that asks for it to
//           the one that puts it in force; processor time of the whole process,
//           writing behind included
//   FILL 8  the same with eight aggregates under four keys
//   OPEN    what is not checkpointed folded again, with those eight kept and
//           the common rule sets in force
//   HOLD    how long a correction holds the apply loop, when the journal of the
//           day it belongs to (20,000 movements) has to be read again for a
//           bucket that cannot undo it: the first of a day, the median of the
//           40 that follow, and one that needs nothing read again
//
// Prints movements a second of processor time, how many parses each takes,
// seconds for a million movements opened by the clock, and milliseconds of
// HOLD.
#include <sys/resource.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/types/span.h"
#include "bench/compare.h"
#include "bench/workload.h"
#include "service/rule_api.h"
#include "store/store.h"

namespace portrisk::bench {
namespace {

constexpr uint64_t kContainers = 20'000;
constexpr size_t kBatch = 500;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "fill_bench: %s\n", what.c_str());
  std::exit(1);
}

void Check(const absl::Status& status) {
  if (!status.ok()) Die(status.ToString());
}

// Of all threads, so that it can be read while others take turns.
double ProcessorSeconds() {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// Waits for a batch.
struct Waiter {
  std::mutex mutex;
  std::condition_variable ready;
  size_t left = 0;
};

struct Task : service::MovementTask {
  Waiter* waiter = nullptr;
  void Done() override {
    const std::lock_guard<std::mutex> lock(waiter->mutex);
    if (--waiter->left == 0) waiter->ready.notify_one();
  }
};

void Score(service::Engine* engine, std::vector<v1::Movement> movements) {
  std::vector<Task> tasks(movements.size());
  std::vector<service::Task*> queue;
  Waiter waiter;
  waiter.left = movements.size();
  for (size_t i = 0; i < movements.size(); ++i) {
    tasks[i].waiter = &waiter;
    Check(engine->Prepare(&movements[i], &tasks[i]));
    queue.push_back(&tasks[i]);
  }
  Check(engine->Submit(queue));
  std::unique_lock<std::mutex> lock(waiter.mutex);
  waiter.ready.wait(lock, [&] { return waiter.left == 0; });
  for (const Task& task : tasks) Check(task.status);
}

void ScoreBatch(service::Engine* engine, uint64_t first, size_t count) {
  std::vector<v1::Movement> movements;
  for (size_t i = 0; i < count; ++i) {
    movements.push_back(MovementOf(first + i, kContainers));
  }
  Score(engine, std::move(movements));
}

// Milliseconds by the clock until a new version of a movement is answered.
double Correct(service::Engine* engine, uint64_t number) {
  v1::Movement movement = MovementOf(number, kContainers);
  auto* const time = movement.mutable_update_time();
  time->set_seconds(time->seconds() + 1'000'000);
  movement.mutable_weights()->set_vgm_kg(19'000);
  const absl::Time start = absl::Now();
  Score(engine, {std::move(movement)});
  return absl::ToDoubleMilliseconds(absl::Now() - start);
}

// Rules over aggregates that no other round declares: windows differ by a day.
struct One {
  const char* key;
  const char* rest;
};

std::string RulesOf(const std::string& set, int round,
                    absl::Span<const One> aggregates) {
  std::string yaml = absl::StrCat("rule_set: ", set,
                                  "\nlayer: port\nowner: EU\naggregates:\n");
  std::string when = "true";
  for (size_t i = 0; i < aggregates.size(); ++i) {
    absl::StrAppend(&yaml, "  a", i, ": {key: ", aggregates[i].key, ", ",
                    aggregates[i].rest, ", window: ", 30 + round, "d}\n");
    absl::StrAppend(&when, " && a", i, "_count >= 0");
  }
  absl::StrAppend(&yaml,
                  "rules:\n  - id: r\n    title: {en: T}\n"
                  "    explain: {en: E}\n    score: 1\n    when: ",
                  when, "\n");
  return yaml;
}

std::string Rules(const std::string& set, int round, bool many) {
  static constexpr One kAll[] = {
      {"movement.haulier.id", "count: true"},
      {"movement.haulier.id", "distinct: movement.container.number"},
      {"movement.haulier.id", "mean: movement.weights.vgm_kg"},
      {"movement.container.number", "count: true"},
      {"movement.container.number", "last: movement.weights.vgm_kg"},
      {"movement.location.locode", "count: true"},
      {"movement.location.locode",
       "max: movement.weights.vgm_kg, where: movement.event == GATE_OUT"},
      {"movement.carrier.id", "sum: movement.weights.vgm_kg"},
  };
  return RulesOf(set, round, absl::MakeSpan(kAll, many ? std::size(kAll) : 1));
}

// With more than 32 boxes a day, which no bucket can take one out of.
constexpr One kCannotUndo[] = {
    {"movement.location.locode", "distinct: movement.container.number"}};

// Puts rules in force; processor seconds from the wish to the fact.
double Activate(service::Engine* engine, const std::string& yaml) {
  service::RuleApi api(engine, /*development=*/true);
  v1::CreateRevisionRequest create;
  create.set_yaml(yaml);
  auto revision = api.Create(create, service::kDevelopmentCaller);
  Check(revision.status());
  v1::ChangeRevisionRequest change;
  change.set_revision(revision->revision());
  change.set_without_replay("a benchmark");
  Check(api.Approve(change, service::kDevelopmentCaller).status());
  const double start = ProcessorSeconds();
  Check(api.Activate(change, service::kDevelopmentCaller).status());
  engine->warming().WaitFor(revision->revision(), absl::Minutes(5));
  const double seconds = ProcessorSeconds() - start;
  v1::GetRevisionRequest get;
  get.set_revision(revision->revision());
  const auto now = api.Get(get);
  Check(now.status());
  if (now->state() != v1::ACTIVE) Die("it did not come into force");
  return seconds;
}

// The movements of a journal, as they are stored.
std::vector<std::string> MovementsOf(const store::Store& store) {
  std::vector<std::string> movements;
  Check(store.ScanJournal(1, [&](const store::Block& block) {
    v1::JournalBlock parsed;
    if (!parsed.ParseFromString(block.bytes)) Die("a block does not parse");
    for (v1::JournalRecord& record : *parsed.mutable_records()) {
      if (!record.has_movement()) continue;
      movements.push_back(
          std::move(*record.mutable_movement()->mutable_movement()));
    }
    return absl::OkStatus();
  }));
  return movements;
}

double ParseAll(const std::vector<std::string>& movements) {
  const double start = ProcessorSeconds();
  size_t named = 0;
  for (const std::string& bytes : movements) {
    v1::Movement movement;
    if (!movement.ParseFromString(bytes)) Die("a movement does not parse");
    named += movement.container().number().empty() ? 0 : 1;
  }
  if (named != movements.size()) Die("a movement names no container");
  return ProcessorSeconds() - start;
}

class Bench {
 public:
  Bench(const std::filesystem::path& directory, size_t movements)
      : directory_(directory), movements_(movements) {}

  void Fill() {
    auto options = OptionsFor((directory_ / "store").string(),
                              store::Durability::kLoseOnPowerFailure);
    auto opened = service::Engine::Open(options);
    Check(opened.status());
    engine_ = *std::move(opened);
    LoadCommonRules(engine_.get());
    for (size_t at = 0; at < movements_; at += kBatch) {
      ScoreBatch(engine_.get(), at, std::min(kBatch, movements_ - at));
    }
    stored_ = MovementsOf(**engine_->store());
    if (stored_.size() != movements_) Die("movements are missing");
  }

  // A journal of its own, of which nothing is checkpointed.
  void FillUncheckpointed() {
    auto options = OptionsFor((directory_ / "live").string(),
                              store::Durability::kLoseOnPowerFailure);
    options.checkpoint_records = UINT64_MAX;
    auto opened = service::Engine::Open(options);
    Check(opened.status());
    LoadCommonRules(opened->get());
    Activate(opened->get(), Rules("eight", 0, true));
    for (size_t at = 0; at < movements_; at += kBatch) {
      ScoreBatch(opened->get(), at, std::min(kBatch, movements_ - at));
    }
    // The store lives, and may drop a file under the copier.
    std::error_code error;
    for (int tries = 0; tries == 0 || (error && tries < 10); ++tries) {
      std::filesystem::remove_all(directory_ / "crashed");
      std::filesystem::copy(directory_ / "live", directory_ / "crashed",
                            std::filesystem::copy_options::recursive, error);
    }
    if (error) Die(error.message());
  }

  void Round(int round) {
    const double parse = ParseAll(stored_);
    const double one = Activate(engine_.get(), Rules("one", round, false));
    const double eight = Activate(engine_.get(), Rules("eight", round, true));
    const Opened open = Open(round);
    const auto rate = [&](double seconds) {
      return static_cast<double>(movements_) / seconds;
    };
    std::printf("%5d %10.0f %10.0f %10.0f %10.0f %8.1f %8.1f %8.1f %8.1f\n",
                round, rate(parse), rate(one), rate(eight),
                rate(open.processor_s), one / parse, eight / parse,
                open.processor_s / parse,
                open.elapsed_s * 1e6 / static_cast<double>(movements_));
    std::fflush(stdout);
  }

  // Corrects movements, each once, of a day in each round. After all fills:
  // what is filled later meets these corrections.
  void Hold(int rounds) {
    const uint64_t days = std::max<uint64_t>(1, movements_ / kContainers);
    const double plain = Correct(engine_.get(), kContainers - 1);
    Activate(engine_.get(), RulesOf("distinct", 0, kCannotUndo));
    for (int round = 0; round < std::min<int>(rounds, days); ++round) {
      uint64_t number = static_cast<uint64_t>(round) * kContainers;
      const double start = ProcessorSeconds();
      const double first = Correct(engine_.get(), number++);
      const double processor = (ProcessorSeconds() - start) * 1e3;
      std::vector<double> next(40);
      for (double& ms : next) ms = Correct(engine_.get(), number++);
      std::sort(next.begin(), next.end());
      std::printf("%5d %10.1f %10.1f %10.1f %10.1f\n", round + 1, plain, first,
                  processor, next[next.size() / 2]);
      std::fflush(stdout);
    }
  }

 private:
  struct Opened {
    double processor_s;
    double elapsed_s;
  };
  Opened Open(int round) {
    const auto copy = directory_ / absl::StrCat("copy", round);
    std::filesystem::copy(directory_ / "crashed", copy,
                          std::filesystem::copy_options::recursive);
    auto options =
        OptionsFor(copy.string(), store::Durability::kLoseOnPowerFailure);
    options.checkpoint_records = UINT64_MAX;
    const absl::Time begin = absl::Now();
    const double start = ProcessorSeconds();
    auto opened = service::Engine::Open(options);
    Check(opened.status());
    const Opened took{ProcessorSeconds() - start,
                      absl::ToDoubleSeconds(absl::Now() - begin)};
    if ((*opened)->open_report().folded_records < movements_) {
      Die("not everything was folded again");
    }
    opened->reset();
    std::filesystem::remove_all(copy);
    return took;
  }

  const std::filesystem::path directory_;
  const size_t movements_;
  std::unique_ptr<service::Engine> engine_;
  std::vector<std::string> stored_;
};

}  // namespace
}  // namespace portrisk::bench

int main(int argc, char** argv) {
  CLI::App app(
      "Fills aggregates from history, and opens after a crash: row I.");
  size_t movements = 300'000;
  int rounds = 3;
  app.add_option("--movements", movements, "of the journal")
      ->check(CLI::Range(100, 100'000'000))
      ->capture_default_str();
  app.add_option("--rounds", rounds, "how often")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const std::filesystem::path directory =
      std::filesystem::temp_directory_path() /
      ("portrisk_fill_bench_" + std::to_string(getpid()));
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  {
    portrisk::bench::Bench bench(directory, movements);
    bench.Fill();
    bench.FillUncheckpointed();
    std::printf("%5s %10s %10s %10s %10s %8s %8s %8s %8s\n", "ROUND", "PARSE",
                "FILL_1", "FILL_8", "OPEN", "FILL1/P", "FILL8/P", "OPEN/P",
                "S/MILL");
    for (int i = 1; i <= rounds; ++i) bench.Round(i);
    std::printf("\n%5s %10s %10s %10s %10s\n", "ROUND", "HOLD_0_MS",
                "HOLD_1_MS", "HOLD_1_CPU", "HOLD_N_MS");
    bench.Hold(rounds);
  }
  std::filesystem::remove_all(directory);
}
