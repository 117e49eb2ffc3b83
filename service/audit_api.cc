#include "service/audit_api.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "portrisk/v1/rules.pb.h"
#include "service/errors.h"
#include "service/journal_walk.h"
#include "service/paging.h"
#include "service/text_checks.h"
#include "service/times.h"

namespace portrisk::service {
namespace {

std::string SummaryOf(const v1::RuleRecord& rule) {
  const v1::RevisionEvent& event = rule.event();
  std::string text = absl::StrCat("revision ", rule.revision());
  if (rule.has_created()) {
    absl::StrAppend(&text, " of ", rule.created().rule_set(), " created, ",
                    rule.created().content_hash());
  } else if (event.state() != v1::REVISION_STATE_UNSPECIFIED) {
    absl::StrAppend(&text, " is ", v1::RevisionState_Name(event.state()));
  }
  if (rule.has_tripped()) {
    absl::StrAppend(&text, " breaker of ", rule.tripped().rule(), " tripped");
  }
  if (!rule.reset_rule().empty()) {
    absl::StrAppend(&text, " breaker of ", rule.reset_rule(), " reset");
  }
  if (!event.without_replay().empty()) {
    absl::StrAppend(&text, " without a replay (", event.without_replay(), ")");
  }
  if (event.share_ppm() > 0) {
    absl::StrAppend(&text, " for ", event.share_ppm(), " units of a million");
  }
  if (!event.note().empty()) absl::StrAppend(&text, ": ", event.note());
  return text;
}

std::string SummaryOf(const v1::Decision& decision) {
  std::string text =
      absl::StrCat("decision ", decision.source(), "/", decision.id(), ": ");
  if (decision.retraction()) return absl::StrCat(text, "retracted");
  absl::StrAppend(&text, v1::DecisionKind_Name(decision.kind()));
  if (decision.lane() != v1::LANE_UNSPECIFIED) {
    absl::StrAppend(&text, " ", v1::Lane_Name(decision.lane()));
  }
  if (decision.control() != v1::CONTROL_UNSPECIFIED) {
    absl::StrAppend(&text, " ", v1::Control_Name(decision.control()));
  }
  if (!decision.reason_code().empty()) {
    absl::StrAppend(&text, ", ", decision.reason_code());
  }
  return text;
}

std::string SummaryOf(const v1::Outcome& outcome) {
  return absl::StrCat("outcome ", outcome.source(), "/", outcome.id(), ": ",
                      outcome.retraction()
                          ? "retracted"
                          : v1::ControlResult_Name(outcome.result()));
}

std::string SummaryOf(const v1::ProfileRecord& record) {
  const std::string& name = record.has_created() ? record.created().name()
                                                 : record.activated().name();
  return absl::StrCat("profile ", name, name.empty() ? "" : " ", "version ",
                      record.version(), " is ",
                      v1::RevisionState_Name(record.event().state()));
}

std::string SummaryOf(const v1::JournalRecord& record) {
  if (record.has_rule()) return SummaryOf(record.rule());
  if (record.has_list()) {
    const v1::ListVersion& list = record.list().list();
    return absl::StrCat("list ", list.name(), " version ", list.version());
  }
  if (record.has_reference()) {
    return absl::StrCat("reference data ", record.reference().content_hash());
  }
  if (record.has_outcome()) return SummaryOf(record.outcome().outcome());
  if (record.has_decision()) return SummaryOf(record.decision().decision());
  if (record.has_evaluation()) {
    const v1::Evaluation& one = record.evaluation().evaluation();
    return absl::StrCat("evaluation ", one.evaluation(), " is ",
                        v1::EvaluationState_Name(one.state()));
  }
  if (record.has_profile()) return SummaryOf(record.profile());
  if (record.has_worklist()) {
    return absl::StrCat("worklist of ", record.worklist().locode(), "/",
                        record.worklist().facility(), " taken, ",
                        record.worklist().units_size(), " units");
  }
  return "";
}

bool IsWanted(const v1::JournalRecord& record,
              const v1::ListAuditRecordsRequest& request) {
  if (!request.caller().empty() && record.caller() != request.caller()) {
    return false;
  }
  return request.kinds().empty() ||
         (record.has_audit() &&
          std::find(request.kinds().begin(), request.kinds().end(),
                    record.audit().kind()) != request.kinds().end());
}

// Ends a scan that has found enough.
absl::Status PageIsFull() { return absl::CancelledError(""); }

absl::StatusOr<absl::Time> RecordedTimeOf(const store::Block& block) {
  google::protobuf::Timestamp time;
  const absl::Status status = WalkRecords(block, [&](const StoredRecord& one) {
    return ParseView(one.recorded_time, &time) ? PageIsFull()
                                               : RecordDamaged(one.sequence);
  });
  if (!absl::IsCancelled(status)) return status;
  return FromProto(time);
}

// A position behind `after` with nothing recorded at `from` or later between
// them: recorded time never goes back.
absl::StatusOr<uint64_t> SkipTo(const store::Store& store, absl::Time from,
                                uint64_t after, uint64_t last) {
  while (after < last) {
    const uint64_t middle = after + (last - after + 1) / 2;
    const auto block = store.ReadBlock(middle);
    if (!block.ok()) return block.status();
    const auto time = RecordedTimeOf(*block);
    if (!time.ok()) return time.status();
    if (*time < from) {
      after = middle;
    } else {
      last = middle - 1;
    }
  }
  return after;
}

}  // namespace

v1::AuditRecord AuditRecordOf(const v1::JournalRecord& record) {
  v1::AuditRecord shown;
  shown.set_sequence(record.sequence());
  *shown.mutable_recorded_time() = record.recorded_time();
  shown.set_caller(record.caller());
  shown.set_purpose(record.purpose());
  if (record.has_audit()) {
    *shown.mutable_entry() = record.audit();
  } else {
    shown.set_summary(SummaryOf(record));
  }
  return shown;
}

absl::StatusOr<v1::ListAuditRecordsResponse> AuditApi::List(
    const v1::ListAuditRecordsRequest& request) const {
  auto after = PageBeginOf(request);
  if (!after.ok()) return after.status();
  for (const auto* time : {&request.from(), &request.until()}) {
    if (IsValidTimestamp(time->seconds(), time->nanos())) continue;
    return Error(absl::StatusCode::kInvalidArgument, "BAD_REQUEST",
                 absl::StrCat(time == &request.from() ? "from" : "until",
                              " is no time of the years 1 to 9999"));
  }
  const int size = PageSizeOf(request);
  const auto store = engine_->store();
  if (!store.ok()) return store.status();
  const uint64_t durable = engine_->durable_sequence();
  if (request.has_from()) {
    after = SkipTo(**store, FromProto(request.from()), *after, durable);
    if (!after.ok()) return after.status();
  }
  v1::ListAuditRecordsResponse response;
  v1::JournalRecord record;
  const absl::Status status =
      (*store)->ScanJournal(*after + 1, [&](const store::Block& block) {
        if (block.first_sequence > *after + page_reads_max_) {
          response.set_next_page_token(absl::StrCat(block.first_sequence - 1));
          return PageIsFull();
        }
        return WalkRecords(block, [&](const StoredRecord& stored) {
          if (stored.sequence <= *after || stored.is_movement) {
            return absl::OkStatus();
          }
          if (stored.sequence > durable) return PageIsFull();
          if (!record.ParseFromArray(stored.bytes.data(),
                                     static_cast<int>(stored.bytes.size()))) {
            return RecordDamaged(stored.sequence);
          }
          if (record.removed()) return absl::OkStatus();
          const absl::Time time = FromProto(record.recorded_time());
          if (request.has_from() && time < FromProto(request.from())) {
            return absl::OkStatus();
          }
          // Recorded time never goes back.
          if (request.has_until() && time >= FromProto(request.until())) {
            return PageIsFull();
          }
          if (!IsWanted(record, request)) return absl::OkStatus();
          if (response.records_size() == size) {
            response.set_next_page_token(absl::StrCat(
                response.records(response.records_size() - 1).sequence()));
            return PageIsFull();
          }
          *response.add_records() = AuditRecordOf(record);
          return absl::OkStatus();
        });
      });
  if (!status.ok() && !absl::IsCancelled(status)) return status;
  return response;
}

}  // namespace portrisk::service
