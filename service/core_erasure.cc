// The part of the core that takes steps of erasures. What an entry names is
// renamed in the states at its position, live and whenever it is folded: the
// records that it names may have been rewritten by then, or not yet, and a
// state comes out the same, since a name is replaced by a function of it.
#include "service/core_erasure.h"

#include "absl/strings/str_cat.h"
#include "service/catalogue.h"
#include "service/errors.h"
#include "service/keys.h"

namespace portrisk::service {
namespace {

// Of everybody old names alone go: the same party may be named by what is kept.
bool RenamesEverywhere(const v1::Catalogue& catalogue, uint64_t erasure) {
  const v1::Erasure* const one = FindErasure(catalogue, erasure);
  return one != nullptr && one->kind() != v1::SUBJECT_EVERYBODY;
}

}  // namespace

absl::Status CoreErasure::Fold(const v1::JournalRecord& record) {
  const v1::ErasureStep& step = record.audit().erasure();
  if (step.begun().kind() == v1::SUBJECT_MOVEMENTS) {
    core_.removed_to_ = step.begun().removed_sequence();
    core_.entities_.aggregates().ForgetRead();
    return absl::OkStatus();
  }
  std::vector<Entities::NamedErased> named;
  for (const v1::ErasedRecord& one : step.records()) {
    named.push_back(core_.entities_.FindErased(one));
  }
  absl::Status status = core_.entities_.Load();
  if (!status.ok()) return status;
  const bool everywhere = RenamesEverywhere(core_.catalogue_, step.erasure());
  for (size_t i = 0; i < named.size(); ++i) {
    core_.entities_.EraseNames(step.records(static_cast<int>(i)), everywhere,
                               named[i]);
  }
  return absl::OkStatus();
}

absl::Status CoreErasure::Append(v1::JournalRecord record) {
  // It reads before it changes anything.
  absl::Status status = Fold(record);
  if (!status.ok()) return status;
  // What has been read of the journal may have been rewritten.
  if (record.audit().erasure().finished()) core_.cached_block_.Clear();
  core_.Append(std::move(record), {});
  return status;
}

absl::Status CoreErasure::VisitRecords(
    uint64_t from, absl::FunctionRef<absl::Status(const StoredRecord&)> visit) {
  uint64_t next = from;
  const auto visit_once = [&](const StoredRecord& record) {
    if (record.sequence < next) return absl::OkStatus();
    next = record.sequence + 1;
    return visit(record);
  };
  const auto walk = [&](const store::Block& block) {
    return WalkRecords(block, visit_once);
  };
  absl::Status status = core_.store_->ScanJournal(from, walk);
  for (const Batch* batch :
       {core_.in_flight_, static_cast<const Batch*>(core_.batch_)}) {
    if (!status.ok() || batch == nullptr || batch->record_count == 0) continue;
    status = walk({batch->first_sequence, batch->block});
  }
  return status;
}

}  // namespace portrisk::service
