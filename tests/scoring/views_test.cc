// A view is derived part by part, as conditions come to read it. Whatever is
// read first, and whatever was read before it, a field has the value that it
// has when everything is derived: for every field of every view, at movements
// of random histories.
#include "scoring/views.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "scoring/decision.h"
#include "scoring/roots.h"
#include "tests/scoring/fuzz_states.h"

namespace portrisk::scoring {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int64_t kBegin = 1'767'225'600;
constexpr int64_t kHour = 3600;

const Reference& Places() {
  static const auto* const reference = [] {
    v1::ReferenceTable table;
    const auto place = [&](const char* locode, double latitude, double east) {
      v1::Place* const added = table.add_places();
      added->set_locode(locode);
      added->set_latitude(latitude);
      added->set_longitude(east);
    };
    place("BEANR", 51.2, 4.4);
    place("BRSSZ", -23.9, -46.3);
    place("NLRTM", 51.9, 4.5);
    table.add_owners()->set_prefix("MSKU");
    v1::Source* const complete = table.add_sources();
    complete->set_id("port");
    for (const v1::Event event :
         {v1::GATE_IN, v1::GATE_OUT, v1::LOAD, v1::DISCHARGE, v1::STRIPPING,
          v1::BOOKING, v1::INSPECTION, v1::PICKUP_RIGHT_TRANSFERRED,
          v1::PICKUP_RIGHT_ACCEPTED}) {
      complete->add_complete(event);
    }
    return new Reference(table, "places");
  }();
  return *reference;
}

class Histories {
 public:
  explicit Histories(uint64_t seed) : dice_(seed) {}

  // Mostly what happens to a box in port, now and then late.
  v1::Movement Next() {
    static const std::vector<v1::Event> usual = {
        v1::GATE_IN,
        v1::GATE_OUT,
        v1::LOAD,
        v1::DISCHARGE,
        v1::GATE_IN,
        v1::GATE_OUT,
        v1::SCAN,
        v1::BOOKING,
        v1::MANIFEST_LODGED,
        v1::PICKUP_RIGHT_ISSUED,
        v1::PICKUP_RIGHT_TRANSFERRED,
        v1::PICKUP_RIGHT_QUERIED,
        v1::PICKUP_RIGHT_REVOKED,
    };
    hour_ += Below(9);
    v1::Movement m;
    m.set_event(Below(3) == 0 ? static_cast<v1::Event>(1 + Below(v1::Event_MAX))
                              : usual[Below(usual.size())]);
    m.set_classifier(v1::ACTUAL);
    m.set_source(Pick({"port", "terminal", "line"}));
    m.mutable_occurrence_time()->set_seconds(
        kBegin + kHour * (hour_ - (Below(4) == 0 ? Below(60) : 0)));
    v1::Container* const box = m.mutable_container();
    box->set_number(Pick({"MSKU1234565", "XXXU1234565"}));
    if (Below(2) == 0) box->set_tare_kg(2'200 + Below(3) * 100);
    if (Below(3) == 0) box->set_type_code(Pick({"22G1", "45R1"}));
    box->set_load_status(Below(12) == 0 ? v1::EMPTY : v1::FULL);
    m.mutable_location()->set_locode(Pick({"NLRTM", "BEANR", "BRSSZ", ""}));
    m.mutable_location()->set_facility(Pick({"ECT", "APM"}));
    if (Below(2) == 0) {
      m.mutable_location()->set_yard_position(
          Pick({"A12-03-2", "A13-01-1", "B1"}));
    }
    m.mutable_transport()->set_vessel_imo("9074729");
    m.mutable_transport()->set_voyage(Pick({"V1", "V2", ""}));
    m.mutable_transport()->set_mode(Below(2) == 0 ? v1::SEA : v1::ROAD);
    if (Below(2) == 0) m.mutable_weights()->set_scale_kg(20'000 + Below(9));
    if (Below(2) == 0) m.add_seals()->set_number(Pick({"S1", "S2"}));
    m.mutable_consignment()->set_booking(Pick({"B1", "B2", ""}));
    m.mutable_consignment()->set_bill_of_lading(Pick({"L1", "L2", ""}));
    m.mutable_consignment()->set_commodity("080390");
    m.mutable_consignment()->set_loading_locode("BRSSZ");
    m.mutable_consignment()->set_discharge_locode("NLRTM");
    v1::PickupRight* const right = m.mutable_pickup_right();
    right->set_id("R1");
    right->mutable_actor()->set_id(Pick({"A", "B", "C"}));
    right->mutable_recipient()->set_id(Pick({"A", "B", "C"}));
    right->mutable_nominee()->set_id(Pick({"H1", "H2", ""}));
    right->set_pin_hash(Pick({"P", "Q", ""}));
    right->set_kind(v1::RELEASE);
    right->mutable_expire_time()->set_seconds(kBegin + kHour * hour_ * 2);
    m.mutable_haulier()->set_id(Pick({"H1", "H2"}));
    if (Below(2) == 0) m.mutable_pseudonyms()->set_consignee(1 + Below(2));
    if (Below(2) == 0) m.mutable_pseudonyms()->set_notify_party(1 + Below(2));
    return m;
  }

  template <typename T>
  void Shuffle(std::vector<T>* all) {
    std::shuffle(all->begin(), all->end(), dice_);
  }

 private:
  int64_t Below(size_t end) { return static_cast<int64_t>(dice_() % end); }
  const char* Pick(const std::vector<const char*>& of) {
    return of[dice_() % of.size()];
  }

  std::mt19937_64 dice_;
  int64_t hour_ = 0;
};

// In the order of roots.
std::vector<const Message*> RootsOfScope(const Scope& scope) {
  return {scope.movement, scope.container, scope.right,
          scope.party,    scope.vessel,    scope.route,
          scope.facility, scope.source,    scope.usual};
}

std::string TextOf(const Message& message, const FieldDescriptor& field) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (!field.is_repeated()) {
    if (!reflection.HasField(message, &field)) return "absent";
    std::string text;
    google::protobuf::TextFormat::PrintFieldValueToString(message, &field, -1,
                                                          &text);
    return text;
  }
  std::string all;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    std::string text;
    google::protobuf::TextFormat::PrintFieldValueToString(message, &field, i,
                                                          &text);
    absl::StrAppend(&all, "[", text, "]");
  }
  return all;
}

struct RootField {
  uint32_t root;
  const FieldDescriptor* field;
};

std::vector<RootField> AllFields() {
  Views views;
  const v1::Movement none;
  const JournaledMovement input{&none, 1, 1};
  const EntityStates states;
  views.Begin(input, states, Places());
  std::vector<RootField> all;
  const std::vector<const Message*> roots = RootsOfScope(views.scope());
  for (uint32_t root = kContainerRoot; root < roots.size(); ++root) {
    const auto* const type = roots[root]->GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      all.push_back({root, type->field(i)});
    }
  }
  return all;
}

TEST(ViewsTest, AFieldIsTheSameWhateverElseIsDerived) {
  constexpr uint64_t kSeed = 20261127;
  constexpr int kHistories = 30;
  constexpr int kMovements = 50;
  std::vector<RootField> fields = AllFields();
  std::vector<int> shown(fields.size(), 0);
  const std::vector<RootField> in_order = fields;
  DrawKey key{"k", {}};
  SpanFinder finder;
  Spans spans;
  for (int h = 0; h < kHistories; ++h) {
    SCOPED_TRACE(absl::StrCat("seed ", kSeed + h));
    Histories history(kSeed + h);
    FuzzedStates states;
    uint64_t sequence = 0;
    for (int i = 0; i < kMovements; ++i) {
      const v1::Movement m = history.Next();
      const JournaledMovement input{&m, 1000 + sequence, ++sequence};
      v1::Unit unit;
      AssignUnit(m, &states.container, key, &unit);
      finder.Find(&states.container, &states.right, input, Places(), &spans);
      const EntityStates known = states.Of(spans);

      Views whole;
      whole.Begin(input, known, Places());
      for (uint32_t root = 0; root < kAggregatesRoot; ++root) {
        whole.DeriveAll(root);
      }
      const auto expected = RootsOfScope(whole.scope());
      for (size_t f = 0; f < in_order.size(); ++f) {
        const auto [root, field] = in_order[f];
        shown[f] += TextOf(*expected[root], *field) != "absent";
        Views alone;
        alone.Begin(input, known, Places());
        alone.Derive(root, *field);
        ASSERT_EQ(TextOf(*RootsOfScope(alone.scope())[root], *field),
                  TextOf(*expected[root], *field))
            << field->full_name() << " alone, movement " << i;
        alone.Release();
      }
      history.Shuffle(&fields);
      Views mixed;
      mixed.Begin(input, known, Places());
      for (const auto& [root, field] : fields) {
        mixed.Derive(root, *field);
        ASSERT_EQ(TextOf(*RootsOfScope(mixed.scope())[root], *field),
                  TextOf(*expected[root], *field))
            << field->full_name() << " among others, movement " << i;
      }
      mixed.Release();
      whole.Release();
      states.Fold(input, unit);
    }
  }
  // Else the comparison says nothing of it. All states of a kind are one here,
  // so what compares two of them may never come up.
  for (size_t f = 0; f < in_order.size(); ++f) {
    if (in_order[f].root > kRightRoot) continue;
    EXPECT_GT(shown[f], 0) << in_order[f].field->full_name();
  }
}

// No field of it is named where it is taken.
TEST(ViewsTest, ARootThatIsTakenForAValueIsDerived) {
  const CheckResult checked = CheckRuleSet(R"yaml(
rule_set: whole
layer: port
owner: NL
rules:
  - id: chosen
    title: {en: T}
    explain: {en: E}
    score: 1
    when: >
      (movement.event == GATE_OUT ? container : container).events_known == 1
  - id: listed
    title: {en: T}
    explain: {en: E}
    score: 1
    when: "[container].exists(one, one.events_known == 1)"
)yaml",
                                           "test");
  ASSERT_NE(checked.rule_set, nullptr);
  const auto programme = *Programme::Compile({{1, checked.rule_set}});
  FuzzedStates states;
  v1::Movement m = StateMovements().front();
  m.set_event(v1::GATE_IN);
  states.Fold({&m, 1, 1}, v1::Unit());
  m.set_event(v1::GATE_OUT);
  m.mutable_occurrence_time()->set_seconds(m.occurrence_time().seconds() + 60);
  const JournaledMovement input{&m, 2, 2};
  const Spans spans;
  const EntityStates known = states.Of(spans);
  Views views;
  views.Begin(input, known, Places());
  EvalScratch scratch;
  v1::Assessment out;
  programme->Evaluate(views.scope(), &scratch, &out);
  EXPECT_EQ(out.hits_size(), 2) << out.ShortDebugString();
  views.Release();
  // That it is not there by itself.
  Scope nothing = views.scope();
  nothing.derived = nullptr;
  out.Clear();
  programme->Evaluate(nothing, &scratch, &out);
  EXPECT_EQ(out.hits_size(), 0) << out.ShortDebugString();
}

}  // namespace
}  // namespace portrisk::scoring
