#include "scoring/container_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "scoring/bounded_timeline.h"

namespace portrisk::scoring {
namespace {

constexpr int64_t kHour = 3600;
constexpr int64_t kBegin = 1'700'000'000;

class ContainerViewTest : public testing::Test {
 protected:
  static v1::Movement At(v1::Event event, int64_t hour,
                         const std::string& locode = "NLRTM") {
    v1::Movement m;
    m.set_source("terminal");
    m.set_event(event);
    m.mutable_occurrence_time()->set_seconds(kBegin + hour * kHour);
    m.mutable_container()->set_number("MSKU1234565");
    m.mutable_location()->set_locode(locode);
    return m;
  }
  static v1::Movement Manifest(v1::Event event, int64_t hour,
                               const std::string& bill,
                               const std::string& discharge,
                               const std::string& voyage = "") {
    v1::Movement m = At(event, hour, "");
    m.mutable_consignment()->set_bill_of_lading(bill);
    m.mutable_consignment()->set_discharge_locode(discharge);
    m.mutable_transport()->set_voyage(voyage);
    return m;
  }

  void Fold(const v1::Movement& m, uint64_t key) {
    FoldContainer({&m, key, key}, nullptr, &state_);
  }
  void Unfold(uint64_t key) {
    const v1::Movement none;
    UnfoldContainer({&none, key, 99}, &state_);
  }
  const v1::ContainerView& Derive(const v1::Movement& m) {
    own_ = m;
    buffer_.Begin(&state_, {&own_, 999, 999}, *reference_);
    buffer_.DeriveAll();
    return buffer_.view();
  }
  void Complete(std::initializer_list<v1::Event> events) {
    v1::ReferenceTable table;
    v1::Source* source = table.add_sources();
    source->set_id("terminal");
    for (const v1::Event event : events) source->add_complete(event);
    source->mutable_complete_since()->set_seconds(kBegin - 90 * 86400);
    reference_ = std::make_unique<Reference>(table, "test");
  }

  std::unique_ptr<Reference> reference_ =
      std::make_unique<Reference>(v1::ReferenceTable(), "test");
  v1::Movement own_;
  v1::ContainerState state_;
  ContainerViewBuffer buffer_;
};

TEST_F(ContainerViewTest, WhereaboutsFollowFromTheHandlingsOnBothSides) {
  EXPECT_EQ(Derive(At(v1::GATE_OUT, 0)).whereabouts(),
            v1::WHEREABOUTS_UNSPECIFIED);
  Fold(At(v1::LOAD, 0, "BRSSZ"), 1);
  Fold(At(v1::DISCHARGE, 400), 2);
  const v1::ContainerView& view = Derive(At(v1::GATE_IN, 200, "SGSIN"));
  EXPECT_EQ(view.whereabouts(), v1::ABOARD);  // Two places at once.
  EXPECT_EQ(view.whereabouts_after(), v1::ABOARD);
  EXPECT_EQ(view.last_load().locode(), "BRSSZ");
  EXPECT_EQ(view.next_discharge().locode(), "NLRTM");
  EXPECT_EQ(Derive(At(v1::GATE_OUT, 500)).whereabouts(), v1::IN_FACILITY);
  EXPECT_DOUBLE_EQ(buffer_.view().dwell_h(), 100);
}

// What lies in between does not have to be the very last report.
TEST_F(ContainerViewTest, ACheckIsKnownWhateverElseIsReported) {
  Fold(At(v1::GATE_OUT, 0), 1);
  Fold(At(v1::SCAN, 2), 2);
  Fold(At(v1::POSITION, 3), 3);
  EXPECT_TRUE(Derive(At(v1::GATE_IN, 4)).checked_since_handling());
  Fold(At(v1::GATE_IN, 4), 4);
  EXPECT_FALSE(Derive(At(v1::GATE_OUT, 6)).checked_since_handling());
  Unfold(1);
  Unfold(2);
  EXPECT_FALSE(Derive(At(v1::GATE_OUT, 0)).checked_until_handling());
  Fold(At(v1::SCAN, 2), 2);
  EXPECT_TRUE(Derive(At(v1::GATE_OUT, 0)).checked_until_handling());
}

TEST_F(ContainerViewTest, OneSealIsOneInAnyWriting) {
  const auto sealed = [](v1::Event event, int64_t hour, const char* seal) {
    v1::Movement m = At(event, hour);
    m.mutable_container()->set_load_status(v1::FULL);
    m.add_seals()->set_number(seal);
    return m;
  };
  Fold(sealed(v1::DISCHARGE, 0, "AB/123"), 1);
  Fold(sealed(v1::INSPECTION, 5, "AB_123"), 2);
  Fold(sealed(v1::GATE_IN, 20, "ab 123"), 3);
  const v1::ContainerView& view = Derive(sealed(v1::GATE_OUT, 9, "AB123"));
  EXPECT_EQ(view.last_seals(0), "AB123");
  EXPECT_EQ(view.known_seals(0), "AB123");
  EXPECT_EQ(view.known_seals(1), "AB123");
  EXPECT_TRUE(view.seals_accounted_for()) << "it was found, not put on";
  EXPECT_EQ(view.next_handling().seals(0), "AB123");
  EXPECT_EQ(state_.timeline(2).seals(0), "ab 123");
  // Zeros and prefixes are part of it; so is what the movement does not name.
  Derive(sealed(v1::GATE_OUT, 9, "AB0123"));
  EXPECT_EQ(buffer_.view().last_seals(0), "AB_123");
  EXPECT_EQ(buffer_.view().next_handling().seals(0), "ab 123");
}

TEST_F(ContainerViewTest, WhoOpensTheDoorsNamesTheSealThatHeFoundOrTheNewOne) {
  const auto sealed = [](v1::Event event, int64_t hour, const char* seal) {
    v1::Movement m = At(event, hour);
    m.mutable_container()->set_load_status(v1::FULL);
    m.add_seals()->set_number(seal);
    return m;
  };
  for (const v1::Event event : {v1::INSPECTION, v1::SEAL_CHANGE}) {
    state_.Clear();
    Fold(sealed(v1::DISCHARGE, 0, "A"), 1);
    Fold(sealed(event, 5, "A"), 2);
    EXPECT_TRUE(Derive(sealed(v1::GATE_OUT, 9, "B")).seals_accounted_for())
        << "opened, and A was there";
    Unfold(2);
    Fold(sealed(event, 5, "C"), 2);
    EXPECT_FALSE(Derive(sealed(v1::GATE_OUT, 9, "B")).seals_accounted_for())
        << "C was put on, and is gone";
  }
  state_.Clear();
  Fold(sealed(v1::INSPECTION, 5, "A"), 2);
  EXPECT_FALSE(Derive(sealed(v1::GATE_OUT, 9, "B")).seals_accounted_for())
      << "whether A was found or put on is not known";
}

TEST_F(ContainerViewTest, ALegSaysWhereItIsMeasuredFrom) {
  v1::ReferenceTable table;
  for (const auto& [locode, latitude] :
       {std::pair<const char*, double>{"NLRTM", 51.9}, {"ESVLC", 39.4}}) {
    v1::Place* place = table.add_places();
    place->set_locode(locode);
    place->set_latitude(latitude);
    place->set_longitude(0);
  }
  reference_ = std::make_unique<Reference>(table, "test");
  Fold(At(v1::GATE_OUT, 0), 1);
  Fold(At(v1::WEIGHING, 1, "XXQQQ"), 2);  // Nobody knows where that is.
  const v1::ContainerView& view = Derive(At(v1::GATE_IN, 6, "ESVLC"));
  EXPECT_EQ(view.previous().event(), v1::WEIGHING);
  EXPECT_EQ(view.leg_in().event(), v1::GATE_OUT);
  EXPECT_EQ(view.leg_in().locode(), "NLRTM");
}

TEST_F(ContainerViewTest, AFingerprintIsKnownFieldByField) {
  v1::Movement first = At(v1::GATE_IN, 0);
  first.mutable_container()->set_type_code("45R1");
  first.mutable_container()->set_tare_kg(4800);
  Fold(first, 1);
  v1::Movement second = At(v1::WEIGHING, 1);
  second.mutable_container()->set_reefer_unit("CARR-1");
  Fold(second, 2);
  v1::Movement own = At(v1::GATE_OUT, 2);
  own.mutable_container()->set_tare_kg(4600);
  own.mutable_weights()->set_scale_kg(4900);
  const v1::ContainerView& view = Derive(own);
  EXPECT_EQ(view.known().type_code(), "45R1");
  EXPECT_EQ(view.known().reefer_unit(), "CARR-1");
  EXPECT_EQ(view.tare_difference_kg(), 200);
  EXPECT_EQ(view.weight_above_tare_kg(), 300);
  EXPECT_FALSE(view.has_known_later());
}

TEST_F(ContainerViewTest, ASelectionStandsUntilReleaseOrInspection) {
  Fold(At(v1::CUSTOMS_SELECTED, 0), 1);
  EXPECT_TRUE(Derive(At(v1::YARD_MOVE, 5)).has_selected_time());
  Fold(At(v1::INSPECTION, 3), 2);
  EXPECT_FALSE(Derive(At(v1::YARD_MOVE, 5)).has_selected_time());
  EXPECT_TRUE(Derive(At(v1::YARD_MOVE, 2)).has_selected_time());
}

TEST_F(ContainerViewTest, ALateSelectionSeesTheMoveThatNoOrderNames) {
  v1::Movement ordered = At(v1::YARD_MOVE, 3);
  ordered.set_work_order("W1");
  Fold(ordered, 1);
  EXPECT_FALSE(Derive(At(v1::CUSTOMS_SELECTED, 1)).has_unordered_move_time());
  Fold(At(v1::YARD_MOVE, 4), 2);
  EXPECT_TRUE(Derive(At(v1::CUSTOMS_SELECTED, 1)).has_unordered_move_time());
  Fold(At(v1::CUSTOMS_RELEASED, 2), 3);
  EXPECT_FALSE(Derive(At(v1::CUSTOMS_SELECTED, 1)).has_unordered_move_time());
}

TEST_F(ContainerViewTest, TheWayToTheScannerIsTimedFromEitherEnd) {
  Fold(At(v1::GATE_OUT, 0), 1);
  EXPECT_DOUBLE_EQ(Derive(At(v1::SCAN, 2)).gate_to_scan_h(), 2);
  Unfold(1);
  Fold(At(v1::SCAN, 2), 2);
  EXPECT_DOUBLE_EQ(Derive(At(v1::GATE_OUT, 0)).gate_to_scan_h(), 2);
}

TEST_F(ContainerViewTest, PapersAreComparedWithTheirOwnConsignment) {
  v1::Movement lodged = Manifest(v1::MANIFEST_LODGED, 0, "B1", "NLRTM");
  lodged.mutable_pseudonyms()->set_consignee(7);
  Fold(lodged, 1);
  Fold(Manifest(v1::MANIFEST_AMENDED, 5, "B1", "BEANR"), 2);
  Fold(Manifest(v1::MANIFEST_LODGED, 6, "B2", "DEHAM"), 3);
  v1::Movement amended = Manifest(v1::MANIFEST_AMENDED, 9, "B1", "BEANR");
  amended.mutable_pseudonyms()->set_consignee(8);
  const v1::ContainerView& view = Derive(amended);
  EXPECT_EQ(view.declared().discharge_locode(), "BEANR");
  EXPECT_EQ(view.declared_first().discharge_locode(), "NLRTM");
  // The version before named nobody; the one before that did.
  EXPECT_TRUE(view.consignee_changed());
  amended = Manifest(v1::MANIFEST_AMENDED, 3, "B1", "BEANR");
  amended.mutable_pseudonyms()->set_consignee(8);
  EXPECT_TRUE(Derive(amended).consignee_changed());
  // What happens to the box is compared with the latest papers.
  EXPECT_EQ(Derive(At(v1::DISCHARGE, 20)).declared().discharge_locode(),
            "DEHAM");
}

TEST_F(ContainerViewTest, PapersThatWeighTheGoodsDeclareThemWithTheBox) {
  const v1::Movement discharge = At(v1::DISCHARGE, 20);
  v1::Movement lodged = Manifest(v1::MANIFEST_LODGED, 0, "B1", "NLRTM", "V1");
  lodged.mutable_weights()->set_cargo_kg(20'000);
  const auto declared = [&] {
    Unfold(1);
    Fold(lodged, 1);
    return Derive(discharge).declared();
  };
  EXPECT_EQ(declared().gross_kg(), 25'000);
  lodged.mutable_container()->set_tare_kg(2'300);
  EXPECT_EQ(declared().gross_kg(), 22'300);
  lodged.mutable_weights()->set_gross_kg(21'000);
  EXPECT_EQ(declared().gross_kg(), 21'000);
  lodged.mutable_weights()->clear_gross_kg();
  lodged.mutable_consignment()->set_consolidated(true);
  EXPECT_FALSE(declared().has_gross_kg());
  // Another consignment in the same box, though it does not say so.
  lodged.mutable_consignment()->clear_consolidated();
  Fold(Manifest(v1::MANIFEST_LODGED, -1, "B2", "NLRTM", "V0"), 2);
  EXPECT_TRUE(declared().has_gross_kg());
  Fold(Manifest(v1::MANIFEST_LODGED, 30, "B2", "NLRTM", "V1"), 3);
  EXPECT_FALSE(declared().has_gross_kg());
  EXPECT_EQ(declared().bill_of_lading(), "B1");
  EXPECT_EQ(buffer_.view().declared_first().bill_of_lading(), "B1");
}

TEST_F(ContainerViewTest, ADeclarationHidesNotWhatTheManifestSaid) {
  v1::Movement lodged = Manifest(v1::MANIFEST_LODGED, 0, "B1", "NLRTM", "V1");
  lodged.mutable_pseudonyms()->set_notify_party(7);
  Fold(lodged, 1);
  Fold(Manifest(v1::DECLARATION, 5, "B1", ""), 2);
  v1::Movement amended = Manifest(v1::MANIFEST_AMENDED, 9, "B1", "NLRTM", "V1");
  amended.mutable_pseudonyms()->set_notify_party(8);
  const v1::ContainerView& view = Derive(amended);
  EXPECT_EQ(view.declared().discharge_locode(), "NLRTM");
  ASSERT_TRUE(view.has_notify_party_changed());
  EXPECT_TRUE(view.notify_party_changed());
}

class OverlapTest : public ContainerViewTest {
 protected:
  static v1::Movement Handled(v1::Event event, int64_t hour,
                              const std::string& facility,
                              const std::string& source = "terminal") {
    v1::Movement m = At(event, hour);
    m.set_source(source);
    m.mutable_location()->set_facility(facility);
    m.mutable_container()->set_load_status(v1::FULL);
    return m;
  }
};

TEST_F(OverlapTest, AStayThatAnotherPlaceInterruptsIsSeenFromEachOfTheThree) {
  const std::vector<v1::Movement> all = {Handled(v1::DISCHARGE, 0, "A"),
                                         Handled(v1::LOAD, 30, "B"),
                                         Handled(v1::GATE_OUT, 100, "A")};
  for (size_t last = 0; last < all.size(); ++last) {
    state_.Clear();
    for (size_t i = 0; i < all.size(); ++i) {
      if (i != last) Fold(all[i], i + 1);
    }
    const v1::ContainerView& view = Derive(all[last]);
    ASSERT_TRUE(view.has_overlap()) << last;
    EXPECT_DOUBLE_EQ(view.overlap().inside_h(), 30);
    EXPECT_EQ(view.overlap().facility(), "A");
    EXPECT_EQ(view.overlap().elsewhere_facility(), "B");
    EXPECT_EQ(view.overlap().elsewhere_event(), v1::LOAD);
  }
}

TEST_F(OverlapTest, AMissingReportIsNoOverlap) {
  // Out of A and into B, of which only B is known; or gone and back again with
  // another load.
  Fold(Handled(v1::DISCHARGE, 0, "A"), 1);
  EXPECT_FALSE(Derive(Handled(v1::GATE_IN, 30, "B")).has_overlap());
  Fold(Handled(v1::GATE_IN, 30, "B"), 2);
  EXPECT_FALSE(Derive(Handled(v1::GATE_OUT, 40, "B")).has_overlap());
  Fold(At(v1::STRIPPING, 50), 3);
  EXPECT_FALSE(Derive(Handled(v1::LOAD, 100, "A")).has_overlap());
}

TEST_F(OverlapTest, TwoCodesForOneFacilityAreOneHandling) {
  Fold(Handled(v1::DISCHARGE, 0, "A"), 1);
  Fold(Handled(v1::DISCHARGE, 3, "TERMINAL A", "carrier"), 2);
  EXPECT_FALSE(Derive(Handled(v1::GATE_OUT, 100, "A")).has_overlap());
}

TEST_F(OverlapTest, AFacilityIsTheSameInAnyCase) {
  Fold(Handled(v1::DISCHARGE, 0, "Ect"), 1);
  Fold(Handled(v1::GATE_IN, 30, "ECT"), 2);
  EXPECT_FALSE(Derive(Handled(v1::GATE_OUT, 100, "Ect")).has_overlap());
  Unfold(2);
  Fold(Handled(v1::LOAD, 40, "B"), 3);
  EXPECT_TRUE(Derive(Handled(v1::GATE_OUT, 100, "eCT")).has_overlap());
  Unfold(3);
  EXPECT_DOUBLE_EQ(Derive(Handled(v1::GATE_OUT, 100, "eCT")).dwell_h(), 100);
  EXPECT_FALSE(Derive(Handled(v1::GATE_OUT, 100, "B")).has_dwell_h());
}

TEST_F(OverlapTest, ADepartureByBargeIsOneInTwoWords) {
  const auto by = [](v1::Movement m, v1::Mode mode) {
    m.mutable_transport()->set_mode(mode);
    return m;
  };
  for (const v1::Mode mode : {v1::BARGE, v1::SEA}) {
    state_.Clear();
    Fold(Handled(v1::DISCHARGE, 0, "A"), 1);
    Fold(by(Handled(v1::LOAD, 97, "TERMINAL A", "carrier"), mode), 2);
    EXPECT_EQ(Derive(Handled(v1::GATE_OUT, 100, "A")).has_overlap(),
              mode == v1::SEA);
  }
}

TEST_F(OverlapTest, APortWithoutAFacilityIsAPlaceToo) {
  const auto in = [](v1::Event event, int64_t hour, const char* locode,
                     const char* facility) {
    v1::Movement m = Handled(event, hour, facility);
    m.mutable_location()->set_locode(locode);
    return m;
  };
  Fold(in(v1::DISCHARGE, 0, "NLRTM", ""), 1);
  Fold(in(v1::GATE_IN, 60, "ESVLC", ""), 2);
  EXPECT_TRUE(Derive(in(v1::GATE_OUT, 200, "NLRTM", "")).has_overlap());
  EXPECT_TRUE(Derive(in(v1::GATE_OUT, 200, "NLRTM", "A")).has_overlap());
  // Another terminal of the port may be the one that was not named.
  state_.Clear();
  Fold(in(v1::DISCHARGE, 0, "NLRTM", ""), 1);
  Fold(in(v1::GATE_IN, 60, "NLRTM", "B"), 2);
  EXPECT_FALSE(Derive(in(v1::GATE_OUT, 200, "NLRTM", "A")).has_overlap());
  // Two terminals of a port are no stay.
  state_.Clear();
  Fold(in(v1::DISCHARGE, 0, "NLRTM", "A"), 1);
  Fold(in(v1::GATE_IN, 60, "ESVLC", "X"), 2);
  EXPECT_FALSE(Derive(in(v1::LOAD, 200, "NLRTM", "B")).has_overlap());
}

TEST_F(OverlapTest, TheDeepestCounts) {
  Fold(Handled(v1::DISCHARGE, 0, "A"), 1);
  Fold(Handled(v1::GATE_IN, 40, "B"), 2);
  Fold(Handled(v1::LOAD, 99, "B"), 3);
  EXPECT_DOUBLE_EQ(Derive(Handled(v1::GATE_OUT, 100, "A")).overlap().inside_h(),
                   40);
}

TEST_F(ContainerViewTest, LegalConsolidationIsOneVoyage) {
  Fold(Manifest(v1::MANIFEST_LODGED, 0, "B1", "NLRTM", "V1"), 1);
  EXPECT_EQ(Derive(Manifest(v1::MANIFEST_LODGED, 1, "B2", "NLRTM", "V1"))
                .open_voyages(),
            1);
  EXPECT_EQ(Derive(Manifest(v1::MANIFEST_LODGED, 1, "B3", "NLRTM", "V2"))
                .open_voyages(),
            2);
  Fold(At(v1::STRIPPING, 100), 2);
  EXPECT_EQ(Derive(Manifest(v1::MANIFEST_LODGED, 200, "B3", "NLRTM", "V2"))
                .open_voyages(),
            1);
}

TEST_F(ContainerViewTest, CargoRolledToAnotherVoyageHasOne) {
  const auto booked = [](int64_t hour, const char* booking,
                         const char* voyage) {
    v1::Movement m = At(v1::BOOKING, hour);
    m.mutable_consignment()->set_booking(booking);
    m.mutable_transport()->set_voyage(voyage);
    return m;
  };
  Fold(booked(0, "K1", "V1"), 1);
  EXPECT_EQ(Derive(booked(5, "K1", "V2")).open_voyages(), 1);
  EXPECT_EQ(Derive(booked(5, "K2", "V2")).open_voyages(), 2);
  Fold(Manifest(v1::MANIFEST_LODGED, 10, "B1", "NLRTM", "V2"), 2);
  Fold(Manifest(v1::MANIFEST_AMENDED, 12, "B1", "NLRTM", "V3"), 3);
  // An older version that arrives late changes nothing.
  Unfold(1);
  EXPECT_EQ(Derive(Manifest(v1::MANIFEST_AMENDED, 11, "B1", "NLRTM", "V9"))
                .open_voyages(),
            1);
}

TEST_F(ContainerViewTest, AllPapersThatAreKeptAreCounted) {
  uint64_t key = 0;
  for (int i = 0; i < kBookings.most; ++i) {
    v1::Movement m = At(v1::BOOKING, i);
    m.mutable_consignment()->set_booking("K" + std::to_string(i));
    m.mutable_transport()->set_voyage("B" + std::to_string(10 + i));
    Fold(m, ++key);
  }
  for (int i = 0; i < kDocumentsMax; ++i) {
    Fold(Manifest(v1::MANIFEST_LODGED, 10 + i, "M" + std::to_string(i), "NLRTM",
                  "V" + std::to_string(10 + i)),
         ++key);
  }
  EXPECT_EQ(Derive(Manifest(v1::MANIFEST_LODGED, 50, "OWN", "NLRTM", "W1"))
                .open_voyages(),
            kBookings.most + kDocumentsMax + 1);
}

TEST_F(ContainerViewTest, WhatIsTranshippedHasOneVoyageAtATime) {
  const auto sailed = [](v1::Event event, int64_t hour, const char* voyage) {
    v1::Movement m = At(event, hour);
    m.mutable_container()->set_load_status(v1::FULL);
    m.mutable_transport()->set_voyage(voyage);
    return m;
  };
  Fold(Manifest(v1::MANIFEST_LODGED, 0, "B1", "NLRTM", "V1"), 1);
  const v1::Movement feeder =
      Manifest(v1::MANIFEST_LODGED, 60, "B2", "SEGOT", "F2");
  EXPECT_EQ(Derive(feeder).open_voyages(), 2) << "still at sea";
  Fold(sailed(v1::DISCHARGE, 50, "V1"), 2);
  EXPECT_EQ(Derive(feeder).open_voyages(), 1);
  // Both were open when the second paper came.
  EXPECT_EQ(Derive(Manifest(v1::MANIFEST_LODGED, 40, "B2", "SEGOT", "F2"))
                .open_voyages(),
            2);
  // The first paper comes last.
  state_.Clear();
  Fold(sailed(v1::DISCHARGE, 50, "V1"), 2);
  Fold(feeder, 3);
  EXPECT_EQ(Derive(Manifest(v1::MANIFEST_LODGED, 0, "B1", "NLRTM", "V1"))
                .open_voyages(),
            1);
}

TEST_F(ContainerViewTest, AVoyageIsTheSameInAnyWriting) {
  Fold(Manifest(v1::MANIFEST_LODGED, 0, "B1", "NLRTM", "007W"), 1);
  for (const char* voyage : {"7W", "7-W", "07W"}) {
    EXPECT_EQ(Derive(Manifest(v1::MANIFEST_LODGED, 1, "B2", "NLRTM", voyage))
                  .open_voyages(),
              1)
        << voyage;
  }
  for (const char* voyage : {"70W", "7E", "W", "77W"}) {
    EXPECT_EQ(Derive(Manifest(v1::MANIFEST_LODGED, 1, "B2", "NLRTM", voyage))
                  .open_voyages(),
              2)
        << voyage;
  }
}

TEST_F(ContainerViewTest, AbsenceIsAFactOnlyWhereDeclared) {
  Fold(At(v1::GATE_IN, 0), 1);
  EXPECT_FALSE(Derive(At(v1::GATE_OUT, 5)).has_arrivals_reported_completely());
  EXPECT_FALSE(buffer_.view().has_booked());
  Complete({v1::GATE_IN, v1::DISCHARGE, v1::BOOKING});
  EXPECT_TRUE(Derive(At(v1::GATE_OUT, 5)).arrivals_reported_completely());
  EXPECT_FALSE(buffer_.view().departures_reported_completely());
  ASSERT_TRUE(buffer_.view().has_booked());
  EXPECT_FALSE(buffer_.view().booked());
  Fold(At(v1::BOOKING, 2), 2);
  EXPECT_TRUE(Derive(At(v1::GATE_OUT, 5)).booked());
}

// One that says where it is each hour keeps its booking; many handlings do not.
TEST_F(ContainerViewTest, WhatWasPushedOutOfTheTimelineIsUnknown) {
  Complete({v1::GATE_IN, v1::DISCHARGE, v1::BOOKING});
  Fold(At(v1::BOOKING, 0), 1);
  for (int i = 1; i <= kTimelineMax; ++i) Fold(At(v1::POSITION, i), 1 + i);
  EXPECT_TRUE(Derive(At(v1::GATE_OUT, 60)).booked());
  for (int i = 0; i <= kHandlings.most; ++i) {
    Fold(At(v1::GATE_OUT, 1 + i), 200 + i);
  }
  EXPECT_FALSE(Derive(At(v1::GATE_OUT, 60)).has_booked());
  Fold(At(v1::GATE_IN, 40), 99);
  ASSERT_TRUE(Derive(At(v1::GATE_OUT, 60)).has_booked());
  EXPECT_FALSE(buffer_.view().booked());
}

// Between it and what is kept there was more: what comes next is not known.
TEST_F(ContainerViewTest, WhatIsOlderThanAllThatIsKeptHasNoNeighbours) {
  Fold(At(v1::GATE_IN, 0), 1);
  for (int i = 1; i <= kHandlings.most; ++i) {
    Fold(At(i % 2 == 0 ? v1::GATE_IN : v1::GATE_OUT, 10 * i), 1 + i);
  }
  Fold(At(v1::GATE_IN, 500), 90);
  ASSERT_EQ(state_.forgotten_time().seconds(), kBegin + 10 * kHour);
  const v1::ContainerView& view = Derive(At(v1::GATE_OUT, 5));
  EXPECT_FALSE(view.has_previous());
  EXPECT_FALSE(view.has_next());
  EXPECT_FALSE(view.has_next_handling());
  EXPECT_FALSE(view.has_leg_out());
  EXPECT_EQ(view.whereabouts_after(), v1::WHEREABOUTS_UNSPECIFIED);
  EXPECT_EQ(view.first_seen().seconds(), kBegin);
  EXPECT_EQ(Derive(At(v1::GATE_OUT, 15)).next().occurrence_time().seconds(),
            kBegin + 20 * kHour);
}

// A booking for its next, empty journey empties nothing.
TEST_F(ContainerViewTest, OnlyWhatIsDoneToTheBoxTellsThatItIsEmpty) {
  v1::Movement in = At(v1::DISCHARGE, 0);
  in.add_seals()->set_number("S1");
  in.mutable_weights()->set_scale_kg(20'000);
  Fold(in, 1);
  for (const v1::Event event : {v1::BOOKING, v1::STOW_PLAN, v1::POSITION}) {
    v1::Movement empty = At(event, 1);
    empty.mutable_container()->set_load_status(v1::EMPTY);
    Fold(empty, 2);
    const v1::ContainerView& view = Derive(At(v1::GATE_OUT, 5));
    ASSERT_EQ(view.last_seals_size(), 1) << v1::Event_Name(event);
    EXPECT_EQ(view.last_weight_kg(), 20'000);
    EXPECT_EQ(view.last_scale_kg(), 20'000);
    Unfold(2);
  }
  v1::Movement out = At(v1::GATE_OUT, 1);
  out.mutable_container()->set_load_status(v1::EMPTY);
  Fold(out, 2);
  EXPECT_EQ(Derive(At(v1::GATE_IN, 5)).last_seals_size(), 0);
  EXPECT_FALSE(buffer_.view().has_last_weight_kg());
}

TEST_F(ContainerViewTest, ASourceThatBecameCompleteTooLateProvesNothing) {
  Complete({v1::GATE_IN, v1::DISCHARGE});
  Fold(At(v1::GATE_IN, -200 * 24), 1);
  EXPECT_FALSE(
      Derive(At(v1::GATE_OUT, -80 * 24)).arrivals_reported_completely());
  EXPECT_TRUE(
      Derive(At(v1::GATE_OUT, -30 * 24)).arrivals_reported_completely());
}

TEST_F(ContainerViewTest, TheYardPositionIsTheLastOneSinceItArrived) {
  v1::Movement moved = At(v1::YARD_MOVE, 1);
  moved.mutable_location()->set_yard_position("A12");
  Fold(At(v1::GATE_IN, 0), 1);
  Fold(moved, 2);
  EXPECT_EQ(Derive(At(v1::GATE_OUT, 5)).yard_position(), "A12");
  const JournaledMovement input{&own_, 999, 999};
  EXPECT_EQ(YardPosition(&state_, input), "A12");
  Fold(At(v1::GATE_IN, 3), 3);
  EXPECT_EQ(Derive(At(v1::GATE_OUT, 5)).yard_position(), "");
  EXPECT_EQ(YardPosition(&state_, {&own_, 999, 999}), "");
}

TEST_F(ContainerViewTest, ARetractedDepartureOpensTheVisitAgain) {
  v1::Unit unit;
  unit.set_id("MSKU1234565@NLRTM/#1");
  unit.set_visit_ordinal(1);
  unit.set_visit_open(true);
  const v1::Movement in = At(v1::GATE_IN, 0);
  FoldContainer({&in, 1, 1}, &unit, &state_);
  unit.set_visit_open(false);
  const v1::Movement out = At(v1::GATE_OUT, 5);
  FoldContainer({&out, 2, 2}, &unit, &state_);
  FoldContainer({&out, 3, 3}, &unit, &state_);  // Another source says so, too.
  EXPECT_FALSE(state_.visit().open());
  Unfold(3);
  EXPECT_FALSE(state_.visit().open());
  Unfold(2);
  EXPECT_TRUE(state_.visit().open());
}

TEST_F(ContainerViewTest, AStateStaysSmall) {
  for (uint64_t i = 1; i <= 200; ++i) {
    v1::Movement m = At(i % 2 ? v1::GATE_IN : v1::GATE_OUT, i * 10);
    m.mutable_location()->set_facility("ECTDELTA");
    m.mutable_container()->set_load_status(v1::FULL);
    m.mutable_container()->set_type_code("45R1");
    m.mutable_weights()->set_vgm_kg(22'000);
    m.add_seals()->set_number("ML-NL0012");
    m.mutable_haulier()->set_id("NL123456789");
    m.mutable_transport()->set_mode(v1::ROAD);
    Fold(m, i << 40);
    v1::Movement papers = Manifest(v1::MANIFEST_AMENDED, i * 10,
                                   "MAEU123456789", "NLRTM", "412W");
    papers.mutable_pseudonyms()->set_consignee(i << 40);
    Fold(papers, i << 41);
  }
  EXPECT_EQ(state_.documents_size(), 12);
  RecordProperty("bytes", static_cast<int>(state_.ByteSizeLong()));
  EXPECT_LE(state_.ByteSizeLong(), 5000u);
}

// With as many of every kind as are kept.
TEST_F(ContainerViewTest, AStateOfAllKindsStaysSmall) {
  for (int i = 1; i <= 20; ++i) {
    for (int event = v1::GATE_IN; event <= v1::STOW_PLAN; ++event) {
      if (!v1::Event_IsValid(event)) continue;
      v1::Movement m = At(static_cast<v1::Event>(event), i);
      m.mutable_location()->set_facility("ECTDELTA");
      m.mutable_container()->set_load_status(v1::FULL);
      m.mutable_weights()->set_vgm_kg(22'000);
      m.add_seals()->set_number("MLNL0012");
      m.mutable_seals(0)->set_source("CAR");
      m.mutable_haulier()->set_id("NL123456789");
      Fold(m, static_cast<uint64_t>(100 * event + i) << 40);
    }
  }
  EXPECT_EQ(state_.timeline_size(), kTimelineMax);
  RecordProperty("bytes", static_cast<int>(state_.ByteSizeLong()));
  EXPECT_LE(state_.ByteSizeLong(), 6000u);
}

// The lists are a function of the set of movements.
TEST_F(ContainerViewTest, AnyOrderOfArrivalGivesTheSameTimeline) {
  std::mt19937 random(20261125);
  const v1::Event events[] = {
      v1::GATE_IN,         v1::GATE_OUT,         v1::LOAD,
      v1::DISCHARGE,       v1::BOOKING,          v1::STOW_PLAN,
      v1::MANIFEST_LODGED, v1::MANIFEST_AMENDED, v1::CUSTOMS_SELECTED,
      v1::YARD_MOVE};
  for (int round = 0; round < 100; ++round) {
    std::vector<std::pair<v1::Movement, uint64_t>> movements;
    for (uint64_t i = 1; i <= 70; ++i) {
      movements.emplace_back(
          At(events[random() % 10], static_cast<int64_t>(random() % 60)), i);
    }
    const auto state_of = [&] {
      v1::ContainerState state;
      for (const auto& [m, key] : movements) {
        FoldContainer({&m, key, key}, nullptr, &state);
      }
      state.set_last_sequence(0);
      return state.SerializeAsString();
    };
    const std::string expected = state_of();
    std::shuffle(movements.begin(), movements.end(), random);
    ASSERT_EQ(state_of(), expected) << "round " << round;
  }
}

}  // namespace
}  // namespace portrisk::scoring
