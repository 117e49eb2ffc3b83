// What folding reads of a journaled record: what else is in it need not be
// parsed. A fold of what is left gives the same bytes as one of the whole,
// which tests/service/folded_fields_test.cc proves field by field.
#ifndef PORTRISK_SERVICE_FOLDED_FIELDS_H_
#define PORTRISK_SERVICE_FOLDED_FIELDS_H_

#include "scoring/aggregate_plan.h"
#include "service/field_selection.h"

namespace portrisk::service {

// Of a movement, for aggregates alone.
FieldSelection FieldsCounted(const scoring::AggregatePlan& plan);

// Of a movement, for all states and indexes. `plan` may be null.
FieldSelection FieldsFolded(const scoring::AggregatePlan* plan);

// Of an assessment, for the same.
FieldSelection AssessmentFieldsFolded();

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FOLDED_FIELDS_H_
