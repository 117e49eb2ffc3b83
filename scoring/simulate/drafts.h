// The movements of one trip as they happened, before sources make of them what
// they report.
#ifndef PORTRISK_SCORING_SIMULATE_DRAFTS_H_
#define PORTRISK_SCORING_SIMULATE_DRAFTS_H_

#include <cstddef>
#include <cstdint>
#include <deque>

#include "portrisk/v1/movement.pb.h"

namespace portrisk::scoring::simulate {

// What a draft is in its trip; an event alone would not tell.
enum class Step : uint8_t {
  kBooking,
  kEmptyOut,  // From a depot.
  kStuffing,
  kVerified,  // Verified gross mass declared.
  kGateIn,    // For export.
  kManifest,
  kAmendment,
  kStow,
  kLoad,
  kDischarge,
  kTold,  // A carrier tells what a terminal told already.
  kPosition,
  kYardMove,
  kDeclaration,
  kSelected,
  kScan,
  kInspection,
  kDoor,
  kSealChange,
  kCleared,  // Released by customs.
  kRelease,  // Released by the carrier.
  kIssued,
  kTransferred,
  kAccepted,
  kNominated,
  kQueried,
  kPreNotified,
  kGateOut,  // Of import.
  kStripping,
  kEmptyIn,  // Back to a depot.
  kExtra,    // Of a case.
};

struct Draft {
  Step step;
  int leg;                // Of the voyage, from 0; -1 elsewhere.
  int source;             // Index into World::sources.
  int64_t time;           // When it happened.
  bool arriving;          // Belongs to the last port and what comes after.
  bool removed;           // Did not happen after all.
  bool needed;            // A case rests on it.
  v1::Movement movement;  // Without identity and time.
};

// Keeps its memory from trip to trip. References stay valid until Clear.
class Drafts {
 public:
  Draft& Add(Step step, v1::Event event, int source, int64_t time) {
    if (size_ == drafts_.size()) drafts_.emplace_back();
    Draft& draft = drafts_[size_++];
    draft.step = step;
    draft.leg = -1;
    draft.source = source;
    draft.time = time;
    draft.arriving = draft.removed = draft.needed = false;
    draft.movement.Clear();
    draft.movement.set_event(event);
    return draft;
  }
  void Clear() { size_ = 0; }
  size_t size() const { return size_; }
  Draft& operator[](size_t i) { return drafts_[i]; }
  const Draft& operator[](size_t i) const { return drafts_[i]; }

  // The first and the last of a step, or null.
  Draft* First(Step step) {
    for (size_t i = 0; i < size_; ++i) {
      if (drafts_[i].step == step && !drafts_[i].removed) return &drafts_[i];
    }
    return nullptr;
  }
  Draft* Last(Step step) {
    for (size_t i = size_; i > 0; --i) {
      if (drafts_[i - 1].step == step && !drafts_[i - 1].removed) {
        return &drafts_[i - 1];
      }
    }
    return nullptr;
  }

 private:
  std::deque<Draft> drafts_;
  size_t size_ = 0;
};

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_SCORING_SIMULATE_DRAFTS_H_
