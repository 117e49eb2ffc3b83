// The common rule sets in force, spoken to as a source would: what is legal and
// looks like a case is none. Each trap stands beside the case it resembles, so
// that a rule which never speaks does not pass.
#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "service/reference_files.h"
#include "service/warming.h"
#include "tests/service/rule_life_fixture.h"

namespace portrisk::service {
namespace {

using ::testing::Contains;
using ::testing::Not;

constexpr char kBox[] = "MSKU1234565";
constexpr int64_t kHour = 3600;
constexpr int64_t kDay = 24 * kHour;

class CommonCriteriaTest : public RuleLifeTest {
 protected:
  using Rules = std::set<std::string>;

  void SetUp() override {
    Start();
    for (const char* name :
         {"container", "pickup-right", "route", "timeline", "yard"}) {
      std::ifstream in(absl::StrCat(PORTRISK_SOURCE_DIR "/deploy/rules/common.",
                                    name, ".yaml"));
      std::ostringstream text;
      text << in.rdbuf();
      // Sets with aggregates warm, even where there is nothing to fill them.
      engine_->warming().WaitFor(Activate(text.str()), absl::Seconds(60));
    }
    v1::LoadReferenceRequest reference;
    auto places =
        ReadPlacesCsv(PORTRISK_SOURCE_DIR "/deploy/reference/places.csv");
    ASSERT_TRUE(places.ok()) << places.status();
    *reference.mutable_table() = *std::move(places);
    v1::Source* all = reference.mutable_table()->add_sources();
    all->set_id("complete");
    for (v1::Event event :
         {v1::GATE_IN, v1::GATE_OUT, v1::LOAD, v1::DISCHARGE,
          v1::PICKUP_RIGHT_ISSUED, v1::PICKUP_RIGHT_TRANSFERRED,
          v1::PICKUP_RIGHT_ACCEPTED, v1::PICKUP_RIGHT_NOMINATED,
          v1::PICKUP_RIGHT_REVOKED}) {
      all->add_complete(event);
    }
    reference.mutable_table()->add_sources()->set_id("terminal-1");
    auto loaded = rules_->LoadReference(reference, kCaller);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
  }

  // At ECTDELTA in Rotterdam unless changed.
  v1::Movement At(v1::Event event, int64_t time,
                  const std::string& number = kBox) {
    return MakeMovement(absl::StrCat("m", ++movements_), event, number, time);
  }
  v1::Movement Elsewhere(v1::Event event, int64_t time, const char* locode,
                         const char* facility) {
    v1::Movement m = At(event, time);
    m.mutable_location()->set_locode(locode);
    m.mutable_location()->set_facility(facility);
    return m;
  }

  v1::Assessment Take(const v1::Movement& movement) {
    const Answer answer = Score(engine_.get(), movement);
    EXPECT_TRUE(answer.status.ok()) << answer.status;
    return answer.assessment();
  }
  static Rules HitsOf(const v1::Assessment& assessment) {
    Rules rules;
    for (const v1::Hit& hit : assessment.hits()) rules.insert(hit.rule());
    return rules;
  }
  static Rules UnknownOf(const v1::Assessment& assessment) {
    Rules rules;
    for (const auto& one : assessment.not_evaluated()) rules.insert(one.rule());
    return rules;
  }
  Rules Hits(const v1::Movement& movement) { return HitsOf(Take(movement)); }

  v1::Movement Manifest(int64_t time, const char* bill, const char* voyage) {
    v1::Movement m = At(v1::MANIFEST_LODGED, time);
    m.mutable_consignment()->set_bill_of_lading(bill);
    m.mutable_consignment()->set_loading_locode("BRSSZ");
    m.mutable_consignment()->set_discharge_locode("NLRTM");
    m.mutable_consignment()->set_consolidated(true);
    m.mutable_consignee()->set_id(absl::StrCat("of ", bill));
    m.mutable_transport()->set_voyage(voyage);
    m.mutable_transport()->set_vessel_imo("9074729");
    return m;
  }
  v1::Movement Step(v1::Event event, int64_t time, const char* actor,
                    const char* source) {
    v1::Movement m = At(event, time);
    m.set_source(source);
    m.mutable_pickup_right()->set_kind(v1::RELEASE);
    m.mutable_pickup_right()->mutable_actor()->set_id(actor);
    return m;
  }
};

TEST_F(CommonCriteriaTest, LegalConsolidationIsNoClone) {
  for (const char* bill : {"B1", "B2", "B3", "B4", "B5"}) {
    EXPECT_THAT(Hits(Manifest(bill[1] * kHour, bill, "V7")),
                Not(Contains("papers.double-life")))
        << bill;
  }
  EXPECT_THAT(Hits(Manifest(99 * kHour, "B9", "V8")),
              Contains("papers.double-life"));
}

TEST_F(CommonCriteriaTest, ARemainderOfTenIsNoFraud) {
  for (v1::Event event : {v1::DISCHARGE, v1::GATE_OUT, v1::MANIFEST_LODGED}) {
    for (const std::string& rule :
         Hits(At(event, event * kDay, "TCNU1000090"))) {
      EXPECT_NE(rule.substr(0, 10), "container.") << rule;
    }
  }
  EXPECT_THAT(Hits(At(v1::DISCHARGE, 0, "MSKU1234567")),
              Contains("container.bad-check-digit"));
}

TEST_F(CommonCriteriaTest, AMissingArrivalIsNoBreach) {
  Take(At(v1::GATE_OUT, 0));
  // Back, which nobody told us, and out again.
  const v1::Assessment told = Take(At(v1::GATE_OUT, 6 * kDay));
  EXPECT_THAT(HitsOf(told), Not(Contains("timeline.state-breach-certain")));
  EXPECT_LT(told.score(), 100);
  EXPECT_LE(told.lane(), v1::GREEN);
  // Where every arrival is reported, it is one.
  v1::Movement certain = At(v1::GATE_OUT, 12 * kDay);
  certain.set_source("complete");
  EXPECT_THAT(Hits(certain), Contains("timeline.state-breach-certain"));
}

TEST_F(CommonCriteriaTest, AMissingStepIsNoBrokenChain) {
  // The transfer from F1 to F2 is not known.
  const auto chain = [&](const char* source, int64_t begin, const char* id) {
    v1::Movement issued = Step(v1::PICKUP_RIGHT_ISSUED, begin, "C1", source);
    issued.mutable_pickup_right()->set_id(id);
    issued.mutable_pickup_right()->mutable_recipient()->set_id("F1");
    Take(issued);
    v1::Movement named =
        Step(v1::PICKUP_RIGHT_NOMINATED, begin + 20 * kHour, "F2", source);
    named.mutable_pickup_right()->set_id(id);
    named.mutable_pickup_right()->mutable_nominee()->set_id("H1");
    Take(named);
    v1::Movement out = At(v1::GATE_OUT, begin + 40 * kHour);
    out.mutable_pickup_right()->set_id(id);
    out.mutable_haulier()->set_id("H1");
    return Take(out);
  };
  const v1::Assessment leaky = chain("terminal-1", 0, "R1");
  EXPECT_THAT(HitsOf(leaky), Not(Contains("right.broken-chain")));
  EXPECT_THAT(UnknownOf(leaky), Contains("right.broken-chain"));
  EXPECT_LT(leaky.lane(), v1::ORANGE);
  EXPECT_THAT(HitsOf(chain("complete", 40 * kDay, "R2")),
              Contains("right.broken-chain"));
}

TEST_F(CommonCriteriaTest, AClockAnHourOffIsNoImpossibleJourney) {
  // Rotterdam to Antwerp, an hour and a half by road, shown as half an hour.
  Take(At(v1::GATE_OUT, 0));
  EXPECT_THAT(Hits(Elsewhere(v1::GATE_IN, kHour / 2, "BEANR", "K869")),
              Not(Contains("timeline.impossible-travel")));
  // To Genoa in six hours it cannot have come.
  Take(At(v1::GATE_OUT, 20 * kDay));
  EXPECT_THAT(
      Hits(Elsewhere(v1::GATE_IN, 20 * kDay + 6 * kHour, "ITGOA", "VTE")),
      Contains("timeline.impossible-travel"));
}

TEST_F(CommonCriteriaTest, AClockAnHourOffIsNoStayInTwoPlaces) {
  // Into the next terminal, by its clock an hour before it left the first.
  Take(At(v1::DISCHARGE, 0));
  Take(Elsewhere(v1::GATE_IN, 49 * kHour, "NLRTM", "APMII"));
  EXPECT_THAT(Hits(At(v1::GATE_OUT, 50 * kHour)),
              Not(Contains("timeline.two-places")));
  // A day before it left is another matter.
  Take(At(v1::DISCHARGE, 30 * kDay));
  Take(Elsewhere(v1::GATE_IN, 31 * kDay, "NLRTM", "APMII"));
  EXPECT_THAT(Hits(At(v1::GATE_OUT, 32 * kDay)),
              Contains("timeline.two-places"));
}

TEST_F(CommonCriteriaTest, ASealOfCustomsBreaksNoChain) {
  const auto sealed = [&](v1::Event event, int64_t time, const char* number,
                          const char* by) {
    v1::Movement m = At(event, time);
    v1::Seal* seal = m.add_seals();
    seal->set_number(number);
    seal->set_source(by);
    return m;
  };
  Take(sealed(v1::DISCHARGE, 0, "A1", "SHI"));
  EXPECT_THAT(Hits(sealed(v1::GATE_OUT, 2 * kDay, "N1", "CUS")),
              Not(Contains("container.seal-chain-break")));
  Take(sealed(v1::DISCHARGE, 40 * kDay, "A2", "SHI"));
  EXPECT_THAT(Hits(sealed(v1::GATE_OUT, 42 * kDay, "B2", "SHI")),
              Contains("container.seal-chain-break"));
  // The shipper's at stuffing, in another writing at the gate; the carrier's
  // beside it at the ship, and another one there at the end of the voyage.
  Take(sealed(v1::STUFFING, 80 * kDay, "SH-1234", "SHI"));
  EXPECT_THAT(Hits(sealed(v1::GATE_IN, 81 * kDay, "sh1234", "SHI")),
              Not(Contains("container.seal-chain-break")));
  EXPECT_THAT(Hits(sealed(v1::LOAD, 82 * kDay, "C7", "CAR")),
              Not(Contains("container.seal-chain-break")));
  EXPECT_THAT(Hits(sealed(v1::DISCHARGE, 96 * kDay, "C8", "CAR")),
              Contains("container.seal-chain-break"));
}

TEST_F(CommonCriteriaTest, AClockAnHourOffIsNoStrangerAtTheGate) {
  const auto chain = [&](int64_t begin, const char* id, int64_t named_after) {
    v1::Movement issued =
        Step(v1::PICKUP_RIGHT_ISSUED, begin, "C1", "complete");
    issued.mutable_pickup_right()->set_id(id);
    issued.mutable_pickup_right()->mutable_recipient()->set_id("F1");
    Take(issued);
    const int64_t out = begin + 40 * kHour;
    for (const char* haulier : {"H1", "H2"}) {
      v1::Movement named =
          Step(v1::PICKUP_RIGHT_NOMINATED,
               haulier[1] == '1' ? begin + kHour : out + named_after, "F1",
               "complete");
      named.mutable_pickup_right()->set_id(id);
      named.mutable_pickup_right()->mutable_nominee()->set_id(haulier);
      Take(named);
    }
    v1::Movement gate = At(v1::GATE_OUT, out);
    gate.mutable_pickup_right()->set_id(id);
    gate.mutable_haulier()->set_id("H2");
    return Hits(gate);
  };
  const Rules skewed = chain(0, "R1", kHour / 2);
  EXPECT_THAT(skewed, Not(Contains("right.haulier-mismatch")));
  EXPECT_THAT(skewed, Not(Contains("right.broken-chain")));
  const Rules late = chain(40 * kDay, "R2", 2 * kHour);
  EXPECT_THAT(late, Contains("right.haulier-mismatch"));
  EXPECT_THAT(late, Contains("right.broken-chain"));
}

TEST_F(CommonCriteriaTest, ARightThatIsIssuedAgainBreaksNoChain) {
  const auto issue = [&](int64_t time) {
    v1::Movement issued = Step(v1::PICKUP_RIGHT_ISSUED, time, "C1", "complete");
    issued.mutable_pickup_right()->set_id("R1");
    issued.mutable_pickup_right()->mutable_recipient()->set_id("F1");
    Take(issued);
  };
  issue(0);
  v1::Movement named =
      Step(v1::PICKUP_RIGHT_NOMINATED, 20 * kHour, "F1", "complete");
  named.mutable_pickup_right()->set_id("R1");
  named.mutable_pickup_right()->mutable_nominee()->set_id("H1");
  Take(named);
  v1::Movement accepted =
      Step(v1::PICKUP_RIGHT_ACCEPTED, 21 * kHour, "H1", "complete");
  accepted.mutable_pickup_right()->set_id("R1");
  Take(accepted);
  issue(30 * kHour);
  v1::Movement out = At(v1::GATE_OUT, 40 * kHour);
  out.mutable_pickup_right()->set_id("R1");
  out.mutable_haulier()->set_id("H1");
  EXPECT_THAT(Hits(out), Not(Contains("right.broken-chain")));
}

// Whoever comes two days later is compared with the nominee all the same.
TEST_F(CommonCriteriaTest, ATripToAScannerUsesNoRight) {
  for (const bool checked : {true, false}) {
    const std::string number = Number(checked ? 301 : 302);
    const auto by = [&](v1::Event event, int64_t time, const char* haulier) {
      v1::Movement m = At(event, time, number);
      m.mutable_haulier()->set_id(haulier);
      return m;
    };
    v1::Movement named = At(v1::PICKUP_RIGHT_NOMINATED, kHour, number);
    named.mutable_pickup_right()->mutable_nominee()->set_id("H1");
    Take(named);
    Take(by(v1::GATE_OUT, 2 * kHour, "SHUTTLE"));
    if (checked) Take(At(v1::SCAN, 3 * kHour, number));
    Take(by(v1::GATE_IN, 4 * kHour, "SHUTTLE"));
    const Rules stranger = Hits(by(v1::GATE_OUT, 50 * kHour, "H9"));
    EXPECT_EQ(stranger.count("right.haulier-mismatch"), checked ? 1 : 0);
  }
}

TEST_F(CommonCriteriaTest, AnExportIsNoBoomerang) {
  Take(At(v1::GATE_OUT, 0));
  v1::Movement booked = At(v1::GATE_IN, 40 * kHour);
  booked.mutable_consignment()->set_booking("EXP1");
  EXPECT_THAT(Hits(booked), Not(Contains("timeline.boomerang")));
  Take(At(v1::GATE_OUT, 60 * kHour));
  EXPECT_THAT(Hits(At(v1::GATE_IN, 80 * kHour)),
              Contains("timeline.boomerang"));
}

// What a sensor does by itself, an insider can do on purpose.
TEST_F(CommonCriteriaTest, ManyReportsHideNothing) {
  // A scan or an inspection between is another matter: it left for that.
  const v1::Event events[] = {v1::POSITION, v1::MOTION,    v1::DOOR_OPENED,
                              v1::WEIGHING, v1::YARD_MOVE, v1::SEAL_CHANGE,
                              v1::STOW_PLAN};
  for (const v1::Event event : events) {
    const std::string number = Number(200 + event);
    Take(At(v1::DISCHARGE, 0, number));
    Take(At(v1::GATE_OUT, kDay, number));
    for (int i = 1; i <= 40; ++i) Take(At(event, kDay + 60 * i, number));
    EXPECT_THAT(Hits(At(v1::GATE_IN, kDay + 6 * kHour, number)),
                Contains("timeline.boomerang"))
        << v1::Event_Name(event);
  }
}

TEST_F(CommonCriteriaTest, InOneMinuteABoxComesBeforeItGoes) {
  for (int i = 0; i < 12; ++i) {
    const std::string number = Number(100 + i);
    Take(At(v1::GATE_IN, kDay, number));
    EXPECT_THAT(Hits(At(v1::GATE_OUT, kDay, number)),
                Not(Contains("timeline.boomerang-late")));
    EXPECT_THAT(Hits(At(v1::WEIGHING, kDay, number)),
                Not(Contains("timeline.boomerang")));
  }
}

}  // namespace
}  // namespace portrisk::service
