// Which tables of aggregates there are and what is in them: from the catalogue,
// the rule sets and the store.
#ifndef PORTRISK_SERVICE_AGGREGATE_TABLES_H_
#define PORTRISK_SERVICE_AGGREGATE_TABLES_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "portrisk/v1/rules.pb.h"
#include "scoring/programme.h"
#include "service/aggregates.h"
#include "service/rule_sets.h"
#include "store/store.h"

namespace portrisk::service {

// Those that are not being filled.
std::vector<v1::AggregateTable> TablesInUse(const v1::Catalogue& catalogue);
std::vector<uint32_t> NumbersOf(const std::vector<v1::AggregateTable>& tables);
bool HasTable(const v1::Catalogue& catalogue, uint32_t number);

// The plan of all that is counted in these tables.
absl::StatusOr<Aggregates::Plan> PlanOf(
    const store::Store& store, const RuleSets& rule_sets,
    const std::vector<v1::AggregateTable>& tables);

// Whether something in the group looks at names as they are written, but for
// its key, where pseudonyms stand for them. May say so of one that does not.
bool LooksAtNames(const scoring::AggregatePlan& plan, uint64_t group);

// Up to which journal position the stored states of a table are complete.
absl::StatusOr<uint64_t> FilledTo(const store::Store& store, uint32_t number);

// By key expression and identity, a revision that declares the aggregate.
using NeededAggregates = std::map<uint64_t, std::map<uint64_t, uint64_t>>;

// What the rules read of all revisions that are in force, in shadow or warming,
// and of those that a rollback would bring back, so that it is at once.
absl::StatusOr<NeededAggregates> NeededBy(const store::Store& store,
                                          const RuleSets& rule_sets,
                                          const v1::Catalogue& catalogue);

// Whether every aggregate that the programme reads is in a table in use.
bool AllInUse(const scoring::Programme& programme,
              const v1::Catalogue& catalogue);

// The tables to fill for a programme some of whose aggregates are in none in
// use: for each key expression with such a one, all that is needed of it.
std::vector<v1::AggregateTable> TablesToMake(
    const scoring::Programme& programme, const v1::Catalogue& catalogue,
    const NeededAggregates& needed, uint64_t revision);

// Numbers of tables in use of which nothing is needed, and of those that are
// being filled for a revision that is not warming any more.
std::vector<uint32_t> TablesToDrop(const v1::Catalogue& catalogue,
                                   const NeededAggregates& needed);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_AGGREGATE_TABLES_H_
