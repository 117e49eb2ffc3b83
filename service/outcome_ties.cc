#include "service/outcome_ties.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "scoring/outcome_tie.h"
#include "service/container_index.h"
#include "service/errors.h"
#include "service/journal_reader.h"
#include "service/journal_walk.h"
#include "service/keys.h"

namespace portrisk::service {
namespace {

// Of a container, the newest in the journal.
constexpr size_t kMovementsMax = 256;

absl::Status UnknownAssessment(const v1::AssessmentRef& ref) {
  return Error(absl::StatusCode::kNotFound, "UNKNOWN_ASSESSMENT",
               absl::StrCat("no assessment of movement ", ref.movement_id(),
                            " of source ", ref.source(),
                            ref.sequence() > 0
                                ? absl::StrCat(" at position ", ref.sequence())
                                : "",
                            "; ids are compared letter by letter"),
               {{"source", ref.source()}, {"movement_id", ref.movement_id()}});
}

absl::Status UnknownUnit(const std::string& unit) {
  return Error(absl::StatusCode::kNotFound, "UNKNOWN_UNIT",
               absl::StrCat("no movement of unit ", unit,
                            " is known; send it as an assessment shows it, or "
                            "leave it out and say container, place and time"),
               {{"unit", unit}});
}

struct Read {
  v1::Movement movement;
  v1::Assessment assessment;
};

absl::StatusOr<Read> ReadMovement(const store::Store& store,
                                  uint64_t sequence) {
  auto record = ReadJournalRecord(store, sequence);
  if (!record.ok()) return record.status();
  Read read;
  if (record->removed()) return MovementRemoved(sequence);
  if (!record->has_movement() ||
      !read.movement.ParseFromString(record->movement().movement()) ||
      !read.assessment.ParseFromString(record->movement().assessment())) {
    return RecordDamaged(sequence);
  }
  return read;
}

// The latest version of each movement that is named; 0: there is none.
template <typename Record>
absl::Status FindAssessments(
    Engine* engine, const std::vector<TiedRecord<Record>*>& all,
    const v1::AssessmentRef& (*ref_of)(const Record&)) {
  std::vector<TiedRecord<Record>*> named;
  for (TiedRecord<Record>* one : all) {
    const v1::AssessmentRef& ref = ref_of(one->record);
    if (!one->status.ok() || ref.movement_id().empty()) continue;
    one->movement = IdentityOf(ref.source(), ref.movement_id());
    named.push_back(one);
  }
  if (named.empty()) return absl::OkStatus();
  return engine->Look([&](Core& core) {
    for (TiedRecord<Record>* one : named) {
      auto latest = core.LatestSequence(one->movement);
      if (latest.ok()) {
        one->movement_sequence = *latest;
        if (*latest <= core.catalogue().removed_sequence()) {
          one->status = MovementRemoved(*latest);
        }
      } else if (absl::IsNotFound(latest.status())) {
        one->status = UnknownAssessment(ref_of(one->record));
      } else {
        return latest.status();
      }
    }
    return absl::OkStatus();
  });
}

// The movements of several containers, read once each.
class Containers {
 public:
  explicit Containers(Engine* engine) : engine_(engine) {}

  void Want(const std::string& number) { sequences_[ContainerKey(number)]; }

  absl::Status ReadAll() {
    if (sequences_.empty()) return absl::OkStatus();
    absl::Status status = engine_->Look([&](Core& core) {
      core.AddPending(&sequences_);
      removed_ = core.catalogue().removed_sequence();
      for (const auto& [key, ignored] : sequences_) {
        auto last = core.LastSequenceOf(NameOf(key));
        if (!last.ok()) return last.status();
        last_[key] = *last;
      }
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    auto store = engine_->store();
    if (!store.ok()) return store.status();
    for (auto& [key, sequences] : sequences_) {
      status = ReadOne(**store, std::string(NameOf(key)), key, &sequences);
      if (!status.ok()) return status;
    }
    return DropOldVersions();
  }

  uint64_t LastSequence(const std::string& number) const {
    return last_.at(ContainerKey(number));
  }
  // Whether no movement of it was removed or left unread.
  bool KnowsAll(const std::string& number) const {
    return removed_ == 0 &&
           movements_.at(ContainerKey(number)).size() < kMovementsMax;
  }
  // Whether any version of a movement of it was of the unit: its sender may
  // have taken it back since.
  bool HadUnit(const std::string& number, const std::string& unit) const {
    return units_.contains({ContainerKey(number), unit});
  }
  std::vector<scoring::TieCandidate> Candidates(
      const std::string& number) const {
    std::vector<scoring::TieCandidate> candidates;
    for (const Read& one : movements_.at(ContainerKey(number))) {
      candidates.push_back({&one.movement, &one.assessment});
    }
    return candidates;
  }

 private:
  absl::Status ReadOne(const store::Store& store, const std::string& number,
                       const EntityKey& key, std::vector<uint64_t>* sequences) {
    // What came after the look at the container is none of its past.
    const uint64_t last = last_.at(key);
    absl::Status status = CompletePositions(
        store, number, {removed_ + 1, last + 1}, SIZE_MAX, sequences);
    if (!status.ok()) return status;
    if (sequences->size() > kMovementsMax) {
      sequences->erase(sequences->begin(), sequences->end() - kMovementsMax);
    }
    std::vector<Read>& movements = movements_[key];
    for (const uint64_t sequence : *sequences) {
      auto read = ReadMovement(store, sequence);
      if (!read.ok()) return read.status();
      // What corrects it into another container is found here, too.
      if (read->movement.container().number() != number) continue;
      units_.insert({key, read->assessment.unit().id()});
      movements.push_back(*std::move(read));
    }
    return absl::OkStatus();
  }

  // A later version may name another container, so that only the index of
  // identities knows it.
  absl::Status DropOldVersions() {
    return engine_->Look([&](Core& core) {
      for (auto& [key, movements] : movements_) {
        for (size_t i = movements.size(); i-- > 0;) {
          const v1::Movement& m = movements[i].movement;
          auto latest = core.LatestSequence(IdentityOf(m.source(), m.id()));
          if (!latest.ok()) return latest.status();
          if (*latest == movements[i].assessment.sequence()) continue;
          movements.erase(movements.begin() + static_cast<ptrdiff_t>(i));
        }
      }
      return absl::OkStatus();
    });
  }

  Engine* const engine_;
  absl::flat_hash_map<EntityKey, std::vector<uint64_t>> sequences_;
  absl::flat_hash_map<EntityKey, uint64_t> last_;
  absl::flat_hash_map<EntityKey, std::vector<Read>> movements_;
  absl::flat_hash_set<std::pair<EntityKey, std::string>> units_;
  uint64_t removed_ = 0;  // Movements up to here.
};

// The version that the reference names, else the latest. What concerns the
// record goes into its status.
template <typename Record>
absl::Status ReadNamed(const store::Store& store, const v1::AssessmentRef& ref,
                       TiedRecord<Record>* one, Read* named) {
  for (uint64_t version = one->movement_sequence; version != 0;) {
    auto read = ReadMovement(store, version);
    if (absl::IsFailedPrecondition(read.status())) {
      one->status = read.status();  // It was removed.
      return absl::OkStatus();
    }
    if (!read.ok()) return read.status();
    if (ref.sequence() == 0 || ref.sequence() == version) {
      *named = *std::move(read);
      return absl::OkStatus();
    }
    version = read->assessment.corrects_sequence();
  }
  one->status = UnknownAssessment(ref);
  return absl::OkStatus();
}

absl::Status TieDecision(const store::Store& store, TiedDecision* one) {
  Read named;
  absl::Status status =
      ReadNamed(store, one->record.decision().assessment(), one, &named);
  if (!status.ok() || !one->status.ok()) return status;
  const v1::Assessment& a = named.assessment;
  v1::DecisionTie* tie = one->record.mutable_tie();
  tie->set_assessment_sequence(a.sequence());
  tie->set_container_number(a.container_number());
  tie->set_unit(a.unit().id());
  tie->set_score(a.score());
  tie->set_lane(a.lane());
  tie->set_control(a.control());
  return absl::OkStatus();
}

// The container of the assessment that is named, unless the outcome says
// another one, or another unit.
void TakeContainer(const v1::Assessment& assessment, TiedOutcome* one) {
  const v1::Outcome& outcome = one->record.outcome();
  const auto refuse = [&](const char* field, const std::string& is,
                          const std::string& said) {
    one->status = WithViolations(
        Error(absl::StatusCode::kInvalidArgument, "INVALID_OUTCOME",
              absl::StrCat("the assessment is about ",
                           is.empty() ? "no container" : is, ", not ", said)),
        "outcome.",
        {{field, "is not that of the assessment; send one of the two"}});
  };
  if (!outcome.unit().empty() && outcome.unit() != assessment.unit().id()) {
    return refuse("unit", assessment.unit().id(), outcome.unit());
  }
  const std::string& number = assessment.container_number();
  if (outcome.container_number().empty()) {
    one->number = number;
  } else if (outcome.container_number() != number) {
    refuse("container_number", number, outcome.container_number());
  }
}

// A worklist that somebody took before the control may have selected the unit,
// and no movement of it have come since.
absl::Status TieToWorklists(Engine* engine, const store::Store& store,
                            const std::vector<TiedOutcome*>& outcomes) {
  std::vector<std::pair<v1::OutcomeRecord*, v1::ControlLogState>> unselected;
  for (TiedOutcome* one : outcomes) {
    const v1::OutcomeTie& tie = one->record.tie();
    if (!one->status.ok() || tie.unit().empty() ||
        tie.channel() != v1::CHANNEL_UNSPECIFIED) {
      continue;
    }
    unselected.push_back({&one->record, {}});
  }
  if (unselected.empty()) return absl::OkStatus();
  absl::Status status = engine->Look([&](Core& core) {
    for (auto& [record, log] : unselected) {
      const auto key =
          ControlLogKey(record->tie().container_number(), record->tie().unit());
      auto read = core.mutable_entities().ReadLog(*key);
      if (!read.ok()) return read.status();
      log = *std::move(read);
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  for (auto& [record, log] : unselected) {
    for (const uint64_t sequence : log.worklists()) {
      auto logged = ReadJournalRecord(store, sequence);
      if (!logged.ok()) return logged.status();
      scoring::TieToWorklist(logged->worklist(), record);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status TieAll(Engine* engine, const std::vector<TiedOutcome*>& outcomes) {
  absl::Status status = FindAssessments<v1::OutcomeRecord>(
      engine, outcomes,
      [](const v1::OutcomeRecord& one) -> const v1::AssessmentRef& {
        return one.outcome().assessment();
      });
  if (!status.ok()) return status;
  auto store = engine->store();
  if (!store.ok()) return store.status();
  Containers containers(engine);
  absl::flat_hash_map<const TiedOutcome*, Read> named;
  for (TiedOutcome* one : outcomes) {
    if (!one->status.ok()) continue;
    one->number = one->record.outcome().container_number();
    if (one->movement_sequence > 0) {
      Read& read = named[one];
      status =
          ReadNamed(**store, one->record.outcome().assessment(), one, &read);
      if (!status.ok()) return status;
      if (one->status.ok()) TakeContainer(read.assessment, one);
      if (!one->status.ok()) continue;
    }
    if (!one->number.empty()) containers.Want(one->number);
  }
  status = containers.ReadAll();
  if (!status.ok()) return status;
  for (TiedOutcome* one : outcomes) {
    if (!one->status.ok()) continue;
    std::vector<scoring::TieCandidate> candidates;
    if (!one->number.empty()) {
      candidates = containers.Candidates(one->number);
      one->container_sequence = containers.LastSequence(one->number);
    }
    const auto own = named.find(one);
    v1::OutcomeTie tie =
        own == named.end()
            ? scoring::TieOutcome(one->record.outcome(), candidates)
            : scoring::TieOutcome(
                  one->record.outcome(), candidates,
                  {&own->second.movement, &own->second.assessment});
    if (!one->record.outcome().unit().empty() && tie.assessments().empty() &&
        !one->number.empty() && containers.KnowsAll(one->number) &&
        !containers.HadUnit(one->number, one->record.outcome().unit())) {
      one->status = UnknownUnit(one->record.outcome().unit());
      continue;
    }
    tie.set_container_number(one->number);
    *one->record.mutable_tie() = std::move(tie);
  }
  return TieToWorklists(engine, **store, outcomes);
}

absl::Status TieAll(Engine* engine,
                    const std::vector<TiedDecision*>& decisions) {
  absl::Status status = FindAssessments<v1::DecisionRecord>(
      engine, decisions,
      [](const v1::DecisionRecord& one) -> const v1::AssessmentRef& {
        return one.decision().assessment();
      });
  if (!status.ok()) return status;
  auto store = engine->store();
  if (!store.ok()) return store.status();
  for (TiedDecision* one : decisions) {
    if (!one->status.ok() || one->movement_sequence == 0) continue;
    status = TieDecision(**store, one);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace portrisk::service
