#include "scoring/container_history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "scoring/bounded_timeline.h"
#include "scoring/container_view.h"

namespace portrisk::scoring {
namespace {

constexpr int64_t kHour = 3600;

// A container whose movements are folded in the order given.
class ContainerHistoryTest : public testing::Test {
 protected:
  ContainerHistoryTest() : reference_(Places(), "test") {}

  static v1::ReferenceTable Places() {
    v1::ReferenceTable table;
    const auto add = [&](const char* locode, double lat, double lon) {
      v1::Place* place = table.add_places();
      place->set_locode(locode);
      place->set_latitude(lat);
      place->set_longitude(lon);
    };
    add("BRSSZ", -23.95, -46.33);
    add("NLRTM", 51.95, 4.14);
    return table;
  }

  static v1::Movement At(v1::Event event, int64_t hour,
                         const std::string& locode) {
    v1::Movement m;
    m.set_source("t");
    m.set_event(event);
    m.mutable_occurrence_time()->set_seconds(1'700'000'000 + hour * kHour);
    m.mutable_container()->set_number("MSKU1234565");
    m.mutable_location()->set_locode(locode);
    return m;
  }

  JournaledMovement Journal(const v1::Movement& m, uint64_t key) {
    return {&m, key, ++sequence_};
  }

  // As the engine does: an earlier version is taken out first.
  void Fold(const v1::Movement& m, uint64_t key) {
    const JournaledMovement input = Journal(m, key);
    UnfoldContainer(input, &state_);
    FoldContainer(input, nullptr, &state_);
  }

  const v1::ContainerView& Derive(const v1::Movement& m, uint64_t key) {
    const JournaledMovement input = Journal(m, key);
    without_ = state_;
    UnfoldContainer(input, &without_);
    buffer_.Begin(&without_, input, reference_);
    buffer_.DeriveAll();
    return buffer_.view();
  }

  Reference reference_;
  v1::ContainerState state_;
  v1::ContainerState without_;
  ContainerViewBuffer buffer_;
  uint64_t sequence_ = 0;
};

TEST_F(ContainerHistoryTest, NothingKnownLeavesEverythingAbsent) {
  const v1::Movement m = At(v1::GATE_OUT, 0, "NLRTM");
  const v1::ContainerView& view = Derive(m, 1);
  EXPECT_FALSE(view.has_previous());
  EXPECT_FALSE(view.has_next());
  EXPECT_FALSE(view.has_leg_in());
  EXPECT_FALSE(view.has_last_weight_kg());
}

TEST_F(ContainerHistoryTest, NeighboursAreFoundOnBothSidesOfALateMovement) {
  Fold(At(v1::LOAD, 0, "BRSSZ"), 1);
  Fold(At(v1::GATE_OUT, 500, "NLRTM"), 2);
  const v1::Movement late = At(v1::DISCHARGE, 400, "NLRTM");
  const v1::ContainerView& view = Derive(late, 3);
  EXPECT_EQ(view.previous().event(), v1::LOAD);
  EXPECT_EQ(view.next().event(), v1::GATE_OUT);
  EXPECT_NEAR(view.leg_in().distance_km(), 9900, 200);
  EXPECT_DOUBLE_EQ(view.leg_in().elapsed_h(), 400);
  EXPECT_DOUBLE_EQ(view.leg_out().distance_km(), 0);
  EXPECT_DOUBLE_EQ(view.leg_out().elapsed_h(), 100);
}

TEST_F(ContainerHistoryTest, AMovementIsNotItsOwnNeighbour) {
  Fold(At(v1::GATE_IN, 0, "NLRTM"), 1);
  const v1::Movement correction = At(v1::GATE_IN, 1, "NLRTM");
  EXPECT_FALSE(Derive(correction, 1).has_previous());
  EXPECT_TRUE(Derive(correction, 2).has_previous());
}

TEST_F(ContainerHistoryTest, PlannedMovementsLeaveNoTrace) {
  v1::Movement planned = At(v1::GATE_OUT, 0, "NLRTM");
  planned.set_classifier(v1::PLANNED);
  Fold(planned, 1);
  EXPECT_EQ(state_.timeline_size(), 0);
  EXPECT_EQ(state_.movement_count(), 1u);
}

TEST_F(ContainerHistoryTest, ACorrectionReplacesAndARetractionVoids) {
  Fold(At(v1::GATE_IN, 0, "NLRTM"), 1);
  Fold(At(v1::GATE_IN, 5, "BRSSZ"), 1);
  ASSERT_EQ(state_.timeline_size(), 1);
  EXPECT_EQ(state_.timeline(0).locode(), "BRSSZ");
  v1::Movement voided;
  voided.set_retraction(true);
  Fold(voided, 1);
  EXPECT_EQ(state_.timeline_size(), 0);
}

TEST_F(ContainerHistoryTest, FirstSeenFollowsACorrection) {
  Fold(At(v1::GATE_IN, -400'000, "NLRTM"), 1);  // The wrong year.
  Fold(At(v1::GATE_OUT, 9, "NLRTM"), 2);
  Fold(At(v1::GATE_IN, 4, "NLRTM"), 1);
  EXPECT_EQ(state_.first_seen().seconds(), 1'700'000'000 + 4 * kHour);
}

// What was pushed out may have come before all that is kept.
TEST_F(ContainerHistoryTest, FirstSeenIsUnknownOnceTheFirstWasTakenOut) {
  Fold(At(v1::GATE_IN, 0, "NLRTM"), 1);
  for (int i = 0; i < 50; ++i) Fold(At(v1::POSITION, 1 + i, "NLRTM"), 10 + i);
  v1::Movement voided;
  voided.set_retraction(true);
  Fold(voided, 1);
  EXPECT_FALSE(state_.has_first_seen());
  Fold(At(v1::GATE_OUT, 60, "NLRTM"), 2);
  EXPECT_FALSE(state_.has_first_seen());
}

TEST_F(ContainerHistoryTest, PapersAreNoFirstSight) {
  Fold(At(v1::BOOKING, 0, "NLRTM"), 1);
  Fold(At(v1::CUSTOMS_SELECTED, 1, "NLRTM"), 2);
  EXPECT_FALSE(state_.has_first_seen());
  Fold(At(v1::GATE_IN, 9, "NLRTM"), 3);
  Fold(At(v1::GATE_OUT, 12, "NLRTM"), 4);
  EXPECT_EQ(state_.first_seen().seconds(), 1'700'000'000 + 9 * kHour);
  v1::Movement voided;
  voided.set_retraction(true);
  Fold(voided, 3);
  EXPECT_EQ(state_.first_seen().seconds(), 1'700'000'000 + 12 * kHour);
}

TEST_F(ContainerHistoryTest, AnUnknownPlaceGivesNoLegButTheSameCodeDoes) {
  Fold(At(v1::LOAD, 0, "XXABC"), 1);
  EXPECT_FALSE(Derive(At(v1::DISCHARGE, 10, "NLRTM"), 2).has_leg_in());
  EXPECT_DOUBLE_EQ(
      Derive(At(v1::DISCHARGE, 10, "XXABC"), 2).leg_in().distance_km(), 0);
}

TEST_F(ContainerHistoryTest, WeightIsComparedWithinOneLoadOnly) {
  v1::Movement loaded = At(v1::LOAD, 0, "BRSSZ");
  loaded.mutable_weights()->set_vgm_kg(20'000);
  Fold(loaded, 1);
  v1::Movement out = At(v1::GATE_OUT, 400, "NLRTM");
  out.mutable_weights()->set_scale_kg(22'000);
  EXPECT_NEAR(Derive(out, 2).weight_change(), 0.1, 1e-12);
  Fold(At(v1::STRIPPING, 300, "NLRTM"), 3);
  EXPECT_FALSE(Derive(out, 2).has_last_weight_kg());
}

TEST_F(ContainerHistoryTest, AnInspectionAccountsForANewSeal) {
  v1::Movement loaded = At(v1::LOAD, 0, "BRSSZ");
  loaded.add_seals()->set_number("A1");
  Fold(loaded, 1);
  v1::Movement out = At(v1::GATE_OUT, 400, "NLRTM");
  out.add_seals()->set_number("B2");
  EXPECT_FALSE(Derive(out, 2).seals_accounted_for());
  EXPECT_EQ(Derive(out, 2).last_seals(0), "A1");
  Fold(At(v1::INSPECTION, 300, "NLRTM"), 3);
  EXPECT_TRUE(Derive(out, 2).seals_accounted_for());
}

TEST_F(ContainerHistoryTest, SealsOfAllReportsOfTheLoadAreKnown) {
  const auto sealed = [](v1::Event event, int64_t hour, const char* seal) {
    v1::Movement m = At(event, hour, "BRSSZ");
    m.add_seals()->set_number(seal);
    return m;
  };
  Fold(sealed(v1::LOAD, -10, "OLD"), 1);
  Fold(sealed(v1::STUFFING, 0, "S1"), 2);
  Fold(sealed(v1::GATE_IN, 10, "C1"), 3);
  const v1::Movement out = sealed(v1::DISCHARGE, 400, "S1");
  const v1::ContainerView& view = Derive(out, 4);
  EXPECT_EQ(view.last_seals(0), "C1");
  ASSERT_EQ(view.known_seals_size(), 2) << "of the load before: none";
  EXPECT_EQ(view.known_seals(1), "S1");
}

TEST_F(ContainerHistoryTest, WhoAffixedASealIsKnownWhereItIsSaid) {
  v1::Movement stuffed = At(v1::STUFFING, 0, "BRSSZ");
  stuffed.add_seals()->set_number("S1");
  stuffed.add_seals()->set_number("S2");
  stuffed.mutable_seals(0)->set_source("SHI");
  Fold(stuffed, 1);
  v1::Movement in = At(v1::GATE_IN, 10, "BRSSZ");
  in.add_seals()->set_number("C1");
  Fold(in, 2);
  EXPECT_EQ(state_.timeline(0).seal_sources_size(), 2);
  EXPECT_EQ(state_.timeline(1).seal_sources_size(), 0);
  const v1::ContainerView& view = Derive(At(v1::LOAD, 20, "BRSSZ"), 3);
  ASSERT_EQ(view.known_seals_size(), 3);
  ASSERT_EQ(view.known_seal_sources_size(), 3);
  EXPECT_EQ(view.known_seal_sources(0), "");
  EXPECT_EQ(view.known_seal_sources(1), "SHI");
  EXPECT_EQ(view.known_seal_sources(2), "");
}

// Who does not look at the doors teaches no seal.
TEST_F(ContainerHistoryTest, APositionTeachesNoSeal) {
  const auto sealed = [](v1::Event event, int64_t hour, const char* seal) {
    v1::Movement m = At(event, hour, "NLRTM");
    m.add_seals()->set_number(seal);
    return m;
  };
  Fold(sealed(v1::DISCHARGE, 0, "A1"), 1);
  Fold(sealed(v1::POSITION, 1, "B2"), 2);
  Fold(sealed(v1::YARD_MOVE, 2, "B2"), 3);
  const v1::ContainerView& view = Derive(sealed(v1::GATE_OUT, 9, "B2"), 4);
  ASSERT_EQ(view.last_seals_size(), 1);
  EXPECT_EQ(view.last_seals(0), "A1");
  ASSERT_EQ(view.known_seals_size(), 1);
  EXPECT_EQ(view.known_seals(0), "A1");
}

TEST_F(ContainerHistoryTest, ALoadMayChangeUntilTheBoxIsHandledAgain) {
  const v1::Movement out = At(v1::GATE_OUT, 0, "NLRTM");
  EXPECT_FALSE(Derive(out, 1).has_cargo_changed_until_handling());
  Fold(At(v1::GATE_IN, 9, "NLRTM"), 2);
  Fold(At(v1::POSITION, 3, "NLRTM"), 3);
  Fold(At(v1::STRIPPING, 10, "NLRTM"), 4);
  ASSERT_TRUE(Derive(out, 1).has_cargo_changed_until_handling());
  EXPECT_FALSE(Derive(out, 1).cargo_changed_until_handling());
  Fold(At(v1::BOOKING, 5, "NLRTM"), 5);
  EXPECT_TRUE(Derive(out, 1).cargo_changed_until_handling());
}

TEST_F(ContainerHistoryTest, WhatStuffingReportsBelongsToTheLoad) {
  v1::Movement stuffed = At(v1::STUFFING, 0, "BRSSZ");
  stuffed.add_seals()->set_number("A1");
  stuffed.mutable_weights()->set_gross_kg(10'000);
  Fold(stuffed, 1);
  const v1::ContainerView& view = Derive(At(v1::LOAD, 1, "BRSSZ"), 2);
  EXPECT_EQ(view.last_weight_kg(), 10'000);
  ASSERT_EQ(view.last_seals_size(), 1);
}

TEST_F(ContainerHistoryTest, AFullTimelineKeepsTheNewest) {
  for (int i = 0; i < kHandlings.most + 10; ++i) {
    Fold(At(v1::GATE_IN, i, "NLRTM"), 100 + i);
  }
  ASSERT_EQ(state_.timeline_size(), kHandlings.most);
  EXPECT_EQ(state_.timeline(0).movement_key(), 110u);
  Fold(At(v1::GATE_IN, 1, "NLRTM"), 999);  // Older than all that is kept.
  EXPECT_EQ(state_.timeline_size(), kHandlings.most);
  EXPECT_EQ(state_.timeline(0).movement_key(), 110u);
}

// A sensor each minute, or somebody who wants to be forgotten.
TEST_F(ContainerHistoryTest, ManyReportsOfOneKindPushNoOtherOut) {
  Fold(At(v1::BOOKING, 0, "NLRTM"), 1);
  Fold(At(v1::DISCHARGE, 1, "NLRTM"), 2);
  Fold(At(v1::INSPECTION, 2, "NLRTM"), 3);
  for (int i = 0; i < 300; ++i) {
    Fold(At(i % 2 ? v1::POSITION : v1::WEIGHING, 3 + i, "NLRTM"), 10 + i);
  }
  EXPECT_FALSE(state_.has_forgotten_time());
  ASSERT_EQ(state_.timeline_size(), 3 + 6 + 6);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(state_.timeline(i).movement_key(), static_cast<uint64_t>(i + 1));
  }
  // From before a handling that is lost nothing is kept.
  for (int i = 0; i <= kHandlings.most; ++i) {
    Fold(At(v1::GATE_IN, 400 + i, "NLRTM"), 1000 + i);
  }
  EXPECT_EQ(state_.timeline(0).movement_key(), 1001u);
  EXPECT_EQ(state_.timeline_size(), kHandlings.most);
}

TEST_F(ContainerHistoryTest, InOneInstantABoxComesBeforeItGoes) {
  for (int box = 0; box < 8; ++box) {
    state_.Clear();
    Fold(At(v1::GATE_OUT, 5, "NLRTM"), 1000 - box);
    Fold(At(v1::WEIGHING, 5, "NLRTM"), 500 + 100 * box);
    Fold(At(v1::GATE_IN, 5, "NLRTM"), 2050 - 300 * box);
    ASSERT_EQ(state_.timeline_size(), 3);
    EXPECT_EQ(state_.timeline(0).event(), v1::GATE_IN);
    EXPECT_EQ(state_.timeline(1).event(), v1::WEIGHING);
    EXPECT_EQ(state_.timeline(2).event(), v1::GATE_OUT);
  }
}

// Of each kind the newest, whatever comes first.
TEST_F(ContainerHistoryTest, AnyOrderOfArrivalGivesTheSameTimeline) {
  std::mt19937 random(20261122);
  std::vector<v1::Movement> movements;
  for (int i = 0; i < 4 * kTimelineMax; ++i) {
    const auto event = static_cast<v1::Event>(1 + random() % 19);
    movements.push_back(
        At(random() % 8 == 0 ? v1::BOOKING : event, i / 2, "NLRTM"));
    movements.back().set_id(std::to_string(i));
  }
  std::string expected;
  for (int round = 0; round < 50; ++round) {
    std::vector<int> order(movements.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
    std::shuffle(order.begin(), order.end(), random);
    v1::ContainerState state;
    for (int i : order) {
      FoldContainer({&movements[i], static_cast<uint64_t>(i), 7}, nullptr,
                    &state);
    }
    const std::string bytes = state.SerializeAsString();
    if (round == 0) expected = bytes;
    ASSERT_EQ(bytes, expected) << "seed 20261122, round " << round;
  }
}

}  // namespace
}  // namespace portrisk::scoring
