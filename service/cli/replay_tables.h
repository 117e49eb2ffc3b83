// The report of a replay as tables, and capacities as people write them.
#ifndef PORTRISK_SERVICE_CLI_REPLAY_TABLES_H_
#define PORTRISK_SERVICE_CLI_REPLAY_TABLES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "portrisk/v1/evaluation.pb.h"
#include "portrisk/v1/evaluation_run.pb.h"

namespace portrisk::service::cli {

// Each "5" is a capacity of all facilities; each "NLRTM/ECTDELTA=20" is that of
// one facility in all of them. Without a "5" the others inspect nothing.
absl::StatusOr<std::vector<v1::EvaluationCapacity>> ParseCapacities(
    const std::vector<std::string>& texts);

// "3/120 2.5% (0.9% to 7.1%)"; empty where there is no share.
std::string ShareText(const v1::ShareEstimate& share);
// "0.250 (0.110 to 0.470)"; empty where it is not known.
std::string FigureText(bool is_known, double value,
                       const v1::Interval& interval);

// The whole report, of each table at most `top` rows.
void PrintReport(const v1::EvaluationReport& report, int top);

// Each prints nothing where the report has nothing of it.
void PrintCapacities(const v1::EvaluationReport& report);
void PrintSensitivity(const v1::VariantReport& variant, int top);
void PrintBurden(const v1::EvaluationReport& report, int top);
void PrintDrift(const v1::EvaluationReport& report);

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_REPLAY_TABLES_H_
