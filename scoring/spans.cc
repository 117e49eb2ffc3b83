// HOT PATH, with the rules of container_history.cc.
#include "scoring/spans.h"

#include <sodium.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "scoring/bounded_timeline.h"
#include "scoring/legs.h"
#include "scoring/party_history.h"
#include "scoring/spread.h"

namespace portrisk::scoring {
namespace {

using Timeline = google::protobuf::RepeatedPtrField<v1::TimelineEvent>;
using v1::TimelineEvent;

constexpr double kMinutesPerHour = 60;

uint32_t MinutesOf(double hours) {
  // A whole minute is one although hours have no exact parts.
  const double minutes = std::max(hours * kMinutesPerHour, 0.0) + 1e-6;
  return minutes < kSpanMinutesMax ? static_cast<uint32_t>(minutes)
                                   : kSpanMinutesMax;
}

v1::Span* AddSpan(v1::SpanKind kind, double hours, Spans* out) {
  v1::Span* const span = out->Add();
  span->set_kind(kind);
  span->set_minutes(MinutesOf(hours));
  return span;
}

// Tells issuers apart without naming them: what is journaled of a span is not
// looked at when somebody is erased.
std::string MarkOf(const std::string& issuer) {
  constexpr size_t kMarkBytes = 8;
  if (issuer.empty()) return "";
  uint8_t hash[crypto_generichash_BYTES_MIN];
  crypto_generichash(hash, sizeof(hash),
                     reinterpret_cast<const uint8_t*>(issuer.data()),
                     issuer.size(), nullptr, 0);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(hash), kMarkBytes));
}

// The index of the handling before `i`, or -1.
int HandlingBefore(const Timeline& timeline, int i) {
  for (--i; i >= 0 && !IsHandling(timeline[i].event());) --i;
  return i;
}

// Where the box was loaded before it was discharged where `load` took it on, in
// the same load; empty when it was not, or that is not known.
absl::string_view PortBefore(const Timeline& timeline, int load) {
  const int discharge = HandlingBefore(timeline, load);
  if (discharge < 0 || timeline[discharge].event() != v1::DISCHARGE ||
      timeline[discharge].locode() != timeline[load].locode()) {
    return {};
  }
  const int first = HandlingBefore(timeline, discharge);
  if (first < 0 || timeline[first].event() != v1::LOAD) return {};
  for (int i = first; i <= load; ++i) {
    if (EndsLoad(timeline[i].event(), timeline[i].load_status())) {
      return {};
    }
  }
  return timeline[first].locode();
}

v1::Mode ModeOf(const v1::Movement& m, const TimelineEvent& departure) {
  if (m.transport().mode() != v1::MODE_UNSPECIFIED) return m.transport().mode();
  if (departure.mode() != v1::MODE_UNSPECIFIED) return departure.mode();
  const bool by_sea =
      m.event() == v1::DISCHARGE && departure.event() == v1::LOAD;
  return by_sea ? v1::SEA : v1::MODE_UNSPECIFIED;
}

// Of the movement, else of the latest paper before it.
absl::string_view ChapterOf(const v1::ContainerState& state,
                            const JournaledMovement& input) {
  absl::string_view commodity = input.movement->consignment().commodity();
  for (int i = PositionOf(input, state.documents()) - 1;
       commodity.empty() && i >= 0; --i) {
    commodity = state.documents(i).commodity();
  }
  return commodity.substr(0, kChapterDigits);
}

void FindDwell(const v1::ContainerState& state, const TimelineEvent& arrival,
               const JournaledMovement& input, Spans* out) {
  const v1::Movement& m = *input.movement;
  if (!IsDeparture(m.event()) || !IsArrival(arrival.event()) ||
      m.location().locode().empty() || !MaySamePlace(arrival, m.location())) {
    return;
  }
  v1::Span* const span = AddSpan(
      v1::SPAN_DWELL,
      HoursBetween(arrival.occurrence_time(), m.occurrence_time()), out);
  span->set_from_event(arrival.event());
  const absl::string_view chapter = ChapterOf(state, input);
  span->mutable_chapter()->assign(chapter.data(), chapter.size());
}

void FindTravel(const Timeline& timeline, int departure, const v1::Movement& m,
                Spans* out) {
  const TimelineEvent& from = timeline[departure];
  if (!IsArrival(m.event()) || !IsDeparture(from.event()) ||
      from.locode().empty() || m.location().locode().empty() ||
      from.locode() == m.location().locode()) {
    return;
  }
  v1::Span* const span =
      AddSpan(v1::SPAN_TRAVEL,
              HoursBetween(from.occurrence_time(), m.occurrence_time()), out);
  span->set_from_locode(from.locode());
  span->set_from_event(from.event());
  span->set_mode(ModeOf(m, from));
  if (m.event() != v1::DISCHARGE || from.event() != v1::LOAD) return;
  const absl::string_view before = PortBefore(timeline, departure);
  if (before == m.location().locode()) return;
  span->mutable_before_locode()->assign(before.data(), before.size());
}

// From a gate-out to what comes next.
void FindAfterGate(const TimelineEvent& gate, bool is_next,
                   const v1::Movement& m, Spans* out) {
  if (gate.event() != v1::GATE_OUT || gate.locode().empty()) return;
  const auto add = [&](v1::SpanKind kind) {
    v1::Span* const span = AddSpan(
        kind, HoursBetween(gate.occurrence_time(), m.occurrence_time()), out);
    span->set_from_locode(gate.locode());
    span->set_from_facility(gate.facility());
  };
  // Two systems may tell of one gate-out.
  if (is_next && IsPhysical(m.event()) && m.event() != v1::GATE_OUT &&
      gate.load_status() == v1::FULL) {
    add(v1::SPAN_ABSENCE);
  }
  if (m.event() == v1::SCAN) add(v1::SPAN_SCAN_DETOUR);
}

// The type code of a refrigerated box has R or H in third place (ISO 6346).
bool IsCooled(const v1::Container& box) {
  const std::string& type = box.type_code();
  return !box.reefer_unit().empty() ||
         (type.size() >= 3 && (type[2] == 'R' || type[2] == 'H'));
}

class Uses {
 public:
  explicit Uses(const v1::Movement& movement) : m_(movement) {}

  SpreadUses Take() { return std::move(uses_); }

  void AddSpan(const v1::Span& span) {
    switch (span.kind()) {
      case v1::SPAN_DWELL:
        AddDwell(span);
        break;
      case v1::SPAN_COLLECTION:
        AddHere(SpreadSlot::kCollection, SpreadFamily::kCollection, span);
        if (span.issuer().empty()) break;
        AddHere(SpreadSlot::kCollectionOfIssuer,
                SpreadFamily::kCollectionOfIssuer, span)
            ->other = span.issuer();
        break;
      case v1::SPAN_LOOK_UP:
        AddHere(SpreadSlot::kLookUp, SpreadFamily::kLookUp, span);
        break;
      case v1::SPAN_ABSENCE:
        AddFrom(SpreadSlot::kAbsence, SpreadFamily::kAbsence, span);
        break;
      case v1::SPAN_SCAN_DETOUR: {
        SpreadName* const name =
            AddFrom(SpreadSlot::kScanDetour, SpreadFamily::kScanDetour, span);
        name->to_locode = m_.location().locode();
        name->to_facility = m_.location().facility();
        break;
      }
      case v1::SPAN_TRAVEL:
        AddTravel(span);
        break;
      default:
        break;
    }
  }

  void AddDeclaredSteps() {
    const v1::Consignment& c = m_.consignment();
    const absl::string_view via = c.transhipment_locode();
    // A consignment counts once, when its manifest is lodged.
    const bool folds = m_.event() == v1::MANIFEST_LODGED;
    const uint8_t detail = StepDetail(true);
    if (via.empty() || via == c.loading_locode() ||
        via == c.discharge_locode()) {
      AddAll(detail, folds ? 1 : 0);
      AddLast({}, c.loading_locode(), c.discharge_locode(), detail, folds);
      return;
    }
    AddAll(detail, folds ? 2 : 0);
    AddFirst(c.loading_locode(), via, detail, folds);
    AddLast(c.loading_locode(), via, c.discharge_locode(), detail, folds);
  }

 private:
  SpreadName* Add(SpreadSlot slot, SpreadFamily family, uint32_t times) {
    // Each slot is used once, unless the journal is damaged.
    if (uses_.size() < kSpreadSlots) uses_.emplace_back();
    SpreadUse& use = uses_.back();
    use.slot = slot;
    use.name.family = family;
    use.times = times;
    return &use.name;
  }

  SpreadName* AddTimed(SpreadSlot slot, SpreadFamily family,
                       const v1::Span& span) {
    SpreadName* const name = Add(slot, family, 1);
    uses_.back().minutes = span.minutes();
    return name;
  }

  SpreadName* AddHere(SpreadSlot slot, SpreadFamily family,
                      const v1::Span& span) {
    SpreadName* const name = AddTimed(slot, family, span);
    name->locode = m_.location().locode();
    name->facility = m_.location().facility();
    return name;
  }

  SpreadName* AddFrom(SpreadSlot slot, SpreadFamily family,
                      const v1::Span& span) {
    SpreadName* const name = AddTimed(slot, family, span);
    name->locode = span.from_locode();
    name->facility = span.from_facility();
    return name;
  }

  void AddDwell(const v1::Span& span) {
    const uint8_t detail =
        DwellDetail(span.from_event(), m_.event(), m_.container().load_status(),
                    IsCooled(m_.container()));
    AddHere(SpreadSlot::kDwell, SpreadFamily::kDwell, span)->detail = detail;
    if (span.chapter().empty()) return;
    SpreadName* const name = AddHere(SpreadSlot::kDwellOfCommodity,
                                     SpreadFamily::kDwellOfCommodity, span);
    name->detail = detail;
    name->other = span.chapter();
  }

  void AddTravel(const v1::Span& span) {
    SpreadName* const name =
        AddFrom(SpreadSlot::kTravel, SpreadFamily::kTravel, span);
    name->to_locode = m_.location().locode();
    name->detail = static_cast<uint8_t>(span.mode());
    if (m_.event() != v1::DISCHARGE || span.from_event() != v1::LOAD) return;
    const uint8_t detail = StepDetail(false);
    AddAll(detail, 1);
    if (!span.before_locode().empty()) {
      // It was put in when the box came to the port before.
      AddFirst(span.before_locode(), span.from_locode(), detail, false);
    }
    AddLast(span.before_locode(), span.from_locode(), m_.location().locode(),
            detail, true);
  }

  void AddAll(uint8_t detail, uint32_t times) {
    Add(SpreadSlot::kSteps, SpreadFamily::kSteps, times)->detail = detail;
  }

  void AddStep(SpreadSlot slot, SpreadFamily family, absl::string_view before,
               absl::string_view from, absl::string_view to, uint8_t detail,
               bool folds) {
    SpreadName* const name = Add(slot, family, folds ? 1 : 0);
    name->detail = detail;
    name->before_locode = before;
    name->locode = from;
    name->to_locode = to;
  }

  void AddFirst(absl::string_view from, absl::string_view to, uint8_t detail,
                bool folds) {
    AddStep(SpreadSlot::kFirst, SpreadFamily::kStep, {}, from, to, detail,
            folds);
    AddStep(SpreadSlot::kFirstFrom, SpreadFamily::kStepFrom, {}, from, {},
            detail, folds);
    AddStep(SpreadSlot::kFirstTo, SpreadFamily::kStepTo, {}, {}, to, detail,
            folds);
  }

  // `before` is empty where there is no first step.
  void AddLast(absl::string_view before, absl::string_view from,
               absl::string_view to, uint8_t detail, bool folds) {
    AddStep(SpreadSlot::kLast, SpreadFamily::kStep, {}, from, to, detail,
            folds);
    AddStep(SpreadSlot::kLastFrom, SpreadFamily::kStepFrom, {}, from, {},
            detail, folds);
    AddStep(SpreadSlot::kLastTo, SpreadFamily::kStepTo, {}, {}, to, detail,
            folds);
    if (before.empty()) return;
    AddStep(SpreadSlot::kOnward, SpreadFamily::kStepOnward, before, from, {},
            detail, folds);
    AddStep(SpreadSlot::kOnwardTo, SpreadFamily::kStepOnwardTo, before, from,
            to, detail, folds);
  }

  const v1::Movement& m_;
  SpreadUses uses_;
};

}  // namespace

void SpanFinder::Find(const v1::ContainerState* container,
                      const v1::RightState* right,
                      const JournaledMovement& input,
                      const Reference& reference, Spans* out) {
  out->Clear();
  const v1::Movement& m = *input.movement;
  if (container == nullptr || !IsFact(m) || !IsPhysical(m.event())) return;
  const Timeline& timeline = container->timeline();
  int last = PositionOf(input, timeline) - 1;
  while (last >= 0 && !IsPhysical(timeline[last].event())) --last;
  const int handling = HandlingBefore(timeline, last + 1);
  if (handling >= 0) {
    FindDwell(*container, timeline[handling], input, out);
    FindTravel(timeline, handling, m, out);
    FindAfterGate(timeline[handling], handling == last, m, out);
  }
  if (m.event() == v1::GATE_OUT && right != nullptr &&
      m.container().load_status() == v1::FULL &&
      !m.location().locode().empty()) {
    FindCollection(*right, input, reference, out);
  }
}

void SpanFinder::FindCollection(const v1::RightState& state,
                                const JournaledMovement& input,
                                const Reference& reference, Spans* out) {
  right_.Begin(&state, input, reference);
  right_.Derive(v1::RightView::kUseFieldNumber);
  const v1::RightUse& use = right_.view().use();
  if (use.has_since_issue_h()) {
    right_.Derive(v1::RightView::kIssuerFieldNumber);
    AddSpan(v1::SPAN_COLLECTION, use.since_issue_h(), out)
        ->set_issuer(MarkOf(right_.view().issuer().id()));
  }
  if (use.has_since_query_h()) {
    AddSpan(v1::SPAN_LOOK_UP, use.since_query_h(), out);
  }
  right_.Release();
}

SpreadUses SpreadsOf(const v1::Movement& movement, const Spans& spans) {
  Uses uses(movement);
  for (const v1::Span& span : spans) uses.AddSpan(span);
  if (DeclaresSteps(movement)) uses.AddDeclaredSteps();
  return uses.Take();
}

bool DeclaresSteps(const v1::Movement& movement) {
  const v1::Consignment& c = movement.consignment();
  if (c.loading_locode().empty() || c.discharge_locode().empty() ||
      c.loading_locode() == c.discharge_locode()) {
    return false;
  }
  switch (movement.event()) {
    case v1::MANIFEST_LODGED:
    case v1::MANIFEST_AMENDED:
    case v1::DECLARATION:
    case v1::BOOKING:
      return true;
    default:
      return false;
  }
}

uint8_t DwellDetail(v1::Event arrival, v1::Event departure,
                    v1::LoadStatus status, bool cooled) {
  return static_cast<uint8_t>((arrival == v1::DISCHARGE ? 1 : 0) |
                              (departure == v1::LOAD ? 2 : 0) |
                              (cooled ? 4 : 0) | static_cast<int>(status) << 3);
}

uint8_t StepDetail(bool declared) { return declared ? 1 : 0; }

}  // namespace portrisk::scoring
