// The history of one container: how a movement is folded into its state.
// container_view.h reads it.
//
// All functions are pure: no I/O, lock, clock or log; no allocation once the
// state is warm.
#ifndef PORTRISK_SCORING_CONTAINER_HISTORY_H_
#define PORTRISK_SCORING_CONTAINER_HISTORY_H_

#include <cstdint>

#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/selection.pb.h"

namespace portrisk::scoring {

// A movement as the journal holds it.
struct JournaledMovement {
  const v1::Movement* movement;
  uint64_t movement_key;  // Of (source, id).
  uint64_t sequence;
  // What was answered to the version that it corrects. Null: it corrects none,
  // or nobody asks for an answer to it.
  const v1::Assessment* corrected = nullptr;
};

// Only an actual event is a fact.
bool IsActual(const v1::Movement& movement);

// Whether it says that something happened, and when: what histories are made
// of.
bool IsFact(const v1::Movement& movement);

// Whether the event happens to a box, rather than to papers or a right.
bool IsPhysical(v1::Event event);

// GATE_IN and DISCHARGE; GATE_OUT and LOAD; any of them.
bool IsArrival(v1::Event event);
bool IsDeparture(v1::Event event);
bool IsHandling(v1::Event event);

// Whether the box carries another load then than before. Only what is done to
// it tells that it is empty: papers may mean its next journey, devices are set
// once.
inline bool EndsLoad(v1::Event event, v1::LoadStatus load_status) {
  return event == v1::STUFFING || event == v1::STRIPPING ||
         (load_status == v1::EMPTY && IsHandling(event));
}

// The same without stuffing, which is for the caller to look at.
template <typename TimelineEvent>
bool IsEmptied(const TimelineEvent& event) {
  return event.event() != v1::STUFFING &&
         EndsLoad(event.event(), event.load_status());
}

// The best weight a movement carries: verified, scale, crane, declared. False
// when it carries none.
bool BestWeight(const v1::Weights& weights, int32_t* kg);

// Folds one admitted movement in: adds an actual one to the timeline or the
// papers, and takes over the unit that its assessment decided on. `unit` may be
// null (a retraction). An earlier version has been unfolded.
void FoldContainer(const JournaledMovement& input, const v1::Unit* unit,
                   v1::ContainerState* state);

// Whether a unit of a taken worklist is the present visit, and nothing else had
// selected it.
bool IsToppedUpBy(const v1::WorklistUnit& unit,
                  const v1::ContainerState& state);
// From now on it is selected, for certain. Precondition: IsToppedUpBy.
void TopUp(const v1::WorklistUnit& unit, uint64_t sequence,
           v1::ContainerState* state);

// Takes the earlier version of a movement out, before `input` is folded in. A
// visit that it had closed is open again; one that it alone tells of is
// withdrawn, unless `input` tells of it again.
void UnfoldContainer(const JournaledMovement& input, v1::ContainerState* state);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_CONTAINER_HISTORY_H_
