// What may enter the journal as an outcome or a decision: each refusal names
// the field and says what to send.
#include "service/outcome_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace portrisk::service {
namespace {

constexpr int64_t kNow = 1'800'000'000;

v1::Outcome GoodOutcome() {
  v1::Outcome outcome;
  outcome.set_source("nl");
  outcome.set_id("C-1");
  outcome.set_container_number("MSKU1234565");
  outcome.mutable_time()->set_seconds(kNow - 100);
  outcome.set_control(v1::INSPECT);
  outcome.set_result(v1::FOUND);
  return outcome;
}

v1::Decision GoodDecision(v1::DecisionKind kind = v1::OVERRIDE) {
  v1::Decision decision;
  decision.set_source("nl");
  decision.set_id("D-1");
  decision.mutable_assessment()->set_source("t1");
  decision.mutable_assessment()->set_movement_id("m1");
  decision.set_kind(kind);
  if (kind != v1::OVERRIDE) return decision;
  decision.set_reason_code("known-trader");
  decision.set_reason("inspected last week");
  decision.set_lane(v1::GREEN);
  return decision;
}

std::vector<Violation> Admit(v1::Outcome* outcome) {
  return AdmitOutcome(absl::FromUnixSeconds(kNow), outcome);
}
std::vector<Violation> Admit(v1::Decision* decision) {
  return AdmitDecision(absl::FromUnixSeconds(kNow), decision);
}

// The fields that are wrong, joined; each must say what to do.
template <typename Content>
std::string Wrong(Content content,
                  const std::function<void(Content&)>& change) {
  change(content);
  std::string fields;
  for (const Violation& violation : Admit(&content)) {
    if (!fields.empty()) fields += " ";
    fields += violation.field;
    EXPECT_NE(violation.description, "");
  }
  return fields;
}
std::string WrongOutcome(const std::function<void(v1::Outcome&)>& change) {
  return Wrong<v1::Outcome>(GoodOutcome(), change);
}
std::string WrongDecision(const std::function<void(v1::Decision&)>& change,
                          v1::DecisionKind kind = v1::OVERRIDE) {
  return Wrong<v1::Decision>(GoodDecision(kind), change);
}

TEST(OutcomeForm, EveryFieldIsChecked) {
  using O = v1::Outcome;
  EXPECT_EQ(WrongOutcome([](O&) {}), "");
  EXPECT_EQ(WrongOutcome([](O& o) { o.clear_source(); }), "source");
  EXPECT_EQ(WrongOutcome([](O& o) { o.set_source(" \t"); }), "source");
  EXPECT_EQ(WrongOutcome([](O& o) { o.set_source(std::string(65, 'x')); }),
            "source");
  EXPECT_EQ(WrongOutcome([](O& o) { o.clear_id(); }), "id");
  EXPECT_EQ(WrongOutcome([](O& o) { o.set_id(std::string(129, 'x')); }), "id");
  EXPECT_EQ(WrongOutcome([](O& o) { o.set_id("a\nb"); }), "id");
  EXPECT_EQ(WrongOutcome([](O& o) { o.set_id("\xff"); }), "id");
  EXPECT_EQ(WrongOutcome([](O& o) { o.clear_container_number(); }),
            "container_number");
  EXPECT_EQ(
      WrongOutcome([](O& o) { o.set_container_number(std::string(30, 'X')); }),
      "container_number");
  EXPECT_EQ(WrongOutcome([](O& o) {
              o.set_unit("consignment:" + std::string(257, 'x'));
            }),
            "unit");
  EXPECT_EQ(WrongOutcome([](O& o) { o.set_unit("nonsense"); }), "unit");
  EXPECT_EQ(WrongOutcome([](O& o) {
              o.set_unit("consignment:BL@1");
              o.set_container_number("MSKU1234565");
            }),
            "");
  EXPECT_EQ(WrongOutcome([](O& o) {
              o.set_unit("consignment:BL@1");
              o.clear_container_number();
            }),
            "unit");
  EXPECT_EQ(WrongOutcome([](O& o) {
              o.clear_container_number();
              o.set_unit("A-NUMBER-THAT-IS-TOO-LONG@NLRTM/ECT#1");
            }),
            "container_number");
  EXPECT_EQ(WrongOutcome([](O& o) { o.mutable_assessment(); }),
            "assessment.source assessment.movement_id");
  EXPECT_EQ(WrongOutcome([](O& o) { o.set_locode("Rotterdam"); }), "locode");
  EXPECT_EQ(WrongOutcome([](O& o) { o.set_facility(std::string(65, 'x')); }),
            "facility");
  EXPECT_EQ(WrongOutcome([](O& o) { o.clear_time(); }), "time");
  EXPECT_EQ(WrongOutcome([](O& o) { o.mutable_time()->set_seconds(-1); }),
            "time");
  EXPECT_EQ(WrongOutcome([](O& o) { o.mutable_time()->set_nanos(-1); }),
            "time");
  EXPECT_EQ(WrongOutcome([](O& o) {
              o.mutable_time()->set_seconds(kNow + 7 * 86400 + 1);
            }),
            "time");
  EXPECT_EQ(WrongOutcome(
                [](O& o) { o.mutable_time()->set_seconds(kNow + 7 * 86400); }),
            "");
  EXPECT_EQ(WrongOutcome([](O& o) { o.mutable_update_time()->set_nanos(-1); }),
            "update_time");
  EXPECT_EQ(WrongOutcome([](O& o) { o.set_control(v1::NO_CONTROL); }),
            "control");
  EXPECT_EQ(
      WrongOutcome([](O& o) { o.set_control(static_cast<v1::Control>(99)); }),
      "control");
  EXPECT_EQ(WrongOutcome([](O& o) { o.clear_result(); }), "result");
  EXPECT_EQ(WrongOutcome(
                [](O& o) { o.set_result(static_cast<v1::ControlResult>(99)); }),
            "result");
  EXPECT_EQ(
      WrongOutcome([](O& o) { o.set_kind(static_cast<v1::FindKind>(99)); }),
      "kind");
  EXPECT_EQ(WrongOutcome([](O& o) { o.set_kind_code(std::string(65, 'x')); }),
            "kind_code");
  EXPECT_EQ(WrongOutcome([](O& o) { o.set_quantity(-1); }), "quantity");
  EXPECT_EQ(WrongOutcome([](O& o) { o.set_quantity(std::nan("")); }),
            "quantity");
  EXPECT_EQ(WrongOutcome([](O& o) {
              o.set_quantity(std::numeric_limits<double>::infinity());
            }),
            "quantity");
  EXPECT_EQ(WrongOutcome([](O& o) { o.set_quantity_unit("KILOGRAMS"); }),
            "quantity_unit");
  EXPECT_EQ(WrongOutcome([](O& o) { o.set_reference(std::string(129, 'x')); }),
            "reference");
  EXPECT_EQ(WrongOutcome([](O& o) { o.set_note(std::string(1001, 'x')); }),
            "note");
}

TEST(OutcomeForm, WhatWasFoundNeedsAFind) {
  for (const v1::ControlResult result : {v1::NOT_FOUND, v1::INCONCLUSIVE}) {
    const auto wrong = [&](const std::function<void(v1::Outcome&)>& change) {
      return WrongOutcome([&](v1::Outcome& o) {
        o.set_result(result);
        change(o);
      });
    };
    EXPECT_EQ(wrong([](v1::Outcome&) {}), "");
    EXPECT_EQ(wrong([](v1::Outcome& o) { o.set_kind(v1::DRUGS); }), "kind");
    EXPECT_EQ(wrong([](v1::Outcome& o) { o.set_kind_code("x"); }), "kind_code");
    EXPECT_EQ(wrong([](v1::Outcome& o) { o.set_quantity(0); }), "quantity");
  }
}

TEST(OutcomeForm, ARetractionNeedsNothingButItsIdentity) {
  v1::Outcome outcome;
  outcome.set_source("nl");
  outcome.set_id("C-1");
  outcome.set_retraction(true);
  EXPECT_TRUE(Admit(&outcome).empty());
  v1::Decision decision;
  decision.set_source("nl");
  decision.set_id("D-1");
  decision.set_retraction(true);
  EXPECT_TRUE(Admit(&decision).empty());
  decision.clear_id();
  EXPECT_EQ(Admit(&decision).size(), 1u);
}

TEST(OutcomeForm, TheNormalFormIsOneForAllWritings) {
  v1::Outcome outcome = GoodOutcome();
  outcome.set_id(" C-1 ");
  outcome.set_container_number("msku 123456-5");
  outcome.set_locode(" nlrtm ");
  outcome.set_quantity_unit("kgm");
  ASSERT_TRUE(Admit(&outcome).empty());
  EXPECT_EQ(outcome.id(), "C-1");
  EXPECT_EQ(outcome.container_number(), "MSKU1234565");
  EXPECT_EQ(outcome.locode(), "NLRTM");
  EXPECT_EQ(outcome.quantity_unit(), "KGM");
  outcome.clear_container_number();
  outcome.set_unit("TCLU4265783@NLRTM/ECT#1");
  ASSERT_TRUE(Admit(&outcome).empty());
  EXPECT_EQ(outcome.container_number(), "TCLU4265783")
      << "the name of a visit says of which container";
}

TEST(DecisionForm, EveryFieldIsChecked) {
  using D = v1::Decision;
  EXPECT_EQ(WrongDecision([](D&) {}), "");
  EXPECT_EQ(WrongDecision([](D& d) { d.clear_source(); }), "source");
  EXPECT_EQ(WrongDecision([](D& d) { d.clear_id(); }), "id");
  EXPECT_EQ(WrongDecision([](D& d) { d.clear_assessment(); }), "assessment");
  EXPECT_EQ(WrongDecision([](D& d) { d.mutable_assessment()->clear_source(); }),
            "assessment.source");
  EXPECT_EQ(WrongDecision([](D& d) { d.clear_kind(); }), "kind");
  EXPECT_EQ(WrongDecision(
                [](D& d) { d.set_kind(static_cast<v1::DecisionKind>(99)); }),
            "kind");
  EXPECT_EQ(WrongDecision([](D& d) { d.set_lane(static_cast<v1::Lane>(99)); }),
            "lane");
  EXPECT_EQ(
      WrongDecision([](D& d) { d.set_control(static_cast<v1::Control>(99)); }),
      "control");
  EXPECT_EQ(WrongDecision([](D& d) { d.mutable_time()->set_seconds(-1); }),
            "time");
  EXPECT_EQ(WrongDecision([](D& d) { d.mutable_update_time()->set_nanos(-1); }),
            "update_time");
  EXPECT_EQ(WrongDecision([](D& d) { d.set_reason(std::string(1001, 'x')); }),
            "reason");
}

TEST(DecisionForm, AnOverrideNeedsAReasonAndWhatInstead) {
  using D = v1::Decision;
  EXPECT_EQ(WrongDecision([](D& d) { d.clear_reason_code(); }), "reason_code");
  EXPECT_EQ(WrongDecision([](D& d) { d.clear_reason(); }), "reason");
  EXPECT_EQ(WrongDecision([](D& d) { d.clear_lane(); }), "lane");
  EXPECT_EQ(WrongDecision([](D& d) {
              d.clear_lane();
              d.set_control(v1::NO_CONTROL);
            }),
            "")
      << "doing nothing is a choice";
}

TEST(DecisionForm, AnAcceptanceChoosesNothingElse) {
  using D = v1::Decision;
  EXPECT_EQ(WrongDecision([](D&) {}, v1::ACCEPT), "");
  EXPECT_EQ(WrongDecision([](D& d) { d.set_lane(v1::RED); }, v1::ACCEPT),
            "lane");
  EXPECT_EQ(WrongDecision([](D& d) { d.set_control(v1::INSPECT); }, v1::ACCEPT),
            "lane");
  EXPECT_EQ(WrongDecision([](D& d) { d.set_reason("as it says"); }, v1::ACCEPT),
            "");
}

}  // namespace
}  // namespace portrisk::service
