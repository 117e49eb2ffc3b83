// Row H: what 50 aggregates under 8 keys cost a movement: every aggregate
// derived, the movement folded into all that count it. As in the engine, the
// states of a batch have been gathered before: keys made, states found. Beside
// it the same 8 keys looked up in a flat hash map. The answers are checked
// first: the counts of one haulier against a count by hand.
//
//   BM_Aggregates/all       every aggregate is read
//   BM_Aggregates/few       five are, as by rules that mostly do not apply
//   BM_Aggregates/gathered  every one is, and gathering is timed too
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "bench/compare.h"
#include "scoring/aggregate_plan.h"
#include "scoring/aggregate_value.h"
#include "scoring/aggregate_view.h"
#include "scoring/programme.h"

namespace portrisk::bench {
namespace {

using scoring::AggregateContribution;
using scoring::AggregateGroupState;

// The history, and how many of its last movements turns go through again and
// again, a batch each: few enough to be warm, as what has just been received
// is.
constexpr size_t kMovements = 40'000;
constexpr size_t kBatch = 64;
constexpr size_t kAgain = 8 * kBatch;
constexpr int64_t kSecondsApart = 60;

const char* const kKeys[] = {"movement.pickup_right.actor.account",
                             "movement.container.number",
                             "movement.haulier.id",
                             "movement.consignee.id",
                             "movement.location.locode",
                             "movement.location.facility",
                             "movement.transport.vessel_imo",
                             "movement.carrier.id"};
constexpr size_t kGroups = std::size(kKeys);

std::string Aggregates(std::vector<std::string>* names) {
  const char* const kinds[] = {
      "count: true, window: 1h, where: movement.event == GATE_OUT",
      "count: true, window: 1d",
      "distinct: movement.container.number, window: 1d",
      "sum: movement.weights.vgm_kg, window: 30d, where: 'movement.event in "
      "[GATE_IN, GATE_OUT]'",
      "mean: movement.weights.vgm_kg, window: 720d, half_life: 180d",
      "time_since: true, window: 90d, where: movement.event == DISCHARGE"};
  std::string yaml;
  const auto add = [&](const char* key, const char* kind) {
    names->push_back(absl::StrCat("a", names->size()));
    absl::StrAppend(&yaml, "  ", names->back(), ": {key: ", key, ", ", kind,
                    "}\n");
  };
  for (const char* key : kKeys) {
    for (const char* kind : kinds) add(key, kind);
  }
  add(kKeys[2], "last: movement.location.locode, window: 30d");
  add(kKeys[5],
      "quantile: movement.weights.vgm_kg, q: 0.99, window: 30d, where: "
      "movement.event == GATE_OUT");
  return yaml;
}

std::shared_ptr<const scoring::Programme> MakeProgramme() {
  std::vector<std::string> names;
  std::string yaml =
      "rule_set: bench\nlayer: port\nowner: NL\naggregates:\n" +
      Aggregates(&names) +
      "rules:\n  - id: r\n    title: {en: T}\n    explain: {en: E}\n"
      "    score: 1\n    when: >\n      true";
  for (const std::string& name : names) {
    absl::StrAppend(&yaml, " && ", name, "_count >= 0");
  }
  yaml += "\n";
  const scoring::CheckResult checked = scoring::CheckRuleSet(yaml, "bench");
  if (checked.rule_set == nullptr) {
    for (const v1::Issue& issue : checked.issues) {
      std::fprintf(stderr, "%s\n", issue.ShortDebugString().c_str());
    }
    std::exit(1);
  }
  return *scoring::Programme::Compile({{1, checked.rule_set}});
}

v1::Movement MovementOf(int number, std::mt19937_64* random) {
  const v1::Event events[] = {v1::GATE_OUT, v1::GATE_IN, v1::DISCHARGE,
                              v1::WEIGHING};
  const auto name = [&](const char* prefix, uint64_t of) {
    return absl::StrCat(prefix, 1'000'000 + (*random)() % of);
  };
  v1::Movement m;
  m.set_event(events[(*random)() % 4]);
  m.mutable_occurrence_time()->set_seconds(1'700'000'000 +
                                           number * kSecondsApart);
  m.mutable_pickup_right()->mutable_actor()->set_account(name("acc", 2000));
  m.mutable_container()->set_number(name("MSKU", 5000));
  m.mutable_haulier()->set_id(name("NL", 500));
  m.mutable_consignee()->set_id(name("EORI", 3000));
  m.mutable_location()->set_locode(name("NL", 40));
  m.mutable_location()->set_facility(name("F", 80));
  m.mutable_transport()->set_vessel_imo(name("9", 300));
  m.mutable_carrier()->set_id(name("C", 30));
  m.mutable_weights()->set_vgm_kg(2000 +
                                  static_cast<int32_t>((*random)() % 28'000));
  return m;
}

// As the engine does it, with every state in memory.
class World {
 public:
  World() : programme_(MakeProgramme()), states_(kGroups) {
    std::mt19937_64 random(7);
    for (size_t i = 0; i < kMovements; ++i) {
      movements_.push_back(MovementOf(static_cast<int>(i), &random));
    }
    for (size_t i = 0; i < kMovements; i += kBatch) {
      batch_ = {&movements_[i], kBatch};
      Gather();
      Run(SIZE_MAX);
    }
    Check();
  }

  // The next batch of the last movements, again and later.
  void NextBatch() {
    next_ = (next_ + kBatch) % kAgain;
    batch_ = {&movements_[kMovements - kAgain + next_], kBatch};
    for (v1::Movement& m : batch_) {
      m.mutable_occurrence_time()->set_seconds(m.occurrence_time().seconds() +
                                               static_cast<int64_t>(kAgain) *
                                                   kSecondsApart);
    }
  }

  // Makes the keys of the batch, and finds or makes its states.
  [[gnu::noinline]] void Gather() {
    const scoring::AggregatePlan& plan = programme_->aggregates();
    size_t at = 0;
    for (const v1::Movement& m : batch_) {
      input_.Begin(plan, m);
      for (uint32_t group = 0; group < kGroups; ++group, ++at) {
        gathered_[at].has_key = input_.KeyOf(group, &keys_[at]);
        auto& state = states_[group].try_emplace(keys_[at]).first->second;
        if (state == nullptr) state = std::make_unique<v1::AggregateState>();
        found_[at] = state.get();
        gathered_[at].state = state.get();
      }
    }
  }

  // Row H, of the batch, `reads` aggregates read.
  [[gnu::noinline]] int64_t Run(size_t reads) {
    int64_t sum = 0;
    for (size_t i = 0; i < kBatch; ++i) {
      Prefetch(i + 3, What::kHeads);
      Prefetch(i + 1, What::kBuckets);
      sum += Step(i, reads);
    }
    return sum;
  }

  void FindKeys() {
    size_t at = 0;
    for (size_t i = 0; i < kBatch; ++i) {
      for (size_t group = 0; group < kGroups; ++group, ++at) {
        benchmark::DoNotOptimize(states_[group].find(keys_[at]));
      }
    }
  }

 private:
  enum class What : uint8_t { kHeads, kBuckets };
  using GroupStates = absl::Span<const AggregateGroupState>;

  GroupStates StatesOf(size_t number) const {
    return GroupStates(gathered_).subspan(number * kGroups, kGroups);
  }

  // Of a movement of the batch, which may be none, heads or what they lead to.
  void Prefetch(size_t number, What what) {
    if (number >= kBatch) return;
    for (size_t group = 0; group < kGroups; ++group) {
      const v1::AggregateState& state = *found_[number * kGroups + group];
      if (what == What::kHeads) {
        const auto& own = programme_->aggregates().groups()[group];
        scoring::PrefetchHeads(state, own.end - own.begin);
      } else {
        scoring::PrefetchBuckets(state);
      }
    }
  }

  int64_t Step(size_t number, size_t reads) {
    const scoring::AggregatePlan& plan = programme_->aggregates();
    const v1::Movement& m = batch_[number];
    view_.Begin(plan, m, StatesOf(number));
    int64_t sum = 0;
    const size_t all = plan.shapes().size();
    const size_t stride = reads < all ? all / reads : 1;
    for (size_t i = 0; i < all; i += stride) {
      sum += static_cast<int64_t>(view_.Derive(static_cast<uint32_t>(i)).count);
    }
    input_.Begin(plan, m);
    for (uint32_t group = 0; group < kGroups; ++group) {
      input_.RememberKey(group, gathered_[number * kGroups + group].has_key);
    }
    input_.Contributions(++movement_key_, &contributions_);
    for (const AggregateContribution& one : contributions_) {
      const size_t group = plan.GroupOf(one.aggregate);
      scoring::FoldAggregate(plan.shapes()[one.aggregate], one,
                             found_[number * kGroups + group]);
    }
    return sum;
  }

  // Every haulier's movements of the last day, counted by hand.
  void Check() {
    const v1::Movement& last = movements_.back();
    const scoring::AggregatePlan& plan = programme_->aggregates();
    view_.Begin(plan, last, StatesOf(kBatch - 1));
    for (uint32_t i = 0; i < plan.shapes().size(); ++i) {
      const scoring::AggregateShape& shape = plan.shapes()[i];
      if (plan.groups()[plan.GroupOf(i)].source != kKeys[2] ||
          shape.function != scoring::AggregateFunction::kCount ||
          shape.step_us != int64_t{1800} * 1'000'000) {
        continue;
      }
      const int64_t begin =
          (last.occurrence_time().seconds() / 1800 - 47) * 1800;
      uint64_t count = 0;
      for (const v1::Movement& m : movements_) {
        count += m.haulier().id() == last.haulier().id() &&
                         m.occurrence_time().seconds() >= begin
                     ? 1
                     : 0;
      }
      if (count > 0 && view_.Derive(i).count == count) return;
    }
    std::fprintf(stderr, "wrong answer: the haulier's movements of a day\n");
    std::exit(1);
  }

  std::shared_ptr<const scoring::Programme> programme_;
  std::vector<v1::Movement> movements_;
  std::vector<
      absl::flat_hash_map<std::string, std::unique_ptr<v1::AggregateState>>>
      states_;
  absl::Span<v1::Movement> batch_;
  size_t next_ = 0;
  // By movement of the batch, and group.
  std::vector<std::string> keys_{kBatch * kGroups};
  std::vector<AggregateGroupState> gathered_{kBatch * kGroups};
  std::vector<v1::AggregateState*> found_{kBatch * kGroups};
  scoring::AggregateInput input_;
  scoring::AggregateView view_;
  std::vector<AggregateContribution> contributions_;
  uint64_t movement_key_ = 0;
};

enum class Gathering : uint8_t { kBefore, kTimed };

void BM_Aggregates(benchmark::State& state, size_t reads, Gathering gathering) {
  World world;
  const bool timed = gathering == Gathering::kTimed;
  Compare(state, {.prepare =
                      [&] {
                        world.NextBatch();
                        if (!timed) world.Gather();
                      },
                  .subject =
                      [&] {
                        if (timed) world.Gather();
                        benchmark::DoNotOptimize(world.Run(reads));
                      },
                  .limit = [&] { world.FindKeys(); },
                  .items_per_call = kBatch});
}
BENCHMARK_CAPTURE(BM_Aggregates, all, SIZE_MAX, Gathering::kBefore)
    ->UseManualTime();
BENCHMARK_CAPTURE(BM_Aggregates, few, size_t{5}, Gathering::kBefore)
    ->UseManualTime();
BENCHMARK_CAPTURE(BM_Aggregates, gathered, SIZE_MAX, Gathering::kTimed)
    ->UseManualTime();

}  // namespace
}  // namespace portrisk::bench

BENCHMARK_MAIN();
