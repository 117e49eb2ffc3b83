// Lists as the store keeps them: chunks of entries by value, under the hash of
// all of them, so that equal content is kept once.
#ifndef PORTRISK_SERVICE_LIST_STORE_H_
#define PORTRISK_SERVICE_LIST_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "portrisk/v1/lists.pb.h"
#include "scoring/cel/entry_set.h"
#include "store/store.h"

namespace portrisk::service {

struct ListRow {
  std::string value;  // In normal form.
  std::string reason;
  std::string owner;
  int64_t until = scoring::cel::EntrySet::kForever;  // Unix seconds, exclusive.
};

scoring::cel::EntryType EntryTypeOf(v1::ListType type);
// "container_number", as rule sets write it.
const std::string& ListTypeName(v1::ListType type);

// Keeps the rows, sorted by value and each once, and returns their content
// hash. Any thread; see Store::PutContent for durability.
absl::StatusOr<std::string> WriteList(store::Store* store, v1::ListType type,
                                      const std::vector<ListRow>& rows);

// Visits the entries of a version from the value `from` on, in order, until
// `visit` returns false. DATA_LOSS where a chunk does not parse.
absl::Status ScanList(const store::Store& store, const v1::ListVersion& list,
                      absl::string_view from,
                      const std::function<bool(const v1::ListEntry&)>& visit);

// The entry with exactly this value.
absl::StatusOr<std::optional<v1::ListEntry>> FindListEntry(
    const store::Store& store, const v1::ListVersion& list,
    absl::string_view value);

// The form that rules look things up in. DATA_LOSS when what is stored is not
// what the version says.
absl::StatusOr<std::shared_ptr<const scoring::cel::EntrySet>> LoadListEntries(
    const store::Store& store, const v1::ListVersion& list);

// Proves that the entries are stored and have the version's hash. DATA_LOSS.
absl::Status CheckList(const store::Store& store, const v1::ListVersion& list);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_LIST_STORE_H_
