// What happens around the last port: papers, control, the right to collect,
// the gate, and the empty box on its way back.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "scoring/simulate/scribe.h"
#include "scoring/simulate/times.h"

namespace portrisk::scoring::simulate {
namespace {

constexpr uint32_t kAmended = 60'000;
// Changes long before arrival are daily business.
constexpr int64_t kAmendedBefore = 60 * kHour;

}  // namespace

Draft& Scribe::OfManifest(Step step, v1::Event event, const Bill& bill,
                          int64_t time) {
  Draft& draft =
      AboutBox(step, event, world_.sources.Customs(trip_.to), time, v1::FULL);
  draft.arriving = true;
  v1::Movement& m = draft.movement;
  m.mutable_location()->set_locode(Locode(trip_.to));
  AddCargo(bill, &m);
  v1::Consignment* cargo = m.mutable_consignment();
  cargo->clear_booking();
  cargo->set_bill_of_lading(bill.number);
  cargo->set_origin_locode(Locode(trip_.from));
  cargo->set_destination_locode(Locode(trip_.to));
  if (trip_.legs.size() > 1) {
    cargo->set_transhipment_locode(
        Locode(world_.liner.CallOf(trip_.last().leg, false).port));
  }
  cargo->set_packages(bill.packages);
  if (trip_.bills.size() > 1) cargo->set_consolidated(true);
  m.mutable_weights()->set_cargo_kg(bill.cargo_kg);
  SetVessel(trip_.last(), &m);
  SetTime(trip_.last().arrive / kHour * kHour,
          m.mutable_transport()->mutable_estimated_arrival_time());
  world_.parties.Fill(bill.shipper, m.mutable_shipper());
  world_.parties.Fill(bill.consignee, m.mutable_consignee());
  world_.parties.Fill(
      trip_.bills.size() > 1 ? trip_.import_forwarder : bill.consignee,
      m.mutable_notify_party());
  world_.parties.Fill(trip_.import_forwarder, m.mutable_declarant());
  return draft;
}

void Scribe::WriteManifests() {
  const TripLeg& last = trip_.last();
  // A day before loading is what many administrations ask for; papers of the
  // last leg are lodged once the box is aboard.
  const int64_t latest = last.arrive - 24 * kHour;
  const int64_t lodged =
      std::min(last.sail + random_->Between(kHour, 40 * kHour), latest);
  for (const Bill& bill : trip_.bills) {
    OfManifest(Step::kManifest, v1::MANIFEST_LODGED, bill, lodged);
    if (last.arrive - kAmendedBefore > lodged + kHour &&
        random_->Chance(kAmended)) {
      Bill changed = bill;
      changed.packages += static_cast<int32_t>(random_->Between(1, 30));
      Draft& amended = OfManifest(
          Step::kAmendment, v1::MANIFEST_AMENDED, changed,
          random_->Between(lodged + kHour, last.arrive - kAmendedBefore));
      if (random_->Chance(300'000)) {
        // A new notify party, in time.
        world_.parties.Fill(trip_.import_forwarder,
                            amended.movement.mutable_notify_party());
      }
    }
  }
}

void Scribe::WriteImport() {
  const int64_t ashore = trip_.last().discharge;
  const int terminal = trip_.unload_terminal(world_);
  const int customs = world_.sources.Customs(trip_.to);
  WriteControl();
  Draft& release = AboutBox(Step::kRelease, v1::RELEASE_ORDER,
                            world_.sources.Carrier(trip_.box->carrier),
                            trip_.chain.issued - 20 * kMinute, v1::FULL);
  release.arriving = true;
  release.movement.mutable_location()->set_locode(Locode(trip_.to));
  release.movement.mutable_consignment()->set_bill_of_lading(
      trip_.bills.front().number);

  const int64_t declared =
      std::min(ashore - random_->Between(-6 * kHour, 30 * kHour),
               trip_.gate_out - 3 * kHour);
  Draft& declaration = AboutBox(Step::kDeclaration, v1::DECLARATION, customs,
                                declared, v1::LOAD_STATUS_UNSPECIFIED);
  declaration.arriving = true;
  declaration.movement.mutable_location()->set_locode(Locode(trip_.to));
  v1::Consignment* cargo = declaration.movement.mutable_consignment();
  cargo->set_declaration(absl::StrFormat("D%08X", trip_.number));
  cargo->set_bill_of_lading(trip_.bills.front().number);
  cargo->set_commodity(Commodities()[trip_.bills.front().commodity].hs);
  world_.parties.Fill(trip_.import_forwarder,
                      declaration.movement.mutable_declarant());
  world_.parties.Fill(trip_.bills.front().consignee,
                      declaration.movement.mutable_consignee());

  const bool opened =
      trip_.control == Control::kScan || trip_.control == Control::kInspection;
  Draft& cleared =
      AboutBox(Step::kCleared, v1::CUSTOMS_RELEASED, customs,
               opened ? trip_.controlled + 2 * kHour
                      : std::min(std::max(declared, ashore) + kHour,
                                 trip_.gate_out - kHour),
               v1::LOAD_STATUS_UNSPECIFIED);
  cleared.arriving = true;
  cleared.movement.mutable_location()->set_locode(Locode(trip_.to));
  cleared.movement.mutable_consignment()->set_bill_of_lading(
      trip_.bills.front().number);
  if (random_->Chance(300'000)) {
    Draft& move = AtTerminal(
        Step::kYardMove, v1::YARD_MOVE, trip_.to, terminal,
        random_->Between(ashore + kHour, std::max(ashore + 90 * kMinute,
                                                  trip_.gate_out - kHour)),
        v1::FULL);
    move.arriving = true;
    move.movement.set_work_order(absl::StrFormat("W%08X", trip_.number));
    move.movement.mutable_location()->set_yard_position(YardPosition(random_));
  }
  WriteChain();
  WriteGateOut();
}

void Scribe::WriteControl() {
  if (trip_.control == Control::kNone) return;
  const int customs = world_.sources.Customs(trip_.to);
  const Port& port = world_.geography.port(trip_.to);
  Draft& selected = AboutBox(Step::kSelected, v1::CUSTOMS_SELECTED, customs,
                             trip_.selected, v1::LOAD_STATUS_UNSPECIFIED);
  selected.arriving = true;
  selected.movement.mutable_location()->set_locode(port.locode);
  if (trip_.control == Control::kScanOutside) return;  // See WriteGateOut.
  Draft& move = AtTerminal(Step::kYardMove, v1::YARD_MOVE, trip_.to,
                           trip_.unload_terminal(world_),
                           trip_.controlled - 90 * kMinute, v1::FULL);
  move.arriving = true;
  move.movement.set_work_order(absl::StrFormat("C%08X", trip_.number));
  move.movement.mutable_location()->set_yard_position("CUSTOMS");
  const bool scan = trip_.control == Control::kScan;
  Draft& control = AboutBox(scan ? Step::kScan : Step::kInspection,
                            scan ? v1::SCAN : v1::INSPECTION, customs,
                            trip_.controlled, v1::FULL);
  control.arriving = true;
  v1::Location* place = control.movement.mutable_location();
  place->set_locode(port.locode);
  place->set_facility(port.terminals[trip_.unload_terminal(world_)]);
  place->set_facility_code_list("local");
  if (scan) return;
  if (random_->Chance(400'000)) {
    // A sensor saw it too, and there is an order for it.
    Draft& door = AtTerminal(Step::kDoor, v1::DOOR_OPENED, trip_.to,
                             trip_.unload_terminal(world_),
                             trip_.controlled + 5 * kMinute, v1::FULL);
    door.arriving = true;
    door.movement.set_work_order(absl::StrFormat("C%08X", trip_.number));
  }
  WriteSealChange();
}

void Scribe::WriteSealChange() {
  customs_seal_ = absl::StrFormat("CU%07d", random_->Below(10'000'000));
  customs_seal_time_ = trip_.controlled + 50 * kMinute;
  Draft& change =
      AboutBox(Step::kSealChange, v1::SEAL_CHANGE,
               world_.sources.Customs(trip_.to), customs_seal_time_, v1::FULL);
  change.arriving = true;
  v1::Location* place = change.movement.mutable_location();
  place->set_locode(Locode(trip_.to));
  place->set_facility(
      world_.geography.port(trip_.to).terminals[trip_.unload_terminal(world_)]);
  place->set_facility_code_list("local");
  AddSeal(customs_seal_, "CUS", &change.movement);
}

Draft& Scribe::OfRight(Step step, v1::Event event, int64_t time) {
  const bool pins = !trip_.chain.pin.empty();
  // Without a chain there is no system that keeps it: the carrier sends the
  // code and knows who looked it up.
  const int source = pins && step != Step::kPreNotified
                         ? world_.sources.Carrier(trip_.box->carrier)
                         : world_.sources.Community(trip_.to);
  Draft& draft =
      AboutBox(step, event, source, time, v1::LOAD_STATUS_UNSPECIFIED);
  draft.arriving = true;
  draft.movement.mutable_location()->set_locode(Locode(trip_.to));
  v1::PickupRight* right = draft.movement.mutable_pickup_right();
  right->set_id(trip_.chain.id);
  right->set_kind(pins ? v1::PIN : v1::RELEASE);
  return draft;
}

void Scribe::WriteChain() {
  const Chain& chain = trip_.chain;
  Draft& issued = OfRight(Step::kIssued, v1::PICKUP_RIGHT_ISSUED, chain.issued);
  v1::PickupRight* right = issued.movement.mutable_pickup_right();
  right->mutable_actor()->set_id(Carriers()[trip_.box->carrier].code);
  right->mutable_actor()->set_id_scheme("SCAC");
  world_.parties.Fill(chain.first_holder, right->mutable_recipient());
  SetTime(chain.expires, right->mutable_expire_time());
  if (!chain.pin.empty()) right->set_pin(chain.pin);
  issued.movement.mutable_consignment()->set_bill_of_lading(
      trip_.bills.front().number);
  WriteTransfers();
  WriteNominations();
  if (random_->Chance(700'000)) {
    Draft& queried =
        OfRight(Step::kQueried, v1::PICKUP_RIGHT_QUERIED, chain.queried);
    v1::Party* actor = queried.movement.mutable_pickup_right()->mutable_actor();
    world_.parties.Fill(chain.holder, actor);
    world_.parties.FillAccount(chain.holder, random_->Below(3), actor);
  }
  if (random_->Chance(800'000)) {
    Draft& told =
        OfRight(Step::kPreNotified, v1::PRE_NOTIFICATION, chain.pre_notified);
    SetHaulier(trip_.import_haulier, &told.movement);
    world_.parties.FillAccount(trip_.import_haulier, 0,
                               told.movement.mutable_haulier());
    SetTime(trip_.gate_out / kHour * kHour,
            told.movement.mutable_pickup_right()->mutable_slot_time());
  }
}

void Scribe::WriteTransfers() {
  const Chain& chain = trip_.chain;
  const auto accept = [&](const PartyKey& who, int64_t time) {
    Draft& draft = OfRight(Step::kAccepted, v1::PICKUP_RIGHT_ACCEPTED, time);
    v1::Party* actor = draft.movement.mutable_pickup_right()->mutable_actor();
    world_.parties.Fill(who, actor);
    world_.parties.FillAccount(who, random_->Below(3), actor);
  };
  if (!chain.pin.empty()) return;
  accept(chain.first_holder, chain.accepted);
  for (const Chain::Transfer& transfer : chain.transfers) {
    Draft& draft = OfRight(Step::kTransferred, v1::PICKUP_RIGHT_TRANSFERRED,
                           transfer.time);
    v1::PickupRight* right = draft.movement.mutable_pickup_right();
    world_.parties.Fill(transfer.from, right->mutable_actor());
    world_.parties.FillAccount(transfer.from, random_->Below(3),
                               right->mutable_actor());
    world_.parties.Fill(transfer.to, right->mutable_recipient());
    accept(transfer.to, transfer.accepted);
  }
}

void Scribe::WriteNominations() {
  for (const Chain::Nomination& named : trip_.chain.nominations) {
    Draft& draft =
        OfRight(Step::kNominated, v1::PICKUP_RIGHT_NOMINATED, named.time);
    v1::PickupRight* right = draft.movement.mutable_pickup_right();
    world_.parties.Fill(trip_.chain.holder, right->mutable_actor());
    world_.parties.FillAccount(trip_.chain.holder, random_->Below(3),
                               right->mutable_actor());
    world_.parties.Fill(named.haulier, right->mutable_nominee());
    SetTime(trip_.gate_out / kHour * kHour, right->mutable_slot_time());
    // The haulier says yes.
    Draft& yes =
        OfRight(Step::kAccepted, v1::PICKUP_RIGHT_ACCEPTED, named.accepted);
    right = yes.movement.mutable_pickup_right();
    world_.parties.Fill(named.haulier, right->mutable_actor());
    world_.parties.FillAccount(named.haulier, 0, right->mutable_actor());
    world_.parties.Fill(named.haulier, right->mutable_nominee());
  }
}

void Scribe::WriteGateOut() {
  const int terminal = trip_.unload_terminal(world_);
  Draft& out = AtTerminal(Step::kGateOut, v1::GATE_OUT, trip_.to, terminal,
                          trip_.gate_out, v1::FULL);
  out.arriving = true;
  SetHaulier(trip_.import_haulier, &out.movement);
  v1::PickupRight* right = out.movement.mutable_pickup_right();
  right->set_id(trip_.chain.id);
  right->set_kind(trip_.chain.pin.empty() ? v1::RELEASE : v1::PIN);
  if (!trip_.chain.pin.empty()) right->set_pin(trip_.chain.pin);
  if (random_->Chance(800'000)) AddSealsNow(&out.movement, trip_.gate_out);
  if (random_->Chance(500'000)) {
    out.movement.mutable_weights()->set_scale_kg(Weighed(trip_.vgm_kg, 6));
  }
  if (trip_.control == Control::kScanOutside) {
    // A scanner outside of the terminal, some minutes away.
    Draft& scan =
        AboutBox(Step::kScan, v1::SCAN, world_.sources.Customs(trip_.to),
                 trip_.gate_out + random_->Between(8, 22) * kMinute, v1::FULL);
    scan.arriving = true;
    scan.movement.mutable_location()->set_locode(Locode(trip_.to));
    scan.movement.mutable_location()->set_facility(
        absl::StrCat(Locode(trip_.to).substr(2), "SCAN"));
    if (random_->Chance(500'000)) {
      scan.movement.mutable_weights()->set_scale_kg(Weighed(trip_.vgm_kg, 6));
    }
  }
  Draft& strip =
      AboutBox(Step::kStripping, v1::STRIPPING,
               world_.sources.Community(trip_.to), trip_.stripped, v1::EMPTY);
  strip.arriving = true;
  strip.movement.mutable_location()->set_locode(Locode(trip_.to));
  world_.parties.Fill(trip_.bills.front().consignee,
                      strip.movement.mutable_consignee());
}

void Scribe::WriteEmptyImport() {
  Draft& out =
      AtTerminal(Step::kGateOut, v1::GATE_OUT, trip_.to,
                 trip_.unload_terminal(world_), trip_.gate_out, v1::EMPTY);
  out.arriving = true;
  out.movement.mutable_consignment()->set_booking(trip_.booking);
  SetHaulier(trip_.import_haulier, &out.movement);
}

void Scribe::WriteReturn() {
  Draft& in = AtDepot(Step::kEmptyIn, v1::GATE_IN, trip_.to, trip_.depot_to,
                      trip_.empty_in);
  in.arriving = true;
  SetHaulier(trip_.empty_haulier, &in.movement);
  if (random_->Chance(200'000)) {
    in.movement.mutable_weights()->set_scale_kg(
        TareOf(*trip_.box) +
        static_cast<int32_t>(random_->Between(-3, 3) * 20));
  }
}

}  // namespace portrisk::scoring::simulate
