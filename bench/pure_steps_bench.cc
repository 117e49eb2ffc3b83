// The pure steps alone: derive, evaluate, decide, fold, with the common rule
// sets, beside one parse of the same movement. bench/guard also counts their
// instructions (PureSteps below) under callgrind.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "bench/compare.h"
#include "bench/workload.h"
#include "scoring/assess.h"
#include "service/reference_files.h"

namespace portrisk::bench {

// Not inlined: callgrind counts between its entry and its return.
[[gnu::noinline]] void PureSteps(scoring::Assessor* assessor,
                                 const scoring::AssessContext& context,
                                 const scoring::JournaledMovement& input,
                                 v1::ContainerState* container,
                                 v1::RightState* right,
                                 v1::Assessment* assessment) {
  assessor->Assess(context, input, {container, nullptr, right}, assessment);
  scoring::FoldContainer(input, &assessment->unit(), container);
  if (scoring::ConcernsRight(*input.movement)) {
    scoring::FoldRight(input, right);
  }
}

namespace {

constexpr uint64_t kContainers = 100;
constexpr int kRounds = 60;

struct World {
  World() {
    const std::filesystem::path deploy =
        std::filesystem::path(PORTRISK_SOURCE_DIR) / "deploy";
    std::vector<std::filesystem::path> files;
    for (const auto& file :
         std::filesystem::directory_iterator(deploy / "rules")) {
      if (file.path().extension() == ".yaml") files.push_back(file.path());
    }
    std::sort(files.begin(), files.end());
    std::vector<scoring::Programme::Member> members;
    for (const auto& file : files) {
      std::ifstream in(file);
      const std::string yaml((std::istreambuf_iterator<char>(in)), {});
      members.push_back({members.size() + 1,
                         scoring::CheckRuleSet(yaml, file.string()).rule_set});
    }
    programme = *scoring::Programme::Compile(std::move(members));
    reference = std::make_unique<scoring::Reference>(
        *service::ReadPlacesCsv((deploy / "reference/places.csv").string()),
        "bench");
    for (uint64_t i = 0; i < kContainers * kRounds; ++i) {
      movements.push_back(MovementOf(i, kContainers));
      bytes.push_back(movements.back().SerializeAsString());
    }
  }

  // Every movement once, on the states so far.
  int Run() {
    int hits = 0;
    for (size_t i = 0; i < movements.size(); ++i) {
      const size_t box = i % kContainers;
      // Another identity in each run: nothing corrects anything.
      PureSteps(&assessor, {programme.get(), reference.get(), &profile, &key},
                {&movements[i], ++sequence, sequence}, &containers[box],
                &rights[box], &assessment);
      hits += assessment.hits_size();
    }
    return hits;
  }

  scoring::SelectionProfiles profile;
  scoring::DrawKey key{"bench", {}};
  std::shared_ptr<const scoring::Programme> programme;
  std::unique_ptr<scoring::Reference> reference;
  std::vector<v1::Movement> movements;
  std::vector<std::string> bytes;
  scoring::Assessor assessor;
  std::vector<v1::ContainerState> containers{kContainers};
  std::vector<v1::RightState> rights{kContainers};
  v1::Assessment assessment;
  uint64_t sequence = 0;
};

void BM_PureSteps(benchmark::State& state) {
  World world;
  if (world.Run() == 0) {
    std::fprintf(stderr, "wrong answer: no rule ever hits\n");
    std::exit(1);
  }
  Compare(state, {.subject = [&] { world.Run(); },
                  .limit =
                      [&] {
                        for (const std::string& bytes : world.bytes) {
                          v1::Movement movement;
                          movement.ParseFromString(bytes);
                          benchmark::DoNotOptimize(movement);
                        }
                      },
                  .items_per_call = kContainers * kRounds});
}
BENCHMARK(BM_PureSteps)->UseManualTime();

}  // namespace
}  // namespace portrisk::bench

BENCHMARK_MAIN();
