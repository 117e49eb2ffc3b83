// Tables of states read together: all that they miss, in one batched read.
#ifndef PORTRISK_SERVICE_STATE_KIND_H_
#define PORTRISK_SERVICE_STATE_KIND_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "service/state_table.h"
#include "store/store.h"

namespace portrisk::service {

// A table and what it misses.
template <typename State>
struct StateKind {
  explicit StateKind(size_t capacity) : table(capacity) {}
  using Entry = typename StateTable<State>::Entry;

  Entry* Find(const EntityKey& key) { return table.Find(key, &missing); }

  StateTable<State> table;
  std::vector<Entry*> missing;
  // False: the store has nothing of it, and need not be asked.
  bool is_stored = true;
};

// Memory that a batched read needs; reused.
struct LoadBuffers {
  std::vector<absl::string_view> keys;
  std::vector<std::optional<std::string>> values;
};

// Reads everything that kinds miss, in one batched read; when that fails the
// new entries are gone. `each` calls what it is given with each kind. Without
// a store nothing is stored.
template <typename EachKind>
absl::Status LoadMissing(const store::Store* store, const EachKind& each,
                         LoadBuffers* buffers) {
  buffers->keys.clear();
  each([&](auto* kind) {
    if (!kind->is_stored) kind->missing.clear();
    kind->table.AppendKeys(kind->missing, &buffers->keys);
  });
  if (buffers->keys.empty()) return absl::OkStatus();
  absl::Status status;
  if (store != nullptr) {
    status =
        store->MultiGet(store::Table::kStates, buffers->keys, &buffers->values);
    size_t begin = 0;
    each([&](auto* kind) {
      if (status.ok()) {
        status = kind->table.Take(kind->missing, buffers->values, begin);
      }
      begin += kind->missing.size();
    });
  }
  each([&](auto* kind) {
    if (!status.ok()) kind->table.Forget(kind->missing);
    kind->missing.clear();
  });
  return status;
}

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_STATE_KIND_H_
