// RuleService without its transport.
#ifndef PORTRISK_SERVICE_RULE_API_H_
#define PORTRISK_SERVICE_RULE_API_H_

#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "portrisk/v1/rule_service.pb.h"
#include "service/engine.h"

namespace portrisk::service {

// The identity that may approve its own work on a development server.
inline constexpr char kDevelopmentCaller[] = "development";

// Thread-safe. Changes go through the journal; each returns when durable.
class RuleApi {
 public:
  // `engine` outlives this. `development`: see kDevelopmentCaller.
  RuleApi(Engine* engine, bool development)
      : engine_(engine), development_(development) {}

  v1::ValidateRuleSetResponse Validate(
      const v1::ValidateRuleSetRequest& request) const;
  absl::StatusOr<v1::Revision> Create(const v1::CreateRevisionRequest& request,
                                      const std::string& caller);
  absl::StatusOr<v1::Revision> Get(const v1::GetRevisionRequest& request) const;
  absl::StatusOr<v1::ListRevisionsResponse> List(
      const v1::ListRevisionsRequest& request) const;
  absl::StatusOr<v1::Revision> Approve(const v1::ChangeRevisionRequest& request,
                                       const std::string& caller);
  absl::StatusOr<v1::Revision> Activate(
      const v1::ChangeRevisionRequest& request, const std::string& caller);
  absl::StatusOr<v1::Revision> Retire(const v1::ChangeRevisionRequest& request,
                                      const std::string& caller);
  absl::StatusOr<v1::LoadReferenceResponse> LoadReference(
      const v1::LoadReferenceRequest& request, const std::string& caller);

 private:
  absl::StatusOr<v1::Catalogue> ReadCatalogue() const;
  absl::Status MayApprove(const v1::Revision& revision,
                          const std::string& caller) const;
  // Moves `revision` to `state`, the active one of its set to retired where
  // the new one becomes active, and puts the new programme in force.
  absl::StatusOr<v1::Revision> Change(const v1::ChangeRevisionRequest& request,
                                      v1::RevisionState state,
                                      const std::string& caller);

  Engine* const engine_;
  const bool development_;
  // One change at a time: a programme is compiled outside the apply loop from
  // what is in force, which must not change meanwhile.
  std::mutex mutex_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_RULE_API_H_
