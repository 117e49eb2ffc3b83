// HOT PATH of opening after a crash: Recover folds every record behind the
// checkpoint. Budget: 5 us a movement (bench/fill_bench). One thread reads the
// journal ahead and parses of it the fields that folding reads; this one folds.
// Movements are folded in batches, as when they came: all that a batch names is
// found before any of it is folded in, and what is not in memory is read at
// once.
#include <algorithm>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "service/catalogue.h"
#include "service/core.h"
#include "service/core_erasure.h"
#include "service/errors.h"
#include "service/folded_fields.h"
#include "service/handover.h"
#include "service/keys.h"
#include "service/rule_sets.h"

namespace portrisk::service {
namespace {

using scoring::JournaledMovement;

// More are found together, and take more of the processor's cache meanwhile.
constexpr size_t kRefoldMax = 128;
constexpr size_t kRefoldsAhead = 4;
constexpr size_t kFetchAhead = 4;
// Room is made ahead for so many positions; what comes beyond finds its own.
constexpr uint64_t kReservedMax = 1'000'000;

}  // namespace

// A batch, filled by the thread that reads and folded by the core's own. Its
// messages are parsed into again and again: their texts and parts find the
// memory of those before them, for less than an arena takes.
struct Core::Refold {
  struct Movement {
    uint64_t sequence;
    Digest identity;
    v1::Movement movement;
    v1::Assessment assessment;
    v1::MovementRecord record;  // Its spans, nothing else.
    Entities::Named named;
  };

  bool is_full() const { return size == kRefoldMax || !other.empty(); }
  absl::Span<Movement> added() { return {all.data(), size}; }

  const FieldSelection* movement_fields = nullptr;
  const FieldSelection* assessment_fields = nullptr;
  std::vector<Movement> all = std::vector<Movement>(kRefoldMax);
  size_t size = 0;            // Of `all` those that are in use.
  std::string recorded_time;  // Of the last of them, serialised.
  std::string other;          // The record behind them, when it is no movement.
  std::string selected;       // Reused.
};

absl::StatusOr<uint64_t> Core::Recover() {
  auto catalogue = ReadCatalogue(*store_);
  if (!catalogue.ok()) return catalogue.status();
  catalogue_ = *std::move(catalogue);
  const StoredStates from{store_.get()};
  absl::Status status = RecoverTallies(from);
  if (!status.ok()) return status;
  auto checkpoint = store_->ReadCheckpoint();
  if (!checkpoint.ok()) return checkpoint.status();
  next_sequence_ = checkpoint->sequence() + 1;
  last_recorded_time_ = checkpoint->last_recorded_time();
  recovered_to_ = checkpoint->sequence();
  removed_to_ = RemovedAt(catalogue_, recovered_to_);
  status = RecoverOccurrences(from);
  if (status.ok()) status = RecoverAggregates();
  if (!status.ok()) return status;
  return FoldJournal();
}

absl::StatusOr<uint64_t> Core::FoldJournal() {
  Aggregates& aggregates = entities_.aggregates();
  const uint64_t begin = recovered_to_ + 1;
  // A table that came into use after the checkpoint may be behind it.
  absl::Status status = VisitMovements(
      *store_, {std::min(recovered_to_, aggregates.FoldedTo()) + 1, begin},
      [&](uint64_t sequence, const StoredMovement& record) {
        return AddToAggregates(sequence, record, &aggregates);
      });
  if (status.ok()) status = aggregates.FoldAdded();
  if (!status.ok()) return status;
  const uint64_t waiting = store_->last_sequence_at_open() - recovered_to_;
  pending_->identity.reserve(std::min(waiting, kReservedMax));

  const FieldSelection movement_fields = FieldsFolded(aggregates.plan().get());
  const FieldSelection assessment_fields = AssessmentFieldsFolded();
  Handover<Refold> handover(kRefoldsAhead);
  absl::Status read;
  std::thread reader([&] {
    Refold* filling = handover.NextEmpty();
    read = store_->ScanJournal(begin, [&](const store::Block& block) {
      return WalkRecords(block, [&](const StoredRecord& record) {
        if (record.sequence < begin) return absl::OkStatus();
        if (filling == nullptr) return absl::CancelledError();
        filling->movement_fields = &movement_fields;
        filling->assessment_fields = &assessment_fields;
        absl::Status added = AddToRefold(record, filling);
        if (added.ok() && filling->is_full()) {
          handover.PutFull(filling);
          filling = handover.NextEmpty();
        }
        return added;
      });
    });
    if (filling != nullptr && read.ok()) handover.PutFull(filling);
    handover.Finish();
  });
  while (Refold* const refold = handover.NextFull()) {
    if (status.ok()) status = FoldAdded(refold);
    if (!status.ok()) handover.Stop();
    handover.PutEmpty(refold);
  }
  reader.join();
  if (status.ok()) status = read;
  if (!status.ok()) return status;
  since_freeze_ = last_sequence() - recovered_to_;
  return since_freeze_;
}

// On the thread that reads: of the core it may use nothing.
absl::Status Core::AddToRefold(const StoredRecord& record, Refold* refold) {
  if (!record.is_movement) {
    refold->other.assign(record.bytes.data(), record.bytes.size());
    return absl::OkStatus();
  }
  Refold::Movement& added = refold->all[refold->size++];
  added.sequence = record.sequence;
  const StoredMovement& stored = record.movement;
  std::string& selected = refold->selected;
  if (!refold->movement_fields->Take(stored.movement, &selected) ||
      !added.movement.ParseFromString(selected) ||
      !refold->assessment_fields->Take(stored.assessment, &selected) ||
      !added.assessment.ParseFromString(selected) ||
      !ParseView(stored.spans, &added.record)) {
    return StoreDamaged(absl::StrCat("the movement at position ",
                                     record.sequence, " of the journal"));
  }
  added.identity = IdentityOf(added.movement.source(), added.movement.id());
  refold->recorded_time.assign(record.recorded_time.data(),
                               record.recorded_time.size());
  return absl::OkStatus();
}

absl::Status Core::FoldAdded(Refold* refold) {
  const absl::Span<Refold::Movement> all = refold->added();
  entities_.Trim();
  for (size_t i = 0; i < all.size(); ++i) {
    if (i + kFetchAhead < all.size()) {
      entities_.Prefetch(all[i + kFetchAhead].movement);
    }
    all[i].named = entities_.Find(all[i].movement);
    entities_.FindSpreads(all[i].movement, all[i].record.spans(),
                          &all[i].named);
  }
  absl::Status status = entities_.Load();
  for (size_t i = 0; i < all.size() && status.ok(); ++i) {
    if (i + kFetchAhead < all.size()) {
      Entities::Prefetch(all[i + kFetchAhead].named);
    }
    status = FoldMovement(all[i].sequence, all[i].identity, all[i].movement,
                          all[i].assessment, all[i].named, nullptr);
  }
  if (!status.ok()) return status;
  if (!all.empty() &&
      !last_recorded_time_.ParseFromString(refold->recorded_time)) {
    return StoreDamaged(absl::StrCat("the time of the record at position ",
                                     all.back().sequence, " of the journal"));
  }
  refold->size = 0;
  if (refold->other.empty()) return status;
  v1::JournalRecord record;
  if (!record.ParseFromString(refold->other))
    return StoreDamaged(absl::StrCat("the record at position ", next_sequence_,
                                     " of the journal"));
  refold->other.clear();
  return Fold(record);
}

absl::Status Core::Fold(const v1::JournalRecord& record) {
  entities_.Trim();
  next_sequence_ = record.sequence() + 1;
  last_recorded_time_ = record.recorded_time();
  if (record.has_outcome() || record.has_decision() || record.has_worklist()) {
    return FoldControl(record);
  }
  if (!record.has_movement()) {
    FoldRules(record);
    return record.audit().has_erasure() ? CoreErasure(this).Fold(record)
                                        : absl::OkStatus();
  }
  return FoldWhole(record, nullptr);
}

absl::Status Core::Rescore(const v1::JournalRecord& record,
                           v1::Assessment* answer) {
  entities_.Trim();
  last_recorded_time_ = record.recorded_time();
  return FoldWhole(record, answer);
}

absl::Status Core::FoldWhole(const v1::JournalRecord& record,
                             v1::Assessment* answer) {
  if (!folded_.ParseFromString(record.movement().movement()) ||
      !assessment_.ParseFromString(record.movement().assessment())) {
    return StoreDamaged(absl::StrCat("the movement at position ",
                                     record.sequence(), " of the journal"));
  }
  Entities::Named named = entities_.Find(folded_);
  entities_.FindSpreads(folded_, record.movement().spans(), &named);
  if (answer != nullptr && programme_->reads_finds(folded_.event())) {
    entities_.FindRatesOf(folded_, &named);
  }
  absl::Status status = entities_.Load();
  if (!status.ok()) return status;
  return FoldMovement(record.sequence(),
                      IdentityOf(folded_.source(), folded_.id()), folded_,
                      assessment_, named, answer);
}

absl::Status Core::FoldMovement(uint64_t sequence, const Digest& identity,
                                const v1::Movement& movement,
                                const v1::Assessment& assessment,
                                const Entities::Named& named,
                                v1::Assessment* answer) {
  next_sequence_ = sequence + 1;
  const uint64_t corrected = assessment.corrects_sequence();
  JournaledMovement input{&movement, MovementKey(identity), sequence,
                          corrected >= options_.folds_from};
  v1::MovementRecord stored;
  if (input.corrects) {
    auto read = ReadRecord(corrected);
    if (!read.ok()) return read.status();
    stored = *std::move(read);
    // Of a copy that is folded without what was removed.
    input.corrects = !stored.movement().empty();
  }
  if (corrected > 0 && !input.corrects && movement.retraction()) {
    if (answer != nullptr) answer->Clear();
    return absl::OkStatus();  // Of what was not folded in.
  }
  if (input.corrects) {
    auto prior = ParseVersion(std::move(stored));
    if (!prior.ok()) return prior.status();
    absl::Status status = UnfoldPrior(input, *prior);
    if (!status.ok()) return status;
  }
  entities_.Recognise(movement, named);
  if (answer != nullptr) {
    const scoring::AssessContext context{programme_.get(), reference_.get(),
                                         profiles_.get(), &options_.draw_key};
    assessor_.Assess(context, input, entities_.States(named), answer);
    *answer->mutable_recorded_time() = last_recorded_time_;
    answer->set_corrects_sequence(corrected);
    if (options_.amend_answer) {
      options_.amend_answer(movement, assessment, answer);
    }
  }
  entities_.Fold(input, answer == nullptr ? assessment.unit() : answer->unit(),
                 named);
  tallies_.Count(assessment, movement.event(), nullptr);
  Index(movement, identity, sequence);
  return absl::OkStatus();
}

}  // namespace portrisk::service
