// Tables of states read together: all that they miss, in one batched read.
#ifndef PORTRISK_SERVICE_STATE_KIND_H_
#define PORTRISK_SERVICE_STATE_KIND_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
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

// Where states are that are not in memory.
struct StoredStates {
  const store::Store* store = nullptr;  // Null: nothing is stored.
  // Those of the base at that position; 0: those of the checkpoint.
  uint64_t base = 0;

  store::Table table() const {
    return base == 0 ? store::Table::kStates : store::Table::kBase;
  }
  // Before every key.
  std::string prefix() const {
    return base == 0 ? std::string() : store::BigEndian64(base);
  }
};

// Memory that a batched read needs; reused.
struct LoadBuffers {
  std::vector<absl::string_view> keys;
  std::vector<std::optional<std::string>> values;
};

inline absl::Status ReadStates(const StoredStates& from, LoadBuffers* buffers) {
  if (from.base == 0) {
    return from.store->MultiGet(from.table(), buffers->keys, &buffers->values);
  }
  const std::string prefix = from.prefix();
  std::vector<std::string> prefixed;
  for (const absl::string_view key : buffers->keys) {
    prefixed.push_back(absl::StrCat(prefix, key));
  }
  const std::vector<absl::string_view> keys(prefixed.begin(), prefixed.end());
  return from.store->MultiGet(from.table(), keys, &buffers->values);
}

// Reads everything that kinds miss, in one batched read; when that fails the
// new entries are gone. `each` calls what it is given with each kind.
template <typename EachKind>
absl::Status LoadMissing(const StoredStates& from, const EachKind& each,
                         LoadBuffers* buffers) {
  buffers->keys.clear();
  each([&](auto* kind) {
    if (!kind->is_stored) kind->missing.clear();
    kind->table.AppendKeys(kind->missing, &buffers->keys);
  });
  if (buffers->keys.empty()) return absl::OkStatus();
  absl::Status status;
  if (from.store != nullptr) {
    status = ReadStates(from, buffers);
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
