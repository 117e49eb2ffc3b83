// How the columns of a CSV file become movements. CSV.md is the manual of the
// YAML form.
#ifndef PORTRISK_SERVICE_FORMATS_CSV_MAPPING_H_
#define PORTRISK_SERVICE_FORMATS_CSV_MAPPING_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace portrisk::service {

// Where the text of one field comes from.
struct ColumnRule {
  std::string path;    // "container.number".
  std::string column;  // Name in the header.
  std::string format;  // Of a time, as absl::ParseTime; empty: RFC 3339.
  // What to put for what the column says. "*" stands for any other text; when
  // there is no entry the text itself is taken.
  std::map<std::string, std::string> values;
};

// What a cell must say; the column "cells" is the number of cells of the row.
using CellConditions = std::vector<std::pair<std::string, std::string>>;

// A value that later rows need: that of a column in the last row that fulfils
// the conditions. It is a column of every row, under its own name.
struct CarriedColumn {
  std::string name;
  CellConditions where;
  std::string column;
};

// A column of a file without delimiters.
struct FixedColumn {
  std::string name;
  size_t start = 0;  // From 1, in characters.
  size_t length = 0;
};

// One movement of each row.
struct MovementRule {
  CellConditions where;  // Only of rows that fulfil all.
  std::vector<ColumnRule> columns;
  std::vector<std::pair<std::string, std::string>> constants;  // Path, text.
  // Columns that identify the row where no column holds an id.
  std::vector<std::string> id;
};

struct CsvMapping {
  char delimiter = ',';
  bool latin1 = false;  // Else UTF-8.
  bool ragged = false;  // Rows are of several kinds: any number of cells.
  std::vector<FixedColumn> fixed;  // Instead of a delimiter and a header.
  std::vector<CarriedColumn> carry;
  std::vector<std::string> header;  // Column names of a file without a header.
  std::vector<std::string> files;   // Globs of file names it is meant for.
  bool has_utc_offset = false;
  int utc_offset_min = 0;
  std::vector<MovementRule> movements;  // At least one.
};

// INVALID_ARGUMENT with line and column of the mistake, named `file`.
absl::StatusOr<CsvMapping> ParseCsvMapping(absl::string_view yaml,
                                           const std::string& file);
// NOT_FOUND when there is no such file.
absl::StatusOr<CsvMapping> LoadCsvMapping(const std::string& file);

// The mapping of a file whose header names paths of movement fields.
// INVALID_ARGUMENT names the columns that are none.
absl::StatusOr<CsvMapping> MappingFromHeader(
    const std::vector<std::string>& header);

// Every column the mapping reads, each once, sorted.
std::vector<std::string> ColumnsUsed(const CsvMapping& mapping);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_CSV_MAPPING_H_
