#include "tests/simulation/workload.h"

#include "absl/strings/str_cat.h"

namespace portrisk::simulation {
namespace {

constexpr v1::Event kEvents[] = {
    v1::GATE_IN,        v1::GATE_OUT,         v1::LOAD,
    v1::DISCHARGE,      v1::YARD_MOVE,        v1::WEIGHING,
    v1::SEAL_CHANGE,    v1::POSITION,         v1::MANIFEST_LODGED,
    v1::BOOKING,        v1::PRE_NOTIFICATION, v1::CUSTOMS_RELEASED,
    v1::VESSEL_ARRIVAL, v1::INSPECTION,       v1::PICK_UP};
constexpr v1::Event kRightEvents[] = {
    v1::PICKUP_RIGHT_ISSUED,   v1::PICKUP_RIGHT_TRANSFERRED,
    v1::PICKUP_RIGHT_ACCEPTED, v1::PICKUP_RIGHT_NOMINATED,
    v1::PICKUP_RIGHT_QUERIED,  v1::PICKUP_RIGHT_REVOKED};
struct Place {
  const char* locode;
  const char* facility;
};
constexpr Place kPlaces[] = {
    {"NLRTM", "ECTDELTA"}, {"NLRTM", "RST"}, {"BEANR", "K869"}, {"ECGYE", ""}};

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp proto;
  proto.set_seconds(absl::ToUnixSeconds(time));
  return proto;
}

}  // namespace

std::string BoxNumber(int box) { return absl::StrCat("MSKU", 1'000'000 + box); }

google::protobuf::Timestamp Workload::NextUpdate() {
  google::protobuf::Timestamp time;
  time.set_seconds(1'790'000'000 + 10 * ++updates_);
  return time;
}

void Workload::AddParties(v1::Movement* movement) {
  const auto party = [&](const char* letter) {
    return absl::StrCat(letter, "-", dice_->Below(3));
  };
  if (!dice_->OneIn(3)) movement->mutable_haulier()->set_id(party("HAULIER"));
  if (dice_->OneIn(2)) movement->mutable_carrier()->set_id(party("C"));
  if (dice_->OneIn(3)) movement->mutable_consignee()->set_id(party("N"));
  if (dice_->OneIn(4)) movement->mutable_shipper()->set_name(party("S"));
  if (!dice_->OneIn(3)) return;
  movement->mutable_transport()->set_mode(v1::ROAD);
  movement->mutable_transport()->set_plate(party("PLATE"));
}

void Workload::AddRight(v1::Movement* movement) {
  v1::PickupRight& right = *movement->mutable_pickup_right();
  const bool is_pin = dice_->OneIn(2);
  right.set_id(absl::StrCat("R", dice_->Below(kBoxes)));
  right.set_kind(is_pin ? v1::PIN : v1::RELEASE);
  if (is_pin) right.set_pin(absl::StrCat(100'000 + dice_->Below(3)));
  right.mutable_actor()->set_id(absl::StrCat("HAULIER-", dice_->Below(3)));
  if (dice_->OneIn(2)) right.mutable_actor()->set_account("desk-of-one");
  right.mutable_recipient()->set_id(absl::StrCat("HAULIER-", dice_->Below(3)));
  right.mutable_nominee()->set_id(absl::StrCat("HAULIER-", dice_->Below(3)));
}

v1::Movement Workload::NewMovement(absl::Time now) {
  v1::Movement m;
  m.set_source(dice_->OneIn(4) ? "terminal-2" : "terminal-1");
  m.set_id(absl::StrCat("m", ids_++));
  const bool of_right = dice_->OneIn(5);
  m.set_event(of_right ? dice_->Pick(kRightEvents) : dice_->Pick(kEvents));
  m.set_classifier(dice_->OneIn(8) ? v1::PLANNED : v1::ACTUAL);
  // Mostly of the last hour; some of the last days.
  const int late_s = dice_->OneIn(4) ? dice_->Below(400'000) : dice_->Below(60);
  *m.mutable_occurrence_time() = ToTimestamp(now - absl::Seconds(late_s));
  if (!dice_->OneIn(10)) {
    m.mutable_container()->set_number(BoxNumber(dice_->Below(kBoxes)));
    if (!dice_->OneIn(5)) m.mutable_container()->set_load_status(v1::FULL);
  }
  if (m.container().number().empty() || dice_->OneIn(4)) {
    m.mutable_consignment()->set_booking(absl::StrCat("B", dice_->Below(4)));
    m.mutable_consignment()->set_commodity("080390");
    m.mutable_consignment()->set_loading_locode("ECGYE");
    m.mutable_consignment()->set_discharge_locode("NLRTM");
  }
  if (!dice_->OneIn(6)) {
    const Place place = dice_->Pick(kPlaces);
    m.mutable_location()->set_locode(place.locode);
    m.mutable_location()->set_facility(place.facility);
  }
  if (dice_->OneIn(2)) {
    m.mutable_weights()->set_gross_kg(2'000 + 1'000 * dice_->Below(30));
  }
  if (dice_->OneIn(6)) m.add_seals()->set_number("SEAL1");
  AddParties(&m);
  if (of_right || dice_->OneIn(8)) AddRight(&m);
  if (!dice_->OneIn(3)) *m.mutable_update_time() = NextUpdate();
  return m;
}

// The same fact with something else in it.
v1::Movement Workload::Changed(v1::Movement m) {
  switch (dice_->Below(4)) {
    case 0:
      m.mutable_weights()->set_gross_kg(1'000 + dice_->Below(30'000));
      break;
    case 1:
      m.mutable_haulier()->set_id(
          absl::StrCat("HAULIER-", 3 + dice_->Below(3)));
      break;
    case 2:
      m.mutable_container()->set_number(BoxNumber(dice_->Below(kBoxes)));
      break;
    default:
      m.mutable_occurrence_time()->set_seconds(m.occurrence_time().seconds() -
                                               1 - dice_->Below(100'000));
  }
  return m;
}

v1::Movement Workload::NextMovement(absl::Time now) {
  const int kind = dice_->Below(20);
  v1::Movement m = movements_.empty() || kind < 11 ? NewMovement(now)
                                                   : dice_->Pick(movements_);
  if (kind == 11 || kind == 12) return m;  // A repeat.
  if (kind >= 13 && kind <= 16) {          // A correction, or a retraction.
    if (kind != 16) m = Changed(m);
    m.set_retraction(kind == 16);
    *m.mutable_update_time() = NextUpdate();
  }
  if (kind == 17) m = Changed(m);  // A conflict.
  if (kind == 18) {                // One between two versions.
    m = Changed(m);
    m.mutable_update_time()->set_seconds(m.update_time().seconds() - 5);
  }
  if (kind == 19) {  // Invalid.
    dice_->OneIn(2) ? m.clear_id() : m.clear_occurrence_time();
    return m;
  }
  movements_.push_back(m);
  return m;
}

v1::Outcome Workload::NextOutcome(absl::Time now) {
  const int kind = dice_->Below(6);
  if (kind == 0 && !outcomes_.empty()) return dice_->Pick(outcomes_);
  v1::Outcome outcome;
  if (kind < 3 && !outcomes_.empty()) {
    outcome = dice_->Pick(outcomes_);
    outcome.set_retraction(kind == 1);
    outcome.set_quantity(dice_->Below(100));
    if (kind == 1) *outcome.mutable_update_time() = NextUpdate();
  } else {
    outcome.set_source("nl-customs");
    outcome.set_id(absl::StrCat("o", ids_++));
    outcome.set_container_number(BoxNumber(dice_->Below(kBoxes)));
    outcome.set_locode("NLRTM");
    if (dice_->OneIn(2)) outcome.set_facility("ECTDELTA");
    *outcome.mutable_time() =
        ToTimestamp(now - absl::Minutes(dice_->Below(2'000)));
    outcome.set_control(v1::INSPECT);
    outcome.set_result(dice_->OneIn(2) ? v1::FOUND : v1::NOT_FOUND);
  }
  outcomes_.push_back(outcome);
  return outcome;
}

v1::Decision Workload::NextDecision() {
  const int kind = dice_->Below(6);
  if (kind == 0 && !decisions_.empty()) return dice_->Pick(decisions_);
  v1::Decision decision;
  if (kind == 1 && !decisions_.empty()) {
    decision = dice_->Pick(decisions_);
    decision.set_retraction(true);
    *decision.mutable_update_time() = NextUpdate();
  } else {
    decision.set_source("nl-desk");
    decision.set_id(absl::StrCat("d", ids_++));
    v1::AssessmentRef& about = *decision.mutable_assessment();
    about.set_source("terminal-1");
    about.set_movement_id(absl::StrCat("m", dice_->Below(ids_)));
    decision.set_kind(dice_->OneIn(2) ? v1::ACCEPT : v1::OVERRIDE);
    if (decision.kind() == v1::OVERRIDE) {
      decision.set_reason_code("known-trader");
      decision.set_reason("inspected last week");
      decision.set_lane(v1::GREEN);
    }
  }
  decisions_.push_back(decision);
  return decision;
}

v1::ErasureSubject Workload::NextSubject() {
  v1::ErasureSubject subject;
  switch (dice_->Below(4)) {
    case 0:
      subject.set_plate(absl::StrCat("PLATE-", dice_->Below(3)));
      break;
    case 1:
      subject.set_account("desk-of-one");
      break;
    default:
      subject.set_party(absl::StrCat("HAULIER-", dice_->Below(6)));
  }
  return subject;
}

v1::ListWorklistRequest Workload::NextWorklist(absl::Time now) {
  v1::ListWorklistRequest request;
  const Place place = dice_->Pick(kPlaces);
  request.set_locode(place.locode);
  if (dice_->OneIn(2)) request.set_facility(place.facility);
  request.set_hours(1 + static_cast<uint32_t>(dice_->Below(96)));
  request.set_capacity(1 + static_cast<uint32_t>(dice_->Below(5)));
  *request.mutable_time() = ToTimestamp(now);
  return request;
}

std::string Workload::NextRuleSet(const std::string& name) {
  struct Aggregate {
    const char* declared;
    const char* condition;
  };
  constexpr Aggregate kAggregates[] = {
      {"key: movement.container.number, count: true", " >= 2"},
      {"key: movement.location.locode, max: movement.weights.gross_kg",
       " > 20000"},
      {"key: movement.haulier.id, distinct: movement.container.number",
       " >= 3"},
      {"key: movement.container.number, sum: movement.weights.gross_kg",
       " > 50000"}};
  const bool with_list = dice_->OneIn(2);
  std::string yaml =
      absl::StrCat("rule_set: ", name, "\nlayer: port\nowner: EU\n");
  if (with_list) {
    yaml += "lists: {boxes: {type: container_number, source: watched}}\n";
  }
  std::string rules;
  const auto rule = [&](const std::string& id, const std::string& when) {
    absl::StrAppend(&rules, "  - id: ", id,
                    "\n    title: {en: T, es: T, pt: T}\n    explain: {en: E, "
                    "es: E, pt: E}\n    score: ",
                    10 * (1 + dice_->Below(40)), "\n    when: ", when, "\n");
    if (dice_->OneIn(6)) rules += "    lane_at_least: ORANGE\n";
    if (dice_->OneIn(5)) rules += "    breaker: {share: 0.4, window: 100}\n";
  };
  std::string aggregates;
  for (int i = 0; i < 4; ++i) {
    if (!dice_->OneIn(3)) continue;
    const std::string id = absl::StrCat("a", i);
    absl::StrAppend(&aggregates, "  ", id, ": {", kAggregates[i].declared,
                    ", window: ", 1 + dice_->Below(3), "d}\n");
    rule(absl::StrCat("r.", id), absl::StrCat(id, kAggregates[i].condition));
  }
  if (!aggregates.empty()) absl::StrAppend(&yaml, "aggregates:\n", aggregates);
  rule("full", "movement.container.load_status == FULL");
  rule("haulier", "movement.haulier.id != right.nominated.id");
  rule("fresh", "container.open_voyages > 0");
  if (with_list) rule("watched", "movement.container.number in boxes");
  return absl::StrCat(yaml, "rules:\n", rules);
}

std::string Workload::NextProfile() {
  const int yellow = 10 + dice_->Below(100);
  return absl::StrCat(
      "profile: nl\nowner: NL Customs\nrandom: {rate: ", dice_->Below(30),
      "%}\nscores: {yellow: ", yellow, ", orange: ", yellow + 200,
      "}\ncapacity: ", 1 + dice_->Below(9), "\ntop_up: {score_min: 10}\n");
}

std::string Workload::NextList() {
  std::string csv = "value,reason\n";
  for (int box = 0; box < kBoxes; ++box) {
    if (dice_->OneIn(2)) absl::StrAppend(&csv, BoxNumber(box), ",seen\n");
  }
  return csv;
}

}  // namespace portrisk::simulation
