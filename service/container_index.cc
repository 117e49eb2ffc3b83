#include "service/container_index.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "service/keys.h"

namespace portrisk::service {

absl::StatusOr<std::vector<uint64_t>> PositionsOf(Engine* engine,
                                                  absl::string_view number,
                                                  Positions where,
                                                  size_t most) {
  absl::flat_hash_map<EntityKey, std::vector<uint64_t>> pending;
  std::vector<uint64_t>& positions = pending[ContainerKey(number)];
  absl::Status status = engine->Look([&](Core& core) {
    core.AddPending(&pending);
    where.begin =
        std::max(where.begin, core.catalogue().removed_sequence() + 1);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  // After the look: what was pending may have reached the index meanwhile.
  auto store = engine->store();
  if (!store.ok()) return store.status();
  status = CompletePositions(**store, number, where, most, &positions);
  if (!status.ok()) return status;
  return std::move(positions);
}

absl::Status CompletePositions(const store::Store& store,
                               absl::string_view number, Positions where,
                               size_t most, std::vector<uint64_t>* positions) {
  positions->erase(std::remove_if(positions->begin(), positions->end(),
                                  [&](uint64_t position) {
                                    return position < where.begin ||
                                           position >= where.end;
                                  }),
                   positions->end());
  const std::string prefix = ContainerIndexPrefix(number);
  size_t read = 0;
  absl::Status status =
      store.ScanPrefix(store::Table::kContainerIndex, prefix,
                       ContainerIndexKey(number, where.begin),
                       [&](absl::string_view key, absl::string_view) {
                         const uint64_t position =
                             store::FromBigEndian64(key.substr(prefix.size()));
                         if (position >= where.end) return false;
                         positions->push_back(position);
                         return ++read < most;
                       });
  if (!status.ok()) return status;
  std::sort(positions->begin(), positions->end());
  positions->erase(std::unique(positions->begin(), positions->end()),
                   positions->end());
  if (positions->size() > most) positions->resize(most);
  return absl::OkStatus();
}

}  // namespace portrisk::service
