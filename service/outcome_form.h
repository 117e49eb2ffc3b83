// Admission of outcomes and decisions: what may enter the journal, in which
// form. As admission.h is for movements.
#ifndef PORTRISK_SERVICE_OUTCOME_FORM_H_
#define PORTRISK_SERVICE_OUTCOME_FORM_H_

#include <vector>

#include "absl/time/time.h"
#include "portrisk/v1/outcome.pb.h"
#include "service/admission.h"

namespace portrisk::service {

// Both bring their argument to normal form and return every violation found.
std::vector<Violation> AdmitOutcome(absl::Time now, v1::Outcome* outcome);
std::vector<Violation> AdmitDecision(absl::Time now, v1::Decision* decision);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_OUTCOME_FORM_H_
