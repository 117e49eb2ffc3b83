// Patterns 27 to 33: routes, papers, and doors that open.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "scoring/simulate/cases.h"
#include "scoring/simulate/times.h"

namespace portrisk::scoring::simulate {
namespace {

void Need(Draft* draft) { draft->needed = true; }

uint32_t VariantOf(const CaseContext& c, uint32_t variants) {
  return c.serial / kPatterns % variants;
}

struct Detour {
  int port = -1;
  Draft* discharge = nullptr;
  Draft* load = nullptr;
};

// A small port that a vessel could call at within the time of the last leg,
// as far out of the way as that allows; -1 when there is none.
int OddPort(const CaseContext& c) {
  const Geography& geography = c.world.geography;
  const TripLeg& leg = c.trip.last();
  const int from = c.world.liner.CallOf(leg.leg, false).port;
  const int64_t hours = (leg.arrive - leg.sail) / kHour - 60;
  int best = -1;
  int32_t best_km = geography.SeaKm(from, c.trip.to) * 5 / 4;
  for (size_t i = 0; i < geography.ports().size(); ++i) {
    const int port = static_cast<int>(i);
    if (port == from || port == c.trip.to || port == c.trip.from ||
        geography.port(port).weight > 4) {
      continue;
    }
    const int32_t km =
        geography.SeaKm(from, port) + geography.SeaKm(port, c.trip.to);
    if (km / 38 < hours && km > best_km) {
      best = port;
      best_km = km;
    }
  }
  return best;
}

// Ashore and aboard again at a port where nothing of that service calls.
Detour CallAtOddPort(CaseContext& c) {
  Detour detour;
  detour.port = OddPort(c);
  if (detour.port < 0) return detour;
  const Geography& geography = c.world.geography;
  const TripLeg& leg = c.trip.last();
  const int from = c.world.liner.CallOf(leg.leg, false).port;
  const int64_t there = geography.SeaKm(from, detour.port);
  const int64_t rest = geography.SeaKm(detour.port, c.trip.to);
  const int64_t spare = leg.arrive - leg.sail - 40 * kHour;
  detour.discharge =
      &c.scribe.AtTerminal(Step::kExtra, v1::DISCHARGE, detour.port, 0,
                           leg.sail + spare * there / (there + rest), v1::FULL);
  detour.load =
      &c.scribe.AtTerminal(Step::kExtra, v1::LOAD, detour.port, 0,
                           detour.discharge->time + 36 * kHour, v1::FULL);
  c.scribe.SetVessel(leg, &detour.discharge->movement);
  c.scribe.SetVessel(leg, &detour.load->movement);
  detour.load->movement.mutable_transport()->set_voyage(
      absl::StrCat("X", c.serial));
  return detour;
}

// 27. A call that no itinerary between these ports has.
const char* RareItinerary(CaseContext& c) {
  if (!c.whole) return nullptr;
  const Detour detour = CallAtOddPort(c);
  if (detour.port < 0) return nullptr;
  Need(detour.discharge);
  Need(detour.load);
  return "a call far out of the way";
}

// 28. The manifest names a port of loading where the box was never loaded.
const char* DeclaredRoute(CaseContext& c) {
  if (!c.whole || c.trip.legs.size() > 1) return nullptr;
  const Geography& geography = c.world.geography;
  // One that nobody suspects, far from the real one.
  int other = -1;
  for (const char* locode : {"DEHAM", "SEGOT", "JPYOK", "CAHAL", "NZAKL"}) {
    const int port = geography.Find(locode);
    if (port != c.trip.to && geography.AirKm(port, c.trip.from) > 3000) {
      other = port;
      break;
    }
  }
  if (other < 0) return nullptr;
  const std::string& declared = geography.port(other).locode;
  for (size_t i = 0; i < c.drafts.size(); ++i) {
    if (c.drafts[i].step != Step::kManifest &&
        c.drafts[i].step != Step::kAmendment) {
      continue;
    }
    v1::Consignment* cargo = c.drafts[i].movement.mutable_consignment();
    cargo->set_loading_locode(declared);
    cargo->set_origin_locode(declared);
  }
  Need(c.drafts.First(Step::kManifest));
  Need(&c.load());
  return "loaded elsewhere";
}

// 29. Declared and real: an extra hub at a small port that this carrier has
// never used for this consignee.
const char* OddTranshipment(CaseContext& c) {
  if (!c.whole) return nullptr;
  const Detour detour = CallAtOddPort(c);
  if (detour.port < 0) return nullptr;
  for (size_t i = 0; i < c.drafts.size(); ++i) {
    if (c.drafts[i].step != Step::kManifest) continue;
    c.drafts[i].movement.mutable_consignment()->set_transhipment_locode(
        c.world.geography.port(detour.port).locode);
  }
  Need(c.drafts.First(Step::kManifest));
  Need(detour.discharge);
  return "an extra hub at a small port";
}

// 30. Cargo on a route where finds are frequent at the time. Nothing in the
// movements differs; only outcomes tell, as they come in.
const char* HotRoute(CaseContext& c) {
  if (!c.trip.hot_route) return nullptr;
  Need(c.drafts.First(Step::kManifest));
  return "a route with finds";
}

// 31. A consignee that has never imported anything, or has not for half a
// year, receives what is a usual cover.
const char* NewConsignee(CaseContext& c) {
  if (!c.risky() || c.trip.bills.size() > 1 ||
      c.trip.chain.first_holder == c.trip.bills.front().consignee) {
    return nullptr;
  }
  // Who came as a stranger half a year ago comes again.
  const bool dormant =
      c.stranger->last_seen > 0 &&
      c.trip.last().discharge - c.stranger->last_seen > 190 * kDay;
  const PartyKey stranger =
      dormant
          ? c.stranger->key
          : c.world.parties.Stranger(Trader::kConsignee, c.trip.to, c.serial);
  if (dormant || c.stranger->last_seen == 0) {
    *c.stranger = {stranger, c.trip.last().discharge};
  }
  for (size_t i = 0; i < c.drafts.size(); ++i) {
    v1::Movement& m = c.drafts[i].movement;
    if (!m.has_consignee()) continue;
    m.mutable_consignee()->Clear();
    c.world.parties.Fill(stranger, m.mutable_consignee());
    if (m.has_notify_party()) *m.mutable_notify_party() = m.consignee();
  }
  Need(c.drafts.First(Step::kManifest));
  return dormant ? "not imported for half a year" : "never imported before";
}

// 32. The consignee, the notify party or the goods change a day before
// arrival.
const char* LateChange(CaseContext& c) {
  Draft* lodged = c.drafts.First(Step::kManifest);
  Bill changed = c.trip.bills.front();
  const uint32_t variant = VariantOf(c, 3);
  if (variant == 0) {
    changed.consignee = c.world.parties.Stranger(Trader::kConsignee, c.trip.to,
                                                 500'000 + c.serial);
  }
  const int64_t arrive = c.trip.last().arrive;
  Draft& amended = c.scribe.OfManifest(
      Step::kExtra, v1::MANIFEST_AMENDED, changed,
      c.Between(std::max(lodged->time + 2 * kHour, arrive - 40 * kHour),
                arrive - 4 * kHour));
  if (variant == 1) {
    c.world.parties.Fill(c.world.parties.Stranger(Trader::kConsignee, c.trip.to,
                                                  600'000 + c.serial),
                         amended.movement.mutable_notify_party());
  } else if (variant == 2) {
    const bool furniture =
        amended.movement.consignment().commodity() == "940360";
    amended.movement.mutable_consignment()->set_commodity(furniture ? "392690"
                                                                    : "940360");
    amended.movement.mutable_consignment()->set_goods(
        furniture ? "ARTICLES OF PLASTICS" : "WOODEN FURNITURE");
  }
  Need(lodged);
  Need(&amended);
  return variant == 0   ? "another consignee"
         : variant == 1 ? "another notify party"
                        : "other goods";
}

// 33. A door opens, or the box moves, in the yard and without an order.
const char* DoorOpened(CaseContext& c) {
  const bool door = VariantOf(c, 2) == 0;
  Draft& draft =
      c.scribe.AtTerminal(Step::kExtra, door ? v1::DOOR_OPENED : v1::MOTION,
                          c.trip.to, c.trip.unload_terminal(c.world),
                          c.Between(c.trip.last().discharge + kHour,
                                    c.trip.gate_out - 30 * kMinute),
                          v1::FULL);
  draft.arriving = true;
  draft.movement.mutable_location()->set_yard_position(
      c.scribe.YardPosition(&c.random));
  Need(&draft);
  return door ? "door opened" : "moved";
}

}  // namespace

const std::array<CaseFunction, 7> kPaperCases = {
    RareItinerary, DeclaredRoute, OddTranshipment, HotRoute,
    NewConsignee,  LateChange,    DoorOpened};

}  // namespace portrisk::scoring::simulate
