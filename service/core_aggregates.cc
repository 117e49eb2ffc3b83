// The part of the core that keeps tables of aggregates: which are in use, and
// up to which position each is complete.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "service/aggregate_tables.h"
#include "service/catalogue.h"
#include "service/core.h"
#include "service/errors.h"
#include "service/keys.h"

namespace portrisk::service {

absl::Status Core::RecoverAggregates() {
  if (options_.from_zero || options_.rule_sets == nullptr) {
    return absl::OkStatus();
  }
  const std::vector<v1::AggregateTable> tables = TablesInUse(catalogue_);
  auto plan = PlanOf(*store_, *options_.rule_sets, tables);
  if (!plan.ok()) return plan.status();
  entities_.aggregates().Begin(*std::move(plan), tables);
  for (const auto& table : entities_.aggregates().tables()) {
    auto folded = FilledTo(*store_, table->number);
    if (!folded.ok()) return folded.status();
    table->StartAt(*folded);
  }
  // What a crash kept from being dropped.
  for (uint32_t number = 1; number <= catalogue_.tables_made(); ++number) {
    if (HasTable(catalogue_, number)) continue;
    bool left = false;
    absl::Status status =
        store_->ScanPrefix(store::Table::kStates, AggregatePrefix(number), "",
                           [&](absl::string_view, absl::string_view) {
                             left = true;
                             return false;
                           });
    if (!status.ok()) return status;
    if (left) DropTables({number});
  }
  return absl::OkStatus();
}

absl::Status Core::RecoverOccurrences(const StoredStates& from) {
  absl::Status parsed;
  // A place beyond would have memory taken for all before it.
  const uint64_t last = OccurrenceIndex::SegmentOf(recovered_to_);
  const std::string prefix = from.prefix();
  absl::Status status = store_->ScanPrefix(
      from.table(), absl::StrCat(prefix, std::string(1, kOccurrenceKind)), "",
      [&](absl::string_view key, absl::string_view value) {
        key.remove_prefix(prefix.size());
        v1::OccurrenceSegment stored;
        const EntityKey at(kOccurrenceKind, key.substr(1));
        const uint64_t segment = store::FromBigEndian64(at.view().substr(1, 8));
        if (key != at.view() || segment > last || !ParseView(value, &stored)) {
          parsed = StateDamaged(at);
          return false;
        }
        occurrences_.Restore(segment, stored);
        return true;
      });
  return status.ok() ? parsed : status;
}

absl::Status Core::VerifyAggregates(const v1::Catalogue& catalogue,
                                    uint64_t checkpoint) {
  std::vector<v1::AggregateTable> tables = TablesInUse(catalogue);
  tables.erase(std::remove_if(tables.begin(), tables.end(),
                              [&](const v1::AggregateTable& table) {
                                return table.ready_sequence() > checkpoint ||
                                       !IsInBase(catalogue, table.number());
                              }),
               tables.end());
  auto plan = PlanOf(*store_, *options_.rule_sets, tables);
  if (!plan.ok()) return plan.status();
  entities_.aggregates().Begin(*std::move(plan), tables);
  for (const auto& table : entities_.aggregates().tables()) {
    table->StartAt(options_.base);
  }
  return absl::OkStatus();
}

absl::Status Core::RecoverBase() {
  recovered_to_ = options_.base;
  removed_to_ = RemovedAt(catalogue_, options_.base);
  const StoredStates from{store_.get(), options_.base};
  absl::Status status = RecoverTallies(from);
  return status.ok() ? RecoverOccurrences(from) : status;
}

void Core::CountAll(Aggregates::Plan plan) {
  entities_.aggregates().BeginAll(std::move(plan));
  Restand();
}

absl::Status Core::ReadPeriod(const Period& period, const Positions& where,
                              VisitRecord visit) {
  uint64_t stored = where.end;
  if (batch_ != nullptr) {
    stored =
        std::min(where.end, in_flight_ == nullptr ? batch_->first_sequence
                                                  : in_flight_->first_sequence);
  }
  // What is being removed may be there still, and counts no more.
  const uint64_t begin =
      std::max({where.begin, options_.folds_from, removed_to_ + 1});
  absl::Status status =
      VisitOccurred(*store_, occurrences_, period, {begin, stored}, visit);
  for (uint64_t at = std::max(begin, stored); status.ok() && at < where.end;
       ++at) {
    auto record = ReadRecord(at);
    if (!record.ok()) return record.status();
    if (!record->movement().empty()) status = visit(at, ViewOf(*record));
  }
  return status;
}

absl::Status Core::AddToAggregates(uint64_t sequence,
                                   const StoredMovement& record,
                                   Aggregates* aggregates) {
  return aggregates->AddRecord(
      sequence, record,
      [this](uint64_t earlier) -> absl::StatusOr<v1::MovementRecord> {
        if (earlier <= removed_to_) return v1::MovementRecord();
        return ReadRecord(earlier);
      },
      [this](const Period& period, const Positions& where, VisitRecord visit) {
        return ReadPeriod(period, where, visit);
      });
}

absl::Status Core::CatchUp(Aggregates* filling) {
  if (filling->empty()) return absl::OkStatus();
  for (uint64_t at = filling->FoldedTo() + 1; at < next_sequence_; ++at) {
    auto record = ReadRecord(at);
    if (!record.ok()) return record.status();
    if (record->movement().empty()) continue;  // No movement.
    absl::Status status = AddToAggregates(at, ViewOf(*record), filling);
    if (!status.ok()) return status;
  }
  absl::Status status = filling->FoldAdded();
  for (const auto& table : filling->tables()) {
    table->folded_to = last_sequence();
  }
  return status;
}

void Core::ChangeAggregates(Aggregates::Plan plan,
                            const std::vector<uint32_t>& numbers,
                            Aggregates* filled) {
  entities_.aggregates().Change(std::move(plan), numbers, filled);
}

void Core::DropTables(const std::vector<uint32_t>& numbers) {
  for (const uint32_t number : numbers) {
    dropped_.push_back(AggregatePrefix(number));
    dropped_.emplace_back(AggregateProgressKey(number).view());
  }
}

Core::Leftovers Core::TakeLeftovers() {
  return {std::exchange(dropped_, {}), entities_.aggregates().TakeRetired()};
}

}  // namespace portrisk::service
