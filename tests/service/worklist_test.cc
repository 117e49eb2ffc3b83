#include "tests/service/selection_fixture.h"

namespace portrisk::service {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kRules[] =
    "rule_set: s\nlayer: common\nowner: EU\nrules:\n"
    "  - id: heavy\n    title: {en: Heavy, es: Pesado, pt: Pesado}\n"
    "    explain: {en: \"Weighs {movement.weights.gross_kg} kg\", es: E, pt: "
    "E}\n"
    "    when: movement.weights.gross_kg > 30000\n    score: 400\n"
    "  - id: odd\n    title: {en: Odd, es: T, pt: T}\n"
    "    explain: {en: E, es: E, pt: E}\n"
    "    when: movement.weights.gross_kg > 20000\n    score: 40\n"
    "  - id: seal\n    title: {en: Seal broken, es: T, pt: T}\n"
    "    explain: {en: E, es: E, pt: E}\n    lane_at_least: RED\n"
    "    when: movement.weights.gross_kg < 3000\n    score: 10\n";

class WorklistApiTest : public SelectionTest {
 protected:
  void SetUp() override {
    SelectionTest::SetUp();
    Activate(kRules);
    PutInForce(Profile("random: {rate: 0%}\ntop_up: {score_min: 10}\n"));
  }

  v1::Assessment Arrive(int box, int32_t gross_kg, int64_t time_s,
                        v1::Event event = v1::GATE_IN) {
    ++movements_;
    v1::Movement m =
        MakeMovement(absl::StrCat("m", movements_), event, Number(box), time_s);
    m.mutable_weights()->set_gross_kg(gross_kg);
    const Answer answer = Score(engine_.get(), m);
    EXPECT_TRUE(answer.status.ok()) << answer.status;
    return answer.assessment();
  }
  // "box:channel" of each entry, "(...)" beyond capacity.
  std::vector<std::string> Short(const v1::Worklist& list) {
    std::vector<std::string> names;
    for (const v1::WorklistEntry& entry : list.entries()) {
      const v1::WorklistUnit& unit = entry.unit();
      const std::string name =
          absl::StrCat(unit.container_number().substr(9), ":",
                       v1::Channel_Name(unit.channel()));
      names.push_back(unit.within_capacity() ? name
                                             : absl::StrCat("(", name, ")"));
    }
    return names;
  }
};

constexpr int32_t kHeavy = 31'000, kOdd = 25'000, kLight = 2'000,
                  kUsual = 12'000;

TEST_F(WorklistApiTest, UnitsAreRankedAndEachSaysWhy) {
  Arrive(10, kUsual, 0);
  Arrive(11, kHeavy, 10);
  Arrive(12, kLight, 20);
  Arrive(13, kOdd, 30);
  const v1::Worklist list = ListWorklist(Around(60, 3));
  EXPECT_THAT(Short(list),
              ElementsAre("12:MANDATORY_RULE", "11:SCORE", "13:CAPACITY"));
  EXPECT_EQ(list.units(), 4u);
  EXPECT_EQ(list.selected(), 2u);
  EXPECT_EQ(list.topped_up(), 1u);
  EXPECT_EQ(list.profile(), "nl.1");
  const v1::WorklistEntry& heavy = list.entries(1);
  EXPECT_EQ(heavy.unit().score(), 440);
  EXPECT_EQ(heavy.unit().lane(), v1::ORANGE);
  EXPECT_EQ(heavy.control(), v1::SCAN_IMAGE);
  EXPECT_EQ(heavy.movement_id(), "m2");
  ASSERT_EQ(heavy.reasons_size(), 2);
  EXPECT_EQ(heavy.reasons(0).title(), "Heavy");
  EXPECT_EQ(heavy.reasons(0).explanation(), "Weighs 31000 kg");
  EXPECT_EQ(list.entries(2).unit().lane(), v1::ORANGE) << "what it becomes";
  EXPECT_EQ(list.entries(2).unit().selection_ppm(), 1'000'000u);
  v1::ListWorklistRequest spanish = Around(60, 3);
  spanish.set_language("es");
  EXPECT_EQ(ListWorklist(spanish).entries(1).reasons(0).title(), "Pesado");
}

// As a visit: its strongest lane stands, whatever is told of it later.
TEST_F(WorklistApiTest, AConsignmentIsSelectedOnce) {
  const auto lodge = [&](const char* bill, int32_t gross_kg) {
    v1::Movement m = MakeMovement(absl::StrCat("p", ++movements_),
                                  v1::MANIFEST_AMENDED, Number(10), movements_);
    m.mutable_consignment()->set_bill_of_lading(bill);
    m.mutable_weights()->set_gross_kg(gross_kg);
    const Answer answer = Score(engine_.get(), m);
    EXPECT_TRUE(answer.status.ok()) << answer.status;
    return answer.assessment();
  };
  const auto shown = [&](const char* bill, int32_t gross_kg) {
    const v1::Assessment a = lodge(bill, gross_kg);
    return absl::StrCat(v1::Lane_Name(a.unit().lane_before()), " ",
                        v1::Lane_Name(a.lane()), " ",
                        v1::Lane_Name(a.unit().lane()));
  };
  const std::string none = v1::Lane_Name(v1::LANE_UNSPECIFIED);
  EXPECT_EQ(shown("B1", kHeavy), "GREEN ORANGE ORANGE");
  EXPECT_EQ(shown("B1", kUsual), none + " GREEN ORANGE");
  EXPECT_EQ(shown("B2", kUsual), none + " GREEN GREEN");
  Restart();
  EXPECT_EQ(shown("B1", kHeavy), none + " ORANGE ORANGE");
  Reopen();
  EXPECT_EQ(shown("B1", kLight), "ORANGE RED RED");
  // Without a reference each stands by itself.
  EXPECT_EQ(shown("", kHeavy), "GREEN ORANGE ORANGE");
  EXPECT_EQ(shown("", kUsual), none + " GREEN GREEN");
  ExpectVerified();
}

TEST_F(WorklistApiTest, WhatLeftOrWasControlledIsLeftOff) {
  for (int box = 10; box < 14; ++box) Arrive(box, kHeavy, box);
  Arrive(10, kHeavy, 100, v1::GATE_OUT);
  ASSERT_TRUE(Record(MakeOutcome("o1", Number(11), 90)).ok());
  // A retracted control is none.
  ASSERT_TRUE(Record(MakeOutcome("o2", Number(12), 90)).ok());
  v1::Outcome voided = UpdatedAt(MakeOutcome("o2", Number(12), 90), 9);
  voided.set_retraction(true);
  ASSERT_TRUE(Record(voided).ok());
  const v1::Worklist list = ListWorklist(Around(60, 9));
  EXPECT_THAT(Short(list), ElementsAre("12:SCORE", "13:SCORE"));
  EXPECT_EQ(list.gone(), 1u);
  EXPECT_EQ(list.controlled(), 1u);
}

// An image that could not be read is when it must stay.
TEST_F(WorklistApiTest, AnInconclusiveControlLeavesItOn) {
  Arrive(10, kHeavy, 0);
  ASSERT_TRUE(Record(MakeOutcome("o1", Number(10), 90, v1::INCONCLUSIVE)).ok());
  EXPECT_THAT(Short(ListWorklist(Around(60, 9))), ElementsAre("10:SCORE"));
  ASSERT_TRUE(Record(MakeOutcome("o2", Number(10), 95, v1::NOT_FOUND)).ok());
  EXPECT_THAT(Short(ListWorklist(Around(60, 9))), testing::IsEmpty());
}

TEST_F(WorklistApiTest, TheWindowBoundsMovementsNotWhatIsKnownOfAUnit) {
  Arrive(10, kHeavy, 0);
  Arrive(11, kHeavy, 0);
  constexpr int64_t kLater = 5 * kDaySeconds;
  Arrive(10, kUsual, kLater, v1::YARD_MOVE);
  const v1::Worklist list = ListWorklist(Around(kLater, 9));
  EXPECT_THAT(Short(list), ElementsAre("10:SCORE"));
  EXPECT_EQ(list.entries(0).unit().score(), 440);
  EXPECT_EQ(list.entries(0).movement_id(), "m1");
  EXPECT_EQ(list.entries(0).last_event(), v1::YARD_MOVE);
}

TEST_F(WorklistApiTest, ACorrectedMovementCountsAsItStands) {
  v1::Movement m = MakeMovement("m1", v1::GATE_IN, Number(10), 0);
  m.mutable_weights()->set_gross_kg(kOdd);
  ASSERT_TRUE(Score(engine_.get(), m).status.ok());
  EXPECT_THAT(Short(ListWorklist(Around(60, 9))), ElementsAre("10:CAPACITY"));
  m.mutable_weights()->set_gross_kg(kUsual);
  m.mutable_update_time()->set_seconds(1);
  ASSERT_TRUE(Score(engine_.get(), m).status.ok());
  EXPECT_THAT(Short(ListWorklist(Around(60, 9))), ElementsAre());
}

// Its report is corrected, and it stays selected: the list says what for.
TEST_F(WorklistApiTest, WhatSelectedAUnitIsShownWhenItIsCorrected) {
  Arrive(11, kHeavy, 10);
  v1::Movement m = MakeMovement("m1", v1::GATE_IN, Number(11), 10);
  m.mutable_weights()->set_gross_kg(kUsual);
  m.mutable_update_time()->set_seconds(1);
  ASSERT_TRUE(Score(engine_.get(), m).status.ok());
  const v1::Worklist list = ListWorklist(Around(60, 3));
  ASSERT_EQ(list.entries_size(), 1);
  const v1::WorklistEntry& entry = list.entries(0);
  EXPECT_EQ(entry.unit().lane(), v1::ORANGE);
  EXPECT_EQ(entry.unit().score(), 440);
  ASSERT_EQ(entry.reasons_size(), 2);
  EXPECT_EQ(entry.reasons(0).title(), "Heavy");
}

TEST_F(WorklistApiTest, AConsignmentIsExpectedUntilItsBoxArrives) {
  v1::Movement paper = MakeMovement("p1", v1::MANIFEST_LODGED, Number(10), 0);
  paper.mutable_location()->clear_facility();
  paper.mutable_consignment()->set_bill_of_lading("B1");
  paper.mutable_consignment()->set_discharge_locode("NLRTM");
  paper.mutable_weights()->set_gross_kg(kHeavy);
  ASSERT_TRUE(Score(engine_.get(), paper).status.ok());
  v1::Worklist list = ListWorklist(Around(60, 9));
  ASSERT_EQ(list.entries_size(), 1);
  EXPECT_TRUE(list.entries(0).expected());
  EXPECT_EQ(list.entries(0).unit().unit(), "consignment:B1");
  Arrive(10, kHeavy, 50);
  list = ListWorklist(Around(60, 9));
  ASSERT_EQ(list.entries_size(), 1);
  EXPECT_FALSE(list.entries(0).expected());
  // Nor is it again when the box has left.
  Arrive(10, kHeavy, 55, v1::GATE_OUT);
  list = ListWorklist(Around(60, 9));
  EXPECT_THAT(Short(list), ElementsAre());
  EXPECT_EQ(list.gone(), 2u) << "the visit and its papers";
}

TEST_F(WorklistApiTest, WhatPapersWereSelectedForStandsWhenTheBoxArrives) {
  v1::Movement paper = MakeMovement("p1", v1::MANIFEST_LODGED, Number(10), 0);
  paper.mutable_location()->clear_facility();
  paper.mutable_consignment()->set_bill_of_lading("B1");
  paper.mutable_consignment()->set_discharge_locode("NLRTM");
  paper.mutable_weights()->set_gross_kg(kLight);
  ASSERT_TRUE(Score(engine_.get(), paper).status.ok());
  Arrive(10, kUsual, 50);
  v1::Worklist list = ListWorklist(Around(60, 9));
  ASSERT_THAT(Short(list), ElementsAre("10:MANDATORY_RULE"));
  EXPECT_EQ(list.entries(0).unit().unit(), "consignment:B1");
  EXPECT_FALSE(list.entries(0).expected());
  auto taken = TakeWorklist(Around(60, 9));
  ASSERT_TRUE(taken.ok()) << taken.status();
  // The control of the box is one of its papers, too.
  ASSERT_TRUE(Record(MakeOutcome("o1", Number(10), 90)).ok());
  list = ListWorklist(Around(60, 9));
  EXPECT_THAT(Short(list), ElementsAre());
  EXPECT_EQ(list.controlled(), 1u);
}

TEST_F(WorklistApiTest, WhatIsToldToBeElsewhereIsLookedFor) {
  Arrive(10, kHeavy, 0);
  Arrive(11, kOdd, 0);
  Arrive(12, kHeavy, 0);
  for (const int box : {10, 11, 12}) {
    v1::Movement m =
        MakeMovement(absl::StrCat("e", box), v1::GATE_IN, Number(box), 100);
    m.mutable_location()->set_locode("BEANR");
    m.mutable_location()->set_facility("K869");
    ASSERT_TRUE(Score(engine_.get(), m).status.ok());
  }
  Arrive(12, kHeavy, 200, v1::GATE_OUT);
  const v1::Worklist list = ListWorklist(Around(60, 9));
  ASSERT_THAT(Short(list), ElementsAre("10:SCORE"));
  EXPECT_EQ(list.entries(0).elsewhere_locode(), "BEANR");
  EXPECT_EQ(list.entries(0).elsewhere_facility(), "K869");
  EXPECT_EQ(list.gone(), 2u) << "nothing had selected the one, one has left";
  EXPECT_TRUE(TakeWorklist(Around(60, 9)).ok());
}

TEST_F(WorklistApiTest, AnotherCodeOfTheFacilityIsTheFacility) {
  v1::Movement m = MakeMovement("c1", v1::GATE_IN, Number(10), 0);
  m.mutable_location()->set_facility("NLRTMECTD");
  m.mutable_weights()->set_gross_kg(kHeavy);
  ASSERT_TRUE(Score(engine_.get(), m).status.ok());
  Arrive(10, kUsual, 20);
  EXPECT_THAT(Short(ListWorklist(Around(60, 9))), ElementsAre("10:SCORE"));
}

TEST_F(WorklistApiTest, NoCapacityIsACapacity) {
  Arrive(11, kHeavy, 0);
  EXPECT_THAT(Short(ListWorklist(Around(60, 0))), ElementsAre("(11:SCORE)"));
}

TEST_F(WorklistApiTest, APlaceThatNobodyNamedIsSaidToBeUnknown) {
  Arrive(11, kHeavy, 0);
  v1::ListWorklistRequest request = Around(60, 9);
  EXPECT_FALSE(ListWorklist(request).place_unknown());
  request.mutable_time()->set_seconds(request.time().seconds() +
                                      400 * kDaySeconds);
  EXPECT_FALSE(ListWorklist(request).place_unknown());
  request.set_facility("NOSUCH");
  EXPECT_TRUE(ListWorklist(request).place_unknown());
  // Papers that name no facility are on its list all the same.
  v1::Movement papers = MakeMovement("p1", v1::MANIFEST_LODGED, Number(12), 0);
  papers.mutable_location()->clear_facility();
  papers.mutable_consignment()->set_bill_of_lading("BL2");
  ASSERT_TRUE(Score(engine_.get(), papers).status.ok());
  request = Around(60, 9);
  request.set_facility("NOSUCH");
  const v1::Worklist list = ListWorklist(request);
  EXPECT_EQ(list.units(), 1u);
  EXPECT_TRUE(list.place_unknown());
}

TEST_F(WorklistApiTest, ATakenListSelectsWhatItFilledUpWith) {
  Arrive(10, kOdd, 0);
  Arrive(11, kHeavy, 0);
  Arrive(12, kOdd, 0);
  auto taken = TakeWorklist(Around(60, 2));
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_GT(taken->sequence(), 0u);
  // It is on the next list, too, whatever room that has.
  const v1::Worklist next = ListWorklist(Around(60, 1));
  EXPECT_THAT(Short(next), ElementsAre("11:SCORE", "(10:CAPACITY)"));
  EXPECT_EQ(next.entries(1).taken_sequence(), taken->sequence());
  EXPECT_EQ(next.entries(1).taken_by(), kOfficer);
  // Later movements and outcomes know what had selected it.
  auto outcome = Record(MakeOutcome("o1", Number(10), 100));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->tie().channel(), v1::CAPACITY);
  EXPECT_EQ(outcome->tie().selection_ppm(), 1'000'000u);
  EXPECT_EQ(outcome->tie().lane(), v1::ORANGE);
  const v1::Assessment later = Arrive(10, kUsual, 200, v1::YARD_MOVE);
  EXPECT_EQ(later.lane(), v1::GREEN);
  EXPECT_EQ(later.unit().lane(), v1::ORANGE);
  EXPECT_EQ(later.unit().channel(), v1::CAPACITY);
  EXPECT_EQ(later.unit().selection_ppm(), 1'000'000u);
  // What was not taken is what it was.
  EXPECT_EQ(Arrive(12, kUsual, 200, v1::YARD_MOVE).unit().channel(),
            v1::CHANNEL_UNSPECIFIED);
  Restart();
  EXPECT_EQ(Arrive(10, kUsual, 300, v1::YARD_MOVE).unit().channel(),
            v1::CAPACITY);
  ExpectVerified();
}

TEST_F(WorklistApiTest, ATakenConsignmentStaysSelected) {
  const auto lodge = [&](int32_t gross_kg) {
    v1::Movement m = MakeMovement(absl::StrCat("p", ++movements_),
                                  v1::MANIFEST_AMENDED, Number(10), movements_);
    m.mutable_consignment()->set_bill_of_lading("B1");
    m.mutable_consignment()->set_discharge_locode("NLRTM");
    m.mutable_weights()->set_gross_kg(gross_kg);
    return Score(engine_.get(), m).assessment();
  };
  EXPECT_EQ(lodge(kOdd).unit().lane(), v1::GREEN);
  const auto taken = TakeWorklist(Around(60, 2));
  ASSERT_TRUE(taken.ok()) << taken.status();
  ASSERT_EQ(taken->entries_size(), 1);
  EXPECT_EQ(taken->entries(0).unit().unit(), "consignment:B1");
  const v1::Unit unit = lodge(kUsual).unit();
  EXPECT_EQ(unit.lane(), v1::ORANGE);
  EXPECT_EQ(unit.channel(), v1::CAPACITY);
  EXPECT_EQ(unit.selection_ppm(), 1'000'000u);
  ExpectVerified();
}

TEST_F(WorklistApiTest, TakenListsAreListedWithWhatTheyLeftOut) {
  Arrive(10, kHeavy, 0);
  Arrive(11, kHeavy, 0);
  v1::ListWorklistRequest request = Around(60, 1);
  request.set_note("two scanners are down");
  ASSERT_TRUE(TakeWorklist(request).ok());
  const HistoryApi history(engine_.get());
  const WorklistApi api(engine_.get(), &history);
  v1::ListTakenWorklistsRequest filter;
  filter.set_locode("NLRTM");
  auto listed = api.ListTaken(filter);
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->worklists_size(), 1);
  const v1::RecordedWorklist& one = listed->worklists(0);
  EXPECT_EQ(one.caller(), kOfficer);
  EXPECT_EQ(one.worklist().note(), "two scanners are down");
  ASSERT_EQ(one.worklist().units_size(), 2);
  EXPECT_TRUE(one.worklist().units(0).within_capacity());
  EXPECT_FALSE(one.worklist().units(1).within_capacity());
  filter.set_locode("BEANR");
  EXPECT_EQ(api.ListTaken(filter)->worklists_size(), 0);
}

TEST_F(WorklistApiTest, TheProfileSaysTheCapacityOfTheDay) {
  for (int box = 10; box < 15; ++box) Arrive(box, kHeavy, box);
  const HistoryApi history(engine_.get());
  v1::ListWorklistRequest request = Around(60, 0);
  request.clear_capacity();
  const auto without = WorklistApi(engine_.get(), &history).List(request);
  EXPECT_EQ(ReasonOf(without.status()), "NO_CAPACITY");
  EXPECT_THAT(std::string(without.status().message()), HasSubstr("--capacity"));
  // MakeMovement's zero is a Monday.
  PutInForce(Profile(
      "places:\n"
      "  - {place: NLRTM/ECTDELTA, capacity: {monday: 3, other: 1}}\n"));
  EXPECT_EQ(ListWorklist(request).beyond_capacity(), 2u);
}

TEST_F(WorklistApiTest, ChanceKeepsItsPlaces) {
  PutInForce(Profile("random: {rate: 100%}\n"));
  Arrive(10, kUsual, 0);
  PutInForce(Profile("random: {rate: 0%}\n"));
  Arrive(11, kLight, 0);
  Arrive(12, kLight, 0);
  const v1::Worklist list = ListWorklist(Around(60, 2));
  EXPECT_THAT(Short(list), ElementsAre("11:MANDATORY_RULE",
                                       "(12:MANDATORY_RULE)", "10:RANDOM"));
  EXPECT_EQ(list.drawn(), 1u);
  EXPECT_EQ(list.beyond_capacity(), 1u);
}

// What has been assessed was drawn by the rate of then, or was not.
TEST_F(WorklistApiTest, ARateThatIsRaisedDrawsNothingOfBefore) {
  PutInForce(Profile("random: {rate: 0%}\n"));
  Arrive(10, kUsual, 0);
  PutInForce(Profile("random: {rate: 100%}\n"));
  Arrive(11, kUsual, 0);
  EXPECT_THAT(Short(ListWorklist(Around(60, 2))), ElementsAre("11:RANDOM"));
}

TEST_F(WorklistApiTest, WrongInputIsNamed) {
  const HistoryApi history(engine_.get());
  WorklistApi api(engine_.get(), &history);
  v1::ListWorklistRequest request = Around(0, 1);
  request.set_locode("Rotterdam");
  request.set_hours(0);
  const auto refused = api.List(request);
  EXPECT_EQ(ReasonOf(refused.status()), "BAD_REQUEST");
  const std::string text = Describe(ToRpcStatus(refused.status()));
  EXPECT_THAT(text, HasSubstr("locode"));
  EXPECT_THAT(text, HasSubstr("hours"));
  EXPECT_EQ(ReasonOf(api.Take(Around(0, 1), "").status()), "NO_CALLER");
  EXPECT_EQ(ReasonOf(api.Take(Around(0, 1), kOfficer).status()), "NOT_FOUND")
      << "nothing is there";
}

TEST_F(WorklistApiTest, AnEmptyWindowSaysWhereTheHistoryIs) {
  Arrive(10, kHeavy, 500);
  const v1::Worklist list = ListWorklist(Around(90 * kDaySeconds, 1));
  EXPECT_EQ(list.units(), 0u);
  EXPECT_EQ(list.last_movement_time().seconds(), kMovementsBegin + 500);
}

}  // namespace
}  // namespace portrisk::service
