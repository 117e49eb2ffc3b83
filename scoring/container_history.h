// The history of one container: how a movement is folded into its state, and
// what a rule may read of that state as of a movement.
//
// All functions are pure: no I/O, lock, clock or log; no allocation once the
// state and the buffer are warm.
#ifndef PORTRISK_SCORING_CONTAINER_HISTORY_H_
#define PORTRISK_SCORING_CONTAINER_HISTORY_H_

#include <cstdint>

#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/reference.h"

namespace portrisk::scoring {

// A movement as the journal holds it.
struct JournaledMovement {
  const v1::Movement* movement;
  uint64_t movement_key;  // Of (source, id).
  uint64_t sequence;
  bool corrects = false;  // There is an earlier version of it.
};

// Only an actual event is a fact.
bool IsActual(const v1::Movement& movement);

// Whether the event happens to a box, rather than to papers or a right.
bool IsPhysical(v1::Event event);

// The best weight a movement carries: verified, scale, crane, declared. False
// when it carries none.
bool BestWeight(const v1::Weights& weights, int32_t* kg);

// Folds one admitted movement in: replaces an earlier version of the same
// movement, adds an actual one to the timeline, and takes over the unit that
// its assessment decided on. `unit` may be null (a retraction).
void FoldContainer(const JournaledMovement& input, const v1::Unit* unit,
                   v1::ContainerState* state);

// Takes an earlier version out of a container that the new version no longer
// names.
void UnfoldContainer(const JournaledMovement& input, v1::ContainerState* state);

// A view whose parts point into the state and into this buffer, so that
// nothing is copied. Use: Derive, read view(), Derive again. What view()
// points to must not change in between.
class ContainerViewBuffer {
 public:
  ContainerViewBuffer() = default;
  ~ContainerViewBuffer() { Release(); }
  ContainerViewBuffer(const ContainerViewBuffer&) = delete;
  ContainerViewBuffer& operator=(const ContainerViewBuffer&) = delete;

  // `state` may be null: nothing is known of the container.
  void Derive(const v1::ContainerState* state, const JournaledMovement& input,
              const Reference& reference);
  const v1::ContainerView& view() const { return view_; }
  // Lets go of the state. Called by Derive and the destructor.
  void Release();

 private:
  void DeriveCargo(const v1::ContainerState& state, int position,
                   const JournaledMovement& input);
  void DeriveOwn(const v1::Movement& movement);

  v1::ContainerView view_;
  v1::Leg leg_in_;
  v1::Leg leg_out_;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_CONTAINER_HISTORY_H_
