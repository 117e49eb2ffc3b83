// The programme from YAML to assessment.
#include "scoring/programme.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/scoring/allocation_count.h"

namespace portrisk::scoring {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::string_view kHead = R"(
rule_set: test.set
layer: common
owner: EU
categories: {timeline: 300, gate: 700}
lists:
  risky: {type: locode, entries: [ECGYE, BRSSZ]}
rules:
)";

// One rule with the lines given, and texts so that nothing warns.
std::string RuleText(absl::string_view id, absl::string_view lines) {
  return absl::StrCat("  - id: ", id, "\n", R"(    title: {en: T, es: T, pt: T}
    explain: {en: E, es: E, pt: E}
)",
                      lines);
}

std::shared_ptr<const RuleSet> Check(absl::string_view yaml) {
  CheckResult result = CheckRuleSet(yaml, "test.yaml");
  for (const v1::Issue& issue : result.issues) {
    if (issue.severity() == v1::ERROR) {
      ADD_FAILURE() << issue.ShortDebugString();
    }
  }
  return result.rule_set;
}

class World {
 public:
  explicit World(absl::string_view rules)
      : World(std::vector<std::string>{absl::StrCat(kHead, rules)}) {}
  explicit World(const std::vector<std::string>& documents) {
    std::vector<Programme::Member> members;
    for (const std::string& yaml : documents) {
      members.push_back({members.size() + 7, Check(yaml)});
      if (members.back().rule_set == nullptr) return;
    }
    auto compiled = Programme::Compile(std::move(members));
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    if (compiled.ok()) programme = *compiled;
  }

  v1::Assessment& Evaluate() {
    assessment.Clear();
    if (programme != nullptr) {
      programme->Evaluate({&movement, &container, &right}, &scratch,
                          &assessment);
    }
    return assessment;
  }

  std::shared_ptr<const Programme> programme;
  v1::Movement movement;
  v1::ContainerView container;
  v1::RightView right;
  EvalScratch scratch;
  v1::Assessment assessment;
};

TEST(Programme, HitCarriesWhatTheRuleSays) {
  World world(RuleText("r1", R"(    applies_to: [GATE_OUT]
    when: movement.haulier.id != right.nominated.id
    category: gate
    score: 600
    lane_at_least: RED
    control: HOLD_AND_INSPECT
)"));
  world.movement.set_event(v1::GATE_OUT);
  world.movement.mutable_haulier()->set_id("H1");
  world.right.mutable_nominated()->set_id("H2");
  const v1::Assessment& got = world.Evaluate();
  ASSERT_THAT(got.hits(), SizeIs(1));
  EXPECT_EQ(got.hits(0).ShortDebugString(),
            "rule_set: \"test.set\" rule: \"r1\" contribution: 600 "
            "category: \"gate\" lane_at_least: RED control: HOLD_AND_INSPECT "
            "evidence { field: \"movement.haulier.id\" value: \"H1\" } "
            "evidence { field: \"right.nominated.id\" value: \"H2\" } "
            "revision: 7");
  ASSERT_THAT(got.revisions(), SizeIs(1));
  EXPECT_EQ(got.revisions(0).ShortDebugString(),
            "rule_set: \"test.set\" revision: 7");
}

TEST(Programme, EqualValuesAreAMissAndSaidNothingOf) {
  World world(RuleText("r1", R"(    when: movement.haulier.id != "H1"
    score: 1
)"));
  world.movement.mutable_haulier()->set_id("H1");
  EXPECT_THAT(world.Evaluate().hits(), IsEmpty());
  EXPECT_THAT(world.Evaluate().not_evaluated(), IsEmpty());
}

TEST(Programme, MissingFieldIsNamedAndNotAMiss) {
  World world(
      RuleText("r1", R"(    when: movement.haulier.id != right.nominated.id
    score: 1
)"));
  world.movement.mutable_haulier()->set_id("H1");
  const v1::Assessment& got = world.Evaluate();
  EXPECT_THAT(got.hits(), IsEmpty());
  ASSERT_THAT(got.not_evaluated(), SizeIs(1));
  EXPECT_EQ(got.not_evaluated(0).missing_field(), "right.nominated.id");
  EXPECT_EQ(got.not_evaluated(0).error(), "");
}

TEST(Programme, ErrorIsReportedWithItsText) {
  World world(RuleText("r1", R"(    when: 10 / movement.weights.vgm_kg > 1
    score: 1
)"));
  world.movement.mutable_weights()->set_vgm_kg(0);
  const v1::Assessment& got = world.Evaluate();
  ASSERT_THAT(got.not_evaluated(), SizeIs(1));
  EXPECT_EQ(got.not_evaluated(0).error(), "divide by zero");
  EXPECT_EQ(got.not_evaluated(0).missing_field(), "");
}

TEST(Programme, OnlyRulesOfTheEventAreEvaluated) {
  World world(
      absl::StrCat(RuleText("load",
                            "    applies_to: [LOAD, LOAD]\n    when: true\n"
                            "    score: 1\n"),
                   RuleText("both",
                            "    applies_to: [GATE_IN, LOAD]\n    when: true\n"
                            "    score: 1\n"),
                   RuleText("any", "    when: true\n    score: 1\n")));
  const auto rules = [&](v1::Event event) {
    world.movement.set_event(event);
    std::vector<std::string> ids;
    for (const v1::Hit& hit : world.Evaluate().hits())
      ids.push_back(hit.rule());
    return ids;
  };
  EXPECT_THAT(rules(v1::LOAD), ElementsAre("load", "both", "any"));
  EXPECT_THAT(rules(v1::GATE_IN), ElementsAre("both", "any"));
  EXPECT_THAT(rules(v1::EVENT_UNSPECIFIED), ElementsAre("any"));
  EXPECT_THAT(rules(static_cast<v1::Event>(-5)), ElementsAre("any"));
  EXPECT_THAT(rules(static_cast<v1::Event>(5000)), ElementsAre("any"));
}

TEST(Programme, DraftsSleepAndShadowsAreMarked) {
  World world(absl::StrCat(
      RuleText("draft", "    status: draft\n    when: true\n    score: 1\n"),
      RuleText("shadow", "    status: shadow\n    when: true\n    score: 9\n"),
      RuleText("active",
               "    status: active\n    when: true\n"
               "    score: 1\n")));
  const v1::Assessment& got = world.Evaluate();
  ASSERT_THAT(got.hits(), SizeIs(2));
  EXPECT_EQ(got.hits(0).rule(), "shadow");
  EXPECT_TRUE(got.hits(0).shadow());
  EXPECT_EQ(got.hits(0).contribution(), 9);
  EXPECT_FALSE(got.hits(1).shadow());
}

TEST(Programme, WhatIsReportedIsToldByNumberToo) {
  World world(absl::StrCat(
      RuleText("draft", "    status: draft\n    when: true\n    score: 1\n"),
      RuleText("shadow", "    status: shadow\n    when: true\n    score: 9\n"),
      RuleText("miss", "    when: movement.source == 'b'\n    score: 1\n"),
      RuleText("blind",
               "    when: movement.haulier.id == 'H'\n"
               "    score: 1\n")));
  world.movement.set_source("a");
  for (int i = 0; i < 2; ++i) {  // Each time anew.
    world.Evaluate();
    std::vector<std::string> told;
    for (const auto& one : Programme::ReportedBy(world.scratch)) {
      EXPECT_LT(one.rule, world.programme->rule_count());
      told.push_back(absl::StrCat(*world.programme->RuleAt(one.rule).rule,
                                  one.hit ? " hit" : " not evaluated",
                                  one.shadow ? " shadow" : ""));
    }
    EXPECT_THAT(told, ElementsAre("shadow hit shadow", "blind not evaluated"));
  }
}

TEST(Programme, ValidityIsJudgedByOccurrence) {
  World world(RuleText("r", R"(    when: true
    score: 1
    valid: {from: 2026-01-01, until: 2026-01-31}
)"));
  const auto hits = [&](int64_t seconds) {
    world.movement.mutable_occurrence_time()->set_seconds(seconds);
    return world.Evaluate().hits_size();
  };
  constexpr int64_t kFrom = 1767225600;  // 2026-01-01T00:00:00Z
  constexpr int64_t kEnd = kFrom + 31 * 86400;
  EXPECT_EQ(hits(kFrom - 1), 0);
  EXPECT_EQ(hits(kFrom), 1);
  EXPECT_EQ(hits(kEnd - 1), 1);
  EXPECT_EQ(hits(kEnd), 0);
  world.movement.clear_occurrence_time();
  EXPECT_EQ(world.Evaluate().not_evaluated(0).missing_field(),
            "movement.occurrence_time");
}

TEST(Programme, EvidenceIsTextInSourceOrderThenPlaceholders) {
  World world(std::string(R"(  - id: r
    title: {en: T}
    explain: {en: "{movement.location.locode} {movement.event}"}
    when: >
      movement.occurrence_time > timestamp('2020-01-01T00:00:00Z') &&
      movement.event == LOAD && movement.weights.vgm_kg > 1 &&
      container.weight_change > 0.01 && movement.seals.size() > 1 &&
      container.last_seals.size() > 0 && has(movement.pickup_right.pin_hash) &&
      !has(movement.carrier) && has(movement.haulier) &&
      movement.consignment.consolidated
    score: 1
)"));
  world.movement.set_event(v1::LOAD);
  world.movement.mutable_occurrence_time()->set_seconds(1767225600);
  world.movement.mutable_occurrence_time()->set_nanos(250'000'000);
  world.movement.mutable_weights()->set_vgm_kg(20000);
  world.movement.add_seals()->set_number("S1");
  world.movement.add_seals()->set_source("CUS");
  world.movement.mutable_pickup_right()->set_pin_hash("\x01\xff");
  world.movement.mutable_haulier()->set_country("NL");
  world.movement.mutable_consignment()->set_consolidated(true);
  world.container.set_weight_change(0.0825);
  world.container.add_last_seals("A");
  world.container.add_last_seals("B");
  world.movement.mutable_location()->set_locode("NLRTM");
  const v1::Assessment& got = world.Evaluate();
  ASSERT_THAT(got.hits(), SizeIs(1)) << got.ShortDebugString();
  std::vector<std::string> evidence;
  for (const v1::Evidence& one : got.hits(0).evidence()) {
    evidence.push_back(absl::StrCat(one.field(), "=", one.value()));
  }
  EXPECT_THAT(
      evidence,
      ElementsAre("movement.occurrence_time=2026-01-01T00:00:00.25Z",
                  "movement.event=LOAD", "movement.weights.vgm_kg=20000",
                  "container.weight_change=0.0825", "movement.seals=S1, CUS",
                  "container.last_seals=A, B",
                  "movement.pickup_right.pin_hash=01ff", "movement.haulier=NL",
                  "movement.consignment.consolidated=true",
                  "movement.location.locode=NLRTM"));
}

TEST(Programme, CategoryCapIsTheLowestDeclaredAndElseThousand) {
  World world(std::vector<std::string>{
      absl::StrCat(kHead, RuleText("a", "    when: true\n    score: 1\n")),
      absl::StrCat("rule_set: other\nlayer: port\nowner: P\n"
                   "categories: {timeline: 200, gate: 900}\nrules:\n",
                   RuleText("a", "    when: true\n    score: 1\n"))});
  ASSERT_NE(world.programme, nullptr);
  EXPECT_EQ(world.programme->CategoryCap("timeline"), 200);
  EXPECT_EQ(world.programme->CategoryCap("gate"), 700);
  EXPECT_EQ(world.programme->CategoryCap("nothing"), 1000);
  EXPECT_EQ(world.programme->rule_count(), 2);
  EXPECT_THAT(world.programme->members(), SizeIs(2));
  EXPECT_THAT(world.Evaluate().hits(), SizeIs(2));
  EXPECT_EQ(world.Evaluate().hits(1).revision(), 8);
  EXPECT_EQ(world.Evaluate().hits(1).rule_set(), "other");
}

TEST(Programme, SameRuleSetTwiceIsRefused) {
  const auto set = Check(
      absl::StrCat(kHead, RuleText("a", "    when: true\n    score: 1\n")));
  const auto compiled = Programme::Compile({{1, set}, {2, set}});
  EXPECT_EQ(compiled.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(compiled.status().message()), HasSubstr("test.set"));
}

TEST(Programme, EmptyProgrammeAnswersNothing) {
  World world(std::vector<std::string>{});
  EXPECT_EQ(world.Evaluate().ByteSizeLong(), 0);
}

TEST(Programme, ScratchMovesBetweenProgrammes) {
  World first(RuleText("a", "    when: movement.id == 'x'\n    score: 1\n"));
  World second(RuleText("b",
                        "    when: movement.source == 'x'\n"
                        "    score: 1\n"));
  v1::Movement movement;
  movement.set_id("x");
  movement.set_source("y");
  EvalScratch scratch;
  for (int i = 0; i < 3; ++i) {
    v1::Assessment a, b;
    const Scope scope{&movement, &first.container, &first.right};
    first.programme->Evaluate(scope, &scratch, &a);
    second.programme->Evaluate(scope, &scratch, &b);
    EXPECT_EQ(a.hits_size(), 1);
    EXPECT_EQ(b.hits_size(), 0);
  }
}

TEST(Programme, WarmEvaluationDoesNotAllocate) {
  std::string rules;
  for (absl::string_view when :
       {"movement.haulier.id != right.nominated.id",
        "movement.haulier.id + movement.carrier.id == 'a long text, longer "
        "than fits'",
        "movement.seals.exists(s, s.number.startsWith('SEAL')) ",
        "container.last_seals.filter(s, s != 'A').map(s, s + s).size() > 0",
        "movement.consignment.loading_locode in risky",
        "string(movement.weights.vgm_kg) == '20000'",
        "movement.occurrence_time - duration('1h') > container.first_seen",
        "movement.location.locode in [movement.transport.next_locode, 'X']",
        "1 / movement.weights.crane_kg == 0",
        "movement.?haulier.?id.orValue('none') == movement.carrier.id",
        "{'NLRTM': 5, 'BEANR': 7}[?movement.location.locode].orValue(1) > 3",
        "{'a': movement.haulier.id, 'b': 'c'}.exists(k, v, v == 'c' && k > "
        "'a')",
        "movement.haulier.id.upperAscii().split(' ').join('-').size() > 3",
        "'%s of %d kg, %.1f'.format([movement.haulier.id, "
        "movement.weights.vgm_kg, 1.5]).contains('kg')",
        "movement.haulier.id.replace('a', 'something longer').trim() != ''",
        "dyn(movement.haulier.id) == 1 || [dyn(1), 'a'].exists(x, x == 'a')",
        "math.greatest(movement.weights.vgm_kg, 5) > 3",
        "cel.bind(h, movement.haulier.id + '!', h == 'a' || h == 'b' || true)",
        "container.last_seals.transformMap(i, s, s + s).size() > 0",
        "type(movement.haulier.id) == string",
        "base64.encode(bytes(movement.haulier.id)).reverse() != ''",
        "container.weight_change > 0.05"}) {
    absl::StrAppend(
        &rules,
        RuleText(absl::StrCat("a-rather-long-rule-name-", rules.size()),
                 absl::StrCat("    when: \"", when, "\"\n    score: 1\n")));
  }
  World world(rules);
  ASSERT_NE(world.programme, nullptr);
  world.movement.mutable_haulier()->set_id("a haulier with a long identifier");
  world.movement.mutable_carrier()->set_id("a carrier with a long identifier");
  world.movement.add_seals()->set_number("SEAL0000000000000000001");
  world.movement.mutable_consignment()->set_loading_locode("ECGYE");
  world.movement.mutable_weights()->set_vgm_kg(20000);
  world.movement.mutable_weights()->set_crane_kg(0);
  world.movement.mutable_occurrence_time()->set_seconds(1767225600);
  world.movement.mutable_location()->set_locode("NLRTM");
  world.container.mutable_first_seen()->set_seconds(1700000000);
  world.container.add_last_seals("B");
  world.right.mutable_nominated()->set_id("another long identifier of one");
  for (int i = 0; i < 3; ++i) {
    EXPECT_GE(world.Evaluate().hits_size(), 5);
    EXPECT_GE(world.Evaluate().not_evaluated_size(), 3);
  }
  counting = true;
  for (int i = 0; i < 100; ++i) world.Evaluate();
  counting = false;
  EXPECT_EQ(allocations, 0);
}

TEST(ExplainHit, RendersEvidenceInTheLanguageAsked) {
  const auto set = Check(absl::StrCat(kHead, R"(  - id: r
    title: {en: English title, es: Título}
    explain:
      en: "{{Left}} with {movement.haulier.id} after {container.leg_in.speed_kmh} km/h, {container.weight_change}; {right.nominated.id}."
      es: "Salió con {movement.haulier.id}; {right.nominated.id}."
    task: {en: Ask for papers., es: Pida papeles.}
    when: container.leg_in.speed_kmh > 100.0
    score: 1
)"));
  ASSERT_NE(set, nullptr);
  v1::Hit hit;
  hit.set_rule("r");
  const auto add = [&](absl::string_view field, absl::string_view value) {
    v1::Evidence* evidence = hit.add_evidence();
    evidence->set_field(std::string(field));
    evidence->set_value(std::string(value));
  };
  add("movement.haulier.id", "1.2345");
  add("container.leg_in.speed_kmh", "143.28281828");
  add("container.weight_change", "0.08253");
  ExplainHit(*set, "en", &hit);
  EXPECT_EQ(hit.title(), "English title");
  EXPECT_EQ(hit.explanation(),
            "{Left} with 1.2345 after 143 km/h, 0.0825; (unknown).\n"
            "Ask for papers.");
  ExplainHit(*set, "es", &hit);
  EXPECT_EQ(hit.title(), "Título");
  EXPECT_EQ(hit.explanation(),
            "Salió con 1.2345; (desconocido).\nPida papeles.");
  ExplainHit(*set, "pt", &hit);
  EXPECT_EQ(hit.title(), "English title");
  ExplainHit(*set, "fi", &hit);
  EXPECT_EQ(hit.title(), "English title");
}

}  // namespace
}  // namespace portrisk::scoring
