#include "scoring/place_history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "scoring/bounded_timeline.h"

namespace portrisk::scoring {
namespace {

constexpr int64_t kHour = 3600;
constexpr int64_t kBegin = 1'700'000'000;

v1::Movement At(v1::Event event, int64_t hour, const std::string& locode) {
  v1::Movement m;
  m.set_source("t");
  m.set_event(event);
  m.mutable_occurrence_time()->set_seconds(kBegin + hour * kHour);
  m.mutable_container()->set_number("MSKU1234565");
  m.mutable_location()->set_locode(locode);
  m.mutable_transport()->set_vessel_imo("9074729");
  m.mutable_transport()->set_voyage("V1");
  return m;
}

Reference Places() {
  v1::ReferenceTable table;
  const auto add = [&](const char* locode, double lat, double lon) {
    v1::Place* place = table.add_places();
    place->set_locode(locode);
    place->set_latitude(lat);
    place->set_longitude(lon);
  };
  add("BRSSZ", -23.95, -46.33);
  add("NLRTM", 51.95, 4.14);
  return Reference(table, "test");
}

class VesselTest : public testing::Test {
 protected:
  void Fold(const v1::Movement& m) { FoldVessel({&m, ++key_, key_}, &state_); }
  const v1::VesselView& Derive(const v1::Movement& m) {
    buffer_.Derive(&state_, m, reference_);
    return buffer_.view();
  }
  const Reference reference_ = Places();
  v1::VesselState state_;
  VesselViewBuffer buffer_;
  uint64_t key_ = 0;
};

TEST_F(VesselTest, ReportsOfOneCallMeetAndCount) {
  Fold(At(v1::LOAD, 0, "BRSSZ"));
  Fold(At(v1::LOAD, 5, "BRSSZ"));
  Fold(At(v1::STOW_PLAN, 6, "BRSSZ"));
  ASSERT_EQ(state_.calls_size(), 1);
  EXPECT_EQ(state_.calls(0).loaded(), 2u);
  EXPECT_EQ(state_.calls(0).stowed(), 1u);
  EXPECT_EQ(state_.calls(0).last_seconds() - state_.calls(0).first_seconds(),
            6 * kHour);
}

// A call that gave way to newer ones and comes again has not counted it.
TEST_F(VesselTest, WhatACallForgotIsNotTakenFromIt) {
  const v1::Movement plan = At(v1::STOW_PLAN, 0, "NLRTM");
  Fold(plan);
  for (int i = 1; i <= kVesselCallsMax; ++i) {
    Fold(At(v1::LOAD, i, "P" + std::to_string(i)));
  }
  Fold(At(v1::DISCHARGE, 50, "NLRTM"));
  Fold(At(v1::DISCHARGE, 51, "NLRTM"));
  UnfoldVessel({&plan, 1, ++key_}, plan, &state_);
  const v1::VesselCall& call = state_.calls(state_.calls_size() - 1);
  EXPECT_EQ(call.locode(), "NLRTM");
  EXPECT_EQ(call.stowed(), 0u);
  EXPECT_EQ(call.discharged(), 2u);
}

TEST_F(VesselTest, ADischargeSeesTheCallBefore) {
  Fold(At(v1::LOAD, 0, "BRSSZ"));
  Fold(At(v1::LOAD, 10, "BRSSZ"));
  const v1::VesselView& view = Derive(At(v1::DISCHARGE, 20, "NLRTM"));
  EXPECT_EQ(view.last_call_elsewhere().locode(), "BRSSZ");
  EXPECT_FALSE(view.has_call_here());
  EXPECT_DOUBLE_EQ(view.leg_in().elapsed_h(), 10);
  EXPECT_GT(view.leg_in().speed_kmh(), 900);
  EXPECT_EQ(view.voyage_loaded(), 2);
  EXPECT_EQ(view.profile().movements(), 2);
}

TEST_F(VesselTest, PapersOfAPortAheadAreNoCall) {
  Fold(At(v1::LOAD, 0, "BRSSZ"));
  Fold(At(v1::MANIFEST_LODGED, 10, "NLRTM"));
  EXPECT_EQ(state_.calls_size(), 1);
  EXPECT_FALSE(Derive(At(v1::DISCHARGE, 400, "NLRTM")).has_call_here());
}

TEST_F(VesselTest, ARetractedReportIsTakenOut) {
  const v1::Movement wrong = At(v1::LOAD, 0, "BRSSZ");
  Fold(wrong);
  UnfoldVessel({&wrong, 1, 9}, wrong, &state_);
  EXPECT_EQ(state_.calls_size(), 0);
  EXPECT_EQ(state_.profile().count(), 0u);
}

TEST_F(VesselTest, AnyOrderGivesTheSameCalls) {
  std::mt19937 random(20261125);
  const char* places[] = {"BRSSZ", "NLRTM", "SGSIN"};
  for (int round = 0; round < 100; ++round) {
    std::vector<v1::Movement> movements;
    for (int i = 0; i < 30; ++i) {
      movements.push_back(At(random() % 2 ? v1::LOAD : v1::DISCHARGE,
                             random() % 2000, places[random() % 3]));
      if (random() % 2) {
        movements.back().mutable_transport()->set_voyage(random() % 2 ? "V2"
                                                                      : "");
      }
    }
    const auto state_of = [&] {
      v1::VesselState state;
      for (const auto& m : movements) FoldVessel({&m, 1, 1}, &state);
      return state;
    };
    const v1::VesselState expected = state_of();
    std::shuffle(movements.begin(), movements.end(), random);
    // Beyond eight calls the oldest are gone for good, and with them their
    // earlier counts.
    if (expected.calls_size() < kVesselCallsMax) {
      ASSERT_EQ(state_of().SerializeAsString(), expected.SerializeAsString());
    }
    ASSERT_LE(state_of().calls_size(), kVesselCallsMax);
  }
}

class FacilityTest : public testing::Test {
 protected:
  void Fold(const std::string& number, int64_t hour, const std::string& yard,
            v1::Lane lane) {
    v1::Movement m = At(v1::YARD_MOVE, hour, "NLRTM");
    m.mutable_container()->set_number(number);
    m.mutable_location()->set_yard_position(yard);
    v1::Unit unit;
    unit.set_lane(lane);
    FoldFacility({&m, ++key_, key_}, unit, &state_);
  }
  const v1::FacilityView& Derive(const std::string& number, int64_t hour,
                                 const std::string& yard) {
    v1::Movement m = At(v1::GATE_OUT, hour, "NLRTM");
    m.mutable_container()->set_number(number);
    m.mutable_location()->set_yard_position(yard);
    buffer_.Derive(&state_, nullptr, {&m, 999, 999});
    return buffer_.view();
  }
  v1::FacilityState state_;
  FacilityViewBuffer buffer_;
  uint64_t key_ = 0;
};

TEST_F(FacilityTest, ANumberOneCharacterFromARiskyBoxIsANearTwin) {
  Fold("MSKU1234565", 0, "", v1::RED);
  EXPECT_EQ(Derive("MSKU1234665", 5, "").near_twin(), "MSKU1234565");
  EXPECT_EQ(Derive("MSKU1234560", 5, "").near_twin(), "MSKU1234565");
  EXPECT_EQ(Derive("MSKU1235665", 5, "").near_twin(), "");  // Two of them.
  EXPECT_EQ(Derive("MSKU1234565", 5, "").near_twin(), "");  // Itself.
  EXPECT_EQ(Derive("MSKU1234665", 30, "").near_twin(), "MSKU1234565");
  EXPECT_EQ(buffer_.view().risky_boxes(), 0);  // Those of a day.
  EXPECT_EQ(Derive("MSKU1234665", 15 * 24, "").near_twin(), "");
}

TEST_F(FacilityTest, AnOrdinaryBoxHasNoTwins) {
  Fold("MSKU1234565", 0, "", v1::GREEN);
  const v1::FacilityView& view = Derive("MSKU1234665", 5, "");
  EXPECT_EQ(view.near_twin(), "");
  EXPECT_EQ(view.risky_boxes(), 0);
  EXPECT_TRUE(view.has_risky_boxes());
}

TEST_F(FacilityTest, ALookAfterClearanceMarksABox) {
  Fold("MSKU1234565", 0, "", v1::BLUE);
  EXPECT_EQ(Derive("MSKU1234665", 5, "").near_twin(), "MSKU1234565");
}

TEST_F(FacilityTest, TheNextBayIsANeighbourTheOneAfterIsNot) {
  Fold("MSKU1234565", 0, "A12-03-2", v1::ORANGE);
  EXPECT_EQ(Derive("TEMU7777777", 5, "A14-01-1").risky_neighbour(),
            "MSKU1234565");
  EXPECT_EQ(buffer_.view().bays_between(), 2);
  EXPECT_EQ(Derive("TEMU7777777", 5, "A15-03-2").risky_neighbour(), "");
  EXPECT_EQ(Derive("TEMU7777777", 5, "B12-03-2").risky_neighbour(), "");
  EXPECT_EQ(Derive("TEMU7777777", 50, "A12-03-2").risky_neighbour(), "");
}

TEST_F(FacilityTest, ARetractionTakesTheRiskyBoxOut) {
  Fold("MSKU1234565", 0, "A12", v1::RED);
  const v1::Movement prior = At(v1::YARD_MOVE, 0, "NLRTM");
  UnfoldFacility({&prior, 1, 9}, prior, &state_);
  EXPECT_EQ(state_.risky_size(), 0);
}

TEST_F(FacilityTest, ManyReportsOfOneBoxPushNoOtherOut) {
  Fold("MSKU1234565", 0, "", v1::RED);
  for (int i = 0; i < 200; ++i) Fold("TEMU7777777", 1 + i % 20, "", v1::RED);
  EXPECT_EQ(state_.risky_size(), 1 + kReportsOfRiskyBox);
  EXPECT_EQ(Derive("MSKU1234665", 22, "").near_twin(), "MSKU1234565");
  EXPECT_EQ(buffer_.view().risky_boxes(), 2);
}

// Of each box the newest two, of these the newest, whatever comes first.
TEST_F(FacilityTest, AnyOrderGivesTheSameRiskyBoxes) {
  std::mt19937 random(20261128);
  v1::Unit unit;
  unit.set_lane(v1::RED);
  std::vector<v1::Movement> movements;
  for (int i = 0; i < 400; ++i) {
    movements.push_back(At(v1::YARD_MOVE, random() % 1000, "NLRTM"));
    movements.back().set_id(std::to_string(i));
    movements.back().mutable_container()->set_number(
        "MSKU" + std::to_string(1'000'000 + random() % 80));
  }
  std::string expected;
  for (int round = 0; round < 50; ++round) {
    v1::FacilityState state;
    for (const v1::Movement& m : movements) {
      FoldFacility({&m, std::stoull(m.id()), 7}, unit, &state);
    }
    if (round == 0) expected = state.SerializeAsString();
    ASSERT_EQ(state.risky_size(), kRiskyBoxesMax);
    ASSERT_EQ(state.SerializeAsString(), expected) << "round " << round;
    std::shuffle(movements.begin(), movements.end(), random);
  }
}

TEST_F(FacilityTest, AStateStaysSmall) {
  for (int i = 0; i < 5000; ++i) {
    Fold("MSKU" + std::to_string(1'000'000 + i), i, "A12-03-2", v1::RED);
  }
  EXPECT_EQ(state_.risky_size(), 96);
  RecordProperty("bytes", static_cast<int>(state_.ByteSizeLong()));
  EXPECT_LE(state_.ByteSizeLong(), 5000u);
}

TEST_F(VesselTest, AStateStaysSmall) {
  for (int i = 0; i < 500; ++i) {
    v1::Movement m = At(v1::LOAD, i * 24, i % 2 ? "BRSSZ" : "NLRTM");
    m.mutable_transport()->set_voyage("VOY" + std::to_string(100 + i));
    Fold(m);
  }
  EXPECT_EQ(state_.calls_size(), kVesselCallsMax);
  RecordProperty("bytes", static_cast<int>(state_.ByteSizeLong()));
  EXPECT_LE(state_.ByteSizeLong(), 500u);
}

TEST(Bays, AreReadFromWhatYardsWrite) {
  Bay bay;
  ASSERT_TRUE(ReadBay("A12-03-2", &bay));
  EXPECT_EQ(bay.block, "A");
  EXPECT_EQ(bay.number, 12);
  ASSERT_TRUE(ReadBay("0140782", &bay));
  EXPECT_EQ(bay.block, "");
  EXPECT_EQ(bay.number, 14);
  EXPECT_FALSE(ReadBay("STACK", &bay));
  EXPECT_FALSE(ReadBay("", &bay));
  EXPECT_FALSE(ReadBay("99999999999999999999", &bay));
}

TEST(SourceView, TellsWhatIsDeclaredAndWhatIsInNoTable) {
  v1::ReferenceTable table;
  v1::Source* source = table.add_sources();
  source->set_id("t");
  source->add_complete(v1::GATE_OUT);
  const Reference reference(table, "test");
  SourceViewBuffer buffer;
  v1::Movement m = At(v1::GATE_OUT, 0, "NLRTM");
  buffer.Derive(reference, m);
  EXPECT_TRUE(buffer.view().declared());
  ASSERT_EQ(buffer.view().complete_size(), 1);
  m.set_source("other");
  buffer.Derive(reference, m);
  EXPECT_TRUE(buffer.view().has_declared());
  EXPECT_FALSE(buffer.view().declared());
  EXPECT_EQ(buffer.view().complete_size(), 0);
  buffer.Derive(Places(), m);
  EXPECT_FALSE(buffer.view().has_declared());
}

}  // namespace
}  // namespace portrisk::scoring
