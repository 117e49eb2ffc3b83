// A warm score allocates nothing: derive, evaluate, decide and fold, with the
// common rule sets in force.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "scoring/aggregate_plan.h"
#include "scoring/aggregate_view.h"
#include "scoring/assess.h"
#include "scoring/finds.h"
#include "scoring/spans.h"
#include "scoring/spread.h"
#include "tests/scoring/allocation_count.h"

namespace portrisk::scoring {
namespace {

std::shared_ptr<const Programme> CommonProgramme() {
  std::vector<Programme::Member> members;
  uint64_t revision = 0;
  for (const auto& file : std::filesystem::directory_iterator(
           PORTRISK_SOURCE_DIR "/deploy/rules")) {
    if (file.path().extension() != ".yaml") continue;
    std::ifstream in(file.path());
    const std::string yaml((std::istreambuf_iterator<char>(in)), {});
    CheckResult checked = CheckRuleSet(yaml, file.path().string());
    if (checked.rule_set != nullptr) {
      members.push_back({++revision, checked.rule_set});
    }
  }
  return *Programme::Compile(std::move(members));
}

v1::Movement MovementAt(int round) {
  v1::Movement m;
  m.set_source("terminal");
  m.set_id("movement-of-a-length-beyond-small-strings-" +
           std::to_string(1000 + round));
  m.set_event(round % 2 == 0 ? v1::GATE_IN : v1::GATE_OUT);
  // The last hundred lie in one period of what is usual.
  m.mutable_occurrence_time()->set_seconds(1'705'000'000 +
                                           int64_t{round} * 86'400);
  m.mutable_container()->set_number("MSKU1234565");
  m.mutable_container()->set_number_status(v1::NUMBER_BAD_CHECK_DIGIT);
  m.mutable_container()->set_load_status(v1::FULL);
  // There and back between two ports in a day: an impossible journey.
  m.mutable_location()->set_locode(round % 4 < 2 ? "NLRTM" : "BRSSZ");
  m.mutable_location()->set_facility("ECTDELTA");
  m.mutable_weights()->set_vgm_kg(20'000 + round % 3 * 3000);
  m.add_seals()->set_number("SEAL-OF-SOME-LENGTH-" +
                            std::to_string(100 + round % 5));
  m.mutable_location()->set_yard_position("A12-03-" +
                                          std::to_string(round % 5));
  m.mutable_transport()->set_vessel_imo("9074729");
  m.mutable_transport()->set_voyage("V" + std::to_string(round / 40));
  m.mutable_consignment()->set_loading_locode("BRSSZ");
  m.mutable_consignment()->set_discharge_locode("NLRTM");
  m.mutable_consignment()->set_commodity("080390");
  m.mutable_haulier()->set_id("HAULIER-OF-SOME-LENGTH-" +
                              std::to_string(round % 2));
  m.mutable_pickup_right()->mutable_nominee()->set_id(
      "HAULIER-OF-SOME-LENGTH-9");
  return m;
}

// Scores and folds a history; counts allocations of its last quarter. Returns
// the hits in it, and the suppressed ones among them.
std::pair<int, int> ScoreHistory(const Programme& programme) {
  v1::ReferenceTable table;
  for (const auto& [locode, latitude, longitude] :
       {std::tuple("NLRTM", 51.95, 4.14), std::tuple("BRSSZ", -23.95, -46.3)}) {
    v1::Place* place = table.add_places();
    place->set_locode(locode);
    place->set_latitude(latitude);
    place->set_longitude(longitude);
  }
  table.add_sources()->set_id("terminal");
  table.mutable_sources(0)->add_complete(v1::GATE_OUT);
  const Reference reference(table, "test");
  const SelectionProfiles profile;
  const DrawKey key{"test", {}};
  const AssessContext context{&programme, &reference, &profile, &key};
  std::vector<v1::Movement> movements;
  for (int i = 0; i < 400; ++i) movements.push_back(MovementAt(i));

  Assessor assessor;
  v1::ContainerState container;
  v1::ConsignmentState consignment;
  v1::RightState right;
  v1::VesselState vessel;
  v1::FacilityState facility;
  std::vector<v1::ProfileState> profiles(kProfileSlots);
  EntityStates states{&container, &consignment, &right, &vessel, &facility};
  for (size_t i = 0; i < kProfileSlots; ++i) states.profiles[i] = &profiles[i];
  std::vector<v1::FindState> finds(kFindSlots);
  v1::Outcome outcome;
  outcome.set_result(v1::FOUND);
  for (size_t i = 0; i < kFindSlots; ++i) {
    for (int day = 0; day < 200; ++day) {
      outcome.mutable_time()->set_seconds(1'690'000'000 + day * 86'400);
      FoldFind(outcome, &finds[i]);
    }
    states.finds[i] = &finds[i];
  }
  SpanFinder finder;
  Spans spans;
  states.spans = &spans;
  std::vector<v1::SpreadState> spreads(kSpreadSlots);
  for (size_t i = 0; i < kSpreadSlots; ++i) states.spreads[i] = &spreads[i];
  // Warm is full: a list that still grows has to allocate.
  v1::Unit risky;
  risky.set_lane(v1::RED);
  for (uint64_t i = 0; i < 96; ++i) {
    v1::Movement other = movements[0];
    other.mutable_container()->set_number(absl::StrCat("TEMU", 1'000'000 + i));
    FoldFacility({&other, 1000 + i, 1}, risky, &facility);
  }
  v1::Assessment assessment;
  int hits = 0, suppressed = 0;
  allocations = 0;
  for (int i = 0; i < 400; ++i) {
    const JournaledMovement input{&movements[i], static_cast<uint64_t>(i + 1),
                                  static_cast<uint64_t>(i + 1)};
    counting = i >= 300;
    finder.Find(&container, &right, input, reference, &spans);
    assessor.Assess(context, input, states, &assessment);
    for (const SpreadUse& use : SpreadsOf(movements[i], spans)) {
      FoldSpread(movements[i].occurrence_time(), use.minutes, use.times,
                 &spreads[static_cast<size_t>(use.slot)]);
    }
    FoldContainer(input, &assessment.unit(), &container);
    FoldRight(input, &right);
    FoldVessel(input, &vessel);
    FoldFacility(input, assessment.unit(), &facility);
    for (v1::ProfileState& profile : profiles) {
      FoldProfile(movements[i].occurrence_time(), &profile);
    }
    counting = false;
    if (i < 300) continue;
    hits += assessment.hits_size();
    for (const v1::Hit& hit : assessment.hits()) {
      suppressed += hit.suppressed_by_size();
    }
  }
  return {hits, suppressed};
}

TEST(AllocationTest, AWarmScoreAllocatesNothing) {
  const auto programme = CommonProgramme();
  ASSERT_GE(programme->rule_count(), 7u);
  EXPECT_GT(ScoreHistory(*programme).first, 100)
      << "the warm scores must be rich ones";
  EXPECT_EQ(allocations, 0);
}

TEST(AllocationTest, NorDoesReadingEveryView) {
  const CheckResult checked = CheckRuleSet(R"(
rule_set: views
layer: common
owner: EU
rules:
  - id: all
    title: {en: T, es: T, pt: T}
    explain: {en: "{right.use.haulier.id} {facility.risky_boxes}", es: E, pt: E}
    when: >
      right.use.haulier.id != "" && party.haulier.movements > 0 &&
      party.trade.age_h > 0.0 && vessel.profile.movements > 0 &&
      route.commodity.gap_h > 0.0 && route.chapter == "08" &&
      facility.risky_boxes >= 0 && source.declared &&
      route.finds.rate > 0.0 && route.origin_finds.lift > 0.0 &&
      route.commodity_finds.finds > 0 && route.chapter_finds.controls > 0 &&
      facility.finds.recent_finds > 0.0 &&
      party.consignee_finds.recent_controls > 0.0 &&
      (movement.event == GATE_OUT ? usual.dwell.as_long > 0.0
                                  : usual.travel.robust_z < 99.0) &&
      container.events_known > 0
    score: 10
)",
                                           "views");
  ASSERT_NE(checked.rule_set, nullptr) << checked.issues[0].message();
  const auto programme = *Programme::Compile({{1, checked.rule_set}});
  EXPECT_EQ(ScoreHistory(*programme).first, 100);
  EXPECT_EQ(allocations, 0);
}

TEST(AllocationTest, NorDoListsSharesSuppressionsAndOverrides) {
  std::vector<Programme::Member> members;
  for (const char* yaml : {R"(
rule_set: common
layer: common
owner: EU
lists: {boxes: {type: container_number, source: watched-containers-of-nl}}
rules:
  - id: watched
    title: {en: T, es: T, pt: T}
    explain: {en: E, es: E, pt: E}
    when: movement.container.number in boxes
    suppressible: true
    score: 10
  - id: full
    title: {en: T, es: T, pt: T}
    explain: {en: E, es: E, pt: E}
    when: movement.container.load_status == FULL
    score: 10
)",
                           R"(
rule_set: port
layer: port
owner: NL
suppressions:
  - {rule_set: common, rule: watched, reason: a reason of some length,
     until: 2100-01-01, when: "movement.location.locode == 'NLRTM'"}
rules:
  - id: never
    title: {en: T, es: T, pt: T}
    explain: {en: E, es: E, pt: E}
    when: movement.id == 'x'
    score: 10
)"}) {
    CheckResult checked = CheckRuleSet(yaml, "test");
    ASSERT_NE(checked.rule_set, nullptr);
    members.push_back({members.size() + 1, checked.rule_set});
  }
  cel::EntrySetBuilder builder("watched-containers-of-nl",
                               cel::EntryType::kContainerNumber, 1, 0);
  builder.Add("MSKU1234565", 4'000'000'000);
  const auto programme =
      (*Programme::Compile(std::move(members)))
          ->With({{{"watched-containers-of-nl", 3, builder.Build()}},
                  {{1, "full"}},
                  {{2, 0, 900'000}}});
  const auto [hits, suppressed] = ScoreHistory(*programme);
  EXPECT_EQ(hits, 200);
  EXPECT_GT(suppressed, 20);
  EXPECT_LT(suppressed, 100);
  EXPECT_EQ(allocations, 0);
}

// Every function of aggregates: keys, contributions, fold, undo, derive.
TEST(AllocationTest, NorDoAggregates) {
  std::string yaml = "rule_set: s\nlayer: port\nowner: NL\naggregates:\n";
  std::string when = "true";
  const char* const functions[] = {
      "count: true, window: 1h",
      "mean: movement.weights.vgm_kg, window: 7d, half_life: 1d",
      "min: movement.weights.vgm_kg, window: 1d",
      "distinct: movement.id, window: 1d",
      "last: movement.location.locode, window: 7d",
      "time_since: true, window: 7d",
      "quantile: movement.weights.vgm_kg, q: 0.9, window: 1d"};
  for (size_t i = 0; i < std::size(functions); ++i) {
    const std::string name = "a" + std::to_string(i);
    yaml += "  " + name + ": {key: movement.container.number, " + functions[i] +
            "}\n";
    when += " && " + name + "_count >= 0";
  }
  yaml +=
      "rules:\n  - {id: r, title: {en: T}, explain: {en: E}, score: 1, "
      "when: \"" +
      when + "\"}\n";
  const CheckResult checked = CheckRuleSet(yaml, "test");
  ASSERT_NE(checked.rule_set, nullptr);
  const auto programme = *Programme::Compile({{1, checked.rule_set}});
  const AggregatePlan& plan = programme->aggregates();
  ASSERT_EQ(plan.shapes().size(), std::size(functions));
  std::vector<v1::Movement> movements;
  for (int i = 0; i < 12000; ++i) {
    v1::Movement& m = movements.emplace_back(MovementAt(i));
    m.mutable_weights()->set_vgm_kg(2000 + i * 7919 % 28'000);
    m.mutable_occurrence_time()->set_seconds(1'700'000'000 + i * 300);
  }
  AggregateInput input;
  AggregateView view;
  v1::AggregateState state;
  std::vector<AggregateContribution> all;
  std::string key;
  uint64_t known = 0;
  allocations = 0;
  for (int i = 0; i < 12000; ++i) {
    counting = i >= 9000;
    input.Begin(plan, movements[i]);
    const AggregateGroupState group{input.KeyOf(0, &key), &state};
    view.Begin(plan, movements[i], {&group, 1});
    for (uint32_t a = 0; a < plan.shapes().size(); ++a) {
      known += view.Derive(a).known ? 1 : 0;
    }
    input.Contributions(static_cast<uint64_t>(i), &all);
    for (const auto& one : all) {
      FoldAggregate(plan.shapes()[one.aggregate], one, &state);
      // Every third is corrected at once, and stays as it was.
      if (i % 3 != 0) continue;
      UndoAggregate(plan.shapes()[one.aggregate], one, &state);
      FoldAggregate(plan.shapes()[one.aggregate], one, &state);
    }
    counting = false;
  }
  EXPECT_GT(known, 6 * 11990u);
  EXPECT_EQ(allocations, 0);
}

}  // namespace
}  // namespace portrisk::scoring
