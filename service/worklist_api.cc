#include "service/worklist_api.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "scoring/decision.h"
#include "scoring/limits.h"
#include "scoring/worklist.h"
#include "service/errors.h"
#include "service/journal_reader.h"
#include "service/journal_walk.h"
#include "service/keys.h"
#include "service/paging.h"
#include "service/rule_api.h"
#include "service/text_checks.h"
#include "service/times.h"
#include "service/worklist_units.h"

namespace portrisk::service {
namespace {

constexpr uint32_t kHoursMax = 8760;
constexpr size_t kEntriesMax = 1000;
constexpr int kReasonsMax = 3;
constexpr int kAttemptsMax = 5;
constexpr int kBlocksLookedAt = 256;
constexpr uint32_t kCertain = 1'000'000;

absl::Status Check(const v1::ListWorklistRequest& request) {
  std::vector<Violation> wrong;
  if (!IsLocode(request.locode())) {
    wrong.push_back({"locode", "is no UN/LOCODE in capitals, such as NLRTM"});
  }
  if (request.facility().size() > scoring::kFacilityBytesMax) {
    wrong.push_back({"facility", "has more than 64 bytes"});
  }
  if (request.hours() < 1 || request.hours() > kHoursMax) {
    wrong.push_back({"hours", absl::StrCat("is not 1 to ", kHoursMax)});
  }
  if (request.capacity() > kEntriesMax) {
    wrong.push_back({"capacity", absl::StrCat("is above ", kEntriesMax)});
  }
  if (!IsValidTimestamp(request.time().seconds(), request.time().nanos())) {
    wrong.push_back({"time", "is no time between the years 1 and 9999"});
  }
  if (request.note().size() > scoring::kTextBytesMax) {
    wrong.push_back({"note", "has more than 2,000 bytes"});
  }
  if (wrong.empty()) return absl::OkStatus();
  return WithViolations(
      Error(absl::StatusCode::kInvalidArgument, "BAD_REQUEST",
            absl::StrCat("the worklist cannot be made: ", wrong[0].field, " ",
                         wrong[0].description)),
      "", wrong);
}

absl::StatusOr<uint32_t> CapacityOf(const v1::ListWorklistRequest& request,
                                    const scoring::SelectionProfile& terms,
                                    int64_t time_s) {
  if (request.has_capacity()) return request.capacity();
  if (terms.has_capacity) {
    return std::min<uint32_t>(terms.capacity[scoring::WeekdayOf(time_s)],
                              kEntriesMax);
  }
  return Error(
      absl::StatusCode::kFailedPrecondition, "NO_CAPACITY",
      absl::StrCat("how many units can be controlled? Give --capacity; "
                   "selection profile ",
                   terms.name, " says no capacity for ", request.locode(),
                   request.facility().empty() ? "" : "/", request.facility()));
}

std::vector<scoring::WorklistCandidate> CandidatesOf(
    const std::vector<UnitAtPlace>& units) {
  std::vector<scoring::WorklistCandidate> candidates;
  for (const UnitAtPlace& unit : units) {
    scoring::WorklistCandidate& one = candidates.emplace_back();
    one.unit = unit.unit;
    one.channel = unit.channel;
    one.drawn = unit.drawn;
    one.topped_up = unit.topped_up;
    one.lane = unit.lane;
    one.score = unit.strongest.score;
    one.draw_ppm = unit.draw_ppm;
  }
  return candidates;
}

void Fill(const UnitAtPlace& unit, const scoring::RankedUnit& ranked,
          const scoring::SelectionProfile& terms, v1::WorklistEntry* entry) {
  v1::WorklistUnit* out = entry->mutable_unit();
  out->set_unit(unit.unit);
  out->set_container_number(unit.number);
  out->set_channel(ranked.channel);
  out->set_drawn(unit.drawn);
  out->set_within_capacity(ranked.within_capacity);
  const bool fills_up = ranked.channel == v1::CAPACITY && !unit.topped_up;
  out->set_lane(fills_up ? std::max(unit.lane, terms.top_up_lane) : unit.lane);
  out->set_score(unit.strongest.score);
  out->set_draw_ppm(unit.draw_ppm);
  out->set_selection_ppm(fills_up ? kCertain : unit.selection_ppm);
  out->set_assessment_sequence(unit.strongest.sequence);
  entry->set_control(
      std::max(unit.strongest.control, scoring::ControlOfLane(out->lane())));
  entry->set_expected(unit.expected);
  entry->set_last_event(unit.last_event);
  *entry->mutable_last_time() = unit.last_time;
  entry->set_taken_sequence(unit.taken_sequence);
  entry->set_taken_by(unit.taken_by);
  entry->set_elsewhere_locode(unit.elsewhere_locode);
  entry->set_elsewhere_facility(unit.elsewhere_facility);
}

void Count(v1::Worklist* list) {
  for (const v1::WorklistEntry& entry : list->entries()) {
    const v1::WorklistUnit& unit = entry.unit();
    if (unit.channel() == v1::CAPACITY) {
      list->set_topped_up(list->topped_up() + 1);
    } else {
      list->set_selected(list->selected() + 1);
    }
    if (unit.drawn()) list->set_drawn(list->drawn() + 1);
    if (!unit.within_capacity()) {
      list->set_beyond_capacity(list->beyond_capacity() + 1);
    }
  }
}

absl::StatusOr<google::protobuf::Timestamp> LastMovementTime(Engine* engine) {
  google::protobuf::Timestamp none;
  auto store = engine->store();
  if (!store.ok()) return store.status();
  uint64_t last = engine->durable_sequence();
  // Behind it may stand who looked since.
  for (int blocks = 0; last > 0 && blocks < kBlocksLookedAt; ++blocks) {
    auto block = (*store)->ReadBlock(last);
    if (!block.ok()) return block.status();
    v1::JournalBlock parsed;
    if (!parsed.ParseFromString(block->bytes)) return none;
    for (int i = parsed.records_size() - 1; i >= 0; --i) {
      v1::Movement movement;
      if (parsed.records(i).has_movement() &&
          movement.ParseFromString(parsed.records(i).movement().movement())) {
        return movement.occurrence_time();
      }
    }
    last = block->first_sequence - 1;
  }
  return none;
}

// Whether any movement ever named the facility; of a port alone it is not
// asked.
absl::StatusOr<bool> IsKnown(Engine* engine,
                             const v1::ListWorklistRequest& request) {
  if (request.facility().empty()) return true;
  bool known = false;
  absl::Status status = engine->Look([&](Core& core) {
    auto state = core.mutable_entities().ReadFacility(
        FacilityKey(request.locode(), request.facility()));
    if (!state.ok()) return state.status();
    known = state->last_sequence() > 0;
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return known;
}

// Whether a hit speaks to the officer before another.
bool SpeaksFirst(const v1::Hit& a, const v1::Hit& b) {
  return std::make_tuple(a.lane_at_least(), a.contribution()) >
         std::make_tuple(b.lane_at_least(), b.contribution());
}

v1::WorklistRecord RecordOf(const v1::Worklist& list, const std::string& note) {
  v1::WorklistRecord record;
  record.set_locode(list.locode());
  record.set_facility(list.facility());
  *record.mutable_time() = list.time();
  record.set_hours(list.hours());
  record.set_capacity(list.capacity());
  record.set_profile(list.profile());
  record.set_note(note);
  for (const v1::WorklistEntry& entry : list.entries()) {
    *record.add_units() = entry.unit();
  }
  return record;
}

// Whether the visits on the list are still what they were.
absl::StatusOr<bool> StillThere(Core* core, const v1::Worklist& list) {
  for (const v1::WorklistEntry& entry : list.entries()) {
    const v1::WorklistUnit& unit = entry.unit();
    if (!unit.within_capacity() ||
        absl::StartsWith(unit.unit(), scoring::kConsignmentPrefix)) {
      continue;
    }
    auto container = core->ReadContainer(unit.container_number());
    if (!container.ok()) return container.status();
    if (OpenVisit(*container, unit.unit()) == nullptr) return false;
  }
  return true;
}

}  // namespace

absl::Status WorklistApi::Explain(const std::string& language,
                                  v1::WorklistEntry* entry) const {
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  auto record = ReadJournalRecord(**store, entry->unit().assessment_sequence());
  if (!record.ok()) return record.status();
  v1::Assessment assessment;
  if (!assessment.ParseFromString(record->movement().assessment())) {
    return RecordDamaged(record->sequence());
  }
  entry->set_source(assessment.source());
  entry->set_movement_id(assessment.movement_id());
  absl::Status status = history_->Explain(language, &assessment);
  if (!status.ok()) return status;
  std::vector<const v1::Hit*> hits;
  for (const v1::Hit& hit : assessment.hits()) {
    if (!hit.shadow() && hit.suppressed_by().empty()) hits.push_back(&hit);
  }
  std::stable_sort(hits.begin(), hits.end(), [](const auto* a, const auto* b) {
    return SpeaksFirst(*a, *b);
  });
  for (const v1::Hit* hit : hits) {
    if (entry->reasons_size() == kReasonsMax) break;
    v1::WorklistReason* reason = entry->add_reasons();
    reason->set_rule_set(hit->rule_set());
    reason->set_rule(hit->rule());
    reason->set_contribution(hit->contribution());
    reason->set_title(hit->title());
    reason->set_explanation(hit->explanation());
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Worklist> WorklistApi::List(
    const v1::ListWorklistRequest& request) const {
  absl::Status status = Check(request);
  if (!status.ok()) return status;
  v1::Worklist list;
  list.set_locode(request.locode());
  list.set_facility(request.facility());
  list.set_hours(request.hours());
  *list.mutable_time() =
      request.has_time() ? request.time() : ToProto(engine_->Now());
  const int64_t middle = list.time().seconds();
  const int64_t reach = int64_t{3600} * request.hours();
  auto found =
      ReadUnitsAtPlace(engine_, {{request.locode(), request.facility()},
                                 {middle - reach, middle + reach + 1}});
  if (!found.ok()) return found.status();
  auto capacity = CapacityOf(request, found->terms, middle);
  if (!capacity.ok()) return capacity.status();
  list.set_capacity(*capacity);
  list.set_profile(found->terms.name);
  list.set_units(found->seen);
  list.set_controlled(found->controlled);
  list.set_gone(found->gone);
  auto ranked = scoring::RankWorklist(CandidatesOf(found->units), *capacity,
                                      {found->terms.top_up_score_min});
  // What has a place stays, whatever its rank.
  size_t spare = kEntriesMax - std::min<size_t>(kEntriesMax, *capacity);
  ranked.erase(std::remove_if(ranked.begin(), ranked.end(),
                              [&](const scoring::RankedUnit& one) {
                                if (one.within_capacity) return false;
                                if (spare == 0) return true;
                                --spare;
                                return false;
                              }),
               ranked.end());
  for (size_t i = 0; i < ranked.size(); ++i) {
    v1::WorklistEntry* entry = list.add_entries();
    Fill(found->units[ranked[i].index], ranked[i], found->terms, entry);
    entry->mutable_unit()->set_rank(static_cast<uint32_t>(i + 1));
    status = Explain(request.language(), entry);
    if (!status.ok()) return status;
  }
  Count(&list);
  if (found->seen == 0) {
    auto last = LastMovementTime(engine_);
    if (!last.ok()) return last.status();
    if (last->seconds() != 0) *list.mutable_last_movement_time() = *last;
  }
  // Papers for the port may mean any facility of it, one nobody named, too.
  auto known = IsKnown(engine_, request);
  if (!known.ok()) return known.status();
  list.set_place_unknown(!*known);
  return list;
}

absl::StatusOr<v1::Worklist> WorklistApi::Take(
    const v1::ListWorklistRequest& request, const Caller& caller) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    auto list = List(request);
    if (!list.ok()) return list.status();
    if (list->entries().empty()) {
      return Error(absl::StatusCode::kNotFound, "NOT_FOUND",
                   "nothing is on this worklist, so there is nothing to take");
    }
    bool taken = false;
    v1::RecordedWorklist recorded;
    status = engine_->Run([&](Core& core) {
      auto stands = StillThere(&core, *list);
      if (!stands.ok()) return stands.status();
      if (!*stands) return absl::OkStatus();
      taken = true;
      return core.Record(RecordOf(*list, request.note()), caller, &recorded);
    });
    if (!status.ok()) return status;
    if (!taken) continue;
    list->set_sequence(recorded.sequence());
    return list;
  }
  return WithRetry(
      Error(absl::StatusCode::kAborted, "WORKLIST_CHANGED",
            "units left the place while the worklist was taken; try again"),
      absl::Milliseconds(200));
}

absl::StatusOr<v1::ListTakenWorklistsResponse> WorklistApi::ListTaken(
    const v1::ListTakenWorklistsRequest& request) const {
  const auto after = PageBeginOf(request);
  if (!after.ok()) return after.status();
  const int size = PageSizeOf(request);
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  v1::ListTakenWorklistsResponse response;
  absl::Status status = (*store)->ScanJournal(
      *after + 1, [&](const store::Block& block) -> absl::Status {
        v1::JournalBlock parsed;
        if (!parsed.ParseFromString(block.bytes)) {
          return RecordDamaged(block.first_sequence);
        }
        for (const v1::JournalRecord& record : parsed.records()) {
          if (record.sequence() <= *after || !record.has_worklist()) continue;
          const v1::WorklistRecord& one = record.worklist();
          if (!request.locode().empty() &&
              (one.locode() != request.locode() ||
               (!request.facility().empty() &&
                one.facility() != request.facility()))) {
            continue;
          }
          if (response.worklists_size() == size) {
            response.set_next_page_token(
                absl::StrCat(response.worklists(size - 1).sequence()));
            return absl::CancelledError();
          }
          Show(record, response.add_worklists());
        }
        return absl::OkStatus();
      });
  if (!status.ok() && !absl::IsCancelled(status)) return status;
  return response;
}

}  // namespace portrisk::service
