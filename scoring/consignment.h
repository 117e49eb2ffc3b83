// What stands of a consignment: of papers about no stay of a box that is known,
// which are a unit of selection by themselves. Pure.
#ifndef PORTRISK_SCORING_CONSIGNMENT_H_
#define PORTRISK_SCORING_CONSIGNMENT_H_

#include <cstdint>
#include <string>

#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/selection.pb.h"

namespace portrisk::scoring {

// What the names of units begin with that are no visit of a container.
inline constexpr char kConsignmentPrefix[] = "consignment:";

// The strongest reference that papers name: bill of lading, declaration,
// booking, right. Empty: none, and nothing stands of them, since the number of
// a box alone is of all its journeys.
const std::string& ReferenceOf(const v1::Movement& movement);

bool IsConsignment(const v1::Unit& unit);

// HOT PATH. `unit` is the consignment that the movement belongs to.
void FoldConsignment(const v1::Unit& unit, uint64_t sequence,
                     v1::ConsignmentState* state);

// As of a container (container_history.h).
bool IsToppedUpBy(const v1::WorklistUnit& unit,
                  const v1::ConsignmentState& state);
void TopUp(const v1::WorklistUnit& unit, uint64_t sequence,
           v1::ConsignmentState* state);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_CONSIGNMENT_H_
