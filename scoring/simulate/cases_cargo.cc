// Patterns 19 to 26: seals, weights, and what happens inside a terminal.
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

void SetSeal(CaseContext& c, const std::string& number, Draft* draft) {
  draft->movement.clear_seals();
  c.scribe.AddSeal(number, "SHI", &draft->movement);
}

// 19. Another seal, and nobody opened the box: no inspection, no seal change.
// Changed at sea, or in the yard.
const char* SealBreak(CaseContext& c) {
  if (c.trip.control != Control::kNone) return nullptr;
  const std::string fresh =
      absl::StrFormat("QS%07d", c.random.Below(10'000'000));
  if (fresh == c.trip.seal) return nullptr;
  SetSeal(c, fresh, &c.out());
  if (VariantOf(c, 2) == 0 && c.whole) {
    SetSeal(c, c.trip.seal, &c.load());
    SetSeal(c, fresh, &c.discharge());
    Need(&c.load());
    Need(&c.discharge());
    return "changed at sea";
  }
  SetSeal(c, c.trip.seal, &c.discharge());
  Need(&c.discharge());
  Need(&c.out());
  return "changed in the yard";
}

// 20. The weighbridge at the gate shows 8 to 30 % more or less than the crane.
const char* WeightChange(CaseContext& c) {
  const int64_t kg = c.trip.vgm_kg;
  const int64_t percent = c.random.Between(8, 30);
  c.discharge().movement.mutable_weights()->set_crane_kg(
      static_cast<int32_t>(kg / 20 * 20));
  const int64_t shown =
      kg * (c.random.Chance(700'000) ? 100 + percent : 100 - percent) / 100;
  c.out().movement.mutable_weights()->set_scale_kg(
      static_cast<int32_t>(shown / 20 * 20));
  Need(&c.discharge());
  Need(&c.out());
  return "heavier or lighter at the gate";
}

// The scan outside of the terminal, made or moved to `minutes` after the gate.
// What else lay after the gate waits as long: it is scanned with its load.
Draft& ScanAfter(CaseContext& c, int64_t minutes) {
  c.Shift(c.trip.gate_out + 1, minutes * kMinute);
  Draft* scan = c.trip.control == Control::kScanOutside
                    ? c.drafts.First(Step::kScan)
                    : nullptr;
  if (scan == nullptr) {
    scan = &c.scribe.AboutBox(Step::kExtra, v1::SCAN,
                              c.world.sources.Customs(c.trip.to), 0, v1::FULL);
    scan->arriving = true;
    v1::Location* place = scan->movement.mutable_location();
    place->set_locode(c.world.geography.port(c.trip.to).locode);
    place->set_facility(absl::StrCat(place->locode().substr(2), "SCAN"));
  }
  scan->time = c.trip.gate_out + minutes * kMinute;
  return *scan;
}

// 21. On the way to the scanner time is lost, and the box weighs to the
// kilogram what was declared, at the gate as well as at the scanner: two scales
// never agree like that.
const char* TooEqual(CaseContext& c) {
  Draft& scan = ScanAfter(c, c.random.Between(65, 170));
  c.out().movement.mutable_weights()->set_scale_kg(c.trip.vgm_kg);
  scan.movement.mutable_weights()->set_scale_kg(c.trip.vgm_kg);
  Need(&c.out());
  Need(&scan);
  return "equal around a detour";
}

// 22. One to three hours from the gate to the scanner; it takes others eight
// to twenty-two minutes.
const char* ScanDetour(CaseContext& c) {
  Draft& scan = ScanAfter(c, c.random.Between(60, 200));
  Need(&c.out());
  Need(&scan);
  return "late at the scanner";
}

// 23. Selected by customs, then moved in the yard without an order.
const char* MovedAfterSelection(CaseContext& c) {
  if (c.trip.control == Control::kScanOutside) return nullptr;
  const int64_t ashore = c.trip.last().discharge;
  Draft* selected = c.drafts.First(Step::kSelected);
  if (selected == nullptr) {
    selected =
        &c.scribe.AboutBox(Step::kSelected, v1::CUSTOMS_SELECTED,
                           c.world.sources.Customs(c.trip.to),
                           ashore - 3 * kHour, v1::LOAD_STATUS_UNSPECIFIED);
    selected->arriving = true;
    selected->movement.mutable_location()->set_locode(
        c.world.geography.port(c.trip.to).locode);
  }
  // Customs has not released it yet: afterwards it may be moved.
  int64_t over = c.trip.controlled;
  if (c.trip.control == Control::kNone) {
    Draft* cleared = c.drafts.First(Step::kCleared);
    cleared->time = std::max(cleared->time, c.trip.gate_out - kHour);
    over = cleared->time;
  }
  const int64_t earliest = std::max(selected->time, ashore) + 20 * kMinute;
  const int64_t latest = over - 20 * kMinute;
  Draft& move = c.scribe.AtTerminal(Step::kExtra, v1::YARD_MOVE, c.trip.to,
                                    c.trip.unload_terminal(c.world),
                                    c.Between(earliest, latest), v1::FULL);
  move.arriving = true;
  move.movement.mutable_location()->set_yard_position(
      c.scribe.YardPosition(&c.random));
  Need(selected);
  Need(&move);
  return "moved without an order";
}

// 24. A box of risky origin is put down in the bay next to an empty one that
// nobody checks and that leaves within forty hours.
const char* RiskyNeighbour(CaseContext& c) {
  if (!c.world.geography.port(c.trip.from).risky_origin) return nullptr;
  const int terminal = c.trip.unload_terminal(c.world);
  const int64_t ashore = c.trip.last().discharge;
  const int bay = static_cast<int>(c.random.Between(2, 79));
  const int row = static_cast<int>(c.random.Between(1, 12));
  const std::string number =
      MakeNumber("QXDU", 100'000 + c.random.Below(900'000));
  c.discharge().movement.mutable_location()->set_yard_position(
      absl::StrFormat("B%02d-R%02d-T1", bay, row));
  Draft& beside =
      c.scribe.AtTerminal(Step::kExtra, v1::DISCHARGE, c.trip.to, terminal,
                          ashore - c.random.Between(1, 20) * kHour, v1::EMPTY);
  Draft& leaves =
      c.scribe.AtTerminal(Step::kExtra, v1::GATE_OUT, c.trip.to, terminal,
                          ashore + c.random.Between(4, 40) * kHour, v1::EMPTY);
  for (Draft* draft : {&beside, &leaves}) {
    draft->arriving = true;
    v1::Container* box = draft->movement.mutable_container();
    box->set_number(number);
    box->set_type_code("45G1");
    box->set_tare_kg(3880);
    box->clear_reefer_unit();
  }
  c.scribe.SetVessel(c.trip.last(), &beside.movement);
  beside.movement.mutable_location()->set_yard_position(absl::StrFormat(
      "B%02d-R%02d-T1", c.random.Chance(500'000) ? bay + 1 : bay - 1, row));
  c.scribe.SetHaulier(c.OtherHaulier(), &leaves.movement);
  leaves.movement.mutable_consignment()->set_booking(
      absl::StrFormat("QZXX%08X", c.trip.number));
  Need(&c.discharge());
  Need(&beside);
  Need(&leaves);
  return "beside one that leaves soon";
}

// 25. A month in the yard where others stay days, or hardly half an hour.
const char* DwellOutlier(CaseContext& c) {
  const int64_t ashore = c.trip.last().discharge;
  const int64_t out = c.trip.gate_out;
  const int64_t longer = ashore + c.random.Between(50, 80) * kDay;
  if (VariantOf(c, 2) == 0 && longer + 5 * kDay < c.world.options.end()) {
    c.Shift(out, longer - out);
    Need(&c.discharge());
    Need(&c.out());
    return "far too long";
  }
  if (c.trip.control != Control::kNone) return nullptr;
  const int64_t soon = ashore + c.random.Between(22, 45) * kMinute;
  c.Squeeze(ashore - 10 * kHour, ashore - 9 * kHour, soon - 3 * kMinute);
  c.Shift(out, soon - out);
  for (size_t i = 0; i < c.drafts.size(); ++i) {
    // What was done while the box waited was done before it came.
    Draft& draft = c.drafts[i];
    if (draft.arriving && draft.step != Step::kDischarge && draft.time > soon &&
        draft.time < out) {
      if (draft.step == Step::kYardMove) draft.removed = true;
      draft.time = std::min(draft.time, ashore - kHour);
    }
  }
  Need(&c.discharge());
  Need(&c.out());
  return "gone at once";
}

// 26. An empty box that nobody booked is fetched by somebody nobody knows, or
// an empty one weighs far more than it should when it comes back.
const char* EmptyAbuse(CaseContext& c) {
  if (VariantOf(c, 2) == 0 && c.whole) {
    Draft* out = c.drafts.First(Step::kEmptyOut);
    out->movement.clear_consignment();
    c.scribe.SetHaulier(
        c.world.parties.Stranger(Trader::kHaulier, c.trip.from, c.serial),
        &out->movement);
    Need(out);
    return "fetched without a booking";
  }
  if (c.trip.empty_in + 3 * kDay > c.world.options.end()) return nullptr;
  Draft* in = c.drafts.Last(Step::kEmptyIn);
  in->movement.mutable_weights()->set_scale_kg(
      TareOf(*c.trip.box) +
      static_cast<int32_t>(c.random.Between(20, 90) * 20));
  Need(in);
  return "too heavy to be empty";
}

}  // namespace

const std::array<CaseFunction, 8> kCargoCases = {
    SealBreak,           WeightChange,   TooEqual,     ScanDetour,
    MovedAfterSelection, RiskyNeighbour, DwellOutlier, EmptyAbuse};

}  // namespace portrisk::scoring::simulate
