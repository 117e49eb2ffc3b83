// RuleService without its transport.
#ifndef PORTRISK_SERVICE_RULE_API_H_
#define PORTRISK_SERVICE_RULE_API_H_

#include <string>

#include "absl/status/statusor.h"
#include "portrisk/v1/rule_service.pb.h"
#include "scoring/rule_set_lint.h"
#include "service/caller.h"
#include "service/engine.h"

namespace portrisk::service {

// The identity that may approve its own work on a development server.
inline constexpr char kDevelopmentCaller[] = "development";

// Refuses who does not say who they are.
absl::Status NeedCaller(const Caller& caller);

// Thread-safe. Changes go through the journal; each returns when durable.
class RuleApi {
 public:
  // `engine` outlives this. `development`: see kDevelopmentCaller.
  RuleApi(Engine* engine, bool development)
      : engine_(engine), development_(development) {}

  v1::ValidateRuleSetResponse Validate(
      const v1::ValidateRuleSetRequest& request) const;
  absl::StatusOr<v1::Revision> Create(const v1::CreateRevisionRequest& request,
                                      const Caller& caller);
  absl::StatusOr<v1::Revision> Get(const v1::GetRevisionRequest& request) const;
  absl::StatusOr<v1::ListRevisionsResponse> List(
      const v1::ListRevisionsRequest& request) const;
  absl::StatusOr<v1::Revision> Approve(const v1::ChangeRevisionRequest& request,
                                       const Caller& caller);
  absl::StatusOr<v1::Revision> Activate(
      const v1::ChangeRevisionRequest& request, const Caller& caller);
  absl::StatusOr<v1::Revision> Shadow(const v1::ChangeRevisionRequest& request,
                                      const Caller& caller);
  absl::StatusOr<v1::Revision> Share(const v1::ChangeRevisionRequest& request,
                                     const Caller& caller);
  absl::StatusOr<v1::Revision> Retire(const v1::ChangeRevisionRequest& request,
                                      const Caller& caller);
  absl::StatusOr<v1::Revision> Rollback(
      const v1::RollbackRuleSetRequest& request, const Caller& caller);
  absl::StatusOr<v1::Revision> ResetBreaker(
      const v1::ResetBreakerRequest& request, const Caller& caller);
  absl::StatusOr<v1::DiffRevisionsResponse> Diff(
      const v1::DiffRevisionsRequest& request) const;
  absl::StatusOr<v1::LoadReferenceResponse> LoadReference(
      const v1::LoadReferenceRequest& request, const Caller& caller);

 private:
  scoring::CheckOptions LintOptions() const;
  absl::Status MayApprove(const v1::Revision& revision,
                          const Caller& caller) const;
  // What an approval rests on: an evaluation, or the reason why there is none.
  absl::Status SetGrounds(const v1::Catalogue& catalogue,
                          const v1::ChangeRevisionRequest& request,
                          v1::RevisionEvent* event) const;
  // Moves `revision` to `state`, with what that does to the others of its set.
  // When it has to warm first, waits a moment for that.
  absl::StatusOr<v1::Revision> Change(const v1::ChangeRevisionRequest& request,
                                      v1::RevisionState state,
                                      const Caller& caller);
  // What a change has come to; while it warms, after a moment.
  absl::StatusOr<v1::Revision> Shown(absl::StatusOr<v1::Revision> changed);

  Engine* const engine_;
  const bool development_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_RULE_API_H_
