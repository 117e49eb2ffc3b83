#include "service/displacement_report.h"

#include "absl/container/flat_hash_set.h"
#include "service/errors.h"
#include "service/journal_reader.h"
#include "service/journal_walk.h"

namespace portrisk::service {
namespace {

constexpr uint64_t kProgressEvery = 50'000;

// Positions of versions that a later one corrects or retracts.
absl::StatusOr<absl::flat_hash_set<uint64_t>> SupersededMovements(
    const store::Store& store) {
  absl::flat_hash_set<uint64_t> superseded;
  const auto look = [&](uint64_t sequence,
                        const StoredMovement& stored) -> absl::Status {
    auto corrects = CorrectedBy(sequence, stored);
    if (!corrects.ok()) return corrects.status();
    if (*corrects > 0) superseded.insert(*corrects);
    return absl::OkStatus();
  };
  const absl::Status status = store.ScanJournal(
      1, [&](const store::Block& block) { return WalkBlock(block, look); });
  if (!status.ok()) return status;
  return superseded;
}

}  // namespace

absl::StatusOr<v1::DisplacementReport> ReportDisplacement(
    const store::Store& store, const scoring::Displacement::Options& options,
    const std::function<void(uint64_t)>& progress) {
  scoring::Displacement displacement(options);
  auto superseded = SupersededMovements(store);
  if (!superseded.ok()) return superseded.status();
  uint64_t read = 0;
  v1::JournalBlock parsed;
  v1::Movement movement;
  absl::Status status = store.ScanJournal(1, [&](const store::Block& block) {
    if (!parsed.ParseFromString(block.bytes)) {
      return RecordDamaged(block.first_sequence);
    }
    for (const v1::JournalRecord& record : parsed.records()) {
      if (++read % kProgressEvery == 0) progress(read);
      if (record.has_movement() && !superseded->contains(record.sequence())) {
        if (!movement.ParseFromString(record.movement().movement())) {
          return RecordDamaged(record.sequence());
        }
        displacement.Add(movement);
      }
      if (!record.has_outcome()) continue;
      const uint64_t corrects = record.outcome().corrects_sequence();
      if (corrects > 0) {
        auto prior = ReadJournalRecord(store, corrects);
        if (!prior.ok()) return prior.status();
        displacement.Add(prior->outcome(), -1);
      }
      displacement.Add(record.outcome(), 1);
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return displacement.Report();
}

}  // namespace portrisk::service
