// The engine in process, on one core: budget row A.
//
//   subject   parse, admit, gather, derive, evaluate, decide, fold, append
//             (not synced), in batches of N
//   limit     one parse of a movement and one RocksDB put with log, each
//
// N = 1 shows the fixed cost of a commit, 64 what a loaded gate sees. The
// history is warm: every container has been round before timing starts.
//
// BM_Counting: what counting by rule, lane and source, and measuring steps,
// costs: the same engine with metrics beside one without.
#include <benchmark/benchmark.h>
#include <rocksdb/db.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bench/compare.h"
#include "bench/workload.h"
#include "service/core.h"
#include "service/metrics.h"
#include "service/rule_sets.h"

namespace portrisk::bench {
namespace {

constexpr uint64_t kContainers = 20'000;
constexpr uint64_t kWarmRounds = 8;

void Check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "wrong answer: %s\n", what);
  std::exit(1);
}

class Task : public service::MovementTask {
 public:
  void Done() override {}
};

// The engine's apply and commit steps, run by hand on this thread.
class OneCore {
 public:
  // `metrics` may be null.
  explicit OneCore(const std::string& directory,
                   service::Metrics* metrics = nullptr) {
    service::EngineOptions options =
        OptionsFor(directory, store::Durability::kLoseOnPowerFailure);
    {
      auto engine = service::Engine::Open(options);
      Check(engine.ok(), "the store opens");
      rule_set_count_ = LoadCommonRules(engine->get());
    }
    admission_ = std::make_unique<service::Admission>(options.secrets);
    store_ = *store::Store::Open(options.store);
    service::CoreOptions core;
    core.rule_sets = &rule_sets_;
    core.draw_key.id = "bench";
    if (metrics != nullptr) core.counts = metrics->counts();
    core_ = std::make_unique<service::Core>(core, store_);
    Check(core_->Recover().ok(), "the store recovers");
    Check(service::LoadInForce(*store_, &rule_sets_, core_.get()).ok(),
          "the rules load");
    for (uint64_t i = 0; i < kWarmRounds * kContainers; i += 256) {
      Score(Requests(256));
    }
  }

  // Serialised movements, as they would arrive.
  std::vector<std::string> Requests(size_t count) {
    std::vector<std::string> requests;
    for (size_t i = 0; i < count; ++i) {
      requests.push_back(MovementOf(next_++, kContainers).SerializeAsString());
    }
    return requests;
  }

  void Score(const std::vector<std::string>& requests) {
    tasks_.resize(std::max(tasks_.size(), requests.size()));
    queue_.clear();
    google::protobuf::Arena arena;
    for (size_t i = 0; i < requests.size(); ++i) {
      auto* m = google::protobuf::Arena::CreateMessage<v1::Movement>(&arena);
      m->ParseFromString(requests[i]);
      const auto violations = admission_->Admit(now_, m);
      Check(violations.empty(), "movements are admitted");
      Task& task = tasks_[i];
      task.movement = m;
      task.record = 0;
      task.identity = service::IdentityOf(m->source(), m->id());
      m->SerializeToString(&task.bytes);
      queue_.push_back(&task);
    }
    core_->Begin(now_, nullptr, &batch_);
    Check(core_->Gather(queue_).ok(), "states are read");
    for (service::Task* task : queue_) {
      core_->Apply(static_cast<Task*>(task));
    }
    core_->Finish();
    Check(store_->AppendBlock(batch_.first_sequence, batch_.block, batch_.puts)
              .ok(),
          "the block is appended");
    last_ = std::string(tasks_[requests.size() - 1].assessment);
  }

  v1::Assessment last() const {
    v1::Assessment assessment;
    assessment.ParseFromString(last_);
    return assessment;
  }

  uint64_t next() const { return next_; }
  int rule_set_count() const { return rule_set_count_; }

 private:
  const absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
  uint64_t next_ = 0;
  int rule_set_count_ = 0;
  std::unique_ptr<service::Admission> admission_;
  std::shared_ptr<store::Store> store_;
  service::RuleSets rule_sets_;
  std::unique_ptr<service::Core> core_;
  service::Batch batch_;
  std::vector<Task> tasks_;
  std::vector<service::Task*> queue_;
  std::string last_;
};

// One parse and one put with log for each movement.
class ParseAndPut {
 public:
  explicit ParseAndPut(const std::string& directory) {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* db = nullptr;
    Check(rocksdb::DB::Open(options, directory, &db).ok(), "a database opens");
    db_.reset(db);
  }

  void Run(const std::vector<std::string>& requests) {
    for (const std::string& request : requests) {
      v1::Movement movement;
      Check(movement.ParseFromString(request), "movements parse");
      char key[24];
      const int size = std::snprintf(key, sizeof(key), "%016lx", next_++);
      Check(db_->Put({}, rocksdb::Slice(key, size), request).ok(), "put");
    }
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  uint64_t next_ = 0;
};

class Directory {
 public:
  Directory() {
    std::string name =
        (std::filesystem::temp_directory_path() / "score_bench-XXXXXX")
            .string();
    path_ = mkdtemp(name.data());
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  std::string operator/(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

void BM_Score(benchmark::State& state) {
  const size_t batch = static_cast<size_t>(state.range(0));
  const Directory directory;
  OneCore core(directory / "store");
  ParseAndPut limit(directory / "limit");
  std::vector<std::string> requests;
  Compare(state, {.prepare = [&] { requests = core.Requests(batch); },
                  .subject = [&] { core.Score(requests); },
                  .limit = [&] { limit.Run(requests); },
                  .items_per_call = state.range(0)});
  const v1::Assessment last = core.last();
  Check(last.revisions_size() == core.rule_set_count(),
        "the common rule sets are in force");
  Check(last.sequence() > kWarmRounds * kContainers, "every movement counted");
  state.counters["request_bytes"] = static_cast<double>(requests[0].size());
  state.counters["reply_bytes"] = static_cast<double>(last.ByteSizeLong());
}

void BM_Counting(benchmark::State& state) {
  const size_t batch = static_cast<size_t>(state.range(0));
  const Directory directory;
  service::Metrics metrics;
  OneCore counted(directory / "counted", &metrics);
  OneCore plain(directory / "plain");
  std::vector<std::string> requests;
  Compare(state, {.prepare =
                      [&] {
                        requests = counted.Requests(batch);
                        plain.Requests(batch);
                      },
                  .subject = [&] { counted.Score(requests); },
                  .limit = [&] { plain.Score(requests); },
                  .items_per_call = state.range(0)});
  Check(counted.last().SerializeAsString() == plain.last().SerializeAsString(),
        "who is counted gets the same answer");
  Check(metrics.Text().find("portrisk_rule_not_evaluated_total{") !=
            std::string::npos,
        "rules were counted");
}

BENCHMARK(BM_Counting)->Arg(1)->Arg(16)->Arg(64)->UseManualTime();
BENCHMARK(BM_Score)->Arg(1)->Arg(16)->Arg(64)->Arg(256)->UseManualTime();

}  // namespace
}  // namespace portrisk::bench

BENCHMARK_MAIN();
