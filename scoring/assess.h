// The pure steps for one movement: derive, evaluate, decide. What conditions
// do not come to read is not derived.
#ifndef PORTRISK_SCORING_ASSESS_H_
#define PORTRISK_SCORING_ASSESS_H_

#include "absl/types/span.h"
#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/history.pb.h"
#include "scoring/aggregate_view.h"
#include "scoring/decision.h"
#include "scoring/programme.h"
#include "scoring/reference.h"
#include "scoring/views.h"

namespace portrisk::scoring {

// Everything an assessment may depend on besides the movement.
struct AssessContext {
  const Programme* programme;
  const Reference* reference;
  const SelectionProfiles* profiles;
  const DrawKey* draw_key;
};

// Turns movements into assessments. Holds buffers; one per thread.
class Assessor {
 public:
  // HOT PATH. Fills every field of `out` but recorded_time and
  // corrects_sequence. `out` may be a used one: it is overwritten in a way
  // that keeps its memory.
  void Assess(const AssessContext& context, const JournaledMovement& input,
              const EntityStates& states, v1::Assessment* out);

  // HOT PATH of replay. The same of one movement by several programmes that
  // were compiled together and have the same lists: Begin, AssessBy for each,
  // End. What one has derived and computed, the next ones find. Input, states
  // and reference data stay as they are until End.
  void Begin(const JournaledMovement& input, const EntityStates& states,
             const Reference& reference);
  void AssessBy(const AssessContext& context, v1::Assessment* out);
  void End() { views_.Release(); }

  // Of the last one.
  EvalScratch* scratch() { return &scratch_; }

 private:
  const JournaledMovement* input_ = nullptr;
  const EntityStates* states_ = nullptr;
  Views views_;
  AggregateView aggregates_;
  bool is_only_ = false;  // Programme, as in Assess.
  bool is_first_ = true;  // AssessBy of the movement.
  v1::Unit unit_;         // As it was assigned, unless it is the only one's.
  EvalScratch scratch_;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_ASSESS_H_
