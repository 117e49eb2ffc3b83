// What must hold for any bytes taken for a list. Used by the fuzzer and, with
// seeded mutations, by an ordinary test.
#ifndef PORTRISK_TESTS_FORMATS_FUZZ_LIST_CSV_H_
#define PORTRISK_TESTS_FORMATS_FUZZ_LIST_CSV_H_

#include "service/list_csv.h"
#include "tests/formats/fuzz_formats.h"

namespace portrisk::service {

inline void FuzzListCsv(absl::string_view bytes, v1::ListType type) {
  const ParsedList parsed = ParseListCsv(bytes, type, "fuzz");
  for (const v1::Issue& issue : parsed.issues) {
    // Parsing proto3 refuses strings that are not UTF-8.
    v1::Issue copy;
    Require(copy.ParseFromString(issue.SerializeAsString()),
            "every issue is UTF-8");
    Require(!issue.code().empty() && !issue.message().empty(),
            "every issue says what");
    Require(issue.code() == "MORE_ISSUES" ||
                (issue.line() >= 1 && issue.column() >= 1),
            "every issue says where");
  }
  if (!parsed.issues.empty()) return;
  const ListRow* before = nullptr;
  for (const ListRow& row : parsed.rows) {
    Require(!row.value.empty() && !row.reason.empty(), "rows are complete");
    v1::ListEntry entry, copy;
    entry.set_value(row.value);
    entry.set_reason(row.reason);
    entry.set_owner(row.owner);
    Require(copy.ParseFromString(entry.SerializeAsString()),
            "every entry is UTF-8");
    Require(before == nullptr || before->value < row.value,
            "rows are sorted and each once");
    before = &row;
  }
}

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_FORMATS_FUZZ_LIST_CSV_H_
