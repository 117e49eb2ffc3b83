// SelectionService: its methods and what they work with.
#ifndef PORTRISK_SERVICE_SELECTION_CALLS_H_
#define PORTRISK_SERVICE_SELECTION_CALLS_H_

#include "service/profile_api.h"
#include "service/watchers.h"
#include "service/worklist_api.h"

namespace portrisk::service {

class SelectionServiceImpl final : public SelectionBase {
 public:
  // All outlive this. `development`: as in RuleApi.
  SelectionServiceImpl(Gate* gate, Engine* engine, const HistoryApi* history,
                       bool development)
      : SelectionBase(gate),
        profiles_(engine, development),
        worklists_(engine, history),
        watchers_(gate, engine, history) {
    AddProfiles();
    AddWorklists();
  }

  Watchers& watchers() { return watchers_; }

 private:
  void AddProfiles() {
    Unary("ValidateProfile",
          [this](const v1::ValidateProfileRequest& request, const Caller&) {
            return absl::StatusOr<v1::ValidateProfileResponse>(
                profiles_.Validate(request));
          });
    Unary("CreateProfile", [this](const v1::CreateProfileRequest& request,
                                  const Caller& caller) {
      return profiles_.Create(request, caller);
    });
    Unary("GetProfile",
          [this](const v1::GetProfileRequest& request, const Caller&) {
            return profiles_.Get(request);
          });
    Unary("ListProfiles",
          [this](const v1::ListProfilesRequest& request, const Caller&) {
            return profiles_.List(request);
          });
    Unary("ActivateProfile", [this](const v1::ActivateProfileRequest& request,
                                    const Caller& caller) {
      return profiles_.Activate(request, caller);
    });
  }

  void AddWorklists() {
    Unary("ListWorklist",
          [this](const v1::ListWorklistRequest& request, const Caller&) {
            return worklists_.List(request);
          });
    Unary("TakeWorklist",
          [this](const v1::ListWorklistRequest& request, const Caller& caller) {
            return worklists_.Take(request, caller);
          });
    Unary("ListTakenWorklists",
          [this](const v1::ListTakenWorklistsRequest& request, const Caller&) {
            return worklists_.ListTaken(request);
          });
  }

  ProfileApi profiles_;
  WorklistApi worklists_;
  Watchers watchers_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_SELECTION_CALLS_H_
