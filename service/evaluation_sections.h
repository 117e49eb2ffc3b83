// Parts of an evaluation page that stand for themselves: each adds its heading,
// plots and tables, and nothing where the report has nothing of it.
#ifndef PORTRISK_SERVICE_EVALUATION_SECTIONS_H_
#define PORTRISK_SERVICE_EVALUATION_SECTIONS_H_

#include <cstdint>
#include <string>

#include "portrisk/v1/evaluation.pb.h"
#include "service/evaluation_html.h"
#include "service/evaluation_words.h"

namespace portrisk::service {

// "3 (1/2)": so many units, finds of those controlled.
std::string UnitsAndFinds(uint64_t units, const v1::ShareEstimate& finds);
// Whether another threshold would gain or lose a unit.
bool ChangesSomething(const v1::SensitivityFigures& figures);

void AddGain(const v1::EvaluationReport& report, const EvaluationWords& words,
             Html* html);
void AddCapacities(const v1::EvaluationReport& report,
                   const EvaluationWords& words, Html* html);
void AddSensitivity(const v1::VariantReport& variant,
                    const EvaluationWords& words, Html* html);
void AddCalibration(const v1::EvaluationReport& report,
                    const EvaluationWords& words, Html* html);
void AddDrift(const v1::EvaluationReport& report, const EvaluationWords& words,
              Html* html);
void AddBurden(const v1::EvaluationReport& report, const EvaluationWords& words,
               Html* html);
void AddRoutes(const v1::EvaluationReport& report, const EvaluationWords& words,
               Html* html);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_EVALUATION_SECTIONS_H_
