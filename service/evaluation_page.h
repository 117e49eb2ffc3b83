// An evaluation as one page for who has to approve: figures and plots, no
// script, nothing loaded from elsewhere; readable on a telephone and on paper.
#ifndef PORTRISK_SERVICE_EVALUATION_PAGE_H_
#define PORTRISK_SERVICE_EVALUATION_PAGE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "portrisk/v1/evaluation.pb.h"

namespace portrisk::service {

// HTML. `language` is en, es or pt; any other means en.
std::string EvaluationPage(const v1::EvaluationReport& report,
                           absl::string_view language);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_EVALUATION_PAGE_H_
