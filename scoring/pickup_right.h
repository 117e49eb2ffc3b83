// The chain of a pick-up right: how a movement is folded into it, and what a
// rule may read of it as of a movement. Pure, like container_history.h.
#ifndef PORTRISK_SCORING_PICKUP_RIGHT_H_
#define PORTRISK_SCORING_PICKUP_RIGHT_H_

#include "portrisk/v1/history.pb.h"
#include "scoring/container_history.h"

namespace portrisk::scoring {

// Whether the movement is a step of a right: an event about the right itself
// or the gate-out that uses it.
bool ConcernsRight(const v1::Movement& movement);

// Folds one admitted movement in, replacing an earlier version of it.
void FoldRight(const JournaledMovement& input, v1::RightState* state);

// Takes an earlier version out.
void UnfoldRight(const JournaledMovement& input, v1::RightState* state);

// See ContainerViewBuffer for how to use it.
class RightViewBuffer {
 public:
  RightViewBuffer() = default;
  ~RightViewBuffer() { Release(); }
  RightViewBuffer(const RightViewBuffer&) = delete;
  RightViewBuffer& operator=(const RightViewBuffer&) = delete;

  // `state` may be null.
  void Derive(const v1::RightState* state, const JournaledMovement& input);
  const v1::RightView& view() const { return view_; }
  void Release();

 private:
  void Step(const v1::RightEvent& event);

  v1::RightView view_;
  v1::Party holder_;
  v1::Party nominated_;
  v1::Party collected_by_;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_PICKUP_RIGHT_H_
