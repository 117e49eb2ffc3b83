// Evaluations on a server, for the commands that start them.
#ifndef PORTRISK_SERVICE_CLI_EVALUATIONS_H_
#define PORTRISK_SERVICE_CLI_EVALUATIONS_H_

#include "absl/status/statusor.h"
#include "portrisk/v1/evaluation_run.pb.h"
#include "service/cli/connection.h"

namespace portrisk::service::cli {

absl::StatusOr<v1::Evaluation> StartEvaluation(const Connection& connection,
                                               const v1::EvaluationPlan& plan);
// Shows how far it is until it ends. An error when it ends otherwise than with
// a report.
absl::StatusOr<v1::Evaluation> WaitForEvaluation(const Connection& connection,
                                                 uint64_t evaluation);

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_EVALUATIONS_H_
