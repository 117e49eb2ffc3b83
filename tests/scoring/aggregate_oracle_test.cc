// Every aggregate equals the brute force of aggregate_oracle.h at every
// movement of random histories. To see one history again, look for its seed in
// the failure.
#include <gtest/gtest.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "scoring/aggregate_value.h"
#include "scoring/rule_set.h"
#include "tests/scoring/aggregate_history.h"

namespace portrisk::scoring {
namespace {

using oracle::Answer;
using oracle::Fact;
using oracle::Oracle;
using oracle::Question;
using oracle::Version;

using Text = std::optional<std::string>;
using MaybeFact = std::optional<Fact>;

Text Given(const std::string& text) {
  return text.empty() ? Text() : Text(text);
}
Text Account(const v1::Movement& m) {
  return Given(m.pickup_right().actor().account());
}
Text Haulier(const v1::Movement& m) { return Given(m.haulier().id()); }
Text Place(const v1::Movement& m) { return Given(m.location().locode()); }
Text HaulierAndPlace(const v1::Movement& m) {
  if (!Haulier(m) || !Place(m)) return std::nullopt;
  return *Haulier(m) + " at " + *Place(m);
}

MaybeFact Something(const v1::Movement&) { return Fact(); }
MaybeFact Queried(const v1::Movement& m) {
  return m.event() == v1::PICKUP_RIGHT_QUERIED ? MaybeFact(Fact())
                                               : std::nullopt;
}
MaybeFact TextFact(const std::string& text) {
  if (text.empty()) return std::nullopt;
  Fact fact;
  fact.text = text;
  return fact;
}
MaybeFact NumberFact(double number) {
  Fact fact;
  fact.number = number;
  return fact;
}
MaybeFact Box(const v1::Movement& m) {
  return TextFact(m.container().number());
}
MaybeFact Locode(const v1::Movement& m) {
  return TextFact(m.location().locode());
}
MaybeFact Weight(const v1::Movement& m) {
  return m.weights().has_vgm_kg() ? NumberFact(m.weights().vgm_kg())
                                  : std::nullopt;
}
MaybeFact Latitude(const v1::Movement& m) {
  return m.location().has_latitude() ? NumberFact(m.location().latitude())
                                     : std::nullopt;
}
MaybeFact Truth(const v1::Movement& m) {
  return m.consignment().has_consolidated()
             ? NumberFact(m.consignment().consolidated())
             : std::nullopt;
}
MaybeFact EventNumber(const v1::Movement& m) { return NumberFact(m.event()); }
MaybeFact Gate(const v1::Movement& m) {
  if (m.event() != v1::GATE_IN && m.event() != v1::GATE_OUT)
    return std::nullopt;
  return Weight(m);
}

struct Case {
  Question question;
  const char* declared;
};

constexpr int64_t kMinute = 60;
constexpr int64_t kHour = 3600;
constexpr int64_t kDay = 86400;

std::vector<Case> Cases() {
  return {
      {{"a", "count", Account, Queried, kMinute, 1},
       "key: movement.pickup_right.actor.account, count: true, window: 1m, "
       "where: movement.event == PICKUP_RIGHT_QUERIED"},
      {{"b", "count", Account, Queried, kHour, kMinute},
       "key: movement.pickup_right.actor.account, count: true, window: 1h, "
       "where: movement.event == PICKUP_RIGHT_QUERIED"},
      {{"c", "distinct", Account, Box, kHour, kMinute},
       "key: movement.pickup_right.actor.account, window: 1h, resolution: 1m, "
       "distinct: movement.container.number"},
      {{"d", "distinct", Haulier, Box, 365 * kDay, 7 * kDay},
       "key: movement.haulier.id, window: 1y, distinct: "
       "movement.container.number"},
      {{"e", "sum", Haulier, Weight, kDay, 1800},
       "key: movement.haulier.id, window: 1d, sum: movement.weights.vgm_kg"},
      {{"f", "sum", Haulier, Weight, 1825 * kDay, 5 * kDay},
       "key: movement.haulier.id, window: 5y, resolution: 5d, "
       "sum: movement.weights.vgm_kg"},
      {{"g", "mean", Haulier, Weight, 30 * kDay, 12 * kHour},
       "key: movement.haulier.id, window: 30d, mean: movement.weights.vgm_kg"},
      {{"h", "min", Haulier, Weight, 30 * kDay, 12 * kHour},
       "key: movement.haulier.id, window: 30d, min: movement.weights.vgm_kg"},
      {{"i", "max", Haulier, Gate, 7 * kDay, 3 * kHour},
       "key: movement.haulier.id, window: 7d, max: movement.weights.vgm_kg, "
       "where: 'movement.event in [GATE_IN, GATE_OUT]'"},
      {{"j", "first", Haulier, Locode, 7 * kDay, kDay},
       "key: movement.haulier.id, window: 7d, resolution: 1d, "
       "first: movement.location.locode"},
      {{"k", "last", Haulier, Locode, 90 * kDay, 2 * kDay},
       "key: movement.haulier.id, window: 90d, last: movement.location.locode"},
      {{"l", "time_since", HaulierAndPlace, Something, 30 * kDay, 12 * kHour},
       "key: [movement.haulier.id, movement.location.locode], window: 30d, "
       "time_since: true"},
      {{"m", "quantile", Haulier, Weight, 365 * kDay, 7 * kDay, 0, 0.5},
       "key: movement.haulier.id, window: 1y, q: 0.5, "
       "quantile: movement.weights.vgm_kg"},
      {{"n", "quantile", HaulierAndPlace, Weight, 2 * kHour, 2 * kMinute, 0,
        0.99},
       "key: [movement.haulier.id, movement.location.locode], window: 2h, "
       "q: 0.99, quantile: movement.weights.vgm_kg"},
      {{"o", "count", Place, Something, 1825 * kDay, 5 * kDay, 180.0 * kDay},
       "key: movement.location.locode, window: 5y, half_life: 180d, "
       "count: true"},
      {{"p", "mean", Place, Weight, 720 * kDay, 2 * kDay, 30.0 * kDay},
       "key: movement.location.locode, window: 720d, half_life: 30d, "
       "resolution: 2d, mean: movement.weights.vgm_kg"},
      {{"q", "sum", Place, Latitude, 6 * kHour, 10 * kMinute, 0, 0, true},
       "key: movement.location.locode, window: 6h, resolution: 10m, "
       "sum: movement.location.latitude"},
      {{"r", "min", Place, Latitude, 6 * kHour, 10 * kMinute, 0, 0, true},
       "key: movement.location.locode, window: 6h, resolution: 10m, "
       "min: movement.location.latitude"},
      {{"s", "last", Haulier, Truth, kDay, 1800},
       "key: movement.haulier.id, window: 1d, "
       "last: movement.consignment.consolidated"},
      {{"t", "first", Haulier, EventNumber, 90 * kMinute, 2 * kMinute},
       "key: movement.haulier.id, window: 90m, first: movement.event"},
  };
}

std::string Declared(const std::vector<Case>& cases) {
  std::string yaml;
  for (const Case& one : cases) {
    absl::StrAppend(&yaml, "  ", one.question.name, ": {", one.declared, "}\n");
  }
  return yaml;
}

std::vector<std::string> NamesOf(const std::vector<Case>& cases) {
  std::vector<std::string> names;
  for (const Case& one : cases) names.push_back(one.question.name);
  return names;
}

// What a condition would read.
double NumberOf(const cel::Value& value) {
  switch (value.kind) {
    case cel::Kind::kBool:
      return value.b ? 1 : 0;
    case cel::Kind::kInt:
      return static_cast<double>(value.i);
    case cel::Kind::kDouble:
      return value.d;
    case cel::Kind::kDuration:
      return static_cast<double>(value.i * 1'000'000 + value.aux / 1000) / 1e6;
    default:
      return 0;
  }
}

struct Tally {
  int compared = 0;
  int known = 0;
  int approximate = 0;
  int forgotten = 0;
};

// How far the answer may be off, relatively.
double Error(const Question& question, const AggregateResult& result) {
  if (question.function == "distinct" && result.approximate) return 0.26;
  if (question.function == "quantile" && result.approximate) return 1.0 / 64;
  // Of the oldest: its weight is right to 48 digits behind the point.
  if (question.half_life_s > 0) {
    return std::exp2(static_cast<double>(question.window_s) /
                         question.half_life_s -
                     47) +
           1e-12;
  }
  // Doubles: the oracle's own sums are not exact.
  if (question.function == "mean" || question.decimal) return 1e-9;
  return 0;
}

void Compare(const Question& question, const Answer& answer,
             const AggregateResult& result, Tally* tally) {
  ++tally->compared;
  EXPECT_EQ(result.count_known, !answer.forgotten) << question.name;
  if (answer.forgotten) {
    ++tally->forgotten;
    return;
  }
  EXPECT_EQ(result.count, answer.count) << question.name;
  ASSERT_EQ(result.known, answer.known) << question.name;
  if (!answer.known) return;
  ++tally->known;
  tally->approximate += result.approximate ? 1 : 0;
  if (question.function != "distinct" && question.function != "quantile") {
    EXPECT_FALSE(result.approximate);
  }
  if (result.value.kind == cel::Kind::kString) {
    EXPECT_EQ(result.value.text(), answer.text) << question.name;
    return;
  }
  const double error = Error(question, result);
  EXPECT_NEAR(NumberOf(result.value), answer.number,
              std::fabs(answer.number) * error + (question.decimal ? 1e-9 : 0))
      << question.name << " over " << answer.count;
}

struct Run {
  std::shared_ptr<const Programme> programme;
  std::vector<uint32_t> index;  // Of each case, in the plan.
};

Run Prepare(const std::vector<Case>& cases) {
  Run run;
  run.programme = ProgrammeOf(Declared(cases), NamesOf(cases));
  if (run.programme == nullptr) return run;
  const AggregateNames& names =
      *run.programme->members()[0].rule_set->aggregates;
  for (size_t i = 0; i < cases.size(); ++i) {
    const auto* binding =
        run.programme->aggregates().Find(*names.ValueField(i));
    if (binding != nullptr) run.index.push_back(binding->aggregate);
  }
  return run;
}

Tally CheckHistory(uint64_t seed, int64_t spacing_s, uint64_t keys,
                   int movements, int* rebuilds) {
  SCOPED_TRACE(absl::StrCat("seed ", seed, ", ", spacing_s, " s apart"));
  const std::vector<Case> cases = Cases();
  const Run run = Prepare(cases);
  Tally tally;
  EXPECT_NE(run.programme, nullptr);
  EXPECT_EQ(run.index.size(), cases.size());
  if (run.index.size() != cases.size()) return tally;
  World world(run.programme->aggregates());
  History history(seed, spacing_s, keys);
  std::vector<Version> journal;
  for (int i = 0; i < movements && !testing::Test::HasFailure(); ++i) {
    const Version version = history.Next();
    world.TakeOut(version);
    if (!version.movement.retraction()) {
      AggregateView& view = world.Look(version.movement);
      for (size_t c = 0; c < cases.size(); ++c) {
        const Question& question = cases[c].question;
        const Text key = question.key(version.movement);
        const AggregateResult& result = view.Derive(run.index[c]);
        if (!key.has_value()) {
          EXPECT_FALSE(result.known || result.count_known);
          continue;
        }
        SCOPED_TRACE(absl::StrCat("movement ", i));
        Compare(question, Oracle::Ask(question, *key, journal, version), result,
                &tally);
      }
    }
    world.PutIn(version);
    journal.push_back(version);
  }
  *rebuilds += world.rebuilds();
  return tally;
}

TEST(AggregateOracle, EveryAggregateEqualsBruteForceAtEveryMovement) {
  Tally all;
  int rebuilds = 0;
  uint64_t seed = 20261125;
  const struct {
    int64_t spacing_s;
    uint64_t keys;
    int movements;
  } kShapes[] = {{2, 2, 500},        {20, 3, 400},       {300, 4, 400},
                 {3600, 3, 400},     {6 * 3600, 2, 400}, {86400, 3, 400},
                 {5 * 86400, 2, 500}};
  for (const auto& shape : kShapes) {
    for (int round = 0; round < 2; ++round) {
      const Tally tally = CheckHistory(++seed, shape.spacing_s, shape.keys,
                                       shape.movements, &rebuilds);
      all.compared += tally.compared;
      all.known += tally.known;
      all.approximate += tally.approximate;
      all.forgotten += tally.forgotten;
    }
  }
  std::printf("%d answers, %d known, %d estimated, %d forgotten; %d rebuilt\n",
              all.compared, all.known, all.approximate, all.forgotten,
              rebuilds);
  // The histories reach what they are for.
  EXPECT_GT(all.known, all.compared / 2);
  EXPECT_GT(all.approximate, 500);
  EXPECT_GT(all.forgotten, 50);
  EXPECT_GT(rebuilds, 50);
}

}  // namespace
}  // namespace portrisk::scoring
