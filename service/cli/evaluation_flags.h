// What an evaluation is to measure and how its report is shown: the same flags
// whether a server runs it or this process.
#ifndef PORTRISK_SERVICE_CLI_EVALUATION_FLAGS_H_
#define PORTRISK_SERVICE_CLI_EVALUATION_FLAGS_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "portrisk/v1/evaluation.pb.h"
#include "portrisk/v1/evaluation_run.pb.h"

namespace portrisk::service::cli {

struct PlanFlags {
  std::string baseline = "in-force";
  std::string from, until, history_from;
  std::vector<double> percents = {1, 2, 5, 10};
  std::vector<std::string> capacities;
  bool separate = false;
  bool sensitivity = false;
};

// `what` is tried: "file" or "revision".
void AddPlanFlags(CLI::App* command, const std::string& what, PlanFlags* flags);
// A plan without candidates.
absl::StatusOr<v1::EvaluationPlan> PlanOf(const PlanFlags& flags);

struct ReportFlags {
  std::string output = "table";
  std::string csv;
  int top = 25;
};

void AddReportFlags(CLI::App* command, ReportFlags* flags);
// What can be said of them before the report is computed.
absl::Status CheckReport(const ReportFlags& flags);
// `evaluation` is what the report is of, or null: of no server. Returns the
// exit code.
int ShowReport(const v1::EvaluationReport& report,
               const v1::Evaluation* evaluation, const ReportFlags& flags,
               const std::string& language);

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_EVALUATION_FLAGS_H_
