// Which stay a movement belongs to, told in any order.
#include "scoring/stay.h"

#include <algorithm>
#include <string>

#include "gtest/gtest.h"
#include "scoring/bounded_timeline.h"
#include "scoring/container_history.h"
#include "scoring/decision.h"

namespace portrisk::scoring {
namespace {

constexpr int64_t kDay = 86400;

// Movements of one box, assigned to units and folded as the engine does it.
// Units are told without the number of the box.
class StayTest : public ::testing::Test {
 protected:
  struct Told {
    v1::Event event;
    std::string locode;
    std::string facility;
    int64_t day;
    v1::Lane lane = v1::GREEN;  // What a decision about it would say.
  };

  std::string Take(const Told& told) {
    v1::Movement m;
    m.set_event(told.event);
    m.mutable_container()->set_number("MSKU1234565");
    m.mutable_location()->set_locode(told.locode);
    m.mutable_location()->set_facility(told.facility);
    m.mutable_occurrence_time()->set_seconds(told.day * kDay);
    ++sequence_;
    AssignUnit(m, &state_, {"k", {}}, &unit_);
    unit_.set_lane(std::max(unit_.lane(), told.lane));
    FoldContainer({&m, sequence_, sequence_}, &unit_, &state_);
    const size_t at = unit_.id().find('@');
    return at == std::string::npos ? unit_.id() : unit_.id().substr(at + 1);
  }

  v1::ContainerState state_;
  v1::Unit unit_;
  uint64_t sequence_ = 0;
};

TEST_F(StayTest, WhatIsToldLateOfThePlaceBeforeIsOfThatStay) {
  EXPECT_EQ(Take({v1::DISCHARGE, "NLRTM", "E1", 1, v1::ORANGE}), "NLRTM/E1#1");
  EXPECT_EQ(Take({v1::GATE_OUT, "NLRTM", "E1", 3}), "NLRTM/E1#1");
  EXPECT_EQ(Take({v1::GATE_IN, "BEANR", "Q", 4}), "BEANR/Q#2");
  const v1::Unit present = unit_;
  EXPECT_EQ(Take({v1::YARD_MOVE, "NLRTM", "E1", 2}), "NLRTM/E1#1");
  EXPECT_EQ(unit_.lane(), v1::ORANGE) << "its strongest so far stands";
  EXPECT_EQ(unit_.draw_ppm(), DrawPpm({"k", {}}, unit_.id()));
  EXPECT_EQ(state_.visit().unit(), present.id());
  EXPECT_EQ(state_.visit().lane(), v1::GREEN);
}

TEST_F(StayTest, WhatALateMovementSaysOfTheStayBeforeIsKept) {
  Take({v1::DISCHARGE, "NLRTM", "", 1});
  Take({v1::GATE_IN, "BEANR", "Q", 4});
  Take({v1::GATE_OUT, "NLRTM", "E1", 3, v1::RED});
  EXPECT_EQ(state_.previous_visit().lane(), v1::RED);
  EXPECT_FALSE(state_.previous_visit().open());
  EXPECT_EQ(state_.previous_visit().facility(), "E1");
  Take({v1::YARD_MOVE, "NLRTM", "E1", 2});
  EXPECT_EQ(unit_.lane(), v1::RED);
  EXPECT_FALSE(unit_.visit_open());
}

TEST_F(StayTest, WhatIsToldLateOfThePlaceBeforeLastIsOfNoneThatIsKept) {
  Take({v1::GATE_IN, "NLRTM", "E1", 1});
  Take({v1::GATE_OUT, "NLRTM", "E1", 2});
  Take({v1::GATE_IN, "BEANR", "Q", 3});
  Take({v1::GATE_OUT, "BEANR", "Q", 4});
  EXPECT_EQ(Take({v1::GATE_IN, "NLRTM", "E1", 5}), "NLRTM/E1#3");
  EXPECT_EQ(Take({v1::SCAN, "NLRTM", "E1", 1}), "NLRTM/E1~1");
  EXPECT_EQ(Take({v1::SCAN, "BEANR", "Q", 3}), "BEANR/Q#2");
  EXPECT_EQ(Take({v1::SCAN, "NLRTM", "E1", 5}), "NLRTM/E1#3");
}

TEST_F(StayTest, TwoStaysAtOnePlaceAreToldApart) {
  Take({v1::GATE_IN, "NLRTM", "E1", 1});
  Take({v1::GATE_OUT, "NLRTM", "E1", 3});
  EXPECT_EQ(Take({v1::GATE_IN, "NLRTM", "E1", 20}), "NLRTM/E1#2");
  EXPECT_EQ(Take({v1::YARD_MOVE, "NLRTM", "E1", 2}), "NLRTM/E1#1");
  EXPECT_EQ(Take({v1::GATE_OUT, "NLRTM", "E1", 3}), "NLRTM/E1#1")
      << "told by another one";
  EXPECT_TRUE(state_.visit().open());
  EXPECT_EQ(Take({v1::YARD_MOVE, "NLRTM", "E1", 21}), "NLRTM/E1#2");
  Take({v1::GATE_OUT, "NLRTM", "E1", 22});
  EXPECT_EQ(Take({v1::GATE_IN, "NLRTM", "E1", 40}), "NLRTM/E1#3");
  EXPECT_EQ(Take({v1::YARD_MOVE, "NLRTM", "E1", 21}), "NLRTM/E1#2");
  EXPECT_EQ(Take({v1::YARD_MOVE, "NLRTM", "E1", 2}), "NLRTM/E1~2");
}

// Another source's clock, or the report of a departure that is missing.
TEST_F(StayTest, ArrivalsWithNothingBetweenAreOne) {
  EXPECT_EQ(Take({v1::GATE_IN, "NLRTM", "E1", 2}), "NLRTM/E1#1");
  EXPECT_EQ(Take({v1::GATE_IN, "NLRTM", "E1", 1}), "NLRTM/E1#1");
  EXPECT_EQ(Take({v1::GATE_IN, "NLRTM", "E1", 9}), "NLRTM/E1#1");
  // Two stays went for one, which began before.
  EXPECT_EQ(Take({v1::GATE_OUT, "NLRTM", "E1", 5}), "NLRTM/E1#1");
  EXPECT_TRUE(state_.visit().open());
}

// Scanners, scales and trackers say where it is and not that it has left.
TEST_F(StayTest, ASightingElsewhereEndsNoStay) {
  Take({v1::DISCHARGE, "NLRTM", "E1", 1, v1::RED});
  for (const v1::Event event : {v1::SCAN, v1::WEIGHING, v1::SEAL_CHANGE,
                                v1::POSITION, v1::VESSEL_DEPARTURE}) {
    EXPECT_EQ(Take({event, "BEANR", "Q", 2}), "NLRTM/E1#1");
  }
  EXPECT_EQ(unit_.lane(), v1::RED);
  EXPECT_TRUE(state_.visit().open());
  EXPECT_EQ(state_.visit().locode(), "NLRTM") << "which it has not left";
  EXPECT_EQ(Take({v1::GATE_OUT, "NLRTM", "E1", 5}), "NLRTM/E1#1");
  EXPECT_EQ(Take({v1::SCAN, "NLRTM", "SCANNER", 3}), "NLRTM/E1#1")
      << "told late";
  EXPECT_EQ(Take({v1::SCAN, "DEDUI", "C", 6}), "DEDUI/C#2") << "it had left";
}

TEST_F(StayTest, WhatWasToldToBeElsewhereAndIsThereNeverLeft) {
  Take({v1::DISCHARGE, "NLRTM", "E1", 1, v1::RED});
  EXPECT_EQ(Take({v1::GATE_IN, "BEANR", "Q", 2}), "BEANR/Q#2");
  EXPECT_TRUE(state_.previous_visit().open());
  EXPECT_EQ(Take({v1::YARD_MOVE, "NLRTM", "E1", 3}), "NLRTM/E1#1");
  EXPECT_EQ(unit_.lane(), v1::RED);
  EXPECT_EQ(Take({v1::YARD_MOVE, "BEANR", "Q", 4}), "BEANR/Q#2");
  EXPECT_EQ(Take({v1::GATE_OUT, "NLRTM", "E1", 5}), "NLRTM/E1#1");
  EXPECT_FALSE(state_.previous_visit().open());
  EXPECT_EQ(Take({v1::GATE_IN, "NLRTM", "E1", 6}), "NLRTM/E1#3");
}

// A carrier's code of the terminal beside the terminal's own, either first.
TEST_F(StayTest, OneArrivalUnderTwoCodesBeginsOneStay) {
  Take({v1::DISCHARGE, "NLRTM", "E1", 1, v1::RED});
  EXPECT_EQ(Take({v1::DISCHARGE, "NLRTM", "RTME1", 1}), "NLRTM/E1#1");
  EXPECT_EQ(state_.visit().facility(), "E1");
  EXPECT_EQ(state_.visit().also_facility(), "RTME1");
  for (const char* code : {"RTME1", "E1"}) {
    EXPECT_EQ(Take({v1::YARD_MOVE, "NLRTM", code, 2}), "NLRTM/E1#1");
  }
  EXPECT_EQ(unit_.lane(), v1::RED);
  EXPECT_EQ(Take({v1::GATE_OUT, "NLRTM", "RTME1", 3}), "NLRTM/E1#1");
  EXPECT_FALSE(state_.visit().open());
}

TEST_F(StayTest, ALaterArrivalAtAnotherTerminalIsAnotherStay) {
  Take({v1::GATE_IN, "NLRTM", "E1", 1});
  EXPECT_EQ(Take({v1::GATE_IN, "NLRTM", "E2", 3}), "NLRTM/E2#2");
  EXPECT_EQ(Take({v1::DISCHARGE, "NLRTM", "E3", 3}), "NLRTM/E3#3");
}

TEST_F(StayTest, PapersAreOfTheStayInWhoseMidstTheyCame) {
  EXPECT_EQ(Take({v1::RELEASE_ORDER, "", "", 1}), "consignment:MSKU1234565");
  Take({v1::DISCHARGE, "NLRTM", "E1", 2});
  EXPECT_EQ(Take({v1::CUSTOMS_SELECTED, "", "", 3}), "NLRTM/E1#1");
  Take({v1::GATE_OUT, "NLRTM", "E1", 5});
  EXPECT_EQ(Take({v1::PICKUP_RIGHT_REVOKED, "", "", 4}), "NLRTM/E1#1")
      << "told after it had been used";
  EXPECT_FALSE(state_.visit().open());
  EXPECT_EQ(Take({v1::RELEASE_ORDER, "", "", 6}), "consignment:MSKU1234565");
  Take({v1::GATE_IN, "BEANR", "Q", 7});
  EXPECT_EQ(Take({v1::CUSTOMS_SELECTED, "NLRTM", "E1", 3}), "NLRTM/E1#1");
  EXPECT_EQ(Take({v1::CUSTOMS_SELECTED, "", "", 3}), "NLRTM/E1#1");
  EXPECT_EQ(Take({v1::CUSTOMS_SELECTED, "DEHAM", "", 3}),
            "consignment:MSKU1234565")
      << "of another place, before this stay";
  EXPECT_EQ(Take({v1::RELEASE_ORDER, "", "", 6}), "BEANR/Q#2")
      << "papers are ahead of the box";
  EXPECT_EQ(Take({v1::RELEASE_ORDER, "DEHAM", "", 8}), "BEANR/Q#2")
      << "in the midst of it, wherever its sender sits";
}

TEST_F(StayTest, WhatIsOlderThanAllThatIsKeptIsOfNoStayThatIsKept) {
  for (int day = 10; day < 10 + kHandlings.most; ++day) {
    Take({day % 2 ? v1::GATE_OUT : v1::GATE_IN, "NLRTM", "E1", day});
  }
  EXPECT_FALSE(state_.has_forgotten_time()) << "full, and nothing is lost";
  Take({v1::GATE_IN, "NLRTM", "E1", 100});
  EXPECT_EQ(state_.forgotten_time().seconds(), 10 * kDay);
  EXPECT_EQ(Take({v1::GATE_OUT, "NLRTM", "E1", 9}), "NLRTM/E1~9");
  EXPECT_EQ(state_.forgotten_time().seconds(), 10 * kDay);
  EXPECT_EQ(state_.timeline(0).occurrence_time().seconds(), 11 * kDay);
}

TEST_F(StayTest, ATimelineHasNoHoles) {
  for (int day = 10; day < 11 + kHandlings.most; ++day) {
    Take({v1::GATE_IN, "NLRTM", "E1", day});
  }
  v1::Movement gone;
  gone.set_retraction(true);
  // What was told second, of day 11, is taken back.
  UnfoldContainer({&gone, 2, ++sequence_}, &state_);
  ASSERT_EQ(state_.timeline_size(), kHandlings.most - 1);
  Take({v1::GATE_IN, "NLRTM", "E1", 9});
  EXPECT_EQ(state_.timeline_size(), kHandlings.most - 1)
      << "day 10 is missing between it and the rest";
  Take({v1::GATE_IN, "NLRTM", "E1", 11});
  EXPECT_EQ(state_.timeline_size(), kHandlings.most);
}

}  // namespace
}  // namespace portrisk::scoring
