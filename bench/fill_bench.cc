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
//
// Prints movements a second of processor time, and how many parses each takes.
#include <sys/resource.h>

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

void ScoreBatch(service::Engine* engine, uint64_t first, size_t count) {
  std::vector<v1::Movement> movements(count);
  std::vector<Task> tasks(count);
  std::vector<service::Task*> queue;
  Waiter waiter;
  waiter.left = count;
  for (size_t i = 0; i < count; ++i) {
    movements[i] = MovementOf(first + i, kContainers);
    tasks[i].waiter = &waiter;
    Check(engine->Prepare(&movements[i], &tasks[i]));
    queue.push_back(&tasks[i]);
  }
  Check(engine->Submit(queue));
  std::unique_lock<std::mutex> lock(waiter.mutex);
  waiter.ready.wait(lock, [&] { return waiter.left == 0; });
  for (const Task& task : tasks) Check(task.status);
}

// Rules over aggregates that no other round declares: windows differ by a day.
std::string Rules(const std::string& set, int round, bool many) {
  struct One {
    const char* key;
    const char* rest;
  };
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
  std::string yaml = absl::StrCat("rule_set: ", set,
                                  "\nlayer: port\nowner: EU\naggregates:\n");
  std::string when = "true";
  for (size_t i = 0; i < (many ? std::size(kAll) : 1); ++i) {
    absl::StrAppend(&yaml, "  a", i, ": {key: ", kAll[i].key, ", ",
                    kAll[i].rest, ", window: ", 30 + round, "d}\n");
    absl::StrAppend(&when, " && a", i, "_count >= 0");
  }
  absl::StrAppend(&yaml,
                  "rules:\n  - id: r\n    title: {en: T}\n"
                  "    explain: {en: E}\n    score: 1\n    when: ",
                  when, "\n");
  return yaml;
}

// Puts rules in force; processor seconds from the wish to the fact.
double Activate(service::Engine* engine, const std::string& yaml) {
  service::RuleApi api(engine, /*development=*/true);
  v1::CreateRevisionRequest create;
  create.set_yaml(yaml);
  auto revision = api.Create(create, service::kDevelopmentCaller);
  Check(revision.status());
  v1::ChangeRevisionRequest change;
  change.set_revision(revision->revision());
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
    std::filesystem::copy(directory_ / "live", directory_ / "crashed",
                          std::filesystem::copy_options::recursive);
  }

  void Round(int round) {
    const double parse = ParseAll(stored_);
    const double one = Activate(engine_.get(), Rules("one", round, false));
    const double eight = Activate(engine_.get(), Rules("eight", round, true));
    const double open = Open(round);
    const auto rate = [&](double seconds) {
      return static_cast<double>(movements_) / seconds;
    };
    std::printf("%5d %10.0f %10.0f %10.0f %10.0f %8.1f %8.1f %8.1f\n", round,
                rate(parse), rate(one), rate(eight), rate(open), one / parse,
                eight / parse, open / parse);
    std::fflush(stdout);
  }

 private:
  double Open(int round) {
    const auto copy = directory_ / absl::StrCat("copy", round);
    std::filesystem::copy(directory_ / "crashed", copy,
                          std::filesystem::copy_options::recursive);
    auto options =
        OptionsFor(copy.string(), store::Durability::kLoseOnPowerFailure);
    options.checkpoint_records = UINT64_MAX;
    const double start = ProcessorSeconds();
    auto opened = service::Engine::Open(options);
    Check(opened.status());
    const double seconds = ProcessorSeconds() - start;
    if ((*opened)->open_report().folded_records < movements_) {
      Die("not everything was folded again");
    }
    opened->reset();
    std::filesystem::remove_all(copy);
    return seconds;
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
    std::printf("%5s %10s %10s %10s %10s %8s %8s %8s\n", "ROUND", "PARSE",
                "FILL_1", "FILL_8", "OPEN", "FILL1/P", "FILL8/P", "OPEN/P");
    for (int i = 1; i <= rounds; ++i) bench.Round(i);
  }
  std::filesystem::remove_all(directory);
}
