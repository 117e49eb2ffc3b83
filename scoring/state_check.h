// Whether a state that comes from a disk can be worked on: folding and deriving
// take lists that belong together at their word. What they rely on of other
// states is that they parse. Aggregates: aggregate_check.h.
#ifndef PORTRISK_SCORING_STATE_CHECK_H_
#define PORTRISK_SCORING_STATE_CHECK_H_

#include "portrisk/v1/outcome.pb.h"
#include "portrisk/v1/usual.pb.h"

namespace portrisk::scoring {

template <typename State>
bool IsWhole(const State&) {
  return true;
}
// Starts in order, with a count of controls and finds for each.
bool IsWhole(const v1::FindState& state);
// Periods in order, each with bins in order and a count for each.
bool IsWhole(const v1::SpreadState& state);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_STATE_CHECK_H_
