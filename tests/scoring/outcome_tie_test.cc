#include "scoring/outcome_tie.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <vector>

namespace portrisk::scoring {
namespace {

using testing::ElementsAre;

constexpr char kBox[] = "MSKU1234565";
constexpr int64_t kDay = 86400;
constexpr int64_t kNow = 20'000 * kDay;

// A container's movements with their answers, told in verbs.
class OutcomeTieTest : public testing::Test {
 protected:
  struct Told {
    v1::Movement movement;
    v1::Assessment assessment;
  };

  // `days` from now; of the visit "MSKU1234565@<visit>", or of papers where
  // `visit` is empty.
  Told& Tell(v1::Event event, double days, const std::string& visit,
             const std::string& locode = "NLRTM",
             const std::string& facility = "ECT") {
    Told& told = told_.emplace_back();
    v1::Movement& m = told.movement;
    m.set_source("s");
    m.set_id("m" + std::to_string(told_.size()));
    m.set_event(event);
    m.mutable_occurrence_time()->set_seconds(kNow +
                                             static_cast<int64_t>(days * kDay));
    m.mutable_container()->set_number(kBox);
    m.mutable_location()->set_locode(locode);
    m.mutable_location()->set_facility(facility);
    told.assessment.set_sequence(100 + told_.size());
    told.assessment.mutable_unit()->set_id(
        visit.empty() ? "consignment:BL-1" : std::string(kBox) + "@" + visit);
    return told;
  }
  static v1::Outcome Control() {
    v1::Outcome outcome;
    outcome.set_container_number(kBox);
    outcome.set_locode("NLRTM");
    outcome.set_facility("ECT");
    outcome.mutable_time()->set_seconds(kNow);
    outcome.set_result(v1::FOUND);
    return outcome;
  }
  v1::OutcomeTie Tie(const v1::Outcome& outcome = Control(),
                     TieCandidate named = {nullptr, nullptr}) const {
    std::vector<TieCandidate> candidates;
    for (const Told& told : told_) {
      candidates.push_back({&told.movement, &told.assessment});
    }
    const v1::OutcomeTie tie = TieOutcome(outcome, candidates, named);
    // The order in which candidates are handed over must not matter.
    std::mt19937 random(7);
    std::shuffle(candidates.begin(), candidates.end(), random);
    EXPECT_EQ(TieOutcome(outcome, candidates, named).SerializeAsString(),
              tie.SerializeAsString());
    return tie;
  }
  static std::string Visit(const std::string& visit) {
    return std::string(kBox) + "@" + visit;
  }
  static v1::Hit& AddHit(Told& told, const std::string& rule,
                         bool shadow = false) {
    v1::Hit& hit = *told.assessment.add_hits();
    hit.set_rule_set("set");
    hit.set_rule(rule);
    hit.set_revision(3);
    hit.set_shadow(shadow);
    return hit;
  }

  std::deque<Told> told_;
};

TEST_F(OutcomeTieTest, WithoutMovementsThePlaceIsAllThatIsKnown) {
  const v1::OutcomeTie tie = Tie();
  EXPECT_EQ(tie.unit(), "");
  EXPECT_EQ(tie.container_number(), kBox);
  EXPECT_EQ(tie.locode(), "NLRTM");
  EXPECT_EQ(tie.facility(), "ECT");
  EXPECT_EQ(tie.assessments_size(), 0);
}

TEST_F(OutcomeTieTest, TheLastMovementBeforeAtThePlaceTellsTheVisit) {
  Tell(v1::DISCHARGE, -9, "1");
  Tell(v1::GATE_IN, -2, "2");
  Tell(v1::GATE_OUT, 1, "3");
  EXPECT_EQ(Tie().unit(), Visit("2"));
}

TEST_F(OutcomeTieTest, AnotherPlaceIsAnotherVisit) {
  Tell(v1::DISCHARGE, -9, "1");
  Tell(v1::GATE_IN, -2, "2", "BEANR");
  Tell(v1::GATE_IN, -1, "3", "NLRTM", "APM");
  EXPECT_EQ(Tie().unit(), Visit("1"));
  v1::Outcome somewhere = Control();
  somewhere.clear_facility();
  EXPECT_EQ(Tie(somewhere).unit(), Visit("3"));
  somewhere.clear_locode();
  EXPECT_EQ(Tie(somewhere).unit(), Visit("3"));
}

TEST_F(OutcomeTieTest, APlaceThatAMovementDoesNotSayIsTheSame) {
  Tell(v1::DISCHARGE, -1, "1", "", "");
  EXPECT_EQ(Tie().unit(), Visit("1"));
}

TEST_F(OutcomeTieTest, OnlyNinetyDaysBeforeAndThreeAfterConcernAControl) {
  Tell(v1::DISCHARGE, -90.5, "old");
  Tell(v1::GATE_OUT, 3.5, "late");
  EXPECT_EQ(Tie().unit(), "");
  Tell(v1::DISCHARGE, -89.5, "in time");
  EXPECT_EQ(Tie().unit(), Visit("in time"));
}

TEST_F(OutcomeTieTest, TheFirstMovementAfterStandsInWhereNoneWasBefore) {
  Tell(v1::GATE_OUT, 2.5, "second");
  Tell(v1::GATE_OUT, 1.5, "first");
  EXPECT_EQ(Tie().unit(), Visit("first"));
}

TEST_F(OutcomeTieTest, PapersAndWhatIsNoFactNameNoVisit) {
  Tell(v1::MANIFEST_LODGED, -1, "");
  Tell(v1::MANIFEST_LODGED, -1, "papers");
  Tell(v1::GATE_IN, -1, "planned").movement.set_classifier(v1::PLANNED);
  Tell(v1::GATE_IN, -1, "void").movement.set_retraction(true);
  Tell(v1::GATE_IN, -1, "timeless").movement.clear_occurrence_time();
  EXPECT_EQ(Tie().unit(), "");
}

TEST_F(OutcomeTieTest, AUnitThatIsNamedGoesBeforeThePlace) {
  Tell(v1::DISCHARGE, -9, "1");
  Tell(v1::GATE_IN, -2, "2");
  v1::Outcome named = Control();
  named.set_unit(Visit("1"));
  EXPECT_EQ(Tie(named).unit(), Visit("1"));
  EXPECT_THAT(Tie(named).assessments(), ElementsAre(101));
  named.set_unit("never heard of");
  EXPECT_EQ(Tie(named).unit(), "never heard of");
  EXPECT_EQ(Tie(named).assessments_size(), 0);
}

TEST_F(OutcomeTieTest, SoDoesTheAssessmentThatIsNamed) {
  const Told& first = Tell(v1::DISCHARGE, -9, "1");
  Tell(v1::GATE_IN, -2, "2");
  EXPECT_EQ(Tie().unit(), Visit("2"));
  v1::OutcomeTie tie = Tie(Control(), {&first.movement, &first.assessment});
  EXPECT_EQ(tie.unit(), Visit("1"));
  EXPECT_THAT(tie.assessments(), ElementsAre(101)) << "once";
  // A version that is no more among the movements of the container.
  Told old = first;
  old.assessment.set_sequence(7);
  old.assessment.mutable_unit()->set_id(Visit("3"));
  AddHit(old, "r");
  tie = Tie(Control(), {&old.movement, &old.assessment});
  EXPECT_EQ(tie.unit(), Visit("3"));
  EXPECT_THAT(tie.assessments(), ElementsAre(7));
  EXPECT_EQ(tie.hits_size(), 1);
  // A retraction says nothing of what was controlled.
  old.movement.set_retraction(true);
  EXPECT_EQ(Tie(Control(), {&old.movement, &old.assessment}).unit(),
            Visit("2"));
}

TEST_F(OutcomeTieTest, WithoutAContainerOnlyANameTells) {
  Tell(v1::DISCHARGE, -1, "1");
  v1::Outcome outcome = Control();
  outcome.clear_container_number();
  EXPECT_EQ(Tie(outcome).unit(), "");
}

TEST_F(OutcomeTieTest, ThePlaceOfTheControlElseOfTheUnit) {
  Tell(v1::DISCHARGE, -1, "1", "BEANR", "PSA");
  v1::Outcome outcome = Control();
  outcome.clear_locode();
  outcome.clear_facility();
  EXPECT_EQ(Tie(outcome).locode(), "BEANR");
  EXPECT_EQ(Tie(outcome).facility(), "PSA");
}

TEST_F(OutcomeTieTest, TheWayComesFromTheUnitThenFromPapersOfTheLoad) {
  Told& papers = Tell(v1::MANIFEST_LODGED, -12, "");
  papers.movement.mutable_consignment()->set_origin_locode("ECUIO");
  papers.movement.mutable_consignment()->set_loading_locode("ECGYE");
  papers.movement.mutable_consignment()->set_discharge_locode("BEANR");
  papers.movement.mutable_consignment()->set_commodity("080390");
  Told& discharge = Tell(v1::DISCHARGE, -2, "1");
  discharge.movement.mutable_consignment()->set_destination_locode("NLRTM");
  discharge.movement.mutable_transport()->set_previous_locode("PAPTY");
  const v1::OutcomeTie tie = Tie();
  EXPECT_EQ(tie.from_locode(), "ECGYE") << "papers go before transport";
  EXPECT_EQ(tie.to_locode(), "NLRTM") << "the unit goes before older papers";
  EXPECT_EQ(tie.chapter(), "08");
}

TEST_F(OutcomeTieTest, GoodsAreThoseOfTheLatestPaperThatSaysThem) {
  Told& paper = Tell(v1::DECLARATION, -3, "");
  paper.movement.mutable_consignment()->set_commodity("08039010");
  paper.movement.mutable_declared()->set_origin_country("EC");
  Told& corrected = Tell(v1::DECLARATION, -2, "");
  corrected.movement.mutable_declared()->set_origin_country("CO");
  corrected.movement.mutable_declared()->set_value(7);
  Tell(v1::GATE_IN, -1, "1");
  const v1::OutcomeTie tie = Tie();
  EXPECT_EQ(tie.commodity(), "08039010");
  EXPECT_EQ(tie.chapter(), "08");
  EXPECT_EQ(tie.declared().origin_country(), "CO");
  EXPECT_EQ(tie.declared().value(), 7);
  told_.clear();
  Tell(v1::GATE_IN, -1, "1");
  EXPECT_FALSE(Tie().has_declared());
}

TEST_F(OutcomeTieTest, WithoutPapersTransportTellsTheWay) {
  Told& discharge = Tell(v1::DISCHARGE, -2, "1");
  discharge.movement.mutable_transport()->set_previous_locode("PAPTY");
  discharge.movement.mutable_transport()->set_next_locode("DEHAM");
  EXPECT_EQ(Tie().from_locode(), "PAPTY");
  EXPECT_EQ(Tie().to_locode(), "DEHAM");
  EXPECT_EQ(Tie().chapter(), "");
}

TEST_F(OutcomeTieTest, TheLoadBeforeThisOneDoesNotSpeak) {
  const auto from_papers = [&](v1::Event end, v1::LoadStatus status) {
    told_.clear();
    Tell(v1::MANIFEST_LODGED, -30, "")
        .movement.mutable_consignment()
        ->set_loading_locode("ECGYE");
    Told& between = Tell(end, -20, "0");
    between.movement.mutable_container()->set_load_status(status);
    Tell(v1::DISCHARGE, -2, "1");
    return Tie().from_locode();
  };
  EXPECT_EQ(from_papers(v1::STUFFING, v1::FULL), "");
  EXPECT_EQ(from_papers(v1::STRIPPING, v1::FULL), "");
  EXPECT_EQ(from_papers(v1::GATE_IN, v1::EMPTY), "");
  EXPECT_EQ(from_papers(v1::LOAD, v1::EMPTY), "");
  EXPECT_EQ(from_papers(v1::GATE_IN, v1::FULL), "ECGYE");
  EXPECT_EQ(from_papers(v1::WEIGHING, v1::EMPTY), "ECGYE");
}

TEST_F(OutcomeTieTest, PapersOfFourMonthsAgoAreOfAnotherLoad) {
  Tell(v1::MANIFEST_LODGED, -123, "")
      .movement.mutable_consignment()
      ->set_loading_locode("ECGYE");
  Tell(v1::DISCHARGE, -2, "1");
  EXPECT_EQ(Tie().from_locode(), "");
  Tell(v1::MANIFEST_LODGED, -121, "")
      .movement.mutable_consignment()
      ->set_loading_locode("ECPBO");
  EXPECT_EQ(Tie().from_locode(), "ECPBO");
}

TEST_F(OutcomeTieTest, PartiesOfUnitAndPapersTheLatestFirst) {
  v1::Pseudonyms& early =
      *Tell(v1::MANIFEST_LODGED, -9, "").movement.mutable_pseudonyms();
  early.set_key_id("k");
  early.set_consignee(1);
  early.set_shipper(2);
  Tell(v1::YARD_MOVE, -3, "1");
  v1::Pseudonyms& late =
      *Tell(v1::DISCHARGE, -2, "1").movement.mutable_pseudonyms();
  late.set_key_id("k");
  late.set_consignee(5);
  EXPECT_EQ(Tie().pseudonyms().consignee(), 5u);
  EXPECT_EQ(Tie().pseudonyms().shipper(), 2u);
  told_.clear();
  Tell(v1::DISCHARGE, -2, "1");
  EXPECT_FALSE(Tie().has_pseudonyms());
}

TEST_F(OutcomeTieTest, WhatHadSelectedTheUnitIsWhatCameBeforeTheControl) {
  Told& first = Tell(v1::DISCHARGE, -3, "1");
  first.assessment.mutable_unit()->set_lane(v1::ORANGE);
  first.assessment.mutable_unit()->set_channel(v1::SCORE);
  first.assessment.mutable_unit()->set_selection_ppm(10);
  AddHit(first, "b");
  AddHit(first, "a", /*shadow=*/true);
  Told& second = Tell(v1::YARD_MOVE, -2, "1");
  second.assessment.mutable_unit()->set_lane(v1::YELLOW);
  second.assessment.mutable_unit()->set_channel(v1::RANDOM);
  second.assessment.mutable_unit()->set_selection_ppm(20);
  AddHit(second, "b", /*shadow=*/true);
  AddHit(second, "a");
  AddHit(second, "c", /*shadow=*/true);
  Told& after = Tell(v1::GATE_OUT, 1, "1");
  after.assessment.mutable_unit()->set_lane(v1::RED);
  after.assessment.mutable_unit()->set_selection_ppm(30);
  AddHit(after, "d");
  const v1::OutcomeTie tie = Tie();
  EXPECT_THAT(tie.assessments(), ElementsAre(101, 102, 103));
  EXPECT_EQ(tie.lane(), v1::ORANGE);
  EXPECT_EQ(tie.channel(), v1::SCORE);
  EXPECT_EQ(tie.selection_ppm(), 20u);
  // Which of them was recorded first says nothing of how likely it was.
  first.assessment.mutable_unit()->set_selection_ppm(1'000'000);
  EXPECT_EQ(Tie().selection_ppm(), 1'000'000u);
  ASSERT_EQ(tie.hits_size(), 3);
  EXPECT_EQ(tie.hits(0).rule(), "a");
  EXPECT_FALSE(tie.hits(0).shadow()) << "in force once is in force";
  EXPECT_EQ(tie.hits(1).rule(), "b");
  EXPECT_FALSE(tie.hits(1).shadow());
  EXPECT_EQ(tie.hits(2).rule(), "c");
  EXPECT_TRUE(tie.hits(2).shadow());
  EXPECT_EQ(tie.hits(2).rule_set(), "set");
  EXPECT_EQ(tie.hits(2).revision(), 3u);
}

// Papers lodged before the box came are a unit of their own; what hit them may
// be why the box was opened.
TEST_F(OutcomeTieTest, PapersOfTheLoadAreTiedWithWhatHadSelectedThem) {
  Told& other = Tell(v1::MANIFEST_LODGED, -12, "");
  other.assessment.mutable_unit()->set_id("consignment:BL-0");
  AddHit(other, "of-another-load");
  Tell(v1::STUFFING, -11, "0", "BRSSZ", "DEPOT");
  Told& lodged = Tell(v1::MANIFEST_LODGED, -10, "");
  AddHit(lodged, "weak", /*shadow=*/true);
  Told& amended = Tell(v1::MANIFEST_AMENDED, -9, "");
  amended.assessment.mutable_unit()->set_channel(v1::SCORE);
  amended.assessment.mutable_unit()->set_lane(v1::RED);
  amended.assessment.mutable_unit()->set_selection_ppm(1'000'000);
  AddHit(amended, "papers");
  Told& booked = Tell(v1::BOOKING, -8, "");
  booked.assessment.mutable_unit()->set_id("consignment:B-1");
  Told& in = Tell(v1::DISCHARGE, -2, "1");
  in.assessment.mutable_unit()->set_selection_ppm(10'000);
  AddHit(in, "box");
  v1::OutcomeTie tie = Tie();
  EXPECT_EQ(tie.unit(), Visit("1"));
  EXPECT_THAT(tie.assessments(), ElementsAre(106)) << "the unit's own";
  ASSERT_EQ(tie.papers_size(), 2);
  EXPECT_EQ(tie.papers(0).unit(), "consignment:BL-1");
  EXPECT_EQ(tie.papers(0).channel(), v1::SCORE);
  EXPECT_EQ(tie.papers(0).lane(), v1::RED);
  EXPECT_EQ(tie.papers(0).selection_ppm(), 1'000'000u);
  EXPECT_EQ(tie.papers(1).unit(), "consignment:B-1");
  EXPECT_EQ(tie.papers(1).channel(), v1::CHANNEL_UNSPECIFIED);
  ASSERT_EQ(tie.hits_size(), 3);
  EXPECT_EQ(tie.hits(0).rule(), "box");
  EXPECT_EQ(tie.hits(1).rule(), "papers");
  EXPECT_EQ(tie.hits(2).rule(), "weak");
  // Nothing had selected the box.
  EXPECT_EQ(tie.channel(), v1::SCORE);
  EXPECT_EQ(tie.lane(), v1::RED);
  EXPECT_EQ(tie.selection_ppm(), 1'000'000u);
  in.assessment.mutable_unit()->set_channel(v1::RANDOM);
  tie = Tie();
  EXPECT_EQ(tie.channel(), v1::RANDOM) << "chance had selected it";
  EXPECT_EQ(tie.lane(), v1::LANE_UNSPECIFIED);
  EXPECT_EQ(tie.selection_ppm(), 10'000u);
  // Papers that a control came before, and those of the unit itself.
  v1::Outcome early = Control();
  early.mutable_time()->set_seconds(kNow - 9 * kDay - kDay / 2);
  early.set_unit(Visit("1"));
  ASSERT_EQ(Tie(early).papers_size(), 1);
  EXPECT_EQ(Tie(early).papers(0).channel(), v1::CHANNEL_UNSPECIFIED);
  early.set_unit("consignment:BL-1");
  EXPECT_EQ(Tie(early).papers_size(), 0);
}

TEST_F(OutcomeTieTest, PapersAreBounded) {
  for (int i = 0; i < kTiePapersMax + 4; ++i) {
    Tell(v1::MANIFEST_LODGED, -9 + i * 0.01, "")
        .assessment.mutable_unit()
        ->set_id("consignment:" + std::to_string(i));
  }
  Tell(v1::DISCHARGE, -2, "1");
  const v1::OutcomeTie tie = Tie();
  ASSERT_EQ(tie.papers_size(), kTiePapersMax);
  EXPECT_EQ(tie.papers(0).unit(), "consignment:0");
}

TEST(WorklistTieTest, AWorklistTakenBeforeTheControlIsWhatHadSelected) {
  v1::WorklistRecord worklist;
  worklist.mutable_time()->set_seconds(100);
  v1::WorklistUnit* unit = worklist.add_units();
  unit->set_unit("u");
  unit->set_channel(v1::CAPACITY);
  unit->set_within_capacity(true);
  unit->set_lane(v1::ORANGE);
  unit->set_selection_ppm(1'000'000);
  v1::OutcomeRecord record;
  record.mutable_outcome()->mutable_time()->set_seconds(99);
  record.mutable_tie()->set_unit("u");
  record.mutable_tie()->set_selection_ppm(10'000);
  TieToWorklist(worklist, &record);
  EXPECT_EQ(record.tie().channel(), v1::CHANNEL_UNSPECIFIED) << "after it";
  record.mutable_outcome()->mutable_time()->set_seconds(100);
  unit->set_within_capacity(false);
  TieToWorklist(worklist, &record);
  EXPECT_EQ(record.tie().channel(), v1::CHANNEL_UNSPECIFIED) << "left out";
  unit->set_within_capacity(true);
  TieToWorklist(worklist, &record);
  EXPECT_EQ(record.tie().channel(), v1::CAPACITY);
  EXPECT_EQ(record.tie().lane(), v1::ORANGE);
  EXPECT_EQ(record.tie().selection_ppm(), 1'000'000u);
  record.mutable_tie()->set_channel(v1::SCORE);
  TieToWorklist(worklist, &record);
  EXPECT_EQ(record.tie().channel(), v1::SCORE) << "what selected first stays";
}

TEST_F(OutcomeTieTest, AssessmentsAndHitsAreBounded) {
  for (int i = 0; i < 70; ++i) {
    Told& told = Tell(v1::YARD_MOVE, -2 + i * 0.01, "1");
    AddHit(told, "r" + std::to_string(100 + i));
  }
  const v1::OutcomeTie tie = Tie();
  EXPECT_EQ(tie.hits_size(), kTieHitsMax);
  ASSERT_EQ(tie.assessments_size(), kTieAssessmentsMax);
  EXPECT_EQ(tie.assessments(0), 107u) << "the newest are kept";
  EXPECT_EQ(tie.assessments(63), 170u);
}

TEST(ContainerOfUnitTest, IsWhatStandsBeforeTheSign) {
  EXPECT_EQ(ContainerOfUnit("MSKU1234565@NLRTM/1"), "MSKU1234565");
  EXPECT_EQ(ContainerOfUnit("consignment:bill-17"), "");
  EXPECT_EQ(ContainerOfUnit("consignment:B@17"), "");
  EXPECT_EQ(ContainerOfUnit(""), "");
}

}  // namespace
}  // namespace portrisk::scoring
