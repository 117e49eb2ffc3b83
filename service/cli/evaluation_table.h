// A report of an evaluation for people.
#ifndef PORTRISK_SERVICE_CLI_EVALUATION_TABLE_H_
#define PORTRISK_SERVICE_CLI_EVALUATION_TABLE_H_

#include <string>

#include "portrisk/v1/evaluation.pb.h"

namespace portrisk::service::cli {

// Tables on standard output, of each at most `top` rows.
void PrintReport(const v1::EvaluationReport& report, int top);

// `output` is table, json or html. Returns the exit code.
int ShowReport(const v1::EvaluationReport& report, const std::string& output,
               const std::string& language, int top);

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_EVALUATION_TABLE_H_
