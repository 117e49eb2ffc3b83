// Removal of whole movements that have passed their age, as a kind of erasure.
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/catalogue.h"
#include "service/engine.h"
#include "service/erasures.h"
#include "service/journal_reader.h"
#include "service/keys.h"
#include "service/log.h"
#include "service/occurrence_index.h"
#include "service/times.h"
#include "store/position_runs.h"

namespace portrisk::service {
namespace {

constexpr absl::Duration kRemovalEvery = absl::Hours(24);

// `end` - 1 where a movement lies from `begin` on and before `end`, else 0.
absl::StatusOr<uint64_t> LastMovement(const store::Store& store, uint64_t begin,
                                      uint64_t end) {
  bool found = false;
  absl::Status status;
  if (begin < end) {
    status = VisitMovements(store, {begin, end},
                            [&](uint64_t, const StoredMovement&) {
                              found = true;
                              return absl::CancelledError();
                            });
  }
  if (!status.ok() && !found) return status;
  return found ? end - 1 : 0;
}

// Where movements were. INTERNAL where one up to `last` is there.
absl::Status CheckRemoved(const store::Store& store, uint64_t first,
                          uint64_t last,
                          const std::function<bool()>& must_leave,
                          store::PositionRuns* removed) {
  v1::JournalRecord parsed;
  absl::Status status =
      store.ScanJournal(first, [&](const store::Block& block) {
        if (must_leave()) return absl::AbortedError("stopped");
        return WalkRecords(block, [&](const StoredRecord& record) {
          if (record.sequence > last) return absl::CancelledError();
          if (record.sequence < first) return absl::OkStatus();
          if (!record.is_movement) {
            if (!ParseView(record.bytes, &parsed)) {
              return RecordDamaged(record.sequence);
            }
            if (parsed.removed()) removed->Add(record.sequence);
            return absl::OkStatus();
          }
          return absl::InternalError(
              absl::StrCat("the movement at position ", record.sequence,
                           " is there still, though it was to be removed"));
        });
      });
  return absl::IsCancelled(status) ? absl::OkStatus() : status;
}

}  // namespace

// Of whom only a removed movement knows, a state would keep the name for ever:
// so nothing is removed before everybody in it has been erased.
absl::StatusOr<bool> Erasures::BeginRemoval() {
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  const uint32_t days = catalogue->retention().movement_days();
  if (days == 0) return false;
  const absl::Time until = engine_->Now() - absl::Hours(24) * days;
  uint64_t erased = 0;
  for (const v1::Erasure& one : catalogue->erasures()) {
    if (one.kind() == v1::SUBJECT_EVERYBODY) erased = one.searched_sequence();
    if (one.kind() == v1::SUBJECT_MOVEMENTS &&
        FromProto(one.until_time()) + kRemovalEvery > until) {
      return false;
    }
  }
  v1::Erasure begun;
  absl::Status status = WithStore([&](store::Store& store) {
    auto kept = FirstRecordedFrom(store, absl::ToUnixSeconds(until), erased);
    if (!kept.ok()) return kept.status();
    auto last = LastMovement(store, catalogue->removed_sequence() + 1, *kept);
    if (last.ok()) begun.set_removed_sequence(*last);
    return last.status();
  });
  if (!status.ok()) return status;
  if (begun.removed_sequence() == 0) return false;
  begun.set_kind(v1::SUBJECT_MOVEMENTS);
  begun.set_reason(
      absl::StrCat("retention: movements are kept ", days, " days"));
  *begun.mutable_until_time() = ToProto(until);
  status = Begin(std::move(begun), *catalogue);
  if (absl::IsUnavailable(status)) return false;  // Another time.
  if (!status.ok()) return status;
  return true;
}

absl::Status Erasures::RenewBase(uint64_t erasure, uint64_t sequence) {
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  uint64_t kept = catalogue->base().sequence();
  if (kept < sequence) {
    auto base = KeepBase(*catalogue);
    if (!base.ok()) return base.status();
    Stepped();
    kept = base->sequence();
    v1::ErasureStep step;
    *step.mutable_base() = *std::move(base);
    absl::Status status = Journal(erasure, std::move(step), nullptr);
    if (!status.ok()) return status;
    Stepped();
  }
  return WithStore([&](store::Store& store) { return store.DropBases(kept); });
}

absl::StatusOr<v1::Base> Erasures::KeepBase(const v1::Catalogue& catalogue) {
  const uint64_t checkpoint = engine_->checkpoint_sequence();
  v1::Base base;
  std::set<std::string> tables;
  std::vector<uint32_t> numbers;
  for (const v1::AggregateTable& table : catalogue.tables()) {
    if (table.ready_sequence() == 0 || table.ready_sequence() > checkpoint) {
      continue;
    }
    tables.insert(AggregatePrefix(table.number()));
    numbers.push_back(table.number());
  }
  const auto is_kept = [&](absl::string_view key) {
    if (key.empty() || key[0] == kAggregateProgressKind) return false;
    return key[0] != kAggregateKind ||
           tables.count(std::string(key.substr(0, kAggregatePrefixBytes))) > 0;
  };
  absl::Status status = WithStore([&](store::Store& store) {
    // Of an attempt that a crash has ended.
    absl::Status dropped = store.DropBases(catalogue.base().sequence());
    if (!dropped.ok()) return dropped;
    auto made = store.KeepBase(is_kept);
    if (made.ok()) base = *std::move(made);
    return made.status();
  });
  if (!status.ok()) return status;
  base.mutable_tables()->Assign(numbers.begin(), numbers.end());
  return base;
}

// While the store is held nothing may wait for the apply thread.
absl::Status Erasures::WithStore(
    const std::function<absl::Status(store::Store&)>& work) {
  const StoreReader::Hold hold(&reader_);
  if (MustLeave()) return absl::AbortedError("stopped");
  auto store = engine_->writable_store();
  if (!store.ok()) return store.status();
  absl::Status status = work(**store);
  return absl::IsCancelled(status) ? absl::AbortedError("stopped") : status;
}

absl::Status Erasures::Remove(const v1::Erasure& erasure) {
  LogInfo("removal", {{"number", absl::StrCat(erasure.erasure())},
                      {"up_to", absl::StrCat(erasure.removed_sequence())}});
  const uint64_t begun = erasure.last_entry_sequence();
  absl::Status status = WriteStates(begun);
  if (status.ok()) status = RenewBase(erasure.erasure(), begun);
  if (!status.ok()) return status;
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  const uint64_t first = RemovedAt(*catalogue, begun - 1) + 1;
  const uint64_t last = erasure.removed_sequence();
  store::PositionRuns where;
  status = WithStore([&](store::Store& store) {
    absl::Status removed = store.RemoveMovements(first, last);
    return removed.ok()
               ? CheckRemoved(
                     store, first, last, [this] { return MustLeave(); }, &where)
               : removed;
  });
  if (!status.ok()) return status;
  v1::ErasureStep end;
  end.set_removed_movements(where.size());
  const store::Chain digest = where.Digest();
  end.set_removed_digest(digest.data(), digest.size());
  return Finish(erasure, std::move(end));
}

}  // namespace portrisk::service
