// Every aggregate equals the brute force of aggregate_oracle.h at every
// movement of random histories. To see one history again, look for its seed in
// the failure.
#include <gtest/gtest.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "scoring/aggregate_value.h"
#include "scoring/rule_set.h"
#include "tests/scoring/aggregate_cases.h"
#include "tests/scoring/aggregate_history.h"

namespace portrisk::scoring {
namespace {

using cases::Case;
using cases::Cases;
using cases::Declared;
using cases::NamesOf;
using cases::Text;
using oracle::Answer;
using oracle::Oracle;
using oracle::Question;
using oracle::Version;

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
