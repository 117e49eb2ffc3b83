// The catalogue of rule-set revisions and list versions: a fold of the journal,
// live and when the journal is read again.
#ifndef PORTRISK_SERVICE_CATALOGUE_H_
#define PORTRISK_SERVICE_CATALOGUE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "portrisk/v1/journal.pb.h"
#include "portrisk/v1/rules.pb.h"
#include "scoring/programme.h"

namespace portrisk::service {

// Takes one record in; records of movements change nothing.
void FoldIntoCatalogue(const v1::JournalRecord& record,
                       v1::Catalogue* catalogue);

// Null when there is none.
v1::Revision* FindRevision(v1::Catalogue* catalogue, uint64_t number);
const v1::Revision* FindRevision(const v1::Catalogue& catalogue,
                                 uint64_t number);

// With which a revision that is WARMING began to: others may have come since,
// of a breaker.
const v1::RevisionEvent& WarmingBegun(const v1::Revision& revision);

// Null when there is none.
const v1::Evaluation* FindEvaluation(const v1::Catalogue& catalogue,
                                     uint64_t number);

// Null when there is none.
const v1::Erasure* FindErasure(const v1::Catalogue& catalogue, uint64_t number);

// Movements up to there are removed, by what the journal says up to `sequence`.
uint64_t RemovedAt(const v1::Catalogue& catalogue, uint64_t sequence);

// Whether the base has the states of that table of aggregates; true where there
// is none, and all is folded from the beginning.
bool IsInBase(const v1::Catalogue& catalogue, uint32_t table);

// FAILED_PRECONDITION: with what a movement was assessed cannot be told any
// more, since movements before it have been removed.
absl::Status PastRemoved(const v1::Catalogue& catalogue);

// The version in force; null when none was loaded.
const v1::ListVersion* FindList(const v1::Catalogue& catalogue,
                                absl::string_view name);
// The versions in force, each name once, by journal position.
std::vector<const v1::ListVersion*> ListsInForce(
    const v1::Catalogue& catalogue);

// Which units each active revision concerns: while one is rolled out, those
// below its share; the one before it, the others.
std::vector<scoring::Programme::Share> SharesOf(const v1::Catalogue& catalogue);

// The rules that tripped breakers keep in shadow.
std::vector<scoring::Programme::Override> OverridesOf(
    const v1::Catalogue& catalogue);

// The revision that was active before the one that is now, rollbacks undone:
// what a rollback brings back. 0 when there is none. When none is active, the
// last one that was.
uint64_t PreviousActive(const v1::Catalogue& catalogue,
                        absl::string_view rule_set);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_CATALOGUE_H_
