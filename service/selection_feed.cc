#include "service/selection_feed.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/container_index.h"
#include "service/errors.h"
#include "service/journal_reader.h"
#include "service/journal_walk.h"
#include "service/keys.h"
#include "service/place_filter.h"
#include "service/text_checks.h"

namespace portrisk::service {
namespace {

constexpr uint64_t kRecordsAtOnce = 8192;
constexpr int kSelectionsMax = 64;  // Of one message.
constexpr size_t kFacilityBytesMax = 64;
// How long ago a container may have been at a place for what happens to it
// elsewhere to concern that place.
constexpr int64_t kElsewhereSeconds = 72 * 3600;

}  // namespace

absl::Status SelectionFeed::Check(const v1::WatchAssessmentsRequest& request,
                                  uint64_t end) {
  if (request.after_position() > end) {
    return Error(
        absl::StatusCode::kOutOfRange, "NO_SUCH_POSITION",
        absl::StrCat("the journal ends at position ", end,
                     ", before the one to go on from, ",
                     request.after_position(),
                     "; is this another store, or one restored to a point "
                     "before it?"));
  }
  std::vector<Violation> wrong;
  if (!request.locode().empty() && !IsLocode(request.locode())) {
    wrong.push_back({"locode", "is no UN/LOCODE in capitals, such as NLRTM"});
  }
  if (!request.facility().empty() && request.locode().empty()) {
    wrong.push_back({"locode", "is missing: a facility is one of a UN/LOCODE"});
  }
  if (request.facility().size() > kFacilityBytesMax) {
    wrong.push_back({"facility", "has more than 64 bytes"});
  }
  if (!v1::Lane_IsValid(request.lane_at_least()) ||
      request.lane_at_least() == v1::GREEN) {
    wrong.push_back({"lane_at_least", "is none of BLUE, YELLOW, ORANGE, RED"});
  }
  if (wrong.empty()) return absl::OkStatus();
  return WithViolations(
      Error(absl::StatusCode::kInvalidArgument, "BAD_REQUEST",
            absl::StrCat("nothing can be watched like that: ", wrong[0].field,
                         " ", wrong[0].description)),
      "", wrong);
}

SelectionFeed::SelectionFeed(Engine* engine, const HistoryApi* history,
                             const v1::WatchAssessmentsRequest& request)
    : engine_(engine),
      history_(history),
      request_(request),
      lane_at_least_(request.lane_at_least() == v1::LANE_UNSPECIFIED
                         ? v1::YELLOW
                         : request.lane_at_least()),
      position_(request.has_after_position() ? request.after_position()
                                             : engine->durable_sequence()) {}

absl::Status SelectionFeed::ReadOn(v1::WatchAssessmentsResponse* out) {
  const uint64_t end =
      std::min(engine_->durable_sequence(), position_ + kRecordsAtOnce);
  if (end <= position_) return absl::OkStatus();
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  absl::Status status =
      (*store)->ScanJournal(position_ + 1, [&](const store::Block& block) {
        return WalkRecords(block, [&](const StoredRecord& record) {
          if (record.sequence <= position_) return absl::OkStatus();
          if (record.sequence > end ||
              out->selections_size() == kSelectionsMax) {
            return absl::CancelledError();
          }
          if (record.is_movement) {
            absl::Status taken =
                Consider(record.sequence, record.movement, out);
            if (!taken.ok()) return taken;
          }
          position_ = record.sequence;
          return absl::OkStatus();
        });
      });
  if (!status.ok() && !absl::IsCancelled(status)) return status;
  out->set_position(position_);
  return absl::OkStatus();
}

absl::Status SelectionFeed::Consider(uint64_t sequence,
                                     const StoredMovement& record,
                                     v1::WatchAssessmentsResponse* out) {
  if (!ParseView(record.assessment, &assessment_)) {
    return RecordDamaged(sequence);
  }
  const v1::Unit& unit = assessment_.unit();
  if (unit.lane_before() == v1::LANE_UNSPECIFIED ||
      unit.lane() < lane_at_least_) {
    return absl::OkStatus();
  }
  v1::WatchedSelection selection;
  v1::Movement* movement = selection.mutable_movement();
  if (!ParseView(record.movement, movement)) return RecordDamaged(sequence);
  const PlaceFilter place{request_.locode(), request_.facility()};
  if (!place.locode.empty() && !place.HoldsUnit(unit.id()) &&
      !place.Holds(movement->location().locode(),
                   movement->location().facility())) {
    auto concerns = WasHereBefore(*movement, sequence);
    if (!concerns.ok()) return concerns.status();
    if (!*concerns) return absl::OkStatus();
    selection.set_elsewhere(true);
  }
  selection.set_position(sequence);
  absl::Status status = history_->Explain(request_.language(), &assessment_);
  if (!status.ok()) return status;
  *selection.mutable_assessment() = assessment_;
  *out->add_selections() = std::move(selection);
  return absl::OkStatus();
}

absl::StatusOr<bool> SelectionFeed::WasHereBefore(const v1::Movement& movement,
                                                  uint64_t sequence) const {
  const std::string& number = movement.container().number();
  if (number.empty()) return false;
  auto positions = PositionsOf(engine_, number, {1, sequence});
  if (!positions.ok()) return positions.status();
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  const PlaceFilter place{request_.locode(), request_.facility()};
  for (auto at = positions->rbegin(); at != positions->rend(); ++at) {
    const uint64_t earlier = *at;
    auto record = ReadJournalRecord(**store, earlier);
    if (!record.ok()) return record.status();
    v1::Movement before;
    if (!before.ParseFromString(record->movement().movement())) {
      return RecordDamaged(earlier);
    }
    if (before.container().number() != number) continue;  // It was corrected.
    const int64_t apart = movement.occurrence_time().seconds() -
                          before.occurrence_time().seconds();
    if (std::abs(apart) <= kElsewhereSeconds &&
        place.Holds(before.location().locode(), before.location().facility())) {
      return true;
    }
  }
  return false;
}

}  // namespace portrisk::service
