// HOT PATH of opening after a crash: Recover folds every record behind the
// checkpoint. Budget: 5 us a movement (bench/fill_bench). Of a block only the
// fields are parsed that folding reads, and movements are folded in batches,
// as when they came: all that a batch names is found before any of it is folded
// in, and what is not in memory is read at once.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "google/protobuf/arena.h"
#include "service/catalogue.h"
#include "service/core.h"
#include "service/errors.h"
#include "service/folded_fields.h"
#include "service/keys.h"

namespace portrisk::service {
namespace {

using scoring::JournaledMovement;

// More are found together, and take more of the processor's cache meanwhile.
constexpr size_t kRefoldMax = 128;
constexpr size_t kFetchAhead = 4;
// Room is made ahead for so many positions; what comes beyond finds its own.
constexpr uint64_t kReservedMax = 1'000'000;

absl::Status Damaged(absl::string_view what) {
  return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
               absl::StrCat(what,
                            " in the journal does not parse; run "
                            "`portrisk verify` and restore a backup"));
}

}  // namespace

struct Core::Refold {
  struct Movement {
    uint64_t sequence;
    v1::Movement* movement;  // Of the arena, as is the other.
    v1::Assessment* assessment;
    Entities::Named named;
  };

  FieldSelection movement_fields;
  FieldSelection assessment_fields = AssessmentFieldsFolded();
  google::protobuf::Arena arena;
  std::vector<Movement> added;
  std::string selected;
  std::string recorded_time;  // Of the last record, serialised.
};

absl::StatusOr<uint64_t> Core::Recover() {
  auto catalogue = store_->Get(store::Table::kRuleSets, kCatalogueKey);
  if (!catalogue.ok()) return catalogue.status();
  if (*catalogue && !catalogue_.ParseFromString(**catalogue)) {
    return Damaged("the catalogue of rule sets");
  }
  absl::Status status = RecoverTallies();
  if (!status.ok()) return status;
  auto checkpoint = store_->ReadCheckpoint();
  if (!checkpoint.ok()) return checkpoint.status();
  next_sequence_ = checkpoint->sequence() + 1;
  last_recorded_time_ = checkpoint->last_recorded_time();
  recovered_to_ = checkpoint->sequence();
  status = RecoverOccurrences();
  if (status.ok()) status = RecoverAggregates();
  if (!status.ok()) return status;
  return FoldJournal();
}

absl::StatusOr<uint64_t> Core::FoldJournal() {
  Aggregates& aggregates = entities_.aggregates();
  // A table that came into use after the checkpoint may be behind it.
  const uint64_t from = std::min(recovered_to_, aggregates.FoldedTo()) + 1;
  const uint64_t waiting = store_->last_sequence_at_open() - recovered_to_;
  pending_->identity.reserve(std::min(waiting, kReservedMax));
  Refold refold;
  refold.movement_fields = FieldsFolded(aggregates.plan().get());
  absl::Status status =
      store_->ScanJournal(from, [&](const store::Block& block) {
        return WalkRecords(block, [&](const StoredRecord& record) {
          if (record.sequence < from) return absl::OkStatus();
          if (record.sequence > recovered_to_) {
            absl::Status behind = aggregates.FoldAdded();
            return behind.ok() ? AddToRefold(record, &refold) : behind;
          }
          return record.is_movement
                     ? AddToAggregates(record.sequence, record.movement,
                                       &aggregates)
                     : absl::OkStatus();
        });
      });
  if (status.ok()) status = aggregates.FoldAdded();
  if (status.ok()) status = FoldAdded(&refold);
  if (!status.ok()) return status;
  since_freeze_ = last_sequence() - recovered_to_;
  return since_freeze_;
}

absl::Status Core::AddToRefold(const StoredRecord& record, Refold* refold) {
  if (!record.is_movement) {
    absl::Status status = FoldAdded(refold);
    if (!status.ok()) return status;
    v1::JournalRecord parsed;
    if (!ParseView(record.bytes, &parsed)) return Damaged("a record");
    return Fold(parsed);
  }
  using google::protobuf::Arena;
  Refold::Movement& added = refold->added.emplace_back();
  added.sequence = record.sequence;
  added.movement = Arena::CreateMessage<v1::Movement>(&refold->arena);
  added.assessment = Arena::CreateMessage<v1::Assessment>(&refold->arena);
  const StoredMovement& stored = record.movement;
  std::string& selected = refold->selected;
  if (!refold->movement_fields.Take(stored.movement, &selected) ||
      !added.movement->ParseFromString(selected) ||
      !refold->assessment_fields.Take(stored.assessment, &selected) ||
      !added.assessment->ParseFromString(selected)) {
    return Damaged("a movement");
  }
  refold->recorded_time.assign(record.recorded_time.data(),
                               record.recorded_time.size());
  return refold->added.size() < kRefoldMax ? absl::OkStatus()
                                           : FoldAdded(refold);
}

absl::Status Core::FoldAdded(Refold* refold) {
  if (refold->added.empty()) return absl::OkStatus();
  entities_.Trim();
  std::vector<Refold::Movement>& all = refold->added;
  for (size_t i = 0; i < all.size(); ++i) {
    if (i + kFetchAhead < all.size()) {
      entities_.Prefetch(*all[i + kFetchAhead].movement);
    }
    all[i].named = entities_.Find(*all[i].movement);
  }
  absl::Status status = entities_.Load();
  for (size_t i = 0; i < all.size() && status.ok(); ++i) {
    if (i + kFetchAhead < all.size()) {
      Entities::Prefetch(all[i + kFetchAhead].named);
    }
    status = FoldMovement(all[i].sequence, *all[i].movement, *all[i].assessment,
                          all[i].named);
  }
  if (!status.ok()) return status;
  refold->added.clear();
  refold->arena.Reset();
  if (!last_recorded_time_.ParseFromString(refold->recorded_time)) {
    return Damaged("a time");
  }
  return status;
}

absl::Status Core::Fold(const v1::JournalRecord& record) {
  entities_.Trim();
  next_sequence_ = record.sequence() + 1;
  last_recorded_time_ = record.recorded_time();
  if (record.has_outcome() || record.has_decision()) {
    auto fold = PrepareControl(record);
    if (fold.ok()) FoldControl(record, *fold);
    return fold.status();
  }
  if (!record.has_movement()) {
    FoldRules(record);
    return absl::OkStatus();
  }
  if (!folded_.ParseFromString(record.movement().movement()) ||
      !assessment_.ParseFromString(record.movement().assessment())) {
    return Damaged("a movement");
  }
  auto named = entities_.Get(folded_);
  if (!named.ok()) return named.status();
  return FoldMovement(record.sequence(), folded_, assessment_, *named);
}

absl::Status Core::FoldMovement(uint64_t sequence, const v1::Movement& movement,
                                const v1::Assessment& assessment,
                                const Entities::Named& named) {
  next_sequence_ = sequence + 1;
  const Digest identity = IdentityOf(movement.source(), movement.id());
  const JournaledMovement input{&movement, MovementKey(identity), sequence,
                                assessment.corrects_sequence() > 0};
  if (input.corrects) {
    auto stored = ReadRecord(assessment.corrects_sequence());
    if (!stored.ok()) return stored.status();
    v1::Movement prior;
    if (!prior.ParseFromString(stored->movement())) {
      return Damaged("a movement");
    }
    absl::Status status = UnfoldPrior(input, prior);
    if (!status.ok()) return status;
  }
  entities_.Fold(input, assessment.unit(), named);
  tallies_.Count(assessment, movement.event(), nullptr);
  Index(movement, identity, sequence);
  return absl::OkStatus();
}

}  // namespace portrisk::service
