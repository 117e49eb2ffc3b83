#include "service/erasures.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/catalogue.h"
#include "service/core_erasure.h"
#include "service/engine.h"
#include "service/journal_reader.h"
#include "service/keys.h"
#include "service/log.h"
#include "service/redaction.h"
#include "service/times.h"
#include "store/chain.h"

namespace portrisk::service {
namespace {

// The store is let go of after so many records, so that it can be opened again.
constexpr uint64_t kSearchedAtOnce = 50'000;
// Parts of the journal that lie further apart are written anew each by itself.
constexpr uint64_t kPartsApart = 200'000;
constexpr absl::Duration kPoll = absl::Milliseconds(5);
constexpr absl::Duration kLookForOld = absl::Hours(1);
constexpr absl::Duration kRetentionEvery = absl::Hours(24);

absl::Status Stopped() { return absl::AbortedError("stopped"); }
// Ends a scan that has gone far enough.
absl::Status Enough() { return absl::CancelledError(""); }

std::string DigestOf(absl::string_view bytes) {
  const store::Chain digest = store::DigestOf(bytes);
  return std::string(digest.begin(), digest.end());
}

const v1::Erasure* NextOf(const v1::Catalogue& catalogue) {
  for (const v1::Erasure& one : catalogue.erasures()) {
    if (one.state() != v1::ERASURE_FINISHED) return &one;
  }
  return nullptr;
}

}  // namespace

struct Erasures::Job {
  explicit Job(const v1::Erasure& one, const Pseudonyms& pseudonyms)
      : erasure(one),
        redactor({one.kind(), one.pseudonym()}, &pseudonyms),
        searched(one.searched_sequence()) {}

  bool is_everybody() const { return erasure.kind() == v1::SUBJECT_EVERYBODY; }

  v1::Erasure erasure;
  Redactor redactor;
  uint64_t searched;        // Up to here.
  bool at_end = false;      // What comes is not to be searched.
  v1::ErasureStep pending;  // Found and not journaled.
  uint64_t rewritten = 0;
  // What Purge is told: parts of the journal, first and last rewritten, and the
  // keys of states.
  std::vector<std::pair<uint64_t, uint64_t>> parts;
  std::set<std::string> state_keys;
};

void Erasures::Start() {
  reader_.Start([this] { return Step(); }, kLookForOld);
}

void Erasures::ShowProgress(v1::Erasure* erasure) const {
  if (running_ != erasure->erasure()) return;
  erasure->set_searched_sequence(
      std::max<uint64_t>(erasure->searched_sequence(), searched_));
  erasure->set_rewritten_records(rewritten_);
}

absl::StatusOr<StoreReader::Work> Erasures::Step() {
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  const v1::Erasure* const next = NextOf(*catalogue);
  if (next == nullptr) {
    auto begun = BeginRetention();
    if (begun.ok() && !*begun) begun = BeginRemoval();
    if (!begun.ok()) return begun.status();
    return *begun ? StoreReader::Work::kDone : StoreReader::Work::kNone;
  }
  if (next->kind() == v1::SUBJECT_MOVEMENTS) {
    absl::Status removed = Remove(*next);
    if (!removed.ok()) return removed;
    return StoreReader::Work::kDone;
  }
  if (next->kind() != v1::SUBJECT_EVERYBODY &&
      next->key_id() != engine_->pseudonyms().key_id()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "erasure ", next->erasure(), " knows its subject by the key ",
        next->key_id(), "; start the server with the secrets that have it"));
  }
  Job job(*next, engine_->pseudonyms());
  running_ = next->erasure();
  searched_ = job.searched;
  rewritten_ = 0;
  LogInfo("erasure", {{"number", absl::StrCat(next->erasure())},
                      {"searched", absl::StrCat(job.searched)}});
  absl::Status status;
  if (next->state() == v1::ERASURE_SEARCHING) status = Search(&job);
  if (status.ok() && job.erasure.records() > 0) {
    const uint64_t renamed = job.erasure.last_entry_sequence();
    status = WriteStates(renamed);
    if (status.ok() && catalogue->has_base()) {
      status = RenewBase(job.erasure.erasure(), renamed);
    }
    if (status.ok()) status = Rewrite(&job);
  }
  if (status.ok()) {
    LogInfo("erasure", {{"number", absl::StrCat(job.erasure.erasure())},
                        {"records", absl::StrCat(job.erasure.records())},
                        {"result", "rewritten"}});
    status = Finish(job.erasure, {});
  }
  running_ = 0;
  if (!status.ok()) return status;
  return StoreReader::Work::kDone;
}

absl::Status Erasures::Journal(uint64_t erasure, v1::ErasureStep step,
                               Core* core) {
  v1::JournalRecord record;
  record.set_caller(kEngineCaller);
  v1::AuditEntry* const entry = record.mutable_audit();
  entry->set_kind(v1::ERASURE);
  entry->set_result("OK");
  entry->set_subject(absl::StrCat("erasure ", erasure));
  entry->set_detail(
      step.finished()    ? "ended: the bytes are gone"
      : step.has_begun() ? absl::StrCat("begun: ", step.begun().reason())
      : step.has_base()
          ? absl::StrCat("states kept as of position ", step.base().sequence())
          : absl::StrCat(step.records_size(), " records named, searched up to ",
                         step.searched_sequence()));
  step.set_erasure(erasure);
  *entry->mutable_erasure() = std::move(step);
  if (core != nullptr) return CoreErasure(core).Append(std::move(record));
  return engine_->Run(
      [&](Core& its) { return CoreErasure(&its).Append(record); });
}

absl::StatusOr<bool> Erasures::BeginRetention() {
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  // Parties are not kept longer than movements.
  const v1::Retention& retention = catalogue->retention();
  const uint32_t days = retention.party_days() > 0 ? retention.party_days()
                                                   : retention.movement_days();
  if (days == 0) return false;
  const absl::Time until = engine_->Now() - absl::Hours(24) * days;
  v1::Erasure begun;
  for (const v1::Erasure& one : catalogue->erasures()) {
    if (one.kind() != v1::SUBJECT_EVERYBODY) continue;
    if (FromProto(one.until_time()) + kRetentionEvery > until) return false;
    begun.set_searched_sequence(one.searched_sequence());
  }
  {
    const StoreReader::Hold hold(&reader_);
    if (MustLeave()) return Stopped();
    auto store = engine_->store();
    if (!store.ok()) return store.status();
    const auto next = ReadJournalRecord(**store, begun.searched_sequence() + 1);
    if (absl::IsNotFound(next.status())) return false;
    if (!next.ok()) return next.status();
    if (FromProto(next->recorded_time()) >= until) return false;
  }
  begun.set_kind(v1::SUBJECT_EVERYBODY);
  begun.set_reason(absl::StrCat("retention: parties are kept ", days, " days"));
  *begun.mutable_until_time() = ToProto(until);
  absl::Status status = Begin(std::move(begun), *catalogue);
  if (!status.ok()) return status;
  return true;
}

// ABORTED when there are not so many any more as in `seen`. UNAVAILABLE when
// movements are to be removed and a table of aggregates is not in a checkpoint:
// it reads them, and must not find them half removed.
absl::Status Erasures::Begin(v1::Erasure begun, const v1::Catalogue& seen) {
  const auto number = static_cast<uint64_t>(seen.erasures_size()) + 1;
  begun.set_erasure(number);
  const bool removes = begun.kind() == v1::SUBJECT_MOVEMENTS;
  v1::ErasureStep step;
  *step.mutable_begun() = std::move(begun);
  return engine_->Run([&](Core& core) -> absl::Status {
    if (core.catalogue().erasures_size() != seen.erasures_size()) {
      return absl::AbortedError("another one has begun");
    }
    const uint64_t checkpoint = engine_->checkpoint_sequence();
    for (const v1::AggregateTable& table : core.catalogue().tables()) {
      if (removes && (table.ready_sequence() == 0 ||
                      table.ready_sequence() > checkpoint)) {
        return absl::UnavailableError("a table is being filled");
      }
    }
    return Journal(number, step, &core);
  });
}

absl::Status Erasures::SearchRecord(uint64_t sequence, absl::string_view bytes,
                                    Job* job) {
  auto found = job->redactor.Redact(bytes);
  if (!found.ok()) return found.status();
  job->searched = sequence;
  searched_ = sequence;
  if (!found->any()) return absl::OkStatus();
  v1::ErasedRecord* const named = job->pending.add_records();
  *named = std::move(found->record);
  named->set_digest(DigestOf(found->bytes));
  return absl::OkStatus();
}

absl::Status Erasures::Search(Job* job) {
  uint64_t seen = job->searched;
  while (true) {
    {
      const StoreReader::Hold hold(&reader_);
      if (MustLeave()) return Stopped();
      auto store = engine_->store();
      if (!store.ok()) return store.status();
      const uint64_t from = job->searched;
      const uint64_t durable = engine_->durable_sequence();
      const auto visit = [&](const StoredRecord& record) -> absl::Status {
        if (record.sequence <= from) return absl::OkStatus();
        if (record.sequence > durable ||
            record.sequence - from > kSearchedAtOnce ||
            static_cast<size_t>(job->pending.records_size()) >=
                options_.entry_records) {
          return Enough();
        }
        if (job->is_everybody()) {
          google::protobuf::Timestamp recorded;
          if (!ParseView(record.recorded_time, &recorded)) {
            return RecordDamaged(record.sequence);
          }
          job->at_end =
              FromProto(recorded) >= FromProto(job->erasure.until_time());
          if (job->at_end) return Enough();
        }
        return SearchRecord(record.sequence, record.bytes, job);
      };
      absl::Status status =
          (*store)->ScanJournal(from + 1, [&](const store::Block& block) {
            if (MustLeave()) return Stopped();
            return WalkRecords(block, visit);
          });
      if (!status.ok() && !absl::IsCancelled(status)) return status;
    }
    if (job->at_end || engine_->durable_sequence() - job->searched <=
                           2 * options_.entry_records) {
      return FinishSearch(job);
    }
    if (job->searched == seen && job->pending.records().empty()) continue;
    seen = job->searched;
    absl::Status status = Flush(job);
    if (!status.ok()) return status;
  }
}

absl::Status Erasures::Flush(Job* job) {
  if (job->pending.records().empty()) return absl::OkStatus();
  job->pending.set_searched_sequence(job->searched);
  const int found = job->pending.records_size();
  absl::Status status = Journal(job->erasure.erasure(), job->pending, nullptr);
  if (!status.ok()) return status;
  job->erasure.set_records(job->erasure.records() +
                           static_cast<uint64_t>(found));
  job->pending.Clear();
  Stepped();
  return status;
}

// On the apply thread nothing comes in between: what has been searched when the
// last entry is made is all that there is.
absl::Status Erasures::FinishSearch(Job* job) {
  const uint64_t number = job->erasure.erasure();
  absl::Status status = engine_->Run([&](Core& core) -> absl::Status {
    if (!job->at_end) {
      absl::Status searched = CoreErasure(&core).VisitRecords(
          job->searched + 1, [&](const StoredRecord& record) {
            return SearchRecord(record.sequence, record.bytes, job);
          });
      if (!searched.ok()) return searched;
    }
    job->pending.set_searched_sequence(job->searched);
    while (static_cast<size_t>(job->pending.records_size()) >
           options_.entry_records) {
      v1::ErasureStep part;
      const int size = static_cast<int>(options_.entry_records);
      for (int i = 0; i < size; ++i) {
        part.add_records()->Swap(job->pending.mutable_records(i));
      }
      part.set_searched_sequence(part.records(size - 1).sequence());
      job->pending.mutable_records()->DeleteSubrange(0, size);
      absl::Status made = Journal(number, std::move(part), &core);
      if (!made.ok()) return made;
    }
    job->pending.set_all_named(true);
    return Journal(number, std::move(job->pending), &core);
  });
  job->pending.Clear();
  if (!status.ok()) return status;
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  job->erasure = *FindErasure(*catalogue, number);
  Stepped();
  return status;
}

absl::Status Erasures::WriteStates(uint64_t sequence) {
  while (engine_->checkpoint_sequence() < sequence) {
    if (MustLeave()) return Stopped();
    engine_->WantCheckpoint();
    // The loop looks for what is due after each batch.
    absl::Status status = engine_->Look([](Core&) { return absl::OkStatus(); });
    if (!status.ok()) return status;
    absl::SleepFor(kPoll);
  }
  return absl::OkStatus();
}

absl::Status Erasures::Rewrite(Job* job) {
  const StoreReader::Hold hold(&reader_);
  if (MustLeave()) return Stopped();
  auto store = engine_->writable_store();
  if (!store.ok()) return store.status();
  const uint64_t end = job->erasure.last_entry_sequence();
  const auto begin =
      FirstRecordedFrom(**store, job->erasure.create_time().seconds(), end);
  if (!begin.ok()) return begin.status();
  v1::JournalRecord record;
  const auto visit = [&](const StoredRecord& stored) -> absl::Status {
    if (stored.sequence > end) return Enough();
    if (stored.is_movement || stored.sequence < *begin) return absl::OkStatus();
    if (!ParseView(stored.bytes, &record)) {
      return RecordDamaged(stored.sequence);
    }
    const v1::ErasureStep& step = record.audit().erasure();
    if (step.erasure() != job->erasure.erasure() || step.records().empty()) {
      return absl::OkStatus();
    }
    return RewriteBlock({step.records().begin(), step.records().end()}, job);
  };
  absl::Status status = (*store)->ScanJournal(
      *begin,
      [&](const store::Block& block) { return WalkRecords(block, visit); });
  if (!status.ok() && !absl::IsCancelled(status)) return status;
  return PurgeParts(**store, job);
}

absl::Status Erasures::PurgeParts(store::Store& store, Job* job) {
  std::vector<std::string> keys(job->state_keys.begin(), job->state_keys.end());
  absl::Status status;
  for (const auto& [first, last] : job->parts) {
    if (MustLeave()) return Stopped();
    if (status.ok()) status = store.Purge(first, last, std::move(keys));
    keys.clear();
  }
  return absl::IsCancelled(status) ? Stopped() : status;
}

// The records that one entry names, block by block.
absl::Status Erasures::RewriteBlock(const std::vector<v1::ErasedRecord>& named,
                                    Job* job) {
  auto store = engine_->writable_store();
  if (!store.ok()) return store.status();
  for (size_t at = 0; at < named.size();) {
    if (MustLeave()) return Stopped();
    auto block = (*store)->ReadBlock(named[at].sequence());
    if (!block.ok()) return block.status();
    std::vector<store::Replacement> replaced;
    absl::Status status =
        WalkRecords(*block, [&](const StoredRecord& stored) -> absl::Status {
          if (at == named.size() || stored.sequence != named[at].sequence()) {
            return absl::OkStatus();
          }
          const v1::ErasedRecord& one = named[at++];
          if (DigestOf(stored.bytes) == one.digest()) {
            return absl::OkStatus();
          }
          auto redacted = job->redactor.Redact(stored.bytes);
          if (!redacted.ok()) return redacted.status();
          if (DigestOf(redacted->bytes) != one.digest()) {
            return absl::InternalError(absl::StrCat(
                "erasure ", job->erasure.erasure(), " names position ",
                one.sequence(), " otherwise than this program erases it"));
          }
          replaced.push_back({one.sequence(), std::move(redacted->bytes)});
          return absl::OkStatus();
        });
    if (status.ok()) status = (*store)->ReplaceRecords(replaced);
    if (!status.ok()) return status;
    job->rewritten += replaced.size();
    if (!replaced.empty()) Stepped();
  }
  for (const v1::ErasedRecord& one : named) {
    if (job->parts.empty() ||
        one.sequence() > job->parts.back().second + kPartsApart) {
      job->parts.emplace_back(one.sequence(), one.sequence());
    }
    job->parts.back().second = one.sequence();
    if (one.names().empty()) continue;
    const std::string& number = one.container_number();
    if (number.empty()) {
      job->state_keys.emplace(RightKeyOfId(one.right_id()).view());
    } else {
      job->state_keys.emplace(ContainerKey(number).view());
      job->state_keys.emplace(RightKey(number).view());
    }
  }
  rewritten_ = job->rewritten;
  return absl::OkStatus();
}

absl::Status Erasures::Finish(const v1::Erasure& erasure,
                              v1::ErasureStep step) {
  step.set_finished(true);
  absl::Status status = Journal(erasure.erasure(), std::move(step), nullptr);
  LogInfo("erasure", {{"number", absl::StrCat(erasure.erasure())},
                      {"result", status.ok() ? "ended" : "goes on"}});
  if (status.ok()) Stepped();
  return status;
}

}  // namespace portrisk::service
