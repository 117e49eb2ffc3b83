#include "scoring/simulate/trip.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "scoring/simulate/times.h"

namespace portrisk::scoring::simulate {
namespace {

// Everything before a vessel leaves fits into this.
constexpr int64_t kLead = 16 * kDay;
// All in minutes.
constexpr Quantiles kExportDwell = {720,  900,  1200, 2400, 4300,
                                    6200, 8600, 9600, 10000};
constexpr Quantiles kImportDwell = {300,  480,   1100,  2900, 5800,
                                    9400, 18000, 29000, 43000};
constexpr Quantiles kReeferDwell = {240,  360,  700,   1500, 2900,
                                    5000, 9500, 14500, 20000};
constexpr Quantiles kTranshipment = {1300,  1600,  2600,  5000, 8200,
                                     11500, 18000, 24000, 32000};
constexpr Quantiles kToStripping = {60,   90,   180,   420,  1300,
                                    2900, 7200, 12000, 20000};
constexpr Quantiles kToReturn = {60,   90,    150,   420,  1400,
                                 4300, 10000, 17000, 28000};
constexpr Quantiles kIdle = {600,   900,   2000,  7000,  13000,
                             23000, 50000, 86000, 130000};

// A box joins the last consignment of its port, if that still has time to.
constexpr uint32_t kJoins = 620'000;
constexpr int64_t kLeadMin = 14 * kDay + 12 * kHour;
constexpr uint32_t kConsolidated = 60'000;
constexpr uint32_t kSelectedForControl = 35'000;
// The same facility is always somewhat slow or fast: 70 to 140 %.
int64_t Slowness(int port, int terminal) {
  return 70 + static_cast<int64_t>(Mix({7, static_cast<uint64_t>(port),
                                        static_cast<uint64_t>(terminal)}) %
                                   71);
}

Gate GateOf(const Port& port) {
  return port.gate_at_night ? Gate::kDayAndNight : Gate::kDayOnly;
}

// The best route usually, one of the others now and then.
const Route& PickRoute(const std::vector<Route>& routes, Random* random) {
  size_t i = 0;
  while (i + 1 < routes.size() && random->Chance(300'000)) ++i;
  return routes[i];
}

// When a box is loaded on and unloaded from a vessel while it is there.
void PlanHandling(const World& world, Random* random, TripLeg* leg) {
  const int64_t in = world.liner.ArrivalToLoad(leg->leg, leg->sailing);
  const int64_t out =
      world.liner.DepartureAfterDischarge(leg->leg, leg->sailing);
  leg->load = random->Between((in + leg->sail) / 2, leg->sail - 40 * kMinute);
  leg->discharge =
      random->Between(leg->arrive + 40 * kMinute, (leg->arrive + out) / 2);
}

void PlanVoyage(const World& world, Random* random, Trip* trip) {
  const Route& route =
      PickRoute(world.liner.Routes(trip->from, trip->to), random);
  int64_t ready = trip->start + kLead;
  trip->legs.clear();
  for (const RouteLeg& leg : route.legs) {
    TripLeg planned;
    planned.leg = leg;
    planned.sailing =
        world.liner.SailingAfter(leg.service, leg.from_call, ready);
    planned.sail = world.liner.Departure(leg, planned.sailing);
    planned.arrive = world.liner.Arrival(leg, planned.sailing);
    PlanHandling(world, random, &planned);
    trip->legs.push_back(planned);
    ready = planned.discharge + DrawMinutes(kTranshipment, random);
  }
}

// The same vessels, handled at other moments.
void FollowVoyage(const World& world, const Shipment& shipment, Random* random,
                  Trip* trip) {
  trip->legs = shipment.legs;
  for (TripLeg& leg : trip->legs) PlanHandling(world, random, &leg);
}

void PlanExport(const World& world, Random* random, Trip* trip) {
  const Port& port = world.geography.port(trip->from);
  const TripLeg& first = trip->legs.front();
  // Yards close some hours before the vessel comes to an end.
  trip->gate_in = GateTime(first.load - DrawMinutes(kExportDwell, random),
                           port.utc_offset_h, GateOf(port), random);
  trip->gate_in = std::min(trip->gate_in, first.load - 4 * kHour);
  trip->stuffed = trip->gate_in - random->Between(3 * kHour, 30 * kHour);
  trip->empty_out =
      GateTime(trip->stuffed - random->Between(20 * kHour, 130 * kHour),
               port.utc_offset_h, Gate::kDayOnly, random);
  trip->empty_out = std::min(trip->empty_out, trip->stuffed - 2 * kHour);
  trip->empty_out = std::max(trip->empty_out, trip->start + kHour);
  trip->booked = random->Between(trip->start, trip->empty_out - 30 * kMinute);
}

void PlanCargo(const World& world, Random* random, Trip* trip) {
  const BoxType& type = BoxTypes()[trip->box->type];
  const Port& origin = world.geography.port(trip->from);
  const Size size = type.forty ? Size::kForty : Size::kTwenty;
  int commodity = world.trade.PickCommodity(
      origin.region, type.reefer ? Cooling::kReefer : Cooling::kDry, size,
      random);
  if (commodity < 0) {  // A reefer with its machine switched off.
    commodity =
        world.trade.PickCommodity(origin.region, Cooling::kDry, size, random);
  }
  const Commodity& goods = Commodities()[commodity];
  int64_t cargo = random->Between(goods.cargo_kg_min, goods.cargo_kg_max);
  if (type.forty) cargo += cargo * random->Between(15, 55) / 100;
  cargo = std::min<int64_t>(cargo, type.payload_kg - 500);
  trip->cargo_kg = static_cast<int32_t>(cargo / 10 * 10);
  trip->vgm_kg = trip->cargo_kg + TareOf(*trip->box) +
                 static_cast<int32_t>(random->Between(-8, 8) * 10);
  const bool consolidated = random->Chance(kConsolidated);
  const int bills = consolidated ? static_cast<int>(random->Between(2, 7)) : 1;
  trip->bills.resize(bills);
  for (int i = 0; i < bills; ++i) {
    Bill& bill = trip->bills[i];
    bill.number =
        absl::StrFormat("%sB%08X%c", Carriers()[trip->box->carrier].code,
                        trip->number, static_cast<char>('A' + i));
    bill.shipper =
        world.parties.Pick(Trader::kShipper, trip->from, trip->start, random);
    bill.consignee =
        world.parties.Pick(Trader::kConsignee, trip->to, trip->start, random);
    bill.commodity = commodity;
    if (i > 0 && !goods.reefer) {
      const int other =
          world.trade.PickCommodity(origin.region, Cooling::kDry, size, random);
      if (other >= 0) bill.commodity = other;
    }
    bill.cargo_kg = trip->cargo_kg / bills;
    bill.packages = static_cast<int32_t>(random->Between(1, 1200));
  }
  trip->seal = absl::StrFormat("QS%07d", random->Below(10'000'000));
}

void PlanImport(const World& world, Random* random, Trip* trip) {
  const Port& port = world.geography.port(trip->to);
  const int64_t ashore = trip->last().discharge;
  const bool reefer = BoxTypes()[trip->box->type].reefer;
  trip->control = Control::kNone;
  int64_t dwell = DrawMinutes(reefer ? kReeferDwell : kImportDwell, random) *
                  Slowness(trip->to, trip->unload_terminal(world)) / 100;
  if (random->Chance(kSelectedForControl)) {
    dwell = std::max(dwell, 30 * kHour);
    trip->selected = ashore + random->Between(-20 * kHour, 8 * kHour);
    trip->controlled = ashore + random->Between(10 * kHour, dwell - 8 * kHour);
    const uint32_t kind = random->Below(100);
    trip->control = kind < 50   ? Control::kScan
                    : kind < 80 ? Control::kInspection
                                : Control::kScanOutside;
  }
  trip->gate_out =
      GateTime(ashore + dwell, port.utc_offset_h, GateOf(port), random);
  trip->stripped = trip->gate_out + DrawMinutes(kToStripping, random);
  trip->empty_in = GateTime(trip->stripped + DrawMinutes(kToReturn, random),
                            port.utc_offset_h, Gate::kDayOnly, random);
}

void PlanEmpty(const World& world, Random* random, Trip* trip) {
  const Port& from = world.geography.port(trip->from);
  const Port& to = world.geography.port(trip->to);
  const TripLeg& first = trip->legs.front();
  trip->gate_in = GateTime(first.load - DrawMinutes(kExportDwell, random),
                           from.utc_offset_h, GateOf(from), random);
  trip->gate_in = std::min(trip->gate_in, first.load - 4 * kHour);
  trip->empty_out = trip->gate_in - random->Between(kHour, 4 * kHour);
  trip->booked = std::max(trip->start, trip->empty_out - 2 * kDay);
  trip->gate_out =
      GateTime(trip->last().discharge + DrawMinutes(kReeferDwell, random),
               to.utc_offset_h, GateOf(to), random);
  trip->empty_in = trip->gate_out + random->Between(kHour, 5 * kHour);
  trip->control = Control::kNone;
  trip->bills.clear();
}

void PlanHands(const World& world, Random* random, Trip* trip) {
  const Parties& parties = world.parties;
  const int64_t t = trip->start;
  trip->export_forwarder =
      parties.Pick(Trader::kForwarder, trip->from, t, random);
  trip->import_forwarder =
      parties.Pick(Trader::kForwarder, trip->to, t, random);
  trip->export_haulier = parties.Pick(Trader::kHaulier, trip->from, t, random);
  trip->import_haulier = parties.Pick(Trader::kHaulier, trip->to, t, random);
  // The haulier who brought the cargo takes the box back, mostly.
  trip->empty_haulier =
      random->Chance(800'000)
          ? trip->import_haulier
          : parties.Pick(Trader::kHaulier, trip->to, t, random);
}

// Papers and parties of a consignment; cargo and seal are the box's own.
void TakeOver(const Shipment& shipment, Trip* trip) {
  trip->booking = shipment.booking;
  trip->export_forwarder = shipment.export_forwarder;
  trip->import_forwarder = shipment.import_forwarder;
  trip->export_haulier = shipment.export_haulier;
  trip->import_haulier = shipment.import_haulier;
  trip->empty_haulier = shipment.import_haulier;
  trip->bills.resize(1);
  Bill& bill = trip->bills.front();
  bill.number = shipment.bill.number;
  bill.shipper = shipment.bill.shipper;
  bill.consignee = shipment.bill.consignee;
  bill.commodity = shipment.bill.commodity;
  bill.cargo_kg = trip->cargo_kg;
}

}  // namespace

void KeepShipment(const Trip& trip, Shipment* shipment) {
  shipment->to = -1;
  if (!trip.full || trip.bills.size() != 1) return;
  shipment->to = trip.to;
  shipment->reefer = BoxTypes()[trip.box->type].reefer;
  shipment->legs = trip.legs;
  shipment->booking = trip.booking;
  shipment->bill = trip.bills.front();
  shipment->export_forwarder = trip.export_forwarder;
  shipment->import_forwarder = trip.import_forwarder;
  shipment->export_haulier = trip.export_haulier;
  shipment->import_haulier = trip.import_haulier;
}

bool PlanTrip(const World& world, uint64_t number, const Box& box,
              int64_t start, const Shipment* open, Random* random, Trip* trip) {
  trip->number = number;
  trip->box = &box;
  trip->box_number = NumberOf(box);
  trip->from = box.port;
  trip->depot_from = box.depot;
  trip->start = start;
  trip->hot_route = false;
  trip->full = world.trade.FullNext(box.port, random);
  trip->joined = trip->full && open != nullptr && open->to >= 0 &&
                 open->reefer == BoxTypes()[box.type].reefer &&
                 open->legs.front().load - start > kLeadMin &&
                 random->Chance(kJoins);
  trip->to = trip->full ? world.trade.PickDestination(box.port, random)
                        : world.trade.PickEmptyDestination(box.port, random);
  if (trip->to < 0) {
    trip->next_start = start + 30 * kDay;
    return false;
  }
  trip->depot_to = static_cast<int>(random->Below(
      static_cast<uint32_t>(world.geography.port(trip->to).depots.size())));
  trip->booking =
      absl::StrFormat("%s%09X", Carriers()[box.carrier].code, trip->number);
  if (trip->joined) {
    trip->to = open->to;
    trip->depot_to = static_cast<int>(random->Below(
        static_cast<uint32_t>(world.geography.port(trip->to).depots.size())));
    FollowVoyage(world, *open, random, trip);
  } else {
    PlanVoyage(world, random, trip);
  }
  PlanHands(world, random, trip);
  if (trip->full) {
    PlanExport(world, random, trip);
    PlanCargo(world, random, trip);
    if (trip->joined) TakeOver(*open, trip);
    PlanImport(world, random, trip);
    PlanChain(world, random, trip);
  } else {
    PlanEmpty(world, random, trip);
  }
  // The time until the box leaves the depot again is part of the next trip.
  trip->next_start = trip->empty_in + DrawMinutes(kIdle, random) / 2;
  return true;
}

}  // namespace portrisk::scoring::simulate
