// When the movements of each part of the journal occurred, so that what
// happened in a period is found without reading all of it.
//
// The journal is in order of recording. Most of it is recorded soon after it
// occurs, so a few periods say when the movements of 1,024 positions occurred.
// A movement that takes the place of another counts for both times: whoever
// reads what occurred in a period also meets what has voided it.
//
// A fold of the journal: equal journals give equal bytes.
#ifndef PORTRISK_SERVICE_OCCURRENCE_INDEX_H_
#define PORTRISK_SERVICE_OCCURRENCE_INDEX_H_

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "portrisk/v1/aggregates.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "service/entity_key.h"
#include "service/journal_walk.h"
#include "store/store.h"

namespace portrisk::service {

// From the first second to before the last.
struct Period {
  int64_t begin_s = 0;
  int64_t end_s = 0;
};

// Of the journal: from the first to before the last.
struct Positions {
  uint64_t begin = 1;
  uint64_t end = 1;
};

// Thread-compatible.
class OccurrenceIndex {
 public:
  static constexpr uint64_t kSegmentRecords = 1024;
  // Periods kept of a segment. More means fewer segments that are read in vain.
  static constexpr size_t kPeriodsMax = 8;

  // The record at `sequence` is that movement, or takes the place of it. Only
  // facts count.
  void Add(uint64_t sequence, const v1::Movement& movement);

  static uint64_t SegmentOf(uint64_t sequence) {
    return sequence / kSegmentRecords;
  }
  // Whether something in the segment may have occurred in the period.
  bool MayHold(uint64_t segment, const Period& period) const;

  // Takes what TakeChanged or All gave for a segment.
  void Restore(uint64_t segment, const v1::OccurrenceSegment& stored);
  // The segments that have changed since the last call, as they are stored.
  void TakeChanged(KeyValues* out);
  void All(KeyValues* out) const;

 private:
  void Append(uint64_t begin, KeyValues* out) const;

  std::vector<std::vector<Period>> segments_;
  uint64_t changed_from_ = UINT64_MAX;  // Segment.
};

// Calls `visit` in order with records of movements of `where`: with each that
// occurred in the period, with each that took the place of such a one, and with
// some others.
using VisitRecord =
    absl::FunctionRef<absl::Status(uint64_t sequence, const StoredMovement&)>;
using ReadOccurred = absl::FunctionRef<absl::Status(
    const Period& period, const Positions& where, VisitRecord visit)>;

// All records of movements there.
absl::Status VisitMovements(const store::Store& store, const Positions& where,
                            VisitRecord visit);
// From a store that has all of `where`, by an index that knows it.
absl::Status VisitOccurred(const store::Store& store,
                           const OccurrenceIndex& index, const Period& period,
                           const Positions& where, VisitRecord visit);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_OCCURRENCE_INDEX_H_
