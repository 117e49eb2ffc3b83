// Row G: scoring while rules are published. One caller scores without a pause
// and another thread publishes a rule set; the caller's latencies meanwhile
// stand beside those of the same caller in quiet.
//
//   publish_bench [--rules 10000] [--rounds 3]
//
// Prints how long one publishing takes, from the document to the first
// movement scored by it, and the quantiles of both. A round publishes again and
// again for as long as it was quiet, so that both have as many calls.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <thread>

#include "CLI/CLI.hpp"
#include "bench/compare.h"
#include "bench/rule_workload.h"
#include "bench/workload.h"
#include "service/rule_api.h"

namespace portrisk::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kContainers = 2'000;
constexpr double kQuietSeconds = 2;

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "publish_bench: %s\n", status.ToString().c_str());
  std::exit(1);
}

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class ScoreOnce : public service::MovementTask {
 public:
  void Done() override { done.set_value(); }
  std::promise<void> done;
};

class Caller {
 public:
  explicit Caller(service::Engine* engine) : engine_(engine) {}

  // Microseconds of one durable call.
  double Score() {
    v1::Movement movement = MovementOf(number_++, kContainers);
    ScoreOnce task;
    const auto start = Clock::now();
    task.movement = &movement;
    Check(engine_->Prepare(&movement, &task));
    service::Task* const tasks[] = {&task};
    Check(engine_->Submit(tasks));
    task.done.get_future().wait();
    Check(task.status);
    return SecondsSince(start) * 1e6;
  }

 private:
  service::Engine* const engine_;
  uint64_t number_ = 0;
};

double Publish(service::Engine* engine, const std::string& yaml) {
  service::RuleApi api(engine, /*development=*/true);
  const auto start = Clock::now();
  v1::CreateRevisionRequest create;
  create.set_yaml(yaml);
  const auto revision = api.Create(create, service::kDevelopmentCaller);
  Check(revision.status());
  v1::ChangeRevisionRequest change;
  change.set_revision(revision->revision());
  change.set_without_replay("a benchmark");
  Check(api.Approve(change, service::kDevelopmentCaller).status());
  Check(api.Activate(change, service::kDevelopmentCaller).status());
  return SecondsSince(start);
}

void Round(int number, size_t rules) {
  const std::filesystem::path directory =
      std::filesystem::temp_directory_path() /
      ("portrisk_publish_bench_" + std::to_string(getpid()));
  std::filesystem::remove_all(directory);
  {
    auto engine = service::Engine::Open(
        OptionsFor(directory.string(), store::Durability::kSync));
    Check(engine.status());
    LoadCommonRules(engine->get());
    const std::string yaml =
        ToYaml(MakeRules(rules, RuleMix::kMixed, 7), 0, rules);
    Caller caller(engine->get());
    std::vector<double> quiet, busy;
    for (const auto start = Clock::now();
         SecondsSince(start) < kQuietSeconds;) {
      quiet.push_back(caller.Score());
    }
    auto publishing = std::async(std::launch::async, [&] {
      double all = 0;
      int times = 0;
      for (; all < kQuietSeconds; ++times) all += Publish(engine->get(), yaml);
      return all / times;
    });
    while (publishing.wait_for(std::chrono::seconds(0)) !=
           std::future_status::ready) {
      busy.push_back(caller.Score());
    }
    std::printf("%5d %8zu %10.2f %8zu %9.0f %9.0f %9.0f %9.0f %7.2f\n", number,
                rules, publishing.get(), busy.size(), Percentile(quiet, 0.5),
                Percentile(busy, 0.5), Percentile(quiet, 0.99),
                Percentile(busy, 0.99),
                Percentile(busy, 0.99) / Percentile(quiet, 0.99));
  }
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace portrisk::bench

int main(int argc, char** argv) {
  CLI::App app("Scores while a rule set is published: budget row G.");
  size_t rules = 10'000;
  int rounds = 3;
  app.add_option("--rules", rules, "rules of the set")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--rounds", rounds, "how often")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  std::printf("%5s %8s %10s %8s %9s %9s %9s %9s %7s\n", "ROUND", "RULES",
              "PUBLISH_S", "CALLS", "QUIET_P50", "BUSY_P50", "QUIET_P99",
              "BUSY_P99", "RATIO");
  for (int i = 1; i <= rounds; ++i) portrisk::bench::Round(i, rules);
}
