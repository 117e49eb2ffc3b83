// Aggregates in rule sets: how they are declared, read, shared and shown. Their
// values are tried in tests/scoring.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "portrisk/v1/rule_service.pb.h"
#include "scoring/aggregate_length.h"
#include "scoring/aggregate_plan.h"
#include "scoring/aggregate_view.h"
#include "scoring/explain.h"
#include "scoring/programme.h"

namespace portrisk::scoring {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr absl::string_view kGood = R"(rule_set: test.set
layer: port
owner: NL
lists:
  ports: {type: locode, entries: [NLRTM, BEANR]}
  loaded: {type: locode, source: watched-ports}
aggregates:
  lookups:
    key: movement.pickup_right.actor.account
    where: movement.event == PICKUP_RIGHT_QUERIED
    distinct: movement.container.number
    window: 1h
rules:
  - id: burst
    title: {en: T, es: T, pt: T}
    explain: {en: "{lookups} boxes, {lookups_count} times", es: E, pt: E}
    when: lookups > 3
    score: 100
    tests:
      - {given: {aggregates: {lookups: 4}}, expect: hit}
      - {given: {aggregates: {lookups: 3, lookups_count: 9}}, expect: miss}
      - {given: {movement: {event: GATE_OUT}}, expect: unknown}
)";

std::string Replaced(absl::string_view from, absl::string_view to) {
  EXPECT_THAT(std::string(kGood), HasSubstr(std::string(from)));
  return absl::StrReplaceAll(kGood, {{from, to}});
}

// "BAD_VALUE 12:13 message [suggestion]" of every issue.
std::vector<std::string> IssuesOf(const std::string& yaml) {
  std::vector<std::string> lines;
  for (const v1::Issue& issue : CheckRuleSet(yaml, "f").issues) {
    lines.push_back(absl::StrCat(issue.code(), " ", issue.line(), ":",
                                 issue.column(), " ", issue.message(), " [",
                                 issue.suggestion(), "]"));
  }
  return lines;
}

std::shared_ptr<const Programme> ProgrammeOf(
    const std::vector<std::string>& documents) {
  std::vector<Programme::Member> members;
  for (const std::string& yaml : documents) {
    const CheckResult checked = CheckRuleSet(yaml, "f");
    EXPECT_NE(checked.rule_set, nullptr) << yaml;
    if (checked.rule_set == nullptr) return nullptr;
    members.push_back(
        {members.size() + 1, checked.rule_set, members.size() > 0});
  }
  return *Programme::Compile(std::move(members));
}

TEST(AggregateRules, AGoodDeclarationHasNoIssueAndItsTestsRun) {
  EXPECT_THAT(IssuesOf(std::string(kGood)), IsEmpty());
  const CheckResult checked = CheckRuleSet(kGood, "f");
  ASSERT_EQ(checked.tests.size(), 3);
  EXPECT_THAT(checked.tests[2].detail(), HasSubstr("lookups is missing"));
}

TEST(AggregateRules, MistakesAreShownWhereTheyStand) {
  const struct {
    const char* from;
    const char* to;
    const char* issue;
  } kCases[] = {
      {"distinct: movement.c", "distnct: movement.c",
       "UNKNOWN_KEY 11:5 an aggregate has no key distnct [distinct]"},
      {"    window: 1h", "    window: 30s",
       "BAD_VALUE 12:13 window is a length of time from 1m to 1827d, in s, m, "
       "h, d or y [window: 1h]"},
      {"    window: 1h", "    window: 6y",
       "BAD_VALUE 12:13 window is a length of time from 1m to 1827d"},
      {"    window: 1h", "    window: 1 hour", "BAD_VALUE 12:13 window is"},
      {"    window: 1h", "    window: 1d\n    resolution: 1m",
       "BAD_AGGREGATE 13:17 the window would have 1440 buckets, of at most 64 "
       "[resolution: 30m]"},
      {"    window: 1h", "    window: 1h\n    resolution: 2h",
       "BAD_VALUE 13:17 resolution is a length of time from 1s to 1h"},
      {"    window: 1h", "    window: 1h\n    half_life: 1h",
       "BAD_AGGREGATE 13:16 only count, sum and mean can decay"},
      {"    window: 1h", "    window: 1h\n    count: true",
       "BAD_VALUE 9:5 an aggregate has exactly one of count, sum"},
      {"    window: 1h", "    window: 1h\n    q: 0.5",
       "BAD_VALUE 13:8 only a quantile has q"},
      {"    window: 1h\n", "", "MISSING_KEY 9:5 an aggregate needs window"},
      {"    key: movement.pickup_right.actor.account\n", "",
       "MISSING_KEY 9:5 an aggregate needs key"},
      {"    distinct: movement.container.number\n", "",
       "MISSING_KEY 9:5 an aggregate has exactly one of"},
      {"right.actor.account", "right.actor.acount",
       "UNKNOWN_FIELD 9:38 Party has no field acount [account]"},
      {"key: movement.pickup_right.actor.account",
       "key: movement.location.latitude", "TYPE_MISMATCH 9:10 a key is"},
      {"key: movement.pickup_right.actor.account", "key: []",
       "BAD_VALUE 9:10 a key has 1 to 4 parts"},
      {"where: movement.event == PICKUP_RIGHT_QUERIED",
       "where: movement.container.number",
       "TYPE_MISMATCH 10:12 a condition is true or false"},
      {"where: movement.event == PICKUP_RIGHT_QUERIED",
       "where: true && container.events_known > 3",
       "BAD_AGGREGATE 10:20 an aggregate reads only what is fixed with the "
       "movement"},
      {"where: movement.event == PICKUP_RIGHT_QUERIED",
       "where: has(right.holder)", "BAD_AGGREGATE 10:"},
      {"where: movement.event == PICKUP_RIGHT_QUERIED",
       "where: movement.location.locode in loaded",
       "BAD_AGGREGATE 10:40 an aggregate reads only"},
      {"distinct: movement.container.number", "sum: movement.container.number",
       "TYPE_MISMATCH 11:10 sum takes a number or a duration, this is string"},
      {"distinct: movement.container.number", "last: movement.haulier.name",
       "BAD_AGGREGATE 11:11 what is remembered holds no names of parties [use "
       "the id"},
      {"distinct: movement.container.number",
       "quantile: movement.weights.vgm_kg",
       "MISSING_KEY 9:5 an aggregate "
       "needs q"},
      {"distinct: movement.container.number",
       "quantile: movement.weights.vgm_kg\n    q: 1.5", "BAD_VALUE 12:8 q is"},
      {"  lookups:\n", "  movement:\n",
       "BAD_VALUE 8:3 movement already has a meaning [my_movement]"},
      {"  lookups:\n", "  ports:\n", "BAD_VALUE 8:3 ports already has"},
      {"  lookups:\n", "  GATE_OUT:\n", "BAD_VALUE 8:3 GATE_OUT already has"},
      {"  lookups:\n", "  1st:\n", "BAD_VALUE 8:3 an aggregate's name"},
      {"  lookups:\n", "  lookups.x:\n", "BAD_VALUE 8:3 an aggregate's name"},
      {"aggregates:\n",
       "aggregates:\n  lookups_count: {key: movement.id, count: true, window: "
       "1h}\n",
       "BAD_VALUE 9:3 lookups_count already has a meaning, and this one would "
       "bring it too"},
      {"when: lookups > 3", "when: lokups > 3",
       "UNKNOWN_NAME 17:11 nothing is called lokups [lookups]"},
      {"when: lookups > 3", "when: lookups == 'x'", "TYPE_MISMATCH 17:19"},
      {"when: lookups > 3", "when: size([aggregates]) > 3",
       "TYPE_MISMATCH 17:17 aggregates can be read one by one only"},
      {"{lookups: 4}", "{lokups: 4}", "UNKNOWN_FIELD 20:31"},
      {"{lookups: 4}", "{lookups: many}", "BAD_VALUE 20:40"},
      {"when: lookups > 3\n", "when: movement.event == GATE_OUT\n", nullptr},
  };
  for (const auto& one : kCases) {
    const std::vector<std::string> issues =
        IssuesOf(Replaced(one.from, one.to));
    if (one.issue == nullptr) continue;
    EXPECT_THAT(issues, testing::Contains(testing::StartsWith(one.issue)))
        << one.to << "\n"
        << testing::PrintToString(issues);
  }
}

TEST(AggregateRules, ACountOfAConditionIsAWarning) {
  const auto of = [](const std::string& function) {
    std::vector<std::string> issues = IssuesOf(absl::StrReplaceAll(
        kGood, {{"aggregates:\n", absl::StrCat("aggregates:\n  idle: {key: "
                                               "movement.id, window: 1h, ",
                                               function, "}\n")}}));
    issues.erase(issues.begin());  // Nothing reads it.
    return issues;
  };
  EXPECT_THAT(of("count: false"),
              ElementsAre("COUNTS_FALSE 8:47 count counts this where it is "
                          "false, too [write the condition as where, and "
                          "count: true]"));
  EXPECT_THAT(of("time_since: movement.event == GATE_IN"),
              ElementsAre(testing::StartsWith("COUNTS_FALSE")));
  EXPECT_THAT(of("count: true"), ElementsAre());
  EXPECT_THAT(of("count: movement.haulier.id"), ElementsAre());
  EXPECT_THAT(of("distinct: movement.event == GATE_IN"), ElementsAre());
}

TEST(AggregateRules, OneThatNothingReadsIsAWarningAndNotCounted) {
  const std::string yaml = absl::StrReplaceAll(
      kGood, {{"aggregates:\n",
               "aggregates:\n  idle: {key: movement.id, count: true, window: "
               "1h}\n"}});
  EXPECT_THAT(IssuesOf(yaml),
              ElementsAre("UNUSED_AGGREGATE 8:3 no rule reads idle, so nothing "
                          "is counted for it [read it in a rule, or leave it "
                          "out]"));
  EXPECT_EQ(ProgrammeOf({yaml})->aggregates().shapes().size(), 1);
}

TEST(AggregateRules, LengthsAreReadInEveryUnit) {
  int64_t seconds = 0;
  for (const auto& [text, expected] :
       {std::make_pair("30s", 30), std::make_pair("90m", 5400),
        std::make_pair("36h", 129600), std::make_pair("180d", 15552000),
        std::make_pair("5y", 157680000)}) {
    EXPECT_TRUE(ParseLength(text, &seconds)) << text;
    EXPECT_EQ(seconds, expected) << text;
  }
  for (const char* text : {"", "h", "1", "0h", "-1h", "+1h", " 1h", "1.5h",
                           "1w", "1h ", "99999999999d"}) {
    EXPECT_FALSE(ParseLength(text, &seconds)) << text;
  }
  EXPECT_EQ(FormatLength(5400), "90m");
  EXPECT_EQ(FormatLength(86400), "1d");
}

// The identity is the content: what is written otherwise and means the same by
// its tokens is one, whatever it is called and wherever it stands.
TEST(AggregateRules, EqualOnesShareAStateAndChangedOnesAreNew) {
  const auto plan_of = [](const std::vector<std::string>& documents) {
    return ProgrammeOf(documents);
  };
  const auto base = plan_of({std::string(kGood)});
  const uint64_t id = base->aggregates().shapes()[0].id;
  const uint64_t group = base->aggregates().groups()[0].id;
  const std::string spaced = absl::StrReplaceAll(
      kGood, {{"lookups", "seen"},
              {"test.set", "test.other"},
              {"where: movement.event == PICKUP_RIGHT_QUERIED",
               "where: |\n      movement.event== // asked for\n"
               "        PICKUP_RIGHT_QUERIED"}});
  const auto both = plan_of({std::string(kGood), spaced});
  ASSERT_EQ(both->aggregates().shapes().size(), 1);
  EXPECT_EQ(both->aggregates().shapes()[0].id, id);
  for (const auto& [from, to] :
       {std::make_pair("window: 1h", "window: 2h"),
        std::make_pair("window: 1h", "window: 1h\n    resolution: 2m"),
        std::make_pair("== PICKUP_RIGHT_QUERIED", "== PICKUP_RIGHT_ISSUED"),
        std::make_pair("distinct: movement.c", "count: movement.c"),
        std::make_pair("distinct: movement.container.number",
                       "distinct: movement.container.type_code")}) {
    const auto changed = plan_of({Replaced(from, to)});
    EXPECT_NE(changed->aggregates().shapes()[0].id, id) << to;
    EXPECT_EQ(changed->aggregates().groups()[0].id, group) << to;
  }
  const auto other_key =
      plan_of({Replaced("actor.account\n", "actor.device\n")});
  EXPECT_NE(other_key->aggregates().groups()[0].id, group);
  // The entries of a list are part of what a condition says.
  const auto with_list = [&](const char* entries) {
    return plan_of(
        {absl::StrReplaceAll(kGood, {{"movement.event == PICKUP_RIGHT_QUERIED",
                                      "movement.location.locode in ports"},
                                     {"[NLRTM, BEANR]", entries}})});
  };
  const auto listed = with_list("[NLRTM, BEANR]");
  EXPECT_EQ(with_list("[BEANR, NLRTM]")->aggregates().shapes()[0].id,
            listed->aggregates().shapes()[0].id);
  EXPECT_NE(with_list("[BEANR]")->aggregates().shapes()[0].id,
            listed->aggregates().shapes()[0].id);
}

v1::Movement LookUp(int box, int64_t seconds) {
  v1::Movement m;
  m.set_event(v1::PICKUP_RIGHT_QUERIED);
  m.mutable_occurrence_time()->set_seconds(seconds);
  m.mutable_container()->set_number(absl::StrCat("MSKU", box));
  m.mutable_pickup_right()->mutable_actor()->set_account("account-1");
  return m;
}

// A state of `boxes` look-ups in the hour before, and what reads it.
struct Desk {
  explicit Desk(const Programme& programme) : programme(programme) {}

  void Fold(const v1::Movement& m) {
    const AggregatePlan& plan = programme.aggregates();
    input.Begin(plan, m);
    std::vector<AggregateContribution> all;
    input.Contributions(++movement_key, &all);
    for (const auto& one : all) {
      FoldAggregate(plan.shapes()[one.aggregate], one, &state);
    }
  }

  v1::Assessment Evaluate(const v1::Movement& m) {
    groups.clear();
    const AggregatePlan& plan = programme.aggregates();
    input.Begin(plan, m);
    std::string key;
    for (uint32_t group = 0; group < plan.groups().size(); ++group) {
      groups.push_back({input.KeyOf(group, &key), &state});
    }
    view.Begin(plan, m, groups);
    v1::Assessment out;
    EvalScratch scratch;
    Scope scope{&m, &container, &right};
    scope.aggregates = &view;
    programme.Evaluate(scope, &scratch, &out);
    return out;
  }

  const Programme& programme;
  v1::ContainerView container;
  v1::RightView right;
  AggregateInput input;
  AggregateView view;
  v1::AggregateState state;
  std::vector<AggregateGroupState> groups;
  uint64_t movement_key = 0;
};

TEST(AggregateRules, AreReadShownAndExplained) {
  const CheckResult checked = CheckRuleSet(kGood, "f");
  const auto programme = *Programme::Compile({{1, checked.rule_set}});
  Desk desk(*programme);
  const v1::Movement now = LookUp(0, 1'700'000'000);
  v1::Assessment out = desk.Evaluate(now);
  EXPECT_EQ(out.hits_size(), 0);
  EXPECT_EQ(out.not_evaluated_size(), 0);  // Nothing counted is zero.
  for (int i = 0; i < 5; ++i) desk.Fold(LookUp(i % 4, 1'699'999'000 + i));
  out = desk.Evaluate(now);
  ASSERT_EQ(out.hits_size(), 1);
  const v1::Hit& hit = out.hits(0);
  ASSERT_EQ(hit.evidence_size(), 2);
  EXPECT_EQ(hit.evidence(0).field(), "lookups");
  EXPECT_EQ(hit.evidence(0).value(), "4");
  EXPECT_FALSE(hit.evidence(0).approximate());
  EXPECT_EQ(hit.evidence(1).field(), "lookups_count");
  EXPECT_EQ(hit.evidence(1).value(), "5");
  v1::Hit shown = hit;
  ExplainHit(*checked.rule_set, "en", &shown);
  EXPECT_EQ(shown.explanation(), "4 boxes, 5 times");

  v1::ExplainResponse why;
  Scope scope{&now, &desk.container, &desk.right};
  scope.aggregates = &desk.view;
  ASSERT_TRUE(ExplainRule(*checked.rule_set, "burst", "en", scope, {}, &why));
  EXPECT_EQ(why.condition().truth(), v1::HOLDS);
  ASSERT_EQ(why.condition().parts_size(), 1);
  EXPECT_EQ(why.condition().parts(0).text(), "lookups");
  EXPECT_EQ(why.condition().parts(0).value(), "4");
}

TEST(AggregateRules, AnEstimateIsMarkedWhereverItIsShown) {
  const CheckResult checked = CheckRuleSet(kGood, "f");
  const auto programme = *Programme::Compile({{1, checked.rule_set}});
  Desk desk(*programme);
  for (int i = 0; i < 200; ++i) desk.Fold(LookUp(i, 1'699'999'000));
  const v1::Movement now = LookUp(0, 1'700'000'000);
  const v1::Assessment out = desk.Evaluate(now);
  ASSERT_EQ(out.hits_size(), 1);
  EXPECT_TRUE(out.hits(0).evidence(0).approximate());
  EXPECT_FALSE(out.hits(0).evidence(1).approximate());
  v1::Hit shown = out.hits(0);
  ExplainHit(*checked.rule_set, "en", &shown);
  EXPECT_EQ(
      shown.explanation(),
      absl::StrCat("≈ ", out.hits(0).evidence(0).value(), " boxes, 200 times"));
  v1::ExplainResponse why;
  Scope scope{&now, &desk.container, &desk.right};
  scope.aggregates = &desk.view;
  ASSERT_TRUE(ExplainRule(*checked.rule_set, "burst", "en", scope, {}, &why));
  EXPECT_THAT(why.condition().parts(0).value(), HasSubstr(" (estimated)"));
}

TEST(AggregateRules, WithoutAKeyOrAStateTheyAreUnknownByName) {
  const auto programme = ProgrammeOf({std::string(kGood)});
  Desk desk(*programme);
  v1::Movement nobody = LookUp(0, 1'700'000'000);
  nobody.mutable_pickup_right()->clear_actor();
  v1::Assessment out = desk.Evaluate(nobody);
  ASSERT_EQ(out.not_evaluated_size(), 1);
  EXPECT_EQ(out.not_evaluated(0).missing_field(), "lookups");
  // Nor where nobody has gathered anything.
  const v1::Movement now = LookUp(0, 1'700'000'000);
  EvalScratch scratch;
  v1::Assessment without;
  programme->Evaluate({&now, &desk.container, &desk.right}, &scratch, &without);
  ASSERT_EQ(without.not_evaluated_size(), 1);
  EXPECT_EQ(without.not_evaluated(0).missing_field(), "lookups");
  const CheckResult checked = CheckRuleSet(kGood, "f");
  v1::ExplainResponse why;
  ASSERT_TRUE(ExplainRule(*checked.rule_set, "burst", "en",
                          {&now, &desk.container, &desk.right}, {}, &why));
  EXPECT_EQ(why.condition().missing_field(), "lookups");
}

// Two sets, one name, two meanings; and has() and optionals by the long name.
TEST(AggregateRules, ANameMeansWhatItsOwnSetSays) {
  const std::string other = absl::StrReplaceAll(
      kGood,
      {{"test.set", "test.other"},
       {"distinct: movement.container.number", "count: true"},
       {"when: lookups > 3",
        "when: has(aggregates.lookups) && "
        "aggregates.?lookups.orValue(0) == 5 && aggregates.lookups == 5"},
       {"{lookups: 4}", "{lookups: 5}"},
       {"expect: unknown", "expect: miss"}});
  const auto programme = ProgrammeOf({std::string(kGood), other});
  ASSERT_NE(programme, nullptr);
  ASSERT_EQ(programme->aggregates().shapes().size(), 2);
  ASSERT_EQ(programme->aggregates().groups().size(), 1);
  Desk desk(*programme);
  for (int i = 0; i < 5; ++i) desk.Fold(LookUp(0, 1'699'999'000 + i));
  const v1::Assessment out = desk.Evaluate(LookUp(0, 1'700'000'000));
  ASSERT_EQ(out.hits_size(), 1);
  EXPECT_EQ(out.hits(0).rule_set(), "test.other");
}

TEST(AggregateRules, SuppressionsReadThemToo) {
  const std::string national = absl::StrReplaceAll(
      kGood, {{"layer: port", "layer: national"},
              {"    score: 100", "    score: 100\n    suppressible: true"}});
  const std::string port = R"(rule_set: test.port
layer: port
owner: NL
aggregates:
  all: {key: movement.pickup_right.actor.account, count: true, window: 1h}
suppressions:
  - {rule_set: test.set, rule: burst, reason: known desk, until: 2099-01-01,
     when: all > 5}
rules:
  - id: none
    title: {en: T, es: T, pt: T}
    explain: {en: E, es: E, pt: E}
    when: movement.id == 'x'
    score: 1
)";
  std::vector<Programme::Member> members;
  for (const std::string& yaml : {national, port}) {
    const CheckResult checked = CheckRuleSet(yaml, "f");
    ASSERT_NE(checked.rule_set, nullptr);
    members.push_back({members.size() + 1, checked.rule_set});
  }
  const auto programme = *Programme::Compile(std::move(members));
  Desk desk(*programme);
  for (int i = 0; i < 5; ++i) desk.Fold(LookUp(i, 1'699'999'000 + i));
  const v1::Movement now = LookUp(0, 1'700'000'000);
  EXPECT_EQ(desk.Evaluate(now).hits(0).suppressed_by_size(), 0);
  desk.Fold(LookUp(0, 1'699'999'900));
  EXPECT_EQ(desk.Evaluate(now).hits(0).suppressed_by_size(), 1);
}

}  // namespace
}  // namespace portrisk::scoring
