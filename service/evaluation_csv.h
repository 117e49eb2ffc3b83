// An evaluation as tables of comma-separated values, one row for each thing of
// its kind, for whoever calculates with them. The tables follow the message: a
// field added to evaluation.proto is a column, a repeated one a table.
#ifndef PORTRISK_SERVICE_EVALUATION_CSV_H_
#define PORTRISK_SERVICE_EVALUATION_CSV_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "portrisk/v1/evaluation.pb.h"

namespace portrisk::service {

// By name: "report" of one row, "variants", "rules" ... Every table of a
// variant begins with its name (`variant`); where a row has a place in a list
// it is in `n`, from 0 on, and rows of a list inside of another one have the
// place of that as well (`rates_n`). Fields of a message inside are joined to
// its name: `precision_share`. What is absent is empty; times are RFC 3339,
// UTC.
std::map<std::string, std::string> EvaluationTables(
    const v1::EvaluationReport& report);

// Writes each as NAME.csv into a folder, which is made where it is missing.
absl::Status WriteEvaluationCsv(const v1::EvaluationReport& report,
                                const std::string& directory);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_EVALUATION_CSV_H_
