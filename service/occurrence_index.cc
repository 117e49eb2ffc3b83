// HOT PATH: Add, once or twice a movement; a few comparisons.
#include "service/occurrence_index.h"

#include <algorithm>

#include "scoring/container_history.h"
#include "service/keys.h"

namespace portrisk::service {
namespace {

// What lies no further apart is one period.
constexpr int64_t kGapSeconds = 3600;

// Joins the two that are next to each other; of equals the first.
void JoinNearest(std::vector<Period>* periods) {
  size_t nearest = 0;
  int64_t least = INT64_MAX;
  for (size_t i = 0; i + 1 < periods->size(); ++i) {
    const int64_t gap = (*periods)[i + 1].begin_s - (*periods)[i].end_s;
    if (gap < least) {
      least = gap;
      nearest = i;
    }
  }
  (*periods)[nearest].end_s = (*periods)[nearest + 1].end_s;
  periods->erase(periods->begin() + static_cast<int64_t>(nearest) + 1);
}

void Include(int64_t second, std::vector<Period>* periods) {
  auto at = periods->begin();
  while (at != periods->end() && at->end_s + kGapSeconds < second) ++at;
  if (at == periods->end() || second < at->begin_s - kGapSeconds) {
    periods->insert(at, {second, second + 1});
    if (periods->size() > OccurrenceIndex::kPeriodsMax) JoinNearest(periods);
    return;
  }
  at->begin_s = std::min(at->begin_s, second);
  at->end_s = std::max(at->end_s, second + 1);
  const auto next = at + 1;
  if (next != periods->end() && next->begin_s - at->end_s <= kGapSeconds) {
    at->end_s = next->end_s;
    periods->erase(next);
  }
}

}  // namespace

void OccurrenceIndex::Add(uint64_t sequence, const v1::Movement& movement) {
  if (movement.retraction() || !scoring::IsActual(movement) ||
      !movement.has_occurrence_time()) {
    return;
  }
  const uint64_t segment = SegmentOf(sequence);
  if (segment >= segments_.size()) segments_.resize(segment + 1);
  Include(movement.occurrence_time().seconds(), &segments_[segment]);
  changed_from_ = std::min(changed_from_, segment);
}

bool OccurrenceIndex::MayHold(uint64_t segment, const Period& period) const {
  if (segment >= segments_.size()) return false;
  const std::vector<Period>& periods = segments_[segment];
  return std::any_of(periods.begin(), periods.end(), [&](const Period& one) {
    return one.begin_s < period.end_s && period.begin_s < one.end_s;
  });
}

void OccurrenceIndex::Restore(uint64_t segment,
                              const v1::OccurrenceSegment& stored) {
  if (segment >= segments_.size()) segments_.resize(segment + 1);
  std::vector<Period>& periods = segments_[segment];
  periods.clear();
  for (int i = 0; i + 1 < stored.bounds_size(); i += 2) {
    periods.push_back({stored.bounds(i), stored.bounds(i + 1)});
  }
}

void OccurrenceIndex::TakeChanged(KeyValues* out) {
  Append(changed_from_, out);
  changed_from_ = UINT64_MAX;
}

void OccurrenceIndex::All(KeyValues* out) const { Append(0, out); }

void OccurrenceIndex::Append(uint64_t begin, KeyValues* out) const {
  for (uint64_t segment = begin; segment < segments_.size(); ++segment) {
    if (segments_[segment].empty()) continue;
    v1::OccurrenceSegment stored;
    for (const Period& one : segments_[segment]) {
      stored.add_bounds(one.begin_s);
      stored.add_bounds(one.end_s);
    }
    out->emplace_back(std::string(OccurrenceKey(segment).view()),
                      stored.SerializeAsString());
  }
}

absl::Status VisitMovements(const store::Store& store, const Positions& where,
                            VisitRecord visit) {
  if (where.begin >= where.end) return absl::OkStatus();
  absl::Status status =
      store.ScanJournal(where.begin, [&](const store::Block& block) {
        if (block.first_sequence >= where.end) return absl::CancelledError();
        return WalkBlock(block, [&](uint64_t at, const StoredMovement& record) {
          const bool within = at >= where.begin && at < where.end;
          return within && !record.movement.empty() ? visit(at, record)
                                                    : absl::OkStatus();
        });
      });
  return absl::IsCancelled(status) ? absl::OkStatus() : status;
}

absl::Status VisitOccurred(const store::Store& store,
                           const OccurrenceIndex& index, const Period& period,
                           const Positions& where, VisitRecord visit) {
  constexpr uint64_t kRecords = OccurrenceIndex::kSegmentRecords;
  const uint64_t segments = where.end / kRecords + 1;
  absl::Status status;
  for (uint64_t segment = OccurrenceIndex::SegmentOf(where.begin);
       segment < segments && status.ok(); ++segment) {
    if (!index.MayHold(segment, period)) continue;
    const uint64_t begin = segment * kRecords;
    while (segment < segments && index.MayHold(segment, period)) ++segment;
    status = VisitMovements(store,
                            {std::max({uint64_t{1}, where.begin, begin}),
                             std::min(where.end, segment * kRecords)},
                            visit);
  }
  return status;
}

}  // namespace portrisk::service
