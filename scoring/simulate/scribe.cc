#include "scoring/simulate/scribe.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "scoring/simulate/times.h"

namespace portrisk::scoring::simulate {

void Scribe::Write() {
  if (trip_.full) {
    WriteExport();
  } else {
    WriteEmptyExport();
  }
  WriteVoyage();
  if (trip_.full) {
    WriteManifests();
    WriteImport();
  } else {
    WriteEmptyImport();
  }
  WriteReturn();
}

Draft& Scribe::AboutBox(Step step, v1::Event event, int source, int64_t time,
                        v1::LoadStatus status) {
  Draft& draft = drafts_->Add(step, event, source, time);
  v1::Container* box = draft.movement.mutable_container();
  box->set_number(trip_.box_number);
  box->set_type_code(BoxTypes()[trip_.box->type].code);
  box->set_operator_code(Carriers()[trip_.box->carrier].code);
  if (status != v1::LOAD_STATUS_UNSPECIFIED) box->set_load_status(status);
  return draft;
}

Draft& Scribe::AtTerminal(Step step, v1::Event event, int port, int terminal,
                          int64_t time, v1::LoadStatus status) {
  Draft& draft = AboutBox(step, event, world_.sources.Terminal(port, terminal),
                          time, status);
  v1::Location* place = draft.movement.mutable_location();
  place->set_locode(Locode(port));
  place->set_facility(world_.geography.port(port).terminals[terminal]);
  place->set_facility_code_list("local");
  if (random_->Chance(700'000)) {
    draft.movement.mutable_container()->set_tare_kg(TareOf(*trip_.box));
  }
  if (trip_.box->unit != 0) {
    draft.movement.mutable_container()->set_reefer_unit(
        ReeferUnitOf(*trip_.box));
  }
  return draft;
}

Draft& Scribe::AtDepot(Step step, v1::Event event, int port, int depot,
                       int64_t time) {
  Draft& draft =
      AboutBox(step, event, world_.sources.Depot(port, depot), time, v1::EMPTY);
  v1::Location* place = draft.movement.mutable_location();
  place->set_locode(Locode(port));
  place->set_facility(world_.geography.port(port).depots[depot]);
  place->set_facility_code_list("local");
  draft.movement.mutable_container()->set_tare_kg(TareOf(*trip_.box));
  draft.movement.mutable_transport()->set_mode(v1::ROAD);
  return draft;
}

void Scribe::SetHaulier(const PartyKey& haulier, v1::Movement* movement) {
  world_.parties.Fill(haulier, movement->mutable_haulier());
  v1::Transport* transport = movement->mutable_transport();
  transport->set_mode(v1::ROAD);
  transport->set_plate(world_.parties.Plate(haulier, random_));
}

void Scribe::SetVessel(const TripLeg& leg, v1::Movement* movement) {
  const Service& service = world_.liner.services()[leg.leg.service];
  const Vessel& vessel = world_.liner.VesselOf(leg.leg.service, leg.sailing);
  v1::Transport* transport = movement->mutable_transport();
  transport->set_mode(v1::SEA);
  transport->set_vessel_imo(vessel.imo);
  transport->set_vessel_name(vessel.name);
  transport->set_voyage(absl::StrCat(service.code, leg.sailing));
  transport->set_carrier_code(Carriers()[service.carrier].code);
}

void Scribe::AddSeal(const std::string& number, const char* source,
                     v1::Movement* movement) {
  v1::Seal* seal = movement->add_seals();
  seal->set_number(number);
  seal->set_source(source);
}

void Scribe::AddSealsNow(v1::Movement* movement, int64_t time) {
  if (!customs_seal_.empty() && time >= customs_seal_time_) {
    AddSeal(customs_seal_, "CUS", movement);
  } else {
    AddSeal(trip_.seal, "SHI", movement);
  }
}

std::string Scribe::YardPosition(Random* random) const {
  const int64_t bay = random->Between(1, 80);
  const int64_t row = random->Between(1, 12);
  const int64_t tier = random->Between(1, 4);
  return absl::StrFormat("B%02d-R%02d-T%d", bay, row, tier);
}

int32_t Scribe::Weighed(int32_t kg, int per_mille) {
  const int64_t off = int64_t{kg} * random_->Between(-per_mille, per_mille);
  return static_cast<int32_t>((kg + off / 1000) / 20 * 20);
}

void Scribe::AddCargo(const Bill& bill, v1::Movement* movement) {
  const Commodity& goods = Commodities()[bill.commodity];
  v1::Consignment* cargo = movement->mutable_consignment();
  cargo->set_booking(trip_.booking);
  cargo->set_goods(goods.goods);
  cargo->set_commodity(goods.hs);
  cargo->set_loading_locode(Locode(trip_.from));
  cargo->set_discharge_locode(Locode(trip_.to));
}

void Scribe::WriteExport() {
  const Bill& bill = trip_.bills.front();
  const int terminal = trip_.load_terminal(world_);
  Draft& booking =
      drafts_->Add(Step::kBooking, v1::BOOKING,
                   world_.sources.Carrier(trip_.box->carrier), trip_.booked);
  AddCargo(bill, &booking.movement);
  booking.movement.mutable_location()->set_locode(Locode(trip_.from));
  SetVessel(trip_.legs.front(), &booking.movement);
  world_.parties.Fill(bill.shipper, booking.movement.mutable_shipper());
  world_.parties.Fill(trip_.export_forwarder,
                      booking.movement.mutable_forwarder());

  Draft& empty = AtDepot(Step::kEmptyOut, v1::GATE_OUT, trip_.from,
                         trip_.depot_from, trip_.empty_out);
  empty.movement.mutable_consignment()->set_booking(trip_.booking);
  SetHaulier(trip_.export_haulier, &empty.movement);

  Draft& stuffing =
      AboutBox(Step::kStuffing, v1::STUFFING,
               world_.sources.Community(trip_.from), trip_.stuffed, v1::FULL);
  stuffing.movement.mutable_location()->set_locode(Locode(trip_.from));
  stuffing.movement.mutable_consignment()->set_booking(trip_.booking);
  AddSeal(trip_.seal, "SHI", &stuffing.movement);
  world_.parties.Fill(bill.shipper, stuffing.movement.mutable_shipper());

  Draft& verified = AboutBox(
      Step::kVerified, v1::WEIGHING, world_.sources.Carrier(trip_.box->carrier),
      random_->Between(trip_.stuffed, trip_.gate_in), v1::FULL);
  verified.movement.mutable_location()->set_locode(Locode(trip_.from));
  verified.movement.mutable_weights()->set_vgm_kg(trip_.vgm_kg);
  verified.movement.mutable_consignment()->set_booking(trip_.booking);

  Draft& in = AtTerminal(Step::kGateIn, v1::GATE_IN, trip_.from, terminal,
                         trip_.gate_in, v1::FULL);
  in.movement.mutable_consignment()->set_booking(trip_.booking);
  SetHaulier(trip_.export_haulier, &in.movement);
  AddSeal(trip_.seal, "SHI", &in.movement);
  if (random_->Chance(600'000)) {
    in.movement.mutable_weights()->set_scale_kg(Weighed(trip_.vgm_kg, 6));
  }
}

void Scribe::WriteEmptyExport() {
  Draft& out = AtDepot(Step::kEmptyOut, v1::GATE_OUT, trip_.from,
                       trip_.depot_from, trip_.empty_out);
  out.movement.mutable_consignment()->set_booking(trip_.booking);
  SetHaulier(trip_.export_haulier, &out.movement);
  Draft& in = AtTerminal(Step::kGateIn, v1::GATE_IN, trip_.from,
                         trip_.load_terminal(world_), trip_.gate_in, v1::EMPTY);
  in.movement.mutable_consignment()->set_booking(trip_.booking);
  SetHaulier(trip_.export_haulier, &in.movement);
}

void Scribe::WriteVoyage() {
  for (size_t i = 0; i < trip_.legs.size(); ++i) WriteLeg(i);
  if (!trip_.full || !random_->Chance(30'000)) return;
  // Halfway along the great circle, halfway in time: never faster than a ship.
  const TripLeg& leg = trip_.last();
  const Coordinates a =
      world_.geography.port(world_.liner.CallOf(leg.leg, false).port).place;
  const Coordinates b = world_.geography.port(trip_.to).place;
  if (std::abs(a.longitude - b.longitude) > 150) return;  // Round the back.
  Draft& draft =
      AboutBox(Step::kPosition, v1::POSITION, world_.sources.Tracker(),
               leg.sail + (leg.arrive - leg.sail) / 2, v1::FULL);
  v1::Location* place = draft.movement.mutable_location();
  place->set_latitude((a.latitude + b.latitude) / 2);
  place->set_longitude((a.longitude + b.longitude) / 2);
  SetVessel(leg, &draft.movement);
}

void Scribe::WriteLeg(size_t i) {
  const TripLeg& leg = trip_.legs[i];
  const Call& from = world_.liner.CallOf(leg.leg, false);
  const Call& to = world_.liner.CallOf(leg.leg, true);
  const bool last = i + 1 == trip_.legs.size();
  // A transhipment stays in its terminal: the second vessel calls there.
  const int quay =
      i == 0 ? from.terminal
             : world_.liner.CallOf(trip_.legs[i - 1].leg, true).terminal;
  Draft& stow = AboutBox(
      Step::kStow, v1::STOW_PLAN,
      world_.sources.Carrier(world_.liner.services()[leg.leg.service].carrier),
      leg.sail, Status());
  stow.leg = static_cast<int>(i);
  stow.movement.mutable_location()->set_locode(Locode(from.port));
  const int64_t bay = random_->Between(1, 90);
  const int64_t row = random_->Between(0, 18);
  const int64_t tier = random_->Between(1, 45) * 2;
  stow.movement.mutable_location()->set_yard_position(
      absl::StrFormat("%03d%02d%02d", bay, row, tier));
  SetVessel(leg, &stow.movement);
  stow.movement.mutable_transport()->set_next_locode(Locode(to.port));

  Draft& load =
      AtTerminal(Step::kLoad, v1::LOAD, from.port, quay, leg.load, Status());
  load.leg = static_cast<int>(i);
  SetVessel(leg, &load.movement);
  load.movement.mutable_transport()->set_next_locode(Locode(to.port));
  Draft& discharge = AtTerminal(Step::kDischarge, v1::DISCHARGE, to.port,
                                to.terminal, leg.discharge, Status());
  discharge.leg = static_cast<int>(i);
  discharge.arriving = last;
  SetVessel(leg, &discharge.movement);
  discharge.movement.mutable_transport()->set_previous_locode(
      Locode(from.port));
  discharge.movement.mutable_location()->set_yard_position(
      YardPosition(random_));
  if (trip_.full) {
    if (random_->Chance(500'000)) AddSealsNow(&load.movement, leg.load);
    if (random_->Chance(700'000))
      AddSealsNow(&discharge.movement, leg.discharge);
    if (random_->Chance(400'000)) {
      discharge.movement.mutable_weights()->set_crane_kg(
          Weighed(trip_.vgm_kg, 15));
    }
    if (random_->Chance(250'000)) WriteTold(load);
  }
  if (random_->Chance(250'000)) WriteTold(discharge);
  if (!last && random_->Chance(300'000)) {
    Draft& move = AtTerminal(Step::kYardMove, v1::YARD_MOVE, to.port,
                             to.terminal, leg.discharge + 6 * kHour, Status());
    move.movement.set_work_order(
        absl::StrFormat("W%08X-%d", trip_.number, static_cast<int>(i)));
    move.movement.mutable_location()->set_yard_position(YardPosition(random_));
  }
}

// Carriers repeat what terminals reported, rounded to the hour quarter.
void Scribe::WriteTold(const Draft& told) {
  Draft& draft = drafts_->Add(Step::kTold, told.movement.event(),
                              world_.sources.Carrier(trip_.box->carrier),
                              told.time / (15 * kMinute) * (15 * kMinute));
  draft.leg = told.leg;
  draft.arriving = told.arriving;
  v1::Movement& m = draft.movement;
  *m.mutable_container() = told.movement.container();
  m.mutable_container()->clear_tare_kg();
  *m.mutable_transport() = told.movement.transport();
  m.mutable_location()->set_locode(told.movement.location().locode());
  m.mutable_location()->set_facility(told.movement.location().facility());
}

}  // namespace portrisk::scoring::simulate
