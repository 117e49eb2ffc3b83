// Parts of an evaluation page that stand for themselves: each adds its heading,
// plots and tables, and nothing where the report has nothing of it.
#ifndef PORTRISK_SERVICE_EVALUATION_SECTIONS_H_
#define PORTRISK_SERVICE_EVALUATION_SECTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "portrisk/v1/evaluation.pb.h"
#include "service/evaluation_html.h"
#include "service/evaluation_plots.h"
#include "service/evaluation_words.h"

namespace portrisk::service {

// "3 (1/2)": so many units, finds of those controlled.
std::string UnitsAndFinds(uint64_t units, const v1::ShareEstimate& finds);
// Whether scores chose the last one that was taken: units without a score are
// taken by their names, which says nothing of the rules.
bool IsRanked(const v1::RateFigures& figures);
// Whether what it takes can be compared with all of the units: some of the
// others were controlled, or there are none, or nothing is taken.
bool KnowsOfOthers(const v1::RateFigures& figures, uint64_t units);
// Precision, weighted precision, recall, lift, normalised precision; empty
// where not known.
std::vector<std::string> FigureCells(const v1::RateFigures& figures,
                                     uint64_t units,
                                     const EvaluationWords& words);

// Rules by their ids; with their set where two sets have the same.
class RuleNames {
 public:
  explicit RuleNames(const v1::VariantReport& variant);
  std::string Of(const v1::RuleFigures& rule) const {
    return Of(rule.rule_set(), rule.rule());
  }
  std::string Of(const std::string& rule_set, const std::string& rule) const;

 private:
  absl::flat_hash_map<std::string, int> sets_;
};

// Whether another threshold would gain or lose a unit.
bool ChangesSomething(const v1::SensitivityFigures& figures);

// Of a plot with the words for it.
PlotOptions PlotWords(const EvaluationWords& words, std::string x_name,
                      std::string y_name);

void AddGain(const v1::EvaluationReport& report, const EvaluationWords& words,
             Html* html);
void AddCapacities(const v1::EvaluationReport& report,
                   const EvaluationWords& words, Html* html);
// Of one of its variants; bars of all have one scale.
void AddSensitivity(const v1::EvaluationReport& report,
                    const v1::VariantReport& variant,
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
