// An evaluation as one page for who has to approve: figures and plots, no
// script, nothing loaded from elsewhere; readable on a telephone and on paper.
#ifndef PORTRISK_SERVICE_EVALUATION_PAGE_H_
#define PORTRISK_SERVICE_EVALUATION_PAGE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "portrisk/v1/evaluation.pb.h"
#include "portrisk/v1/evaluation_run.pb.h"

namespace portrisk::service {

// HTML. `language` is en, es or pt; any other means en. `evaluation` is what
// the report is of: then the page says by number and hash what was tried.
std::string EvaluationPage(const v1::EvaluationReport& report,
                           absl::string_view language,
                           const v1::Evaluation* evaluation = nullptr);

// "mine.box (2873 of 2873)": the rules that hit no unit and could not be
// decided in so many of the movements they were looked at, the most first.
std::vector<std::string> UndecidedRules(const v1::VariantReport& variant);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_EVALUATION_PAGE_H_
