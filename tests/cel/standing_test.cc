// What changes without compiling: lists, shares, overrides; and what layers do
// to one another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "scoring/decision.h"
#include "scoring/programme.h"
#include "scoring/rule_set_diff.h"

namespace portrisk::scoring {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kNow = 1'780'000'000;  // 2026-05-28

std::string Document(absl::string_view name, absl::string_view layer,
                     absl::string_view head, absl::string_view rules) {
  return absl::StrCat("rule_set: ", name, "\nlayer: ", layer, "\nowner: EU\n",
                      head, "rules:\n", rules);
}

std::string RuleText(absl::string_view id, absl::string_view lines) {
  return absl::StrCat("  - id: ", id, "\n    title: {en: T, es: T, pt: T}\n",
                      "    explain: {en: E, es: E, pt: E}\n", lines);
}

std::string Box(absl::string_view more = "") {
  return RuleText("box", absl::StrCat("    when: movement.container.number == "
                                      "'MSKU1234565'\n    score: 200\n"
                                      "    lane_at_least: ORANGE\n"
                                      "    control: SCAN_IMAGE\n",
                                      more));
}

// A rule that does not come into it.
std::string Quiet() {
  return RuleText("never", "    when: movement.id == 'x'\n    score: 1\n");
}

std::vector<std::string> CodesOf(absl::string_view yaml) {
  std::vector<std::string> codes;
  for (const v1::Issue& issue : CheckRuleSet(yaml, "t.yaml").issues) {
    if (issue.severity() == v1::ERROR) codes.push_back(issue.code());
  }
  return codes;
}

Programme::Member Member(uint64_t revision, const std::string& yaml) {
  CheckResult checked = CheckRuleSet(yaml, "t.yaml");
  for (const v1::Issue& issue : checked.issues) {
    if (issue.severity() == v1::ERROR) ADD_FAILURE() << issue.message();
  }
  return {revision, checked.rule_set};
}

std::shared_ptr<const Programme> Compile(
    std::vector<Programme::Member> members) {
  auto programme = Programme::Compile(std::move(members));
  EXPECT_TRUE(programme.ok()) << programme.status();
  return programme.ok() ? *programme : nullptr;
}

v1::Assessment Evaluate(const Programme& programme, uint32_t bucket = 0,
                        int64_t now = kNow) {
  v1::Movement movement;
  movement.set_event(v1::GATE_IN);
  movement.mutable_container()->set_number("MSKU1234565");
  if (now != 0) movement.mutable_occurrence_time()->set_seconds(now);
  v1::ContainerView container;
  v1::RightView right;
  EvalScratch scratch;
  v1::Assessment assessment;
  assessment.mutable_unit()->set_rollout_ppm(bucket);
  assessment.mutable_unit()->set_draw_ppm(999'999);
  programme.Evaluate({&movement, &container, &right}, &scratch, &assessment);
  Decide(programme, SelectionProfile(), &assessment);
  return assessment;
}

Programme::List List(uint64_t version, const std::string& entry,
                     int64_t until = cel::EntrySet::kForever) {
  cel::EntrySetBuilder builder("watched", cel::EntryType::kContainerNumber, 1,
                               0);
  builder.Add(entry, until);
  return {"watched", version, builder.Build()};
}

std::string Listed() {
  return Document(
      "l", "port",
      "lists:\n  boxes: {type: container_number, source: watched}\n",
      RuleText(
          "box",
          "    when: movement.container.number in boxes\n    score: 100\n"));
}

TEST(Standing, AListIsSwappedWithoutCompilingAndNamedWithItsVersion) {
  const auto programme = Compile({Member(1, Listed())});
  const v1::Assessment before = Evaluate(*programme);
  ASSERT_THAT(before.not_evaluated(), SizeIs(1));
  EXPECT_EQ(before.not_evaluated(0).missing_field(), "watched");
  EXPECT_THAT(before.lists(), IsEmpty());
  const auto one = programme->With({{List(1, "MSKU1234565")}, {}, {}});
  const v1::Assessment hit = Evaluate(*one);
  ASSERT_THAT(hit.hits(), SizeIs(1));
  ASSERT_THAT(hit.lists(), SizeIs(1));
  EXPECT_EQ(hit.lists(0).version(), 1u);
  const auto two = one->With({{List(2, "TCLU4265783")}, {}, {}});
  EXPECT_THAT(Evaluate(*two).hits(), IsEmpty());
  EXPECT_EQ(Evaluate(*two).lists(0).version(), 2u);
  // A list of another type is not the one that was meant.
  Programme::List other = List(3, "MSKU1234565");
  other.entries = std::make_shared<cel::EntrySet>(
      "watched", cel::EntryType::kText, std::vector<std::string>{"X"});
  EXPECT_THAT(Evaluate(*one->With({{other}, {}, {}})).not_evaluated(),
              SizeIs(1));
}

TEST(Standing, AnEntryEndsWithTheMovementsTimeNotTheClocks) {
  const auto programme = Compile({Member(1, Listed())})
                             ->With({{List(1, "MSKU1234565", kNow)}, {}, {}});
  EXPECT_THAT(Evaluate(*programme, 0, kNow - 1).hits(), SizeIs(1));
  EXPECT_THAT(Evaluate(*programme, 0, kNow).hits(), IsEmpty());
  const v1::Assessment timeless = Evaluate(*programme, 0, 0);
  ASSERT_THAT(timeless.not_evaluated(), SizeIs(1));
  EXPECT_EQ(timeless.not_evaluated(0).missing_field(),
            "movement.occurrence_time");
}

TEST(Standing, ATestGivesTheEntriesOfALoadedList) {
  const std::string tests = R"(    tests:
      - given: {movement: {container: {number: MSKU1234565}}}
        expect: unknown
      - given: {movement: {container: {number: MSKU1234565}},
                lists: {boxes: ["msku 123456-5"]}}
        expect: hit
      - given: {movement: {container: {number: MSKU1234565}},
                lists: {boxes: []}}
        expect: miss
)";
  const CheckResult checked = CheckRuleSet(Listed() + tests, "t.yaml");
  EXPECT_NE(checked.rule_set, nullptr);
  ASSERT_EQ(checked.tests.size(), 3u);
  for (const auto& test : checked.tests) {
    EXPECT_TRUE(test.passed()) << test.detail();
  }
  EXPECT_THAT(
      CodesOf(Listed() + absl::StrReplaceAll(tests, {{"boxes:", "no:"}})),
      testing::Contains("BAD_VALUE"));
}

TEST(Standing, ListsOfNationalityAreRefused) {
  const std::string rules = Box();
  EXPECT_THAT(
      CodesOf(Document("n", "port",
                       "lists: {crew_nationality: {type: text, source: x}}\n",
                       rules)),
      ElementsAre("NATIONALITY"));
  EXPECT_THAT(
      CodesOf(Document("n", "port",
                       "lists: {a: {type: text, source: Driver.Citizenship}}\n",
                       rules)),
      ElementsAre("NATIONALITY"));
  EXPECT_THAT(CodesOf(Document("n", "port",
                               "lists: {national: {type: text, source: x, "
                               "entries: [A]}}\n",
                               rules)),
              ElementsAre("BAD_VALUE"))
      << "both entries and a source";
}

constexpr char kSuppressing[] = R"(suppressions:
  - {rule_set: c, rule: box, reason: known shuttle, until: 2026-05-28}
)";

// A rule, and who suppresses it.
std::pair<Programme::Member, Programme::Member> Suppressed() {
  return {
      Member(1, Document("c", "common", "", Box("    suppressible: true\n"))),
      Member(2, Document("p", "port", kSuppressing, Quiet()))};
}

TEST(Suppression, TakesPointsLaneAndControlAndIsSeen) {
  const auto [common, port] = Suppressed();
  const auto programme = Compile({common, port});
  const v1::Assessment a = Evaluate(*programme);
  ASSERT_THAT(a.hits(), SizeIs(1));
  EXPECT_EQ(a.score(), 0);
  EXPECT_EQ(a.lane(), v1::GREEN);
  EXPECT_EQ(a.control(), v1::NO_CONTROL);
  ASSERT_THAT(a.hits(0).suppressed_by(), SizeIs(1));
  EXPECT_EQ(a.hits(0).suppressed_by(0).rule_set(), "p");
  EXPECT_EQ(a.hits(0).suppressed_by(0).revision(), 2u);
  EXPECT_EQ(a.hits(0).suppressed_by(0).reason(), "known shuttle");
  // After its last day, and for a movement whose time is not known.
  EXPECT_EQ(Evaluate(*programme, 0, kNow + 86400).lane(), v1::ORANGE);
  EXPECT_EQ(Evaluate(*programme, 0, 0).lane(), v1::ORANGE);
  EXPECT_THAT(CheckSuppressions(port, {common, port}), IsEmpty());
}

TEST(Suppression, HasNoEffectWhereItIsNotAllowedAndActivationSaysSo) {
  const auto strict = Member(1, Document("c", "common", "", Box()));
  const auto same_layer =
      Member(1, Document("c", "port", "", Box("    suppressible: true\n")));
  const auto port = Member(2, Document("p", "port", kSuppressing, Quiet()));
  for (const Programme::Member& target : {strict, same_layer}) {
    EXPECT_EQ(Evaluate(*Compile({target, port})).lane(), v1::ORANGE);
    EXPECT_THAT(CheckSuppressions(port, {target, port}), SizeIs(1));
  }
  EXPECT_THAT(CheckSuppressions(port, {port}),
              ElementsAre(HasSubstr("in no revision in force")));
}

TEST(Suppression, HoldsOnlyWhereItsConditionIsKnownToHold) {
  const auto common =
      Member(1, Document("c", "common", "", Box("    suppressible: true\n")));
  const std::string head = absl::StrReplaceAll(
      kSuppressing, {{"}", ", when: \"movement.haulier.id == 'H1'\"}"}});
  const auto port = Member(2, Document("p", "port", head, Quiet()));
  EXPECT_EQ(Evaluate(*Compile({common, port})).lane(), v1::ORANGE)
      << "the haulier is unknown";
}

TEST(Suppression, MistakesOfTheDocumentAreIssues) {
  const std::string rules = Box();
  EXPECT_THAT(
      CodesOf(Document("p", "port", "suppressions: [{rule_set: c, rule: r}]\n",
                       rules)),
      ElementsAre("MISSING_KEY", "MISSING_KEY"));
  EXPECT_THAT(CodesOf(Document("c2", "common", kSuppressing, rules)),
              ElementsAre("BAD_SUPPRESSION"));
  EXPECT_THAT(CodesOf(Document("c", "port", kSuppressing, rules)),
              ElementsAre("BAD_SUPPRESSION"));
  EXPECT_THAT(CodesOf(Document("p", "port", "",
                               Box("    breaker: {share: 5, window: 3}\n"))),
              ElementsAre("BAD_VALUE", "BAD_VALUE"));
}

// Each names its own lists and caps, and has its own suppressions.
TEST(Standing, CompiledTogetherIsAsByItself) {
  const auto [common, port] = Suppressed();
  const std::vector<std::vector<Programme::Member>> all = {
      {common},
      {common, port},
      {Member(3, Listed())},
      {common, Member(3, Listed())}};
  const auto together = Programme::CompileTogether(all);
  ASSERT_TRUE(together.ok()) << together.status();
  const Programme::Standing standing{{List(1, "MSKU1234565")}, {}, {}};
  v1::Movement movement;
  movement.set_event(v1::GATE_IN);
  movement.mutable_container()->set_number("MSKU1234565");
  movement.mutable_occurrence_time()->set_seconds(kNow);
  EvalScratch shared;
  std::vector<std::shared_ptr<const Programme>> programmes;
  for (const auto& one : *together) programmes.push_back(one->With(standing));
  for (size_t i = 0; i < all.size(); ++i) {
    v1::Assessment alone;
    EvalScratch scratch;
    (*Programme::Compile(all[i]))
        ->With(standing)
        ->Evaluate({&movement}, &scratch, &alone);
    v1::Assessment also;
    if (i == 0) {
      programmes[i]->Evaluate({&movement}, &shared, &also);
    } else {
      programmes[i]->EvaluateAlso({&movement}, &shared, &also);
    }
    EXPECT_THAT(also.hits(), SizeIs(i == 3 ? 2 : 1));
    EXPECT_EQ(also.DebugString(), alone.DebugString()) << i;
  }
}

TEST(Standing, TwoRevisionsShareTheUnits) {
  auto before = Member(1, Document("s", "port", "categories: {k: 50}\n",
                                   Box("    category: k\n")));
  auto after = Member(2, Document("s", "port", "categories: {k: 90}\n",
                                  Box("    category: k\n")));
  EXPECT_FALSE(Programme::Compile({before, after}).ok());
  before.units_begin = 100'000;
  after.units_end = 100'000;
  const auto programme = Compile({before, after});
  const auto judged_by = [](const v1::Assessment& a) {
    EXPECT_EQ(a.revisions_size(), 1);
    EXPECT_EQ(a.hits_size(), 1);
    EXPECT_EQ(a.hits(0).revision(), a.revisions(0).revision());
    return a.revisions(0).revision();
  };
  EXPECT_EQ(judged_by(Evaluate(*programme, 99'999)), 2u);
  EXPECT_EQ(judged_by(Evaluate(*programme, 100'000)), 1u);
  EXPECT_EQ(Evaluate(*programme, 99'999).score(), 90);
  EXPECT_EQ(Evaluate(*programme, 100'000).score(), 50);
  const auto wider = programme->With(
      {{}, {}, {{2, 0, 500'000}, {1, 500'000, Programme::kAllUnits}}});
  EXPECT_EQ(judged_by(Evaluate(*wider, 400'000)), 2u);
}

TEST(Standing, ShadowRevisionsAndTrippedRulesAddNothing) {
  auto shadow = Member(2, Document("s", "port", "", Box()));
  shadow.shadow = true;
  const auto active = Member(1, Document("s", "port", "", Box()));
  const v1::Assessment both = Evaluate(*Compile({active, shadow}));
  EXPECT_EQ(both.score(), 200);
  EXPECT_THAT(both.hits(), SizeIs(2));
  EXPECT_TRUE(both.revisions(1).shadow());
  const auto tripped = Compile({active})->With({{}, {{1, "box"}}, {}});
  const v1::Assessment a = Evaluate(*tripped);
  ASSERT_THAT(a.hits(), SizeIs(1));
  EXPECT_TRUE(a.hits(0).shadow());
  EXPECT_EQ(a.score(), 0);
  EXPECT_EQ(Evaluate(*tripped->With({})).score(), 200);
}

TEST(Rollout, BucketsAreEvenAndIndependentOfTheDraw) {
  DrawKey key{"k", {}};
  key.key.fill(7);
  int below = 0, drawn = 0, both = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string unit = absl::StrCat("MSKU", i, "@NLRTM/ECT#1");
    const bool in_share = RolloutPpm(key, unit) < 100'000;
    const bool in_draw = DrawPpm(key, unit) < 100'000;
    below += in_share;
    drawn += in_draw;
    both += in_share && in_draw;
  }
  EXPECT_NEAR(below, 2'000, 200);
  EXPECT_NEAR(drawn, 2'000, 200);
  EXPECT_NEAR(both, 200, 60);
}

TEST(Diff, ShowsWhatChangedRuleByRule) {
  const std::string before = Document(
      "s", "port", "",
      RuleText("a", "    when: movement.id == 'x'\n    score: 100\n") +
          RuleText("b", "    when: movement.id == 'y'\n    score: 1\n") +
          RuleText("same", "    when: movement.id == 'z'\n    score: 1\n"));
  const std::string after = Document(
      "s", "national", "",
      RuleText("a",
               "    score: 150\n    when: >\n      movement.id == 'x'\n"
               "    suppressible: true\n") +
          RuleText("same",
                   "    when: movement.id == 'z'  # no\n    score: 1\n") +
          RuleText("c", "    when: movement.id == 'y'\n    score: 1\n"));
  const v1::DiffRevisionsResponse diff = DiffRuleSets(before, after);
  ASSERT_EQ(diff.fields_size(), 1);
  EXPECT_EQ(diff.fields(0).after(), "national");
  ASSERT_EQ(diff.rules_size(), 3);
  EXPECT_EQ(diff.rules(0).rule(), "a");
  ASSERT_EQ(diff.rules(0).fields_size(), 2) << diff.DebugString();
  EXPECT_EQ(diff.rules(0).fields(0).before(), "100");
  EXPECT_EQ(diff.rules(0).fields(0).after(), "150");
  EXPECT_EQ(diff.rules(0).fields(1).field(), "suppressible");
  EXPECT_TRUE(diff.rules(1).removed());
  EXPECT_TRUE(diff.rules(2).added());
  EXPECT_EQ(diff.unchanged_rules(), 1u);
}

}  // namespace
}  // namespace portrisk::scoring
