// Patterns 9 to 18: what a box cannot have done, and what it cannot be.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "scoring/iso6346.h"
#include "scoring/simulate/cases.h"
#include "scoring/simulate/times.h"

namespace portrisk::scoring::simulate {
namespace {

void Need(Draft* draft) { draft->needed = true; }

uint32_t VariantOf(const CaseContext& c, uint32_t variants) {
  return c.serial / kPatterns % variants;
}

// Gives every movement about the box another number.
void Renumber(CaseContext& c, const std::string& number) {
  for (size_t i = 0; i < c.drafts.size(); ++i) {
    v1::Movement& m = c.drafts[i].movement;
    if (m.container().number() == c.trip.box_number) {
      m.mutable_container()->set_number(number);
    }
  }
  c.record->container = number;
}

// 9. Out full, and a day or two later in again through the same gate, still
// full: no stripping, no booking. Later it leaves for good.
const char* Boomerang(CaseContext& c) {
  const int64_t out = c.trip.gate_out;
  const int64_t back = out + c.random.Between(5 * kHour, 60 * kHour);
  const int64_t again = back + c.random.Between(3 * kHour, 30 * kHour);
  c.Shift(out + 1, again - out);
  const int terminal = c.trip.unload_terminal(c.world);
  Draft& in = c.scribe.AtTerminal(Step::kExtra, v1::GATE_IN, c.trip.to,
                                  terminal, back, v1::FULL);
  in.arriving = true;
  c.scribe.SetHaulier(c.trip.import_haulier, &in.movement);
  Draft& second = c.scribe.AtTerminal(Step::kExtra, v1::GATE_OUT, c.trip.to,
                                      terminal, again, v1::FULL);
  second.arriving = true;
  second.movement.mutable_haulier()->CopyFrom(c.out().movement.haulier());
  *second.movement.mutable_transport() = c.out().movement.transport();
  *second.movement.mutable_pickup_right() = c.out().movement.pickup_right();
  Need(&c.out());
  Need(&in);
  return "back through the same gate";
}

// 10. After the gate-out nothing more is heard of the box, for three months at
// least; then it turns up empty, if the world lasts so long.
const char* Vanished(CaseContext& c) {
  Draft* strip = c.drafts.First(Step::kStripping);
  if (strip != nullptr) strip->removed = true;
  Draft* back = c.drafts.Last(Step::kEmptyIn);
  const int64_t out = c.trip.gate_out;
  c.Shift(back->time, out + c.random.Between(90, 130) * kDay - back->time);
  c.record->absent_until = out + 60 * kDay;
  Need(&c.out());
  if (back->time + 3 * kDay < c.world.options.end()) Need(back);
  return "never brought back";
}

// 11. The number itself is wrong, in every report of the trip, which no typing
// error does.
const char* NumberStatus(CaseContext& c) {
  std::string number = c.trip.box_number;
  const char* variant = nullptr;
  switch (VariantOf(c, 3)) {
    case 0:
      number.back() = static_cast<char>(
          '0' +
          (number.back() - '0' + 1 + static_cast<int>(c.random.Below(8))) % 10);
      variant = "wrong check digit";
      break;
    case 1:
      number.pop_back();
      variant = "no check digit";
      break;
    default:
      number = absl::StrFormat("SHIPPER%04d", c.random.Below(10'000));
      variant = "not of the form";
  }
  Renumber(c, number);
  Need(&c.discharge());
  Need(&c.out());
  return variant;
}

// 12. Letters that are never issued, letters that nobody registered, or an
// operator who is not the one the box had all the time.
const char* Owner(CaseContext& c) {
  const uint32_t serial = 100'000 + c.random.Below(900'000);
  const char* variant = nullptr;
  switch (VariantOf(c, 3)) {
    case 0:
      Renumber(c,
               MakeNumber(c.random.Chance(500'000) ? "XXXU" : "ZZZU", serial));
      variant = "reserved prefix";
      break;
    case 1:
      Renumber(c, MakeNumber(
                      absl::StrFormat(
                          "QW%cU", static_cast<char>('A' + c.random.Below(26))),
                      serial));
      variant = "unregistered prefix";
      break;
    default: {
      const std::vector<Carrier>& all = Carriers();
      const std::string& other =
          all[(c.trip.box->carrier + 1 +
               c.random.Below(static_cast<uint32_t>(all.size() - 1))) %
              all.size()]
              .code;
      for (size_t i = 0; i < c.drafts.size(); ++i) {
        v1::Movement& m = c.drafts[i].movement;
        if (m.has_container() && !m.container().operator_code().empty()) {
          m.mutable_container()->set_operator_code(other);
        }
      }
      variant = "another operator";
    }
  }
  Need(&c.discharge());
  Need(&c.out());
  return variant;
}

// A port at least `low` and at most `high` kilometres from where the trip
// ends, as the bird flies; -1 when there is none.
int PortAt(CaseContext& c, int32_t low, int32_t high) {
  const uint32_t size = static_cast<uint32_t>(c.world.geography.ports().size());
  const uint32_t first = c.random.Below(size);
  for (uint32_t i = 0; i < size; ++i) {
    const int port = static_cast<int>((first + i) % size);
    const int32_t km = c.world.geography.AirKm(c.trip.to, port);
    if (port != c.trip.to && km >= low && km <= high) return port;
  }
  return -1;
}

// 13. A gate two thousand kilometres away sees the number hours after it left:
// a second box carries it.
const char* ImpossibleTravel(CaseContext& c) {
  const int far = PortAt(c, 2000, 12000);
  if (far < 0) return nullptr;
  Draft& in = c.scribe.AtTerminal(
      Step::kExtra, v1::GATE_IN, far, 0,
      c.trip.gate_out + c.random.Between(2 * kHour, 9 * kHour), v1::FULL);
  in.arriving = true;
  c.scribe.SetHaulier({Trader::kHaulier, far, 3}, &in.movement);
  in.movement.mutable_consignment()->set_booking(
      absl::StrFormat("QZXX%08X", c.trip.number));
  Need(&c.out());
  Need(&in);
  return "seen far away";
}

// 14. While the box stands in its terminal, the same number comes into another
// terminal of the port, or of one nearby, and is loaded there; only then the
// box leaves.
const char* TwoPlaces(CaseContext& c) {
  const int64_t ashore = c.trip.last().discharge;
  const int64_t stay = c.trip.gate_out - ashore;
  if (stay < 40 * kHour) return nullptr;
  int port = c.trip.to;
  const int here = c.trip.unload_terminal(c.world);
  int terminal = here == 0 ? 1 : 0;
  if (c.world.geography.port(port).terminals.size() < 2) {
    // Near enough to be no impossible journey.
    port = PortAt(c, 20, 700);
    terminal = 0;
    if (port < 0) return nullptr;
  }
  Draft& in = c.scribe.AtTerminal(Step::kExtra, v1::GATE_IN, port, terminal,
                                  ashore + stay * 45 / 100, v1::FULL);
  in.arriving = true;
  c.scribe.SetHaulier({Trader::kHaulier, port, 2}, &in.movement);
  Draft& load = c.scribe.AtTerminal(Step::kExtra, v1::LOAD, port, terminal,
                                    ashore + stay * 70 / 100, v1::FULL);
  load.arriving = true;
  const Vessel& vessel = c.world.liner.vessels()[c.random.Below(
      static_cast<uint32_t>(c.world.liner.vessels().size()))];
  v1::Transport* transport = load.movement.mutable_transport();
  transport->set_mode(v1::SEA);
  transport->set_vessel_imo(vessel.imo);
  transport->set_vessel_name(vessel.name);
  transport->set_voyage(absl::StrCat("X", c.serial));
  Need(&c.discharge());
  Need(&in);
  Need(&load);
  Need(&c.out());
  return "two stays overlap";
}

// 15. Out twice, ashore twice, loaded while out, or out without ever having
// come ashore, where the terminal declares that it reports every discharge.
const char* StateBreach(CaseContext& c) {
  const int terminal = c.trip.unload_terminal(c.world);
  const int64_t out = c.trip.gate_out;
  const int64_t later = c.random.Between(2 * kHour, 12 * kHour);
  switch (VariantOf(c, 4)) {
    case 0: {
      Draft& second = c.scribe.AtTerminal(Step::kExtra, v1::GATE_OUT, c.trip.to,
                                          terminal, out + later, v1::FULL);
      c.scribe.SetHaulier(c.trip.import_haulier, &second.movement);
      second.arriving = true;
      Need(&c.out());
      Need(&second);
      return "out twice";
    }
    case 1: {
      Draft& second =
          c.scribe.AtTerminal(Step::kExtra, v1::DISCHARGE, c.trip.to, terminal,
                              out - 3 * kHour, v1::FULL);
      c.scribe.SetVessel(c.trip.last(), &second.movement);
      second.movement.mutable_transport()->set_voyage(
          absl::StrCat("X", c.serial));
      second.arriving = true;
      if (second.time - c.trip.last().discharge < 30 * kHour) {
        const int64_t again = c.trip.last().discharge + 30 * kHour;
        second.time = again;
        c.Shift(out, std::max<int64_t>(0, again + kHour - out));
        second.time = again;
      }
      Need(&c.discharge());
      Need(&second);
      return "ashore twice";
    }
    case 2: {
      Draft& load = c.scribe.AtTerminal(Step::kExtra, v1::LOAD, c.trip.to,
                                        terminal, out + later, v1::FULL);
      c.scribe.SetVessel(c.trip.last(), &load.movement);
      load.arriving = true;
      Need(&c.out());
      Need(&load);
      return "loaded while out";
    }
    default: {
      const Source& source =
          c.world.sources[c.world.sources.Terminal(c.trip.to, terminal)];
      if (!source.Declares(v1::DISCHARGE) || !c.whole) return nullptr;
      c.discharge().removed = true;
      for (size_t i = 0; i < c.drafts.size(); ++i) {
        Draft& told = c.drafts[i];
        if (told.step == Step::kTold && told.arriving) told.removed = true;
      }
      Need(&c.load());
      Need(&c.out());
      return "out and never ashore";
    }
  }
}

// 16. A second consignment under way with another voyage, or alive after it
// was sold or scrapped.
const char* DoubleLife(CaseContext& c) {
  if (VariantOf(c, 2) == 0) {
    Bill other = c.trip.bills.front();
    other.number = absl::StrCat(other.number, "X");
    other.consignee = c.world.parties.Pick(Trader::kConsignee, c.trip.to,
                                           c.trip.start, &c.random);
    Draft* first = c.drafts.First(Step::kManifest);
    Draft& second = c.scribe.OfManifest(
        Step::kExtra, v1::MANIFEST_LODGED, other,
        c.Between(first->time + kHour, c.trip.last().discharge));
    const Vessel& vessel = c.world.liner.vessels().front();
    v1::Transport* transport = second.movement.mutable_transport();
    transport->set_vessel_imo(vessel.imo);
    transport->set_vessel_name(vessel.name);
    transport->set_voyage(absl::StrCat("X", c.serial));
    Need(first);
    Need(&second);
    return "two consignments";
  }
  Draft& gone =
      c.scribe.AtDepot(Step::kExtra, v1::DISPOSAL, c.trip.to, c.trip.depot_to,
                       c.Between(c.trip.last().discharge - 5 * kDay,
                                 c.trip.last().discharge - kDay));
  gone.arriving = true;
  Need(&gone);
  Need(&c.out());
  return "alive after its end";
}

// 17. From the discharge on it is another box: type, tare or machine differ
// from what was loaded.
const char* Fingerprint(CaseContext& c) {
  if (!c.whole) return nullptr;
  const uint32_t variant = VariantOf(c, 3);
  const bool reefer = c.trip.box->unit != 0;
  const int32_t tare =
      TareOf(*c.trip.box) + static_cast<int32_t>(c.random.Between(30, 90) * 10);
  const std::string type = BoxTypes()[c.trip.box->type].code;
  c.load().movement.mutable_container()->set_tare_kg(TareOf(*c.trip.box));
  for (Draft* draft : {&c.discharge(), &c.out()}) {
    v1::Container* box = draft->movement.mutable_container();
    if (variant == 0) {
      box->set_type_code(type == "45G1" ? "42G1" : "45G1");
    } else if (reefer) {
      box->set_reefer_unit(absl::StrFormat("TK%08d", 90'000'000 + c.serial));
    } else {
      box->set_tare_kg(tare);
    }
  }
  Need(&c.load());
  Need(&c.discharge());
  return variant == 0 ? "another type"
         : reefer     ? "another machine"
                      : "another tare";
}

// 18. A number one character away from that of a box of risky origin comes into
// the same terminal on the day when that box leaves.
const char* NearTwin(CaseContext& c) {
  if (!c.world.geography.port(c.trip.from).risky_origin) return nullptr;
  std::string twin = c.trip.box_number;
  bool found = false;
  for (size_t i = 4; i < 10 && !found; ++i) {
    for (char digit = '0'; digit <= '9' && !found; ++digit) {
      twin = c.trip.box_number;
      if (twin[i] == digit) continue;
      twin[i] = digit;
      found = CheckContainerNumber(twin) != v1::NUMBER_BAD_CHECK_DIGIT;
    }
  }
  if (!found) {
    twin = c.trip.box_number;
    twin[7] = static_cast<char>('0' + (twin[7] - '0' + 1) % 10);
  }
  const int64_t out = c.trip.gate_out;
  // Within the same day, before or after.
  const int64_t day = out / kDay * kDay;
  Draft& in = c.scribe.AtTerminal(
      Step::kExtra, v1::GATE_IN, c.trip.to, c.trip.unload_terminal(c.world),
      c.Between(std::max(day, out - 6 * kHour),
                std::min(day + kDay - 1, out + 6 * kHour)),
      v1::FULL);
  in.arriving = true;
  in.movement.mutable_container()->set_number(twin);
  in.movement.mutable_consignment()->set_booking(
      absl::StrFormat("QZXX%08X", c.trip.number));
  c.scribe.SetHaulier(c.OtherHaulier(), &in.movement);
  Need(&in);
  Need(&c.out());
  return found ? "twin with a valid number" : "twin with a wrong check digit";
}

}  // namespace

const std::array<CaseFunction, 10> kTimelineCases = {
    Boomerang, Vanished,    NumberStatus, Owner,       ImpossibleTravel,
    TwoPlaces, StateBreach, DoubleLife,   Fingerprint, NearTwin};

}  // namespace portrisk::scoring::simulate
