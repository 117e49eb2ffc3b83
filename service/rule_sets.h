// Compiled rule sets by revision, and what is in force.
#ifndef PORTRISK_SERVICE_RULE_SETS_H_
#define PORTRISK_SERVICE_RULE_SETS_H_

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "portrisk/v1/rules.pb.h"
#include "scoring/programme.h"
#include "scoring/reference.h"
#include "store/store.h"

namespace portrisk::service {

class Core;

// Keeps every rule set that was needed once: old ones explain old assessments.
// Thread-safe.
class RuleSets {
 public:
  // The compiled rule set of a revision; reads and checks its YAML the first
  // time.
  absl::StatusOr<std::shared_ptr<const scoring::RuleSet>> Get(
      const store::Store& store, uint64_t revision) const;

  // Null where that has not happened yet. Reads nothing.
  std::shared_ptr<const scoring::RuleSet> Find(uint64_t revision) const;

  // Keeps one that was checked already.
  void Keep(uint64_t revision,
            std::shared_ptr<const scoring::RuleSet> rule_set) const;

 private:
  mutable std::mutex mutex_;
  mutable std::map<uint64_t, std::shared_ptr<const scoring::RuleSet>> sets_;
};

// A revision with its YAML. NOT_FOUND when there is none; DATA_LOSS when its
// YAML does not have its content hash.
absl::StatusOr<v1::Revision> ReadRevision(const store::Store& store,
                                          uint64_t revision);

// Revisions, lists and profiles as they stand at the journal's end.
absl::StatusOr<v1::Catalogue> ReadCatalogue(const store::Store& store);

// The revisions that are active or in shadow in `catalogue`.
absl::StatusOr<std::vector<scoring::Programme::Member>> MembersInForce(
    const store::Store& store, const RuleSets& rule_sets,
    const v1::Catalogue& catalogue);

// Compiles them.
absl::StatusOr<std::shared_ptr<const scoring::Programme>> CompileInForce(
    const store::Store& store, const RuleSets& rule_sets,
    const v1::Catalogue& catalogue);

// What the last few thousand movements up to a durable position look like.
absl::StatusOr<v1::Statistics> Observe(const store::Store& store,
                                       uint64_t last_sequence);

// The reference data of that version; the empty one for "".
absl::StatusOr<v1::ReferenceTable> LoadReferenceTable(
    const store::Store& store, const std::string& version);
absl::StatusOr<std::shared_ptr<const scoring::Reference>> LoadReference(
    const store::Store& store, const std::string& version);

// Gives the core its programme, lists and reference data after opening a store.
absl::Status LoadInForce(const store::Store& store, RuleSets* rule_sets,
                         Core* core);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_RULE_SETS_H_
