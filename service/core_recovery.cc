// HOT PATH of opening after a crash: Recover folds every record behind the
// checkpoint. Budget: 5 us a movement (bench/fill_bench). One thread reads the
// journal ahead and parses of it the fields that folding reads; this one folds.
// Movements are folded in batches, as when they came: all that a batch names is
// found before any of it is folded in, and what is not in memory is read at
// once.
#include <algorithm>
#include <optional>
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

constexpr size_t kBatchesAhead = 4;
constexpr size_t kFetchAhead = 4;
// Room is made ahead for so many positions; what comes beyond finds its own.
constexpr uint64_t kReservedMax = 1'000'000;

}  // namespace

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
  CountedKeyMaker counted = aggregates.MakeKeyMaker();
  const JournaledBatch::Reading how{&movement_fields, &assessment_fields,
                                    &counted};
  Handover<JournaledBatch> handover(kBatchesAhead);
  absl::Status read;
  std::thread reader([&] {
    JournaledBatch* filling = handover.NextEmpty();
    read = store_->ScanJournal(begin, [&](const store::Block& block) {
      return WalkRecords(block, [&](const StoredRecord& record) {
        if (record.sequence < begin) return absl::OkStatus();
        if (filling == nullptr) return absl::CancelledError();
        absl::Status added = filling->Add(record, how);
        if (added.ok() && record.is_movement) {
          added = filling->AddCorrected(*store_, options_.folds_from);
        }
        if (added.ok() && filling->is_full()) {
          handover.PutFull();
          filling = handover.NextEmpty();
        }
        return added;
      });
    });
    if (filling != nullptr && read.ok() && !filling->empty()) {
      handover.PutFull();
    }
    handover.Finish();
  });
  uint64_t written_to = recovered_to_;
  while (JournaledBatch* const batch = handover.NextUsed()) {
    status = FoldTogether(batch->movements(), nullptr);
    if (status.ok() && batch->other() != nullptr) {
      status = Fold(*batch->other());
    }
    if (options_.on_folded) options_.on_folded(last_sequence());
    if (status.ok() && options_.write_behind &&
        last_sequence() - written_to >= options_.write_behind_records) {
      status = options_.write_behind(*this);
      written_to = last_sequence();
    }
    if (!status.ok()) handover.Stop();
    batch->Clear();
    handover.PutEmpty();
  }
  reader.join();
  if (status.ok()) status = read;
  if (!status.ok()) return status;
  since_freeze_ = last_sequence() - written_to;
  return last_sequence() - recovered_to_;
}

absl::Status Core::FoldTogether(absl::Span<const ParsedMovement> movements,
                                Rescoring* rescoring) {
  const auto reads_finds = [&](v1::Event event) {
    return programme_->reads_finds(event) ||
           std::any_of(also_.begin(), also_.end(), [event](const Ruling& one) {
             return one.programme->reads_finds(event);
           });
  };
  entities_.Trim();
  gathered_.clear();
  for (size_t i = 0; i < movements.size(); ++i) {
    if (i + kFetchAhead < movements.size()) {
      const ParsedMovement& ahead = movements[i + kFetchAhead];
      entities_.Prefetch(ahead.keys, ahead.counted, ahead.spreads);
    }
    const ParsedMovement& parsed = movements[i];
    const v1::Movement& movement = parsed.movement;
    Entities::Named& named = gathered_.emplace_back(
        entities_.Find(movement, parsed.keys, parsed.counted));
    entities_.FindSpreads(parsed.record.spans(), parsed.spreads, &named);
    if (rescoring != nullptr && reads_finds(movement.event())) {
      entities_.FindRatesOf(movement, &named);
    }
  }
  absl::Status status = entities_.Load();
  for (size_t i = 0; i < movements.size() && status.ok(); ++i) {
    if (i + kFetchAhead < movements.size()) {
      Entities::Prefetch(gathered_[i + kFetchAhead]);
    }
    last_recorded_time_ = movements[i].recorded_time;
    status = FoldMovement(movements[i], i, rescoring);
  }
  return status;
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
  folded_.Clear();
  absl::Status status = folded_.Add(record);
  if (!status.ok()) return status;
  return FoldTogether(folded_.movements(), nullptr);
}

void Core::AssessAlsoBy(Ruling ruling) {
  also_.push_back(std::move(ruling));
  Restand();
}

const v1::Unit& Core::Rescore(const JournaledMovement& input, size_t i,
                              const ParsedMovement& parsed,
                              Rescoring* rescoring) {
  const Entities::Named& named = gathered_[i];
  const scoring::EntityStates states = entities_.States(named);
  const auto assess = [&](size_t by, const scoring::Programme& programme,
                          const scoring::SelectionProfiles& profiles) {
    v1::Assessment* const answer = rescoring->AnswerTo(i, by);
    assessor_.AssessBy(
        {&programme, reference_.get(), &profiles, &options_.draw_key}, answer);
    *answer->mutable_recorded_time() = last_recorded_time_;
    answer->set_corrects_sequence(parsed.assessment.corrects_sequence());
    if (options_.amend_answer) {
      options_.amend_answer(parsed.movement, parsed.assessment_bytes, answer);
    }
    rescoring->Assessed(i, by, *assessor_.scratch());
  };
  assessor_.Begin(input, states, *reference_);
  assess(0, *programme_, *profiles_);
  for (size_t by = 1; by <= also_.size(); ++by) {
    assess(by, *also_[by - 1].programme, *also_[by - 1].profiles);
  }
  assessor_.End();
  return rescoring->AnswerTo(i, 0)->unit();
}

absl::Status Core::FoldMovement(const ParsedMovement& parsed, size_t i,
                                Rescoring* rescoring) {
  const Entities::Named& named = gathered_[i];
  const v1::Movement& movement = parsed.movement;
  const v1::Assessment& assessment = parsed.assessment;
  next_sequence_ = parsed.sequence + 1;
  const uint64_t corrected = assessment.corrects_sequence();
  JournaledMovement input{&movement, MovementKey(parsed.identity),
                          parsed.sequence};
  const JournaledVersion* prior =
      parsed.corrected.has_value() ? &*parsed.corrected : nullptr;
  JournaledVersion read_here;
  if (prior == nullptr && corrected >= options_.folds_from) {
    auto stored = ReadRecord(corrected);
    if (!stored.ok()) return stored.status();
    // Else of a copy that is folded without what was removed.
    if (!stored->movement().empty()) {
      auto version = ParseVersion(*std::move(stored));
      if (!version.ok()) return version.status();
      read_here = *std::move(version);
      prior = &read_here;
    }
  }
  if (corrected > 0 && prior == nullptr && movement.retraction()) {
    // Of what was not folded in: nobody's answer.
    for (size_t by = 0; rescoring != nullptr && by <= also_.size(); ++by) {
      rescoring->AnswerTo(i, by)->Clear();
      rescoring->Assessed(i, by, *assessor_.scratch());
    }
    return absl::OkStatus();
  }
  if (prior != nullptr) {
    input.corrected = &prior->assessment;
    absl::Status status = UnfoldPrior(input, *prior);
    if (!status.ok()) return status;
  }
  entities_.Recognise(movement, named);
  entities_.Fold(input,
                 rescoring == nullptr ? assessment.unit()
                                      : Rescore(input, i, parsed, rescoring),
                 named);
  tallies_.Count(assessment, movement.event(), nullptr);
  Index(movement, assessment, parsed.identity, parsed.sequence);
  return absl::OkStatus();
}

}  // namespace portrisk::service
