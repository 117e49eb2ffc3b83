#include "service/past_states.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "scoring/container_history.h"
#include "service/catalogue.h"
#include "service/container_index.h"
#include "service/errors.h"
#include "service/journal_reader.h"
#include "service/journal_walk.h"
#include "service/keys.h"

namespace portrisk::service {
namespace {

// `own` is reused.
bool Touches(const v1::Movement& movement, const std::vector<EntityKey>& keys,
             Entities* entities, std::vector<EntityKey>* own) {
  own->clear();
  entities->AppendKeys(movement, own);
  return std::any_of(own->begin(), own->end(), [&](const EntityKey& key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  });
}

// Movements below `end`, in order: `visit` gets those that name one of `keys`
// or correct such a movement into another one, `other` the others.
absl::Status WalkJournal(
    const store::Store& store, const std::vector<EntityKey>& keys,
    Entities* entities, uint64_t end, OccurrenceIndex* occurrences,
    const std::function<absl::Status(const JournaledAssessment&)>& visit,
    const std::function<absl::Status(const JournaledAssessment&)>& other,
    const std::function<absl::Status(const v1::JournalRecord&)>& outcome) {
  std::vector<EntityKey> own;
  absl::Status status = store.ScanJournal(1, [&](const store::Block& block) {
    if (block.first_sequence >= end) return absl::CancelledError();
    v1::JournalBlock parsed;
    if (!parsed.ParseFromString(block.bytes)) {
      return RecordDamaged(block.first_sequence);
    }
    for (const v1::JournalRecord& record : parsed.records()) {
      if (record.sequence() < end && record.has_outcome()) {
        absl::Status status = outcome(record);
        if (!status.ok()) return status;
      }
      if (record.sequence() >= end || !record.has_movement()) continue;
      JournaledAssessment one;
      if (!one.movement.ParseFromString(record.movement().movement()) ||
          !one.assessment.ParseFromString(record.movement().assessment())) {
        return RecordDamaged(record.sequence());
      }
      one.spans = record.movement().spans();
      occurrences->Add(record.sequence(), one.movement);
      bool touches = Touches(one.movement, keys, entities, &own);
      if (one.assessment.corrects_sequence() > 0) {
        auto prior = ReadJournaled(store, one.assessment.corrects_sequence());
        if (!prior.ok()) return prior.status();
        occurrences->Add(record.sequence(), prior->movement);
        touches = touches || Touches(prior->movement, keys, entities, &own);
      }
      absl::Status status = touches ? visit(one) : other(one);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  });
  return absl::IsCancelled(status) ? absl::OkStatus() : status;
}

}  // namespace

uint64_t MovementKeyOf(const v1::Movement& movement) {
  return MovementKey(IdentityOf(movement.source(), movement.id()));
}

absl::StatusOr<JournaledAssessment> ReadJournaled(const store::Store& store,
                                                  uint64_t sequence) {
  auto block = store.ReadBlock(sequence);
  if (absl::IsNotFound(block.status())) {
    return Error(
        absl::StatusCode::kNotFound, "NOT_FOUND",
        absl::StrCat("the journal holds no position ", sequence, " yet"));
  }
  if (!block.ok()) return block.status();
  v1::JournalBlock parsed;
  if (!parsed.ParseFromString(block->bytes)) return RecordDamaged(sequence);
  for (const v1::JournalRecord& record : parsed.records()) {
    if (record.sequence() != sequence) continue;
    if (record.removed()) return MovementRemoved(sequence);
    if (!record.has_movement()) break;
    JournaledAssessment result;
    if (!result.movement.ParseFromString(record.movement().movement()) ||
        !result.assessment.ParseFromString(record.movement().assessment())) {
      return RecordDamaged(sequence);
    }
    result.spans = record.movement().spans();
    return result;
  }
  return Error(absl::StatusCode::kNotFound, "NOT_FOUND",
               absl::StrCat("journal position ", sequence,
                            " is no movement but a change of rules, lists or "
                            "reference data"));
}

absl::Status PastStates::Fold(const store::Store& store,
                              const JournaledAssessment& one) {
  entities_->Trim();  // Gives nothing up; ends the look-ups before.
  const v1::Movement& m = one.movement;
  const uint64_t corrected = one.assessment.corrects_sequence();
  const scoring::JournaledMovement input{&m, MovementKeyOf(m),
                                         one.assessment.sequence()};
  if (corrected > 0) {
    absl::Status unfolded = Unfold(store, input, corrected);
    if (!unfolded.ok()) return unfolded;
  }
  Entities::Named named = entities_->Find(m);
  entities_->FindSpreads(m, one.spans, &named);
  absl::Status status = entities_->Load();  // Nothing is stored.
  if (status.ok()) entities_->Fold(input, one.assessment.unit(), named);
  return status;
}

absl::Status PastStates::Unfold(const store::Store& store,
                                const scoring::JournaledMovement& input,
                                uint64_t corrected) {
  auto prior = ReadJournaled(store, corrected);
  if (!prior.ok()) return prior.status();
  Entities::Named named = entities_->Find(prior->movement);
  entities_->FindSpreads(prior->movement, prior->spans, &named);
  return entities_->Unfold(
      input, prior->movement, named,
      [&](const Period& period, const Positions& where, VisitRecord visit) {
        return VisitOccurred(store, occurrences_, period, where, visit);
      });
}

absl::Status PastStates::FoldSpans(const store::Store& store,
                                   const JournaledAssessment& one) {
  entities_->Trim();
  const uint64_t sequence = one.assessment.sequence();
  const uint64_t corrected = one.assessment.corrects_sequence();
  if (corrected > 0) {
    auto prior = ReadJournaled(store, corrected);
    if (!prior.ok()) return prior.status();
    Entities::Named named;
    entities_->FindSpreads(prior->movement, prior->spans, &named);
    entities_->UnfoldSpreads(prior->movement, sequence, named);
  }
  Entities::Named named;
  entities_->FindSpreads(one.movement, one.spans, &named);
  absl::Status status = entities_->Load();
  if (status.ok()) entities_->FoldSpreads(one.movement, sequence, named);
  return status;
}

absl::Status PastStates::FoldOutcome(const store::Store& store,
                                     const v1::Movement& movement,
                                     const v1::JournalRecord& record) {
  const uint64_t sequence = record.sequence();
  const v1::OutcomeRecord& outcome = record.outcome();
  if (outcome.corrects_sequence() > 0) {
    auto prior = ReadJournalRecord(store, outcome.corrects_sequence());
    if (!prior.ok()) return prior.status();
    entities_->UnfoldOutcome(
        prior->outcome(), sequence,
        entities_->FindShared(prior->outcome().tie(), movement));
  }
  // Before has found all that is shared, so that nothing is left to be loaded.
  entities_->FoldOutcome(outcome, sequence,
                         entities_->FindShared(outcome.tie(), movement));
  return absl::OkStatus();
}

absl::StatusOr<PastStates> PastStates::Before(Engine* engine,
                                              const v1::Movement& movement,
                                              const v1::Assessment& assessment,
                                              scoring::RootsRead read,
                                              const Aggregates::Plan& plan) {
  PastStates past;
  past.entities_ = std::make_unique<Entities>(
      std::numeric_limits<size_t>::max(), StoredStates{});
  if (read.Has(scoring::kAggregatesRoot)) past.Count(plan);
  // Finds and reads what outcomes are folded into: nothing is stored.
  past.named_ = past.entities_->Find(movement);
  if (read.finds) past.entities_->FindRatesOf(movement, &past.named_);
  absl::Status status = past.entities_->Load();
  std::vector<EntityKey> keys;
  past.entities_->AppendKeys(movement, &keys);
  if (status.ok() &&
      (!keys.empty() || read.finds || read.Has(scoring::kUsualRoot))) {
    status = past.FoldAll(engine, movement, assessment, read, keys);
  }
  if (!status.ok()) return status;
  if (read.Has(scoring::kUsualRoot)) {
    auto store = engine->store();
    if (!store.ok()) return store.status();
    auto own = ReadJournaled(**store, assessment.sequence());
    if (!own.ok()) return own.status();
    past.spans_ = std::move(own->spans);
    past.entities_->FindSpreads(movement, past.spans_, &past.named_);
    status = past.entities_->Load();
    if (!status.ok()) return status;
  }
  // Entries stay where they are; the look-ups of aggregates end with each fold.
  past.named_.aggregates = past.entities_->Find(movement).aggregates;
  return past;
}

void PastStates::Count(const Aggregates::Plan& plan) {
  entities_->aggregates().BeginAll(plan);
  entities_->aggregates().Bind(plan.get());
}

absl::Status PastStates::FoldAll(Engine* engine, const v1::Movement& movement,
                                 const v1::Assessment& assessment,
                                 scoring::RootsRead read,
                                 const std::vector<EntityKey>& keys) {
  const auto catalogue = engine->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  if (catalogue->removed_sequence() > 0) return PastRemoved(*catalogue);
  auto store = engine->store();
  if (!store.ok()) return store.status();
  const std::string& number = movement.container().number();
  const uint64_t end = assessment.sequence();
  const auto fold = [&](const JournaledAssessment& one) {
    return Fold(**store, one);
  };
  if (number.empty() || read.Has(scoring::kPartyRoot) ||
      read.Has(scoring::kVesselRoot) || read.Has(scoring::kRouteRoot) ||
      read.Has(scoring::kFacilityRoot) || read.Has(scoring::kUsualRoot) ||
      read.Has(scoring::kAggregatesRoot)) {
    const auto fold_other = [&](const JournaledAssessment& one) {
      return read.Has(scoring::kUsualRoot) ? FoldSpans(**store, one)
                                           : absl::OkStatus();
    };
    const auto fold_outcome = [&](const v1::JournalRecord& record) {
      return read.finds ? FoldOutcome(**store, movement, record)
                        : absl::OkStatus();
    };
    absl::Status status =
        WalkJournal(**store, keys, entities_.get(), end, &occurrences_, fold,
                    fold_other, fold_outcome);
    if (!status.ok()) return status;
  } else {
    auto positions = PositionsOf(engine, number, {1, end});
    if (!positions.ok()) return positions.status();
    for (const uint64_t at : *positions) {
      auto one = ReadJournaled(**store, at);
      if (!one.ok()) return one.status();
      absl::Status status = fold(*one);
      if (!status.ok()) return status;
    }
  }
  if (assessment.corrects_sequence() == 0) return absl::OkStatus();
  // It was assessed without the version it corrects.
  entities_->Trim();
  return Unfold(**store, {&movement, MovementKeyOf(movement), end},
                assessment.corrects_sequence());
}

}  // namespace portrisk::service
