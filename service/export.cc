#include "service/export.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/background.h"
#include "service/errors.h"
#include "service/text_checks.h"
#include "service/times.h"

namespace portrisk::service {
namespace {

// Of a chunk: a few hundred kilobytes, so that neither side waits for long.
constexpr int kChunkRecords = 1000;
// Read for a chunk, whether they are wanted or not.
constexpr uint64_t kReadRecords = 50'000;

// What a unit's name says stands in what the outcome was tied to; its ordinal
// would be another one where the period begins later than the store.
void NameByContainer(v1::OutcomeRecord* record) {
  v1::Outcome* outcome = record->mutable_outcome();
  const v1::OutcomeTie& tie = record->tie();
  if (outcome->container_number().empty()) {
    outcome->set_container_number(tie.container_number());
  }
  if (outcome->locode().empty()) {
    outcome->set_locode(tie.locode());
    outcome->set_facility(tie.facility());
  }
  if (!outcome->container_number().empty()) outcome->clear_unit();
}

absl::Status Invalid(absl::string_view what) {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST", what);
}

// What of it, never by which key.
std::string SubjectOf(const v1::ExportRequest& request) {
  std::string text =
      request.outcomes() ? "movements and outcomes" : "movements";
  if (request.has_from_time()) {
    absl::StrAppend(&text, " from ", FormatTime(request.from_time()));
  }
  if (request.has_until_time()) {
    absl::StrAppend(&text, " until ", FormatTime(request.until_time()));
  }
  return absl::StrCat(text, request.containers()
                                ? ", container numbers replaced"
                                : ", container numbers as they are");
}

}  // namespace

absl::StatusOr<ExportOptions> ExportOptionsOf(
    const v1::ExportRequest& request) {
  ExportOptions options;
  if (request.key().size() != options.key.size()) {
    return Invalid(absl::StrCat("key: ", options.key.size(),
                                " bytes (`portrisk secrets export-key` makes "
                                "some), not ",
                                request.key().size()));
  }
  std::copy(request.key().begin(), request.key().end(), options.key.data());
  for (const auto* time : {&request.from_time(), &request.until_time()}) {
    if (!IsValidTimestamp(time->seconds(), time->nanos())) {
      return Invalid(absl::StrCat(
          time == &request.from_time() ? "from_time" : "until_time",
          ": it is no time of the years 1 to 9999"));
    }
  }
  if (request.has_from_time()) options.from_s = request.from_time().seconds();
  if (request.has_until_time()) {
    options.until_s = request.until_time().seconds();
  }
  if (options.from_s >= options.until_s) {
    return Invalid("from_time: it is not before until_time");
  }
  options.containers = request.containers();
  options.outcomes = request.outcomes();
  return options;
}

Exporter::Exporter(const ExportOptions& options)
    : options_(options),
      names_(options.key, options.containers
                              ? ExportPseudonyms::Containers::kReplace
                              : ExportPseudonyms::Containers::kKeep) {}

absl::Status Exporter::Take(const StoredRecord& record,
                            v1::ExportChunk* chunk) {
  google::protobuf::Timestamp recorded;
  if (!ParseView(record.recorded_time, &recorded)) {
    return RecordDamaged(record.sequence);
  }
  const bool wanted = options_.from_s <= recorded.seconds() &&
                      recorded.seconds() < options_.until_s;
  if (record.is_movement) return TakeMovement(record, wanted, chunk);
  return wanted && options_.outcomes ? TakeOther(record, chunk)
                                     : absl::OkStatus();
}

absl::Status Exporter::TakeMovement(const StoredRecord& record, bool wanted,
                                    v1::ExportChunk* chunk) {
  if (!ParseView(record.movement.movement, &movement_)) {
    return RecordDamaged(record.sequence);
  }
  names_.Learn(movement_);
  if (!wanted) return absl::OkStatus();
  names_.Replace(&movement_);
  *chunk->add_movements() = movement_;
  return absl::OkStatus();
}

absl::Status Exporter::TakeOther(const StoredRecord& stored,
                                 v1::ExportChunk* chunk) {
  v1::JournalRecord record;
  if (!ParseView(stored.bytes, &record)) {
    return RecordDamaged(stored.sequence);
  }
  if (!record.has_outcome()) return absl::OkStatus();
  NameByContainer(record.mutable_outcome());
  v1::Outcome* outcome = record.mutable_outcome()->mutable_outcome();
  names_.Replace(outcome);
  if (!outcome->retraction() && outcome->container_number().empty() &&
      !outcome->has_assessment()) {
    chunk->set_left_out(chunk->left_out() + 1);
    return absl::OkStatus();
  }
  *chunk->add_outcomes() = std::move(*outcome);
  return absl::OkStatus();
}

absl::Status ReadChunk(const store::Store& store, uint64_t after, uint64_t last,
                       Exporter* exporter, v1::ExportChunk* chunk) {
  chunk->Clear();
  chunk->set_last_sequence(last);
  chunk->set_read_sequence(last);
  const auto visit = [&](const StoredRecord& record) -> absl::Status {
    if (record.sequence <= after) return absl::OkStatus();
    if (record.sequence > last) return absl::CancelledError("");
    absl::Status taken = exporter->Take(record, chunk);
    const bool is_full =
        chunk->movements_size() + chunk->outcomes_size() >= kChunkRecords;
    if (!taken.ok() || (!is_full && record.sequence - after < kReadRecords)) {
      return taken;
    }
    chunk->set_read_sequence(record.sequence);
    return absl::CancelledError("");
  };
  const absl::Status status = store.ScanJournal(
      after + 1,
      [&](const store::Block& block) { return WalkRecords(block, visit); });
  return absl::IsCancelled(status) ? absl::OkStatus() : status;
}

absl::Status ExportApi::Export(
    const v1::ExportRequest& request, const Caller& caller, AuditLog* audit,
    absl::FunctionRef<absl::Status(const v1::ExportChunk&)> sink) {
  const auto options = ExportOptionsOf(request);
  if (!options.ok()) return options.status();
  if (is_running_.exchange(true)) {
    return WithRetry(
        Error(absl::StatusCode::kResourceExhausted, "EXPORT_RUNNING",
              "another export is under way; try again when it has "
              "ended"),
        absl::Seconds(60));
  }
  v1::AuditEntry entry;
  entry.set_kind(v1::EXPORT);
  entry.set_method("/portrisk.v1.HistoryService/Export");
  entry.set_result("OK");
  entry.set_subject(SubjectOf(request));
  absl::Status status = audit->Record(caller, std::move(entry));
  if (status.ok()) status = RunBehind([&] { return Send(*options, sink); });
  is_running_ = false;
  return status;
}

// A caller that does not read must not hold the store, which may have to be
// opened again.
absl::Status ExportApi::Send(
    const ExportOptions& options,
    absl::FunctionRef<absl::Status(const v1::ExportChunk&)> sink) const {
  const uint64_t last = engine_->durable_sequence();
  Exporter exporter(options);
  v1::ExportChunk chunk;
  do {
    {
      auto store = engine_->store();
      if (!store.ok()) return store.status();
      absl::Status status =
          ReadChunk(**store, chunk.read_sequence(), last, &exporter, &chunk);
      if (!status.ok()) return status;
    }
    absl::Status status = sink(chunk);
    if (!status.ok()) return status;
  } while (chunk.read_sequence() < last);
  return absl::OkStatus();
}

}  // namespace portrisk::service
