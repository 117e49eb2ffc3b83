#include "service/whole_aggregates.h"

#include "absl/strings/match.h"
#include "absl/types/span.h"
#include "scoring/aggregate_check.h"
#include "service/keys.h"

namespace portrisk::service {
namespace {

using AllAggregates = absl::Span<const scoring::AggregateShape>;

// The state under `key`, of the aggregates of its table.
absl::Status CheckOne(const EntityKey& key, AllAggregates shapes,
                      Aggregates::Table* table) {
  Aggregates::Entry* const entry = table->Find(key);
  if (scoring::IsWhole(shapes, entry->state())) return absl::OkStatus();
  table->table.Forget({entry});
  return StateDamaged(key);
}

}  // namespace

absl::Status CheckAggregates(const LoadBuffers& read,
                             const Aggregates& aggregates) {
  for (size_t i = 0; i < read.keys.size(); ++i) {
    const absl::string_view key = read.keys[i];
    if (!read.values[i] || key[0] != kAggregateKind) continue;
    const auto& tables = aggregates.tables();
    for (size_t group = 0; group < tables.size(); ++group) {
      Aggregates::Table* const table = tables[group].get();
      if (!absl::StartsWith(key, AggregatePrefix(table->number))) continue;
      const auto& own = aggregates.plan()->groups()[group];
      absl::Status status =
          CheckOne(EntityKey(key[0], key.substr(1)),
                   AllAggregates(aggregates.plan()->shapes())
                       .subspan(own.begin, own.end - own.begin),
                   table);
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace portrisk::service
