#include "service/history_api.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "scoring/iso6346.h"
#include "service/aggregate_readings.h"
#include "service/container_index.h"
#include "service/errors.h"
#include "service/journal_reader.h"
#include "service/journal_walk.h"
#include "service/keys.h"
#include "service/outcome_api.h"
#include "service/paging.h"
#include "service/times.h"

namespace portrisk::service {
namespace {

constexpr int kSupersededMax = 100;

// A client takes 4 MiB when nobody has told it otherwise.
constexpr size_t kPageBytesMost = 3 << 20;

// Adds one to a page, if it is not full of bytes; else says where the next page
// begins. A page has at least one.
bool AddToPage(v1::AssessedMovement one, size_t* bytes,
               v1::ListMovementsResponse* page) {
  *bytes += one.ByteSizeLong();
  if (*bytes > kPageBytesMost && page->movements_size() > 0) {
    page->set_next_page_token(
        absl::StrCat(page->movements().rbegin()->assessment().sequence()));
    return false;
  }
  *page->add_movements() = std::move(one);
  return true;
}

// Movements of one block with a sequence above `after`; false when full.
absl::Status TakeMovements(const store::Block& block, uint64_t after,
                           size_t limit,
                           std::vector<v1::JournalRecord>* records) {
  v1::JournalBlock parsed;
  if (!parsed.ParseFromString(block.bytes)) {
    return RecordDamaged(block.first_sequence);
  }
  for (v1::JournalRecord& record : *parsed.mutable_records()) {
    if (record.sequence() <= after || !record.has_movement()) continue;
    if (records->size() == limit) return absl::CancelledError();
    records->push_back(std::move(record));
  }
  return absl::OkStatus();
}

absl::Status ParseRecord(const v1::JournalRecord& record,
                         v1::AssessedMovement* out) {
  if (!out->mutable_movement()->ParseFromString(record.movement().movement()) ||
      !out->mutable_assessment()->ParseFromString(
          record.movement().assessment())) {
    return RecordDamaged(record.sequence());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::GetContainerResponse> HistoryApi::GetContainer(
    const v1::GetContainerRequest& request) const {
  const std::string number =
      scoring::NormaliseContainerNumber(request.number());
  if (number.empty() || number.size() >= EntityKey::kSize) {
    return Error(absl::StatusCode::kInvalidArgument, "BAD_CONTAINER_NUMBER",
                 "give a container number, such as MSKU1234565");
  }
  v1::GetEntityRequest name;
  name.set_container_number(number);
  const v1::Movement like = MovementLike(name, engine_->pseudonyms());
  v1::GetContainerResponse response;
  absl::Status status = engine_->Look([&](Core& core) {
    auto container = core.ReadContainer(number);
    if (!container.ok()) return container.status();
    auto right = core.ReadRight(number);
    if (!right.ok()) return right.status();
    *response.mutable_container() = *std::move(container);
    *response.mutable_right() = *std::move(right);
    return ReadAggregates(*core.programme(), like, ToProto(engine_->Now()),
                          &core.mutable_entities().aggregates(),
                          response.mutable_aggregates());
  });
  if (!status.ok()) return status;
  if (response.container().last_sequence() == 0 &&
      response.right().last_sequence() == 0) {
    return Error(absl::StatusCode::kNotFound, "NOT_FOUND",
                 absl::StrCat("nothing is known of container ", number));
  }
  return response;
}

absl::StatusOr<v1::AssessedMovement> HistoryApi::Read(
    uint64_t sequence, const std::string& language) const {
  v1::AssessedMovement result;
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  auto record = ReadJournalRecord(**store, sequence);
  if (!record.ok()) return record.status();
  if (record->removed()) return MovementRemoved(sequence);
  absl::Status status = ParseRecord(*record, &result);
  if (status.ok()) status = Explain(language, result.mutable_assessment());
  if (!status.ok()) return status;
  return result;
}

absl::StatusOr<v1::ListMovementsResponse> HistoryApi::ListMovements(
    const v1::ListMovementsRequest& request) const {
  auto after = PageBeginOf(request);
  if (!after.ok()) return after.status();
  const auto size = static_cast<size_t>(PageSizeOf(request));
  v1::ListMovementsResponse response;
  absl::Status looked = engine_->Look([&](Core& core) {
    response.set_removed_sequence(core.catalogue().removed_sequence());
    return absl::OkStatus();
  });
  if (!looked.ok()) return looked;
  size_t bytes = 0;
  if (request.container_number().empty()) {
    std::vector<v1::JournalRecord> records;
    auto store = engine_->store();
    if (!store.ok()) return store.status();
    absl::Status status =
        (*store)->ScanJournal(*after + 1, [&](const store::Block& block) {
          return TakeMovements(block, *after, size, &records);
        });
    if (!status.ok() && !absl::IsCancelled(status)) return status;
    for (const v1::JournalRecord& record : records) {
      v1::AssessedMovement one;
      absl::Status parsed = ParseRecord(record, &one);
      if (parsed.ok()) {
        parsed = Explain(request.language(), one.mutable_assessment());
      }
      if (!parsed.ok()) return parsed;
      if (!AddToPage(std::move(one), &bytes, &response)) return response;
    }
    if (absl::IsCancelled(status)) {
      response.set_next_page_token(absl::StrCat(records.back().sequence()));
    }
    return response;
  }
  auto positions = PositionsOf(
      engine_, scoring::NormaliseContainerNumber(request.container_number()),
      {*after + 1, UINT64_MAX}, size + 1);
  if (!positions.ok()) return positions.status();
  if (positions->size() > size) {
    positions->resize(size);
    response.set_next_page_token(absl::StrCat(positions->back()));
  }
  for (const uint64_t sequence : *positions) {
    auto movement = Read(sequence, request.language());
    if (!movement.ok()) return movement.status();
    if (!AddToPage(*std::move(movement), &bytes, &response)) break;
  }
  return response;
}

absl::StatusOr<v1::GetAssessmentResponse> HistoryApi::GetAssessment(
    const v1::GetAssessmentRequest& request) const {
  uint64_t sequence = 0;
  const Digest identity = IdentityOf(request.source(), request.movement_id());
  uint64_t removed = 0;
  absl::Status status = engine_->Look([&](Core& core) {
    auto latest = core.LatestSequence(identity);
    if (!latest.ok()) return latest.status();
    sequence = *latest;
    removed = core.catalogue().removed_sequence();
    return absl::OkStatus();
  });
  if (status.ok() && sequence <= removed) return MovementRemoved(sequence);
  if (!status.ok()) return status;
  v1::GetAssessmentResponse response;
  for (bool first = true; sequence > removed; first = false) {
    if (response.superseded_size() == kSupersededMax) {
      response.set_superseded_left_out(true);
      break;
    }
    auto movement = Read(sequence, request.language());
    if (!movement.ok()) return movement.status();
    sequence = movement->assessment().corrects_sequence();
    *(first ? response.mutable_assessment() : response.add_superseded()) =
        std::move(*movement->mutable_assessment());
  }
  status = AddControls(engine_, &response);
  if (!status.ok()) return status;
  return response;
}

absl::Status HistoryApi::Explain(const std::string& language,
                                 v1::Assessment* assessment) const {
  if (language.empty()) return absl::OkStatus();
  if (assessment->hits().empty()) return absl::OkStatus();
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  for (v1::Hit& hit : *assessment->mutable_hits()) {
    auto rule_set = engine_->rule_sets().Get(**store, hit.revision());
    if (!rule_set.ok()) return rule_set.status();
    scoring::ExplainHit(**rule_set, language, &hit);
  }
  return absl::OkStatus();
}

std::string HistoryApi::ExplainAtOnce(const std::string& language,
                                      absl::string_view assessment) const {
  std::string bytes(assessment);
  v1::Assessment parsed;
  // What the engine has just written parses.
  if (language.empty() || !parsed.ParseFromString(bytes)) return bytes;
  for (v1::Hit& hit : *parsed.mutable_hits()) {
    const auto rule_set = engine_->rule_sets().Find(hit.revision());
    if (rule_set != nullptr) scoring::ExplainHit(*rule_set, language, &hit);
  }
  return parsed.SerializeAsString();
}

}  // namespace portrisk::service
