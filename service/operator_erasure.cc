// Erasure and retention. The name of a subject goes no further than this file:
// it becomes a pseudonym before anything is journaled.
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "service/background.h"
#include "service/catalogue.h"
#include "service/core_erasure.h"
#include "service/errors.h"
#include "service/log.h"
#include "service/operator_api.h"
#include "service/paging.h"
#include "service/redaction.h"
#include "service/roles.h"
#include "service/text_checks.h"

namespace portrisk::service {
namespace {

constexpr size_t kReasonLengthMax = 300;
constexpr size_t kReferenceLengthMax = 100;
constexpr size_t kTellingLength = 3;  // Shorter ones are parts of many words.
// A right may be about for weeks, and its steps are compared by name.
constexpr uint32_t kDaysMin = 30;
constexpr uint32_t kDaysMax = 36'500;

absl::Status Invalid(absl::string_view what) {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST", what);
}

bool Repeats(const std::string& text, const v1::ErasureSubject& subject) {
  const std::string lower = absl::AsciiStrToLower(text);
  for (const std::string* name :
       {&subject.party(), &subject.party_name(), &subject.account(),
        &subject.device(), &subject.plate()}) {
    const std::string part = absl::AsciiStrToLower(*name);
    if (part.size() >= kTellingLength && absl::StrContains(lower, part)) {
      return true;
    }
  }
  return false;
}

absl::Status CheckReason(const std::string& reason) {
  if (reason.empty() || IsLongerThan(reason, kReasonLengthMax)) {
    return Invalid(absl::StrCat("reason: say why, in 1 to ", kReasonLengthMax,
                                " characters"));
  }
  return absl::OkStatus();
}

absl::Status CheckRequest(const v1::EraseSubjectRequest& request) {
  if (request.dry_run()) return absl::OkStatus();
  absl::Status status = CheckReason(request.reason());
  if (!status.ok()) return status;
  if (IsLongerThan(request.reference(), kReferenceLengthMax)) {
    return Invalid(absl::StrCat("reference: at most ", kReferenceLengthMax,
                                " characters"));
  }
  if (Repeats(request.reason(), request.subject()) ||
      Repeats(request.reference(), request.subject())) {
    return Invalid(
        "reason and reference are kept: they must not say who is erased");
  }
  return absl::OkStatus();
}

// What of the journal names the subject.
absl::StatusOr<v1::EraseSubjectResponse> Count(Engine* engine,
                                               const Subject& subject) {
  auto store = engine->store();
  if (!store.ok()) return store.status();
  const uint64_t durable = engine->durable_sequence();
  Redactor redactor(subject, &engine->pseudonyms());
  v1::EraseSubjectResponse counted;
  absl::Status status =
      (*store)->ScanJournal(1, [&](const store::Block& block) {
        return WalkRecords(block, [&](const StoredRecord& record) {
          if (record.sequence > durable) return absl::CancelledError();
          auto found = redactor.Redact(record.bytes);
          if (!found.ok()) return found.status();
          counted.set_movements(counted.movements() + found->movement);
          counted.set_assessments(counted.assessments() + found->assessment);
          counted.set_others(counted.others() + found->other);
          return absl::OkStatus();
        });
      });
  if (!status.ok() && !absl::IsCancelled(status)) return status;
  counted.mutable_erasure()->set_kind(subject.kind);
  return counted;
}

absl::Status CheckDays(absl::string_view field, uint32_t days) {
  if (days == 0 || (days >= kDaysMin && days <= kDaysMax)) {
    return absl::OkStatus();
  }
  return Invalid(
      absl::StrCat(field, ": 0 (keep) or ", kDaysMin, " to ", kDaysMax));
}

std::string Summary(const v1::Retention& retention) {
  const auto kept = [](uint32_t days, absl::string_view otherwise) {
    return days == 0 ? std::string(otherwise) : absl::StrCat(days, " days");
  };
  return absl::StrCat(
      "parties are kept ", kept(retention.party_days(), "as long as movements"),
      ", movements ", kept(retention.movement_days(), "for ever"));
}

v1::JournalRecord EntryOf(const Caller& caller, v1::AuditKind kind,
                          absl::string_view method) {
  v1::JournalRecord record;
  caller.Sign(&record);
  v1::AuditEntry* const entry = record.mutable_audit();
  entry->set_kind(kind);
  entry->set_method(absl::StrCat("/portrisk.v1.OperatorService/", method));
  for (std::string& role : NamesOf(caller.roles)) {
    entry->add_roles(std::move(role));
  }
  entry->set_peer(caller.peer);
  entry->set_result("OK");
  return record;
}

}  // namespace

absl::StatusOr<v1::EraseSubjectResponse> OperatorApi::Erase(
    const v1::EraseSubjectRequest& request, const Caller& caller) {
  const auto subject = SubjectOf(request.subject(), engine_->pseudonyms());
  if (!subject.ok()) return subject.status();
  absl::Status status = CheckRequest(request);
  if (!status.ok()) return status;
  if (request.dry_run()) {
    const std::unique_lock<std::mutex> lock(counting_, std::try_to_lock);
    if (!lock.owns_lock()) {
      return WithRetry(
          Error(absl::StatusCode::kResourceExhausted, "COUNT_RUNNING",
                "another dry run reads the journal; try again when it has "
                "ended"),
          absl::Seconds(10));
    }
    return RunBehind([&] { return Count(engine_, *subject); });
  }
  v1::JournalRecord record = EntryOf(caller, v1::ERASURE, "EraseSubject");
  v1::Erasure begun;
  begun.set_kind(subject->kind);
  begun.set_pseudonym(subject->pseudonym);
  begun.set_key_id(engine_->pseudonyms().key_id());
  begun.set_reason(request.reason());
  begun.set_reference(request.reference());
  v1::EraseSubjectResponse response;
  status = engine_->Run([&](Core& core) {
    begun.set_erasure(static_cast<uint64_t>(core.catalogue().erasures_size()) +
                      1);
    v1::AuditEntry* const entry = record.mutable_audit();
    entry->set_subject(absl::StrCat("erasure ", begun.erasure()));
    entry->set_detail(absl::StrCat(
        "begun: ", begun.reason(), begun.reference().empty() ? "" : " (",
        begun.reference(), begun.reference().empty() ? "" : ")"));
    entry->mutable_erasure()->set_erasure(begun.erasure());
    *entry->mutable_erasure()->mutable_begun() = begun;
    absl::Status appended = CoreErasure(&core).Append(record);
    if (!appended.ok()) return appended;
    *response.mutable_erasure() =
        *FindErasure(core.catalogue(), begun.erasure());
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  engine_->erasures().reader().Wake();
  return response;
}

absl::StatusOr<v1::ListErasuresResponse> OperatorApi::ListErasures(
    const v1::ListErasuresRequest& request) const {
  const auto before = PageBeginOf(request);
  if (!before.ok()) return before.status();
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  v1::ListErasuresResponse response;
  for (int i = catalogue->erasures_size() - 1; i >= 0; --i) {
    const v1::Erasure& one = catalogue->erasures(i);
    if (*before > 0 && one.erasure() >= *before) continue;
    if (response.erasures_size() == PageSizeOf(request)) {
      response.set_next_page_token(absl::StrCat(one.erasure() + 1));
      break;
    }
    v1::Erasure* const shown = response.add_erasures();
    *shown = one;
    engine_->erasures().ShowProgress(shown);
  }
  return response;
}

absl::StatusOr<v1::Retention> OperatorApi::SetRetention(
    const v1::SetRetentionRequest& request, const Caller& caller) {
  absl::Status status = CheckReason(request.reason());
  if (!status.ok()) return status;
  const v1::Retention& retention = request.retention();
  status = CheckDays("party_days", retention.party_days());
  if (status.ok()) {
    status = CheckDays("movement_days", retention.movement_days());
  }
  if (!status.ok()) return status;
  if (retention.movement_days() > 0 &&
      retention.movement_days() < retention.party_days()) {
    return Invalid(
        "movement_days: who took part in a movement is not kept longer than "
        "it; give at least party_days");
  }
  v1::JournalRecord record = EntryOf(caller, v1::RETENTION, "SetRetention");
  v1::AuditEntry* const entry = record.mutable_audit();
  entry->set_subject(Summary(retention));
  entry->set_detail(request.reason());
  *entry->mutable_retention() = request.retention();
  status = engine_->Run([&](Core& core) {
    core.Append(record, {});
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  engine_->erasures().reader().Wake();
  return request.retention();
}

absl::StatusOr<v1::Retention> OperatorApi::GetRetention() const {
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  return catalogue->retention();
}

}  // namespace portrisk::service
