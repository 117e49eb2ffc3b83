// RuleService.Explain without its transport: why a rule did or did not hit a
// movement, with everything as it stood at that movement.
#ifndef PORTRISK_SERVICE_EXPLAIN_API_H_
#define PORTRISK_SERVICE_EXPLAIN_API_H_

#include <vector>

#include "absl/status/statusor.h"
#include "portrisk/v1/rule_service.pb.h"
#include "service/caller.h"
#include "service/engine.h"

namespace portrisk::service {

// Thread-safe. Reads only; the apply loop is asked for an index look-up and
// nothing more.
class ExplainApi {
 public:
  // `engine` outlives this.
  explicit ExplainApi(Engine* engine) : engine_(engine) {}

  // Of a restricted rule an officer sees whether it hit, its title and what
  // lay outside of the condition, never the condition.
  absl::StatusOr<v1::ExplainResponse> Explain(const v1::ExplainRequest& request,
                                              const Caller& caller = {}) const;

 private:
  struct Subject;  // The movement asked about.

  absl::StatusOr<uint64_t> FindSequence(
      const v1::ExplainRequest& request) const;
  // The revision to explain.
  absl::StatusOr<uint64_t> FindRule(const v1::ExplainRequest& request,
                                    const v1::Catalogue& catalogue,
                                    const Subject& subject) const;
  // The lists a revision uses, as of the movement; read from the store only
  // where `in_force`, those of now, are others.
  absl::StatusOr<std::vector<scoring::Programme::List>> ListsAt(
      const v1::Catalogue& catalogue, uint64_t revision,
      const std::vector<scoring::Programme::List>& in_force,
      const Subject& subject) const;

  Engine* const engine_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_EXPLAIN_API_H_
