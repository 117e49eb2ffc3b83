// Three readings, each of less than the one before: the journal from where the
// window begins; of the units that may be listed, the states of their
// containers and their logs; of those that stand higher than the window shows,
// their assessments before it.
#include "service/worklist_units.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "scoring/container_history.h"
#include "scoring/decision.h"
#include "scoring/finds.h"
#include "scoring/timestamps.h"
#include "service/container_index.h"
#include "service/journal_reader.h"
#include "service/journal_walk.h"
#include "service/keys.h"

namespace portrisk::service {
namespace {

// States that are looked at in one step of the apply loop.
constexpr size_t kStatesAtOnce = 256;

int UrgencyOf(v1::Channel channel) {
  switch (channel) {
    case v1::MANDATORY_RULE:
      return 2;
    case v1::SCORE:
      return 1;
    default:
      return 0;
  }
}

void TakeChannel(v1::Channel channel, UnitAtPlace* unit) {
  if (UrgencyOf(channel) > UrgencyOf(unit->channel) ||
      unit->channel == v1::CHANNEL_UNSPECIFIED) {
    unit->channel = channel;
  }
}

bool Stronger(const UnitAssessment& a, const UnitAssessment& b) {
  return std::make_tuple(a.lane, a.score, a.sequence) >
         std::make_tuple(b.lane, b.score, b.sequence);
}

UnitAssessment ShortOf(const v1::Assessment& a) {
  return {a.sequence(), a.lane(), a.score(), a.channel(), a.control()};
}

bool Within(const Period& period, const google::protobuf::Timestamp& time) {
  return time.seconds() >= period.begin_s && time.seconds() < period.end_s;
}

// A consignment that is to be discharged there within the window.
bool IsExpected(const WorklistWindow& window, const v1::Movement& m) {
  const v1::Location& at = m.location();
  const std::string& to = m.consignment().discharge_locode().empty()
                              ? at.locode()
                              : m.consignment().discharge_locode();
  if (to != window.place.locode) return false;
  // A port that names no facility may mean any.
  if (!window.place.facility.empty() && at.locode() == to &&
      !at.facility().empty() && at.facility() != window.place.facility) {
    return false;
  }
  if (!Within(window.period, m.occurrence_time())) return false;
  return !m.transport().has_estimated_arrival_time() ||
         Within(window.period, m.transport().estimated_arrival_time());
}

class Reading {
 public:
  Reading(Engine* engine, const WorklistWindow& window)
      : engine_(engine), window_(window) {}

  absl::StatusOr<UnitsAtPlace> Run() {
    absl::Status status = FindBeginning();
    if (status.ok()) status = ReadWindow();
    if (status.ok()) status = Settle();
    if (status.ok()) status = ReadBefore();
    if (!status.ok()) return status;
    for (auto& [name, found] : units_) {
      result_.units.push_back(std::move(found.unit));
    }
    return std::move(result_);
  }

 private:
  struct Found {
    UnitAtPlace unit;
    std::vector<UnitAssessment> assessments;
    bool is_visit = false;
  };

  absl::Status FindBeginning() {
    auto store = engine_->store();
    if (!store.ok()) return store.status();
    store_ = *std::move(store);
    return engine_->Look([&](Core& core) {
      result_.terms =
          core.profiles()->At(window_.place.locode, window_.place.facility);
      const uint64_t last = OccurrenceIndex::SegmentOf(core.last_sequence());
      uint64_t segment = 0;
      while (segment <= last &&
             !core.occurrences().MayHold(segment, window_.period)) {
        ++segment;
      }
      begin_ =
          std::max<uint64_t>(1, segment * OccurrenceIndex::kSegmentRecords);
      end_ = core.last_sequence();
      return absl::OkStatus();
    });
  }

  // From the beginning of the window to the end of the journal, since what
  // corrects a movement of the window may have been recorded long after.
  absl::Status ReadWindow() {
    v1::Movement movement;
    v1::Assessment assessment;
    absl::Status status =
        store_->ScanJournal(begin_, [&](const store::Block& block) {
          return WalkRecords(block, [&](const StoredRecord& record) {
            if (!record.is_movement || record.sequence < begin_) {
              return absl::OkStatus();
            }
            if (record.sequence > end_) return absl::CancelledError();
            if (!ParseView(record.movement.assessment, &assessment) ||
                !ParseView(record.movement.movement, &movement)) {
              return RecordDamaged(record.sequence);
            }
            if (assessment.corrects_sequence() > 0) {
              superseded_.insert(assessment.corrects_sequence());
            }
            Take(movement, assessment);
            return absl::OkStatus();
          });
        });
    if (!status.ok() && !absl::IsCancelled(status)) return status;
    for (auto it = units_.begin(); it != units_.end();) {
      it = Summarise(&it->second) ? std::next(it) : units_.erase(it);
    }
    return absl::OkStatus();
  }

  void Take(const v1::Movement& m, const v1::Assessment& a) {
    if (a.retraction() || a.not_actual() || a.unit().id().empty()) return;
    const bool is_visit = a.unit().visit_ordinal() > 0;
    if (is_visit) {
      if (!Within(window_.period, m.occurrence_time())) return;
      if (!window_.place.HoldsUnit(a.unit().id()) &&
          !window_.place.Holds(m.location().locode(),
                               m.location().facility())) {
        return;
      }
    } else if (!absl::StartsWith(a.unit().id(), scoring::kConsignmentPrefix) ||
               !IsExpected(window_, m)) {
      return;
    }
    Found& found = units_[a.unit().id()];
    found.is_visit = is_visit;
    found.assessments.push_back(ShortOf(a));
    UnitAtPlace& unit = found.unit;
    unit.unit = a.unit().id();
    unit.expected = !is_visit;
    if (!a.container_number().empty()) unit.number = a.container_number();
    unit.lane = std::max(unit.lane, a.unit().lane());
    TakeChannel(a.unit().channel(), &unit);
    unit.draw_ppm = a.unit().draw_ppm();
    unit.selection_ppm = a.unit().selection_ppm();
    unit.last_sequence = a.sequence();
    unit.last_event = m.event();
    unit.last_time = m.occurrence_time();
  }

  // Of versions that stand; false: none does, or it need not be looked at.
  bool Summarise(Found* found) {
    UnitAtPlace& unit = found->unit;
    bool stands = false;
    for (const UnitAssessment& one : found->assessments) {
      if (superseded_.contains(one.sequence)) continue;
      if (!stands || Stronger(one, unit.strongest)) unit.strongest = one;
      TakeChannel(one.channel, &unit);
      stands = true;
    }
    if (!stands) return false;
    ++result_.seen;
    unit.topped_up = unit.channel == v1::CAPACITY;
    // By the terms of then: a rate that was raised since selects nothing that
    // has been assessed.
    unit.drawn = unit.draw_ppm < std::min(unit.selection_ppm,
                                          result_.terms.random_rate_ppm) ||
                 unit.channel == v1::RANDOM;
    return unit.lane > v1::GREEN || unit.drawn ||
           unit.strongest.score >= result_.terms.top_up_score_min;
  }

  struct State {
    v1::Visit visit;     // The latest.
    v1::Visit previous;  // Before it, and open all the same.
    bool came = false;   // To the port, since the last papers.
    v1::ControlLogState log;
  };

  // What has become of each: it may be gone, controlled or taken.
  absl::Status Settle() {
    std::vector<Found*> all;
    for (auto& [name, found] : units_) all.push_back(&found);
    for (size_t begin = 0; begin < all.size(); begin += kStatesAtOnce) {
      const size_t end = std::min(begin + kStatesAtOnce, all.size());
      std::vector<State> states(end - begin);
      absl::Status status = engine_->Look([&](Core& core) {
        for (size_t i = begin; i < end; ++i) {
          absl::Status read =
              ReadState(&core, all[i]->unit, &states[i - begin]);
          if (!read.ok()) return read;
        }
        return absl::OkStatus();
      });
      if (!status.ok()) return status;
      for (size_t i = begin; i < end; ++i) {
        auto stays = SettleOne(states[i - begin], all[i]);
        if (!stays.ok()) return stays.status();
        if (!*stays) leaving_.insert(all[i]->unit.unit);
      }
    }
    for (const std::string& name : leaving_) units_.erase(name);
    return absl::OkStatus();
  }

  absl::Status ReadState(Core* core, const UnitAtPlace& unit,
                         State* state) const {
    if (!unit.number.empty()) {
      auto container = core->ReadContainer(unit.number);
      if (!container.ok()) return container.status();
      state->visit = container->visit();
      if (container->previous_visit().open()) {
        state->previous = container->previous_visit();
      }
      state->came = std::any_of(
          container->timeline().begin(), container->timeline().end(),
          [&](const v1::TimelineEvent& event) {
            return scoring::IsHandling(event.event()) &&
                   event.locode() == window_.place.locode &&
                   !scoring::Before(event.occurrence_time(), unit.last_time);
          });
    }
    const auto key = ControlLogKey(unit.number, unit.unit);
    if (!key) return absl::OkStatus();
    auto log = core->mutable_entities().ReadLog(*key);
    if (!log.ok()) return log.status();
    state->log = *std::move(log);
    return absl::OkStatus();
  }

  absl::StatusOr<bool> SettleOne(const State& state, Found* found) {
    UnitAtPlace& unit = found->unit;
    if (!found->is_visit) return SettleConsignment(state, &unit);
    const bool is_present = state.visit.unit() == unit.unit;
    const v1::Visit& visit = is_present ? state.visit : state.previous;
    unit.lane = std::max(unit.lane, visit.lane());
    const bool is_there = visit.unit() == unit.unit && visit.open();
    // Told to be elsewhere: it is looked for when it was selected.
    if (!is_there || (!is_present && unit.lane == v1::GREEN && !unit.drawn)) {
      ++result_.gone;
      return false;
    }
    if (!HoldsVisit(visit)) return false;
    unit.topped_up |= visit.channel() == v1::CAPACITY;
    unit.selection_ppm = std::max(unit.selection_ppm, visit.selection_ppm());
    if (!is_present) {
      unit.elsewhere_locode = state.visit.locode();
      unit.elsewhere_facility = state.visit.facility();
    }
    return ReadLog(state.log, "", &unit);
  }

  bool HoldsVisit(const v1::Visit& visit) const {
    return window_.place.Holds(visit.locode(), visit.facility()) ||
           (!visit.also_facility().empty() &&
            window_.place.Holds(visit.locode(), visit.also_facility()));
  }

  // When it has arrived, its visit is a unit of its own, and what its papers
  // were selected for stands as long as that is selected for less.
  absl::StatusOr<bool> SettleConsignment(const State& state,
                                         UnitAtPlace* unit) {
    const v1::Visit& visit = state.visit;
    const bool is_there = visit.open() && HoldsVisit(visit);
    if (!is_there && state.came) {
      ++result_.gone;
      return false;
    }
    if (is_there && !unit->drawn && unit->lane <= visit.lane()) return false;
    unit->expected = !is_there;
    return ReadLog(state.log, is_there ? visit.unit() : "", unit);
  }

  // False: a control of it is recorded, or of its visit.
  absl::StatusOr<bool> ReadLog(const v1::ControlLogState& log,
                               const std::string& visit, UnitAtPlace* unit) {
    std::map<uint64_t, bool> controls;  // Whether the outcome at a position is.
    for (const uint64_t sequence : log.outcomes()) {
      auto record = ReadJournalRecord(*store_, sequence);
      if (!record.ok()) return record.status();
      const v1::OutcomeRecord& outcome = record->outcome();
      controls.erase(outcome.corrects_sequence());
      const std::string& of = outcome.tie().unit();
      // One that was not conclusive, or could not be done, is still due.
      if (!of.empty() && (of == unit->unit || of == visit) &&
          scoring::CountsAsControl(outcome.outcome())) {
        controls[sequence] = true;
      }
    }
    for (const uint64_t sequence : log.worklists()) {
      auto record = ReadJournalRecord(*store_, sequence);
      if (!record.ok()) return record.status();
      for (const v1::WorklistUnit& taken : record->worklist().units()) {
        if (taken.unit() != unit->unit || !taken.within_capacity()) continue;
        unit->taken_sequence = sequence;
        unit->taken_by = record->caller();
        if (taken.channel() != v1::CAPACITY) continue;
        unit->topped_up = true;
        unit->lane = std::max(unit->lane, taken.lane());
        unit->selection_ppm = taken.selection_ppm();
      }
    }
    if (!controls.empty()) ++result_.controlled;
    return controls.empty();
  }

  // Of visits that stand higher than their assessments in the window.
  absl::Status ReadBefore() {
    absl::flat_hash_map<EntityKey, std::vector<uint64_t>> wanted;
    for (auto& [name, found] : units_) {
      if (found.is_visit && found.unit.lane > found.unit.strongest.lane &&
          !found.unit.topped_up) {
        wanted[ContainerKey(found.unit.number)];
      }
    }
    if (wanted.empty()) return absl::OkStatus();
    absl::Status status = engine_->Look([&](Core& core) {
      core.AddPending(&wanted);
      return absl::OkStatus();
    });
    for (auto& [name, found] : units_) {
      const auto sequences = wanted.find(ContainerKey(found.unit.number));
      if (!status.ok() || sequences == wanted.end()) continue;
      status = ReadBeforeOne(sequences->second, &found.unit);
    }
    return status;
  }

  absl::Status ReadBeforeOne(std::vector<uint64_t> sequences,
                             UnitAtPlace* unit) {
    absl::Status status = CompletePositions(
        *store_, unit->number, {1, end_ + 1}, SIZE_MAX, &sequences);
    if (!status.ok()) return status;
    std::vector<UnitAssessment> before;
    for (const uint64_t sequence : sequences) {
      auto record = ReadJournalRecord(*store_, sequence);
      if (!record.ok()) return record.status();
      v1::Assessment assessment;
      if (!assessment.ParseFromString(record->movement().assessment())) {
        return RecordDamaged(sequence);
      }
      if (assessment.corrects_sequence() > 0) {
        superseded_.insert(assessment.corrects_sequence());
      }
      if (assessment.unit().id() == unit->unit && !assessment.retraction() &&
          !assessment.not_actual()) {
        before.push_back(ShortOf(assessment));
      }
    }
    for (const UnitAssessment& one : before) {
      if (superseded_.contains(one.sequence)) continue;
      if (Stronger(one, unit->strongest)) unit->strongest = one;
      TakeChannel(one.channel, unit);
    }
    // What was selected stays so when its report is corrected: then that says
    // why.
    if (unit->strongest.lane >= unit->lane) return absl::OkStatus();
    for (const UnitAssessment& one : before) {
      if (Stronger(one, unit->strongest)) unit->strongest = one;
    }
    return absl::OkStatus();
  }

  Engine* const engine_;
  const WorklistWindow& window_;
  std::shared_ptr<const store::Store> store_;
  uint64_t begin_ = 1;
  uint64_t end_ = 0;
  UnitsAtPlace result_;
  std::map<std::string, Found> units_;
  absl::flat_hash_set<uint64_t> superseded_;
  absl::flat_hash_set<std::string> leaving_;
};

}  // namespace

const v1::Visit* OpenVisit(const v1::ContainerState& container,
                           absl::string_view unit) {
  for (const v1::Visit* visit :
       {&container.visit(), &container.previous_visit()}) {
    if (visit->unit() == unit) return visit->open() ? visit : nullptr;
  }
  return nullptr;
}

absl::StatusOr<UnitsAtPlace> ReadUnitsAtPlace(Engine* engine,
                                              const WorklistWindow& window) {
  return Reading(engine, window).Run();
}

}  // namespace portrisk::service
