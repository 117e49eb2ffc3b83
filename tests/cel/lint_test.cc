// What the lint claims, and that it never claims wrongly: its claims about
// random conditions are tried on every combination of a few values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <ctime>
#include <iostream>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "scoring/cel/normal_form.h"
#include "scoring/limits.h"
#include "scoring/rule_set_lint.h"
#include "tests/cel/agreement.h"

namespace portrisk::scoring {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr absl::string_view kHead = R"(rule_set: t
layer: port
owner: NL
lists:
  ports: {type: locode, entries: [NLRTM, BEANR]}
rules:
)";

// One rule in a line, with what else it has: "score: 5, applies_to: [LOAD]".
std::string Rule(absl::string_view id, absl::string_view when,
                 absl::string_view rest = "") {
  return absl::StrCat("  - {id: ", id,
                      ", title: {en: T, es: T, pt: T}, explain: {en: T, es: "
                      "T, pt: T}, ",
                      absl::StrContains(rest, "score") ? "" : "score: 10, ",
                      rest, rest.empty() ? "" : ", ",
                      "tests: [{given: {movement: {id: x, "
                      "event: POSITION}}, expect: unknown}], when: \"",
                      when, "\"}\n");
}

// "CODE line:column message" of what the lint finds. Tests that fail are the
// business of others.
std::vector<std::string> Found(const std::string& yaml,
                               const CheckOptions& options = {}) {
  Issues issues(yaml, "f.yaml");
  const ParsedRuleSet parsed = ParseRuleSet(yaml, &issues);
  EXPECT_FALSE(issues.has_errors());
  if (!issues.has_errors()) LintRuleSet(parsed, options, &issues);
  std::vector<std::string> found;
  for (const v1::Issue& issue : issues.Take()) {
    if (issue.severity() == v1::ERROR) {
      ADD_FAILURE() << issue.DebugString() << yaml;
    }
    found.push_back(
        absl::StrCat(issue.code(), " ", issue.rule(), " ", issue.message()));
    EXPECT_NE(issue.suggestion(), "") << found.back();
    EXPECT_GT(issue.line(), 0) << found.back();
    EXPECT_NE(issue.excerpt(), "") << found.back();
  }
  return found;
}

std::vector<std::string> Of(absl::string_view when,
                            absl::string_view rest = "") {
  return Found(absl::StrCat(kHead, Rule("r", when, rest)));
}

TEST(Lint, FindsConditionsThatNeverHold) {
  const struct {
    const char* when;
    const char* message;
  } kCases[] = {
      {"movement.weights.vgm_kg > 5 && movement.weights.vgm_kg < 3",
       "`movement.weights.vgm_kg < 3` contradicts `movement.weights.vgm_kg > "
       "5`"},
      {"movement.weights.vgm_kg > 5 && movement.weights.vgm_kg < 6",
       "contradicts"},
      {"container.weight_change > 0.5 && !(container.weight_change >= 0.1 || "
       "movement.retraction)",
       "contradicts"},
      {"movement.haulier.id == 'A' && movement.haulier.id == 'B'",
       "contradicts"},
      {"movement.haulier.id in ['A', 'C'] && movement.haulier.id == 'B'",
       "contradicts"},
      {"movement.haulier.id.startsWith('NL') && 'BE1' == movement.haulier.id",
       "contradicts"},
      {"movement.location.locode in ports && movement.location.locode == "
       "'BRSSZ'",
       "contradicts"},
      {"!(movement.location.locode in ports) && movement.location.locode in "
       "['NLRTM', 'BEANR']",
       "contradicts"},
      {"!has(movement.haulier) && movement.haulier.id == 'A'", "contradicts"},
      {"!has(movement.haulier.id) && movement.haulier.id != "
       "movement.carrier.id",
       "contradicts"},
      {"movement.haulier.id == movement.carrier.id && movement.carrier.id != "
       "movement.haulier.id",
       "contradicts"},
      {"movement.occurrence_time < timestamp('2026-01-01T00:00:00Z') && "
       "movement.occurrence_time >= timestamp('2026-01-01T00:00:00Z')",
       "contradicts"},
      {"(movement.id == 'A' && movement.id == 'B') || (movement.id == 'C' && "
       "movement.id != 'C')",
       "whichever side of || holds"},
      {"movement.occurrence_time.getHours() > 5 && "
       "movement.occurrence_time.getHours() < 5",
       "contradicts"},
      {"movement.haulier.id in []", "no value makes"},
      {"movement.seals.exists(s, s.number == 'A') && "
       "!movement.seals.exists(s,  s.number == 'A')",
       "contradicts"},
  };
  for (const auto& one : kCases) {
    EXPECT_THAT(Of(one.when), ElementsAre(::testing::AllOf(
                                  HasSubstr("NEVER_FIRES r the rule can never "
                                            "fire"),
                                  HasSubstr(one.message))))
        << one.when;
  }
  EXPECT_THAT(Of("movement.event == GATE_IN && movement.id == 'A'",
                 "applies_to: [GATE_OUT, LOAD]"),
              ElementsAre("NEVER_FIRES r the rule can never fire: it applies "
                          "to GATE_OUT, LOAD, and `movement.event == GATE_IN` "
                          "asks for another"));
}

TEST(Lint, PointsAtTheSecondOfTwoThatContradict) {
  const std::string yaml = absl::StrCat(kHead, R"(  - id: r
    title: {en: T, es: T, pt: T}
    explain: {en: T, es: T, pt: T}
    score: 1
    tests: [{given: {}, expect: unknown}]
    when: >
      movement.haulier.id == 'é' &&

        movement.haulier.id == 'B'
)");
  const CheckResult result = CheckRuleSet(yaml, "f");
  ASSERT_EQ(result.issues.size(), 1);
  EXPECT_EQ(result.issues[0].line(), 15);
  EXPECT_EQ(result.issues[0].column(), 9);
  EXPECT_EQ(result.issues[0].excerpt(),
            "        movement.haulier.id == 'B'\n        ^");
  EXPECT_NE(result.rule_set, nullptr);
}

TEST(Lint, FindsConditionsThatAreNeverFalse) {
  const struct {
    const char* when;
    const char* rest;
    const char* message;
  } kCases[] = {
      {"movement.weights.vgm_kg > 1 || movement.weights.vgm_kg <= 1", "",
       "it always fires when movement.weights.vgm_kg is present"},
      {"movement.id == 'A' || movement.id != 'A'", "",
       "always fires when movement.id is present"},
      {"movement.haulier.id == movement.carrier.id || movement.carrier.id != "
       "movement.haulier.id",
       "", "when movement.haulier.id, movement.carrier.id are present"},
      {"movement.event in [LOAD, GATE_OUT]", "applies_to: [GATE_OUT]",
       "holds at every event the rule applies to"},
      {"!(movement.event == LOAD)", "applies_to: [GATE_OUT]",
       "holds at every event the rule applies to"},
      {"movement.event == LOAD || movement.weights.vgm_kg > 5 || "
       "movement.weights.vgm_kg < 10",
       "applies_to: [GATE_OUT]", "when movement.weights.vgm_kg is present"},
  };
  for (const auto& one : kCases) {
    EXPECT_THAT(Of(one.when, one.rest),
                ElementsAre(::testing::AllOf(HasSubstr("ALWAYS_FIRES r"),
                                             HasSubstr(one.message))))
        << one.when;
  }
}

TEST(Lint, SaysNothingOfWhatIsInOrder) {
  for (const char* when :
       {"has(movement.haulier.id)", "movement.id == 'A' || movement.id == 'B'",
        "movement.weights.vgm_kg > 5 && movement.weights.vgm_kg < 7",
        "container.weight_change > 1.0 || !(container.weight_change > 1.0 || "
        "movement.retraction)",
        "!has(movement.haulier) && movement.carrier.id == 'A'",
        "movement.id.startsWith('AB') && movement.id < 'AC'",
        "movement.id != 'A' && movement.id != 'B'",
        "container.weight_change < 0.1 || container.weight_change > 0.0 && "
        "movement.retraction"}) {
    EXPECT_THAT(Of(when), IsEmpty()) << when;
  }
}

std::vector<std::string> OfTwo(absl::string_view a, absl::string_view b,
                               absl::string_view rest_a = "",
                               absl::string_view rest_b = "") {
  return Found(
      absl::StrCat(kHead, Rule("one", a, rest_a), Rule("two", b, rest_b)));
}

TEST(Lint, FindsRulesThatSayTheSame) {
  const auto same = [](const std::vector<std::string>& found) {
    return found == std::vector<std::string>{
                        "DUPLICATE_CONDITION two says the same as rule one for "
                        "the same events, so both fire together"};
  };
  EXPECT_TRUE(same(OfTwo("movement.id == 'A' && movement.retraction",
                         "movement.retraction && 'A' == movement.id")));
  EXPECT_TRUE(same(
      OfTwo("movement.weights.vgm_kg > 5", "!(movement.weights.vgm_kg <= 5)")));
  EXPECT_TRUE(same(
      OfTwo("movement.weights.vgm_kg > 5", "movement.weights.vgm_kg >= 6")));
  EXPECT_TRUE(same(OfTwo("movement.id in ['A', 'B']",
                         "movement.id == 'B' || movement.id == 'A'")));
  EXPECT_TRUE(
      same(OfTwo("movement.weights.vgm_kg + 1 > "
                 "movement.weights.scale_kg",
                 "movement.weights.scale_kg < 1 + "
                 "movement.weights.vgm_kg")));
  EXPECT_TRUE(same(OfTwo("movement.id == 'A'",
                         "movement.event == LOAD && movement.id == 'A'",
                         "applies_to: [LOAD]")));
  EXPECT_TRUE(
      same(OfTwo("movement.id == 'A'", "movement.id == 'A'",
                 "applies_to: [LOAD, SCAN]", "applies_to: [SCAN, LOAD]")));
  // Seasons that do not meet, other events, one of them on trial.
  EXPECT_THAT(OfTwo("movement.id == 'A'", "movement.id == 'A'",
                    "valid: {until: 2026-06-30}", "valid: {from: 2026-07-01}"),
              IsEmpty());
  EXPECT_TRUE(
      same(OfTwo("movement.id == 'A'", "movement.id == 'A'",
                 "valid: {until: 2026-06-30}", "valid: {from: 2026-06-30}")));
  EXPECT_THAT(OfTwo("movement.id == 'A'", "movement.id == 'A'",
                    "applies_to: [LOAD]", "applies_to: [SCAN]"),
              IsEmpty());
  EXPECT_THAT(
      OfTwo("movement.id == 'A'", "movement.id == 'A'", "", "status: shadow"),
      IsEmpty());
}

TEST(Lint, FindsRulesContainedInAnother) {
  const struct {
    const char* wide;
    const char* narrow;
  } kCases[] = {
      {"movement.weights.vgm_kg > 5", "movement.weights.vgm_kg > 7"},
      {"movement.weights.vgm_kg > 5",
       "movement.weights.vgm_kg > 5 && movement.id == 'A'"},
      {"movement.id in ['A', 'B', 'C']", "movement.id == 'B'"},
      {"movement.id.startsWith('NL')", "movement.id.startsWith('NL1')"},
      {"movement.id.startsWith('NL')", "movement.id in ['NL1', 'NL22']"},
      {"movement.id != 'A'", "movement.id == 'B'"},
      {"movement.location.locode in ports",
       "movement.location.locode == "
       "'NLRTM'"},
      {"!(movement.location.locode in ports)",
       "movement.location.locode in ['BRSSZ', 'ECGYE']"},
      {"has(movement.haulier)",
       "has(movement.haulier) && movement.haulier.id == 'X'"},
      {"movement.id == 'A' || movement.haulier.id == 'X'",
       "movement.haulier.id == 'X'"},
      {"movement.occurrence_time > timestamp('2026-01-01T00:00:00Z')",
       "movement.occurrence_time > timestamp('2026-06-01T00:00:00Z') && "
       "movement.id == 'A'"},
      {"!(container.weight_change <= 0.05)", "container.weight_change > 0.1"},
  };
  for (const auto& one : kCases) {
    EXPECT_THAT(OfTwo(one.wide, one.narrow),
                ElementsAre("CONTAINED_RULE two whenever this fires, rule one "
                            "does too: both count"))
        << one.wide << "\n"
        << one.narrow;
    EXPECT_THAT(OfTwo(one.narrow, one.wide),
                ElementsAre(HasSubstr("CONTAINED_RULE one")))
        << one.wide << "\n"
        << one.narrow;
  }
  // As for the events and the time in force.
  EXPECT_THAT(OfTwo("movement.id in ['A', 'B']", "movement.id == 'A'", "",
                    "applies_to: [LOAD]"),
              ElementsAre(HasSubstr("CONTAINED_RULE two")));
  EXPECT_THAT(OfTwo("movement.id in ['A', 'B']", "movement.id == 'A'",
                    "applies_to: [LOAD]"),
              IsEmpty());
  EXPECT_THAT(OfTwo("movement.id in ['A', 'B']", "movement.id == 'A'",
                    "valid: {from: 2026-01-01}"),
              IsEmpty());
}

TEST(Lint, SaysWhenAContainedRuleAddsNothing) {
  const std::string yaml = absl::StrCat(
      absl::StrReplaceAll(kHead,
                          {{"lists:", "categories: {gate: 50}\nlists:"}}),
      Rule("one", "movement.weights.vgm_kg > 5", "category: gate, score: 50"),
      Rule("two", "movement.weights.vgm_kg > 7", "category: gate, score: 20"));
  EXPECT_THAT(Found(yaml), ElementsAre(HasSubstr("and this adds nothing")));
}

TEST(Lint, FindsScoresAndCategoriesWithoutReach) {
  const std::string yaml = absl::StrCat(
      absl::StrReplaceAll(kHead, {{"lists:",
                                   "categories: {none: 0, some: 30, idle: 9}\n"
                                   "lists:"}}),
      Rule("one", "movement.id == 'A'", "category: none, score: 50"),
      Rule("two", "movement.id == 'B'", "category: some, score: 50"));
  EXPECT_THAT(
      Found(yaml),
      ElementsAre("UNUSED_CATEGORY  no rule is of category idle",
                  "SCORE_BEYOND_CAP one the rule adds nothing: the cap of none "
                  "is 0",
                  "SCORE_BEYOND_CAP two only 30 of the 50 points can count: "
                  "that is the cap of some"));
}

TEST(Lint, FindsRulesPastTheirDays) {
  const std::string yaml = absl::StrCat(
      kHead, Rule("old", "movement.id == 'A'", "valid: {until: 2026-03-31}"),
      Rule("due", "movement.id == 'B'", "valid: {review: 2026-03-01}"),
      Rule("fine", "movement.id == 'C'",
           "valid: {until: 2026-12-31, review: 2026-10-01}"));
  CheckOptions options;
  EXPECT_THAT(Found(yaml, options), IsEmpty());
  options.today = 1774915200;  // 2026-03-31
  EXPECT_THAT(Found(yaml, options), ElementsAre(HasSubstr("REVIEW_DUE due")));
  *options.today += 86400;
  EXPECT_THAT(Found(yaml, options), ElementsAre(HasSubstr("RULE_EXPIRED old"),
                                                HasSubstr("REVIEW_DUE due")));
}

TEST(Lint, IsPartOfTheCheckAndTakesTheDayFromTheCaller) {
  const std::string yaml = absl::StrCat(
      kHead,
      Rule("old", "movement.haulier.id == 'A'", "valid: {until: 2026-03-31}"));
  EXPECT_TRUE(CheckRuleSet(yaml, "f").issues.empty());
  CheckOptions options;
  options.today = 1780000000;  // 2026-05-28
  const CheckResult result = CheckRuleSet(yaml, "f", options);
  ASSERT_EQ(result.issues.size(), 1);
  EXPECT_EQ(result.issues[0].code(), "RULE_EXPIRED");
  EXPECT_NE(result.rule_set, nullptr);
}

TEST(Lint, FindsFieldsThatNobodyReports) {
  const std::string yaml = absl::StrCat(
      kHead,
      Rule("dead", "movement.id == 'A' && movement.weights.crane_kg > 5"),
      Rule("half", "movement.id == 'B' || movement.haulier.id == 'C'"),
      Rule("guarded", "!has(movement.weights.crane_kg) && movement.id == 'D'"),
      Rule("fine", "movement.weights.vgm_kg > 5"));
  CheckOptions options;
  options.field_use = {{"movement.weights.crane_kg", 5000, 5000},
                       {"movement.haulier", 5000, 5000},
                       {"movement.weights.vgm_kg", 4999, 5000}};
  EXPECT_THAT(
      Found(yaml, options),
      ElementsAre("FIELD_NEVER_FILLED dead no movement received here ever had "
                  "movement.weights.crane_kg, without which the rule cannot "
                  "fire",
                  "FIELD_NEVER_FILLED half no movement received here ever had "
                  "movement.haulier.id: that part decides nothing",
                  "FIELD_NEVER_FILLED guarded no movement received here ever "
                  "had movement.weights.crane_kg: that part decides nothing"));
  // Too few to tell.
  for (FieldUse& one : options.field_use) one.absent = one.movements = 999;
  EXPECT_THAT(Found(yaml, options), IsEmpty());
}

// ---- Soundness, by trying every combination of a few values. ----

std::vector<cel::Bindings> EveryCase() {
  std::vector<cel::Bindings> all;
  const std::vector<std::string> ids = {"", "A", "AB", "B"};
  const std::vector<double> changes = {-1, 0, 1, 1.5, std::nan("")};
  for (const std::string& id : ids) {
    for (const std::string carrier : {"", "A", "B"}) {
      for (int vgm = -1; vgm < 4; ++vgm) {
        for (size_t change = 0; change < changes.size(); ++change) {
          for (const v1::Event event :
               {v1::EVENT_UNSPECIFIED, v1::GATE_IN, v1::GATE_OUT}) {
            for (int rest = 0; rest < 9; ++rest) {
              cel::Bindings& b = all.emplace_back();
              if (!id.empty()) b.movement.mutable_haulier()->set_id(id);
              if (!carrier.empty()) {
                b.movement.mutable_carrier()->set_id(carrier);
              }
              if (vgm >= 0) b.movement.mutable_weights()->set_vgm_kg(vgm);
              if (change > 0) b.container.set_weight_change(changes[change]);
              b.movement.set_event(event);
              if (rest % 3 > 0) {
                b.movement.mutable_consignment()->set_consolidated(rest % 3 ==
                                                                   1);
              }
              if (rest / 3 > 0) {
                b.movement.mutable_occurrence_time()->set_seconds(rest / 3);
              }
            }
          }
        }
      }
    }
  }
  return all;
}

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  std::string Condition(int depth) {
    if (depth == 0 || Below(4) == 0) return Atom();
    switch (Below(9)) {
      case 0:
        return absl::StrCat("!(", Condition(depth - 1), ")");
      case 1:
        return absl::StrCat("(", Condition(depth - 1), " ? ",
                            Condition(depth - 1), " : ", Condition(depth - 1),
                            ")");
      case 2:
      case 3:
      case 4:
        return absl::StrCat("(", Condition(depth - 1), " || ",
                            Condition(depth - 1), ")");
      default:
        return absl::StrCat("(", Condition(depth - 1), " && ",
                            Condition(depth - 1), ")");
    }
  }

  std::string Pick(const std::vector<std::string>& choices) {
    return choices[Below(choices.size())];
  }
  size_t Below(size_t n) { return random_() % n; }

 private:
  std::string Relation() { return Pick({"<", "<=", ">", ">=", "==", "!="}); }

  std::string Sides(const std::string& a, const std::string& b) {
    return Below(2) == 0 ? absl::StrCat(a, " ", Relation(), " ", b)
                         : absl::StrCat(b, " ", Relation(), " ", a);
  }

  std::string Atom() {
    const std::string id = "movement.haulier.id";
    const std::string carrier = "movement.carrier.id";
    const std::string vgm = "movement.weights.vgm_kg";
    const std::string change = "container.weight_change";
    switch (Below(14)) {
      case 0:
        return Sides(id, Pick({"'A'", "'AB'", "'B'", "''"}));
      case 1:
        return absl::StrCat(
            id, " in ",
            Pick({"['A', 'B']", "['AB']", "names", "[]", "['A', 'AB', 'B']"}));
      case 2:
        return absl::StrCat(id, ".startsWith(", Pick({"'A'", "''", "'AB'"}),
                            ")");
      case 3:
      case 4:
        return Sides(vgm, Pick({"0", "1", "2", "3", "1.5", "2u", "2.0"}));
      case 5:
        return absl::StrCat(vgm, " in ", Pick({"[0, 1]", "[2]", "[1, 3]"}));
      case 6:
        return Sides(change, Pick({"0.0", "1.0", "1.5", "1", "2u"}));
      case 7:
        return Sides("movement.event", "GATE_OUT");
      case 8:
        return absl::StrCat("movement.event in ",
                            Pick({"[GATE_IN, GATE_OUT]", "[LOAD]"}));
      case 9:
        return Sides("movement.occurrence_time",
                     Pick({"timestamp('1970-01-01T00:00:01Z')",
                           "timestamp('1970-01-01T00:00:02Z')"}));
      case 10:
        return absl::StrCat(
            "has(",
            Pick({id, vgm, change, "movement.haulier", "movement.carrier.id",
                  "movement.consignment.consolidated"}),
            ")");
      case 11:
        return "movement.consignment.consolidated";
      case 12:
        return Sides(Pick({id, absl::StrCat(id, " + 'B'")}), carrier);
      default:
        return Sides(Pick({absl::StrCat(vgm, " + 1"), absl::StrCat("-", vgm),
                           absl::StrCat("double(", vgm, ")")}),
                     Pick({vgm, change, "1", "2.0"}));
    }
  }

  std::mt19937_64 random_;
};

// Whether a condition was true (2), false (1) or neither (0), case by case.
std::vector<std::string> Outcomes(const std::vector<cel::Checked>& conditions,
                                  const cel::Environment& environment,
                                  const std::vector<cel::Bindings>& cases) {
  cel::Compiler compiler(environment);
  std::vector<uint32_t> roots;
  for (const cel::Checked& one : conditions) {
    roots.push_back(compiler.Add(*one.expr));
  }
  const auto program = compiler.Finish();
  std::vector<std::string> outcomes(conditions.size());
  cel::EvalState state;
  for (const cel::Bindings& bindings : cases) {
    state.Begin(*program, bindings.roots().data());
    for (size_t i = 0; i < roots.size(); ++i) {
      const cel::Value value = state.Evaluate(roots[i]);
      outcomes[i].push_back(value.is_true() ? 2 : value.is_false() ? 1 : 0);
    }
  }
  return outcomes;
}

constexpr uint64_t kSeed = 20261122;

TEST(LintSoundness, NormalFormsSayOnlyWhatIsSo) {
  std::cout << "seed " << kSeed << "\n";
  const std::vector<cel::Bindings> cases = EveryCase();
  cel::Environment environment = cel::RuleEnvironment();
  environment.AddSet(std::make_shared<const cel::EntrySet>(
      "names", cel::EntryType::kText, std::vector<std::string>{"A", "X"}));
  Generator generator(kSeed);
  int never = 0, equal = 0, implied = 0;
  for (int round = 0; round < 12; ++round) {
    std::vector<cel::Checked> conditions;
    std::vector<std::string> sources;
    cel::Terms terms;
    std::vector<std::vector<cel::Alternative>> forms;
    std::vector<std::string> keys;
    while (conditions.size() < 120) {
      const std::string source =
          generator.Condition(1 + static_cast<int>(generator.Below(3)));
      cel::Diagnostics diagnostics;
      cel::Checked checked =
          cel::CheckCondition(source, environment, &diagnostics);
      ASSERT_NE(checked.expr, nullptr) << source << diagnostics[0].message;
      std::vector<cel::Alternative> form;
      if (!cel::Alternatives(
              *checked.expr, [&] { return absl::string_view(source); }, true,
              &terms, &form)) {
        continue;
      }
      std::vector<std::string> parts;
      for (cel::Alternative& one : form) {
        cel::Settle(terms, &one);
        cel::AppendKey(one, &parts.emplace_back());
      }
      std::sort(parts.begin(), parts.end());
      sources.push_back(source);
      conditions.push_back(std::move(checked));
      forms.push_back(std::move(form));
      keys.push_back(absl::StrJoin(parts, ""));
    }
    const auto outcomes = Outcomes(conditions, environment, cases);
    for (size_t a = 0; a < conditions.size(); ++a) {
      if (std::all_of(forms[a].begin(), forms[a].end(),
                      [](const auto& one) { return one.contradictory; })) {
        ++never;
        ASSERT_EQ(outcomes[a].find(2), std::string::npos) << sources[a];
        continue;
      }
      std::vector<cel::Alternative> when_false;
      if (cel::Alternatives(
              *conditions[a].expr,
              [&] { return absl::string_view(sources[a]); }, false, &terms,
              &when_false)) {
        for (cel::Alternative& one : when_false) cel::Settle(terms, &one);
        if (std::all_of(when_false.begin(), when_false.end(),
                        [](const auto& one) { return one.contradictory; })) {
          ASSERT_EQ(outcomes[a].find(1), std::string::npos) << sources[a];
        }
      }
      for (size_t b = 0; b < conditions.size(); ++b) {
        if (a == b) continue;
        const bool same = keys[a] == keys[b];
        const bool implies = std::all_of(
            forms[a].begin(), forms[a].end(), [&](const auto& narrow) {
              return narrow.contradictory ||
                     std::any_of(forms[b].begin(), forms[b].end(),
                                 [&](const auto& wide) {
                                   return !wide.contradictory &&
                                          cel::Implies(terms, narrow, wide);
                                 });
            });
        equal += same;
        implied += implies;
        for (size_t i = 0; (same || implies) && i < cases.size(); ++i) {
          if (outcomes[a][i] != 2) continue;
          ASSERT_EQ(outcomes[b][i], 2) << sources[a] << "\n"
                                       << sources[b] << "\n"
                                       << cases[i].movement.ShortDebugString()
                                       << cases[i].container.ShortDebugString();
        }
      }
    }
  }
  // Or this tries nothing.
  EXPECT_GT(never, 20);
  EXPECT_GT(equal, 50);
  EXPECT_GT(implied, 1000);
}

TEST(LintSoundness, ReportsAreSo) {
  std::cout << "seed " << kSeed << "\n";
  const std::vector<cel::Bindings> cases = EveryCase();
  Generator generator(kSeed + 1);
  std::map<std::string, int> reports;
  for (int round = 0; round < 40; ++round) {
    std::string yaml = absl::StrReplaceAll(
        kHead, {{"ports: {type: locode, entries: [NLRTM, BEANR]}",
                 "names: {type: text, entries: [A, X]}"}});
    std::vector<std::string> sources, events;
    for (int i = 0; i < 60; ++i) {
      sources.push_back(
          generator.Condition(static_cast<int>(generator.Below(3))));
      events.push_back(generator.Pick(
          {"", "", "applies_to: [GATE_IN]", "applies_to: [GATE_OUT, LOAD]"}));
      absl::StrAppend(&yaml, Rule(absl::StrCat(i), sources[i], events[i]));
    }
    Issues issues(yaml, "f");
    const ParsedRuleSet parsed = ParseRuleSet(yaml, &issues);
    ASSERT_FALSE(issues.has_errors()) << issues.Take()[0].DebugString();
    LintRuleSet(parsed, {}, &issues);
    const RuleSet& set = *parsed.rule_set;
    std::vector<cel::Checked> conditions;
    for (const auto& rule : set.rules) {
      cel::Diagnostics ignored;
      conditions.push_back(
          cel::CheckCondition(rule.source, set.environment, &ignored));
    }
    auto outcomes = Outcomes(conditions, set.environment, cases);
    for (size_t i = 0; i < outcomes.size(); ++i) {
      for (size_t c = 0; c < cases.size(); ++c) {
        const v1::Event event = cases[c].movement.event();
        // Neither true nor false: the rule is not asked.
        if (!set.rules[i].AppliesTo(event)) outcomes[i][c] = 0;
      }
    }
    for (const v1::Issue& issue : issues.Take()) {
      ++reports[issue.code()];
      if (issue.rule().empty()) continue;
      const std::string& mine = outcomes[std::stoi(issue.rule())];
      if (issue.code() == "NEVER_FIRES") {
        ASSERT_EQ(mine.find(2), std::string::npos) << issue.DebugString();
      } else if (issue.code() == "ALWAYS_FIRES") {
        ASSERT_EQ(mine.find(1), std::string::npos) << issue.DebugString();
      } else if (issue.code() == "CONTAINED_RULE" ||
                 issue.code() == "DUPLICATE_CONDITION") {
        const std::string& message = issue.message();
        const std::string& other =
            outcomes[std::stoi(message.substr(message.find("rule ") + 5))];
        for (size_t c = 0; c < cases.size(); ++c) {
          if (mine[c] != 2) continue;
          ASSERT_EQ(other[c], 2) << issue.DebugString();
        }
      }
    }
  }
  EXPECT_GT(reports["NEVER_FIRES"], 10);
  EXPECT_GT(reports["ALWAYS_FIRES"], 5);
  EXPECT_GT(reports["CONTAINED_RULE"], 100);
  EXPECT_GT(reports["DUPLICATE_CONDITION"], 50);
}

// ---- Cost. ----

std::string ManyRules(size_t count) {
  std::mt19937_64 random(kSeed);
  const auto below = [&](uint64_t n) { return random() % n; };
  std::string yaml(kHead);
  for (size_t i = 0; i < count; ++i) {
    const std::string port = absl::StrCat("NL", below(4000));
    std::string when;
    switch (i % 4) {
      case 0:
        when = absl::StrCat("movement.location.locode == '", port,
                            "' && movement.weights.vgm_kg > ", below(30000),
                            " && movement.haulier.id == 'H", below(9000), "'");
        break;
      case 1:
        when = absl::StrCat("movement.consignment.loading_locode in ['", port,
                            "', 'X", below(4000),
                            "'] && (movement.haulier.id "
                            "== 'H",
                            below(9000),
                            "' || container.weight_change"
                            " > 0.",
                            below(99), ")");
        break;
      case 2:
        when = absl::StrCat("movement.consignment.commodity.startsWith('",
                            below(9999), "') && container.leg_in.elapsed_h < ",
                            below(500), ".5");
        break;
      default:
        when = absl::StrCat("container.weight_change > ", below(900000),
                            ".25 && movement.weights.vgm_kg < ", below(30000));
    }
    absl::StrAppend(&yaml,
                    Rule(absl::StrCat("r", i), when,
                         i % 3 == 0 ? "applies_to: [GATE_OUT, LOAD]" : ""));
  }
  return yaml;
}

// Of the processor: what else runs on the machine does not count.
double Seconds(std::clock_t since) {
  return static_cast<double>(std::clock() - since) / CLOCKS_PER_SEC;
}

TEST(LintCost, IsSmallBesideReadingTheRules) {
  const std::string yaml = ManyRules(kRulesPerSetMax);
  Issues issues(yaml, "f");
  std::clock_t begin = std::clock();
  const ParsedRuleSet parsed = ParseRuleSet(yaml, &issues);
  const double reading = Seconds(begin);
  ASSERT_FALSE(issues.has_errors());
  begin = std::clock();
  LintRuleSet(parsed, {}, &issues);
  const double linting = Seconds(begin);
  std::cout << kRulesPerSetMax << " rules: reading " << reading
            << " s, linting " << linting << " s\n";
  // Budget 0.5 s; machines differ, so it is held against the reading.
  EXPECT_LT(linting, reading / 4);
}

}  // namespace
}  // namespace portrisk::scoring
