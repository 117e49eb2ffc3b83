// The calls of SelectionService about profiles, without their transport.
#ifndef PORTRISK_SERVICE_PROFILE_API_H_
#define PORTRISK_SERVICE_PROFILE_API_H_

#include <string>

#include "absl/status/statusor.h"
#include "portrisk/v1/selection_service.pb.h"
#include "service/caller.h"
#include "service/engine.h"

namespace portrisk::service {

// Thread-safe. Changes go through the journal; each returns when durable.
class ProfileApi {
 public:
  // `engine` outlives this. `development`: as in RuleApi.
  ProfileApi(Engine* engine, bool development)
      : engine_(engine), development_(development) {}

  v1::ValidateProfileResponse Validate(
      const v1::ValidateProfileRequest& request) const;
  absl::StatusOr<v1::SelectionProfileVersion> Create(
      const v1::CreateProfileRequest& request, const Caller& caller);
  // With its YAML and what was read of it.
  absl::StatusOr<v1::SelectionProfileVersion> Get(
      const v1::GetProfileRequest& request) const;
  absl::StatusOr<v1::ListProfilesResponse> List(
      const v1::ListProfilesRequest& request) const;
  absl::StatusOr<v1::SelectionProfileVersion> Activate(
      const v1::ActivateProfileRequest& request, const Caller& caller);

 private:
  Engine* const engine_;
  const bool development_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_PROFILE_API_H_
