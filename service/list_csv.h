// Lists as people send them: CSV with a header line.
#ifndef PORTRISK_SERVICE_LIST_CSV_H_
#define PORTRISK_SERVICE_LIST_CSV_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "portrisk/v1/lists.pb.h"
#include "portrisk/v1/rules.pb.h"
#include "service/list_store.h"

namespace portrisk::service {

struct ParsedList {
  std::vector<ListRow> rows;      // By value, each once.
  std::vector<v1::Issue> issues;  // In order of position, at most 200.
  // Of what can be used and is probably not meant; a few.
  std::vector<v1::Issue> warnings;
};

// Columns by name, in any order: value and reason, which every row has, and
// owner and expires, which it may have. The rows can be used only when there
// are no issues. `file` is the name shown in them.
ParsedList ParseListCsv(absl::string_view csv, v1::ListType type,
                        absl::string_view file);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_LIST_CSV_H_
