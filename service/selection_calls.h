// SelectionService: its methods and what they work with.
#ifndef PORTRISK_SERVICE_SELECTION_CALLS_H_
#define PORTRISK_SERVICE_SELECTION_CALLS_H_

#include "service/gate.h"
#include "service/profile_api.h"
#include "service/watchers.h"
#include "service/worklist_api.h"

namespace portrisk::service {

class SelectionServiceImpl final
    : public Gated<v1::SelectionService, SelectionBase> {
 public:
  // All outlive this. `development`: as in RuleApi.
  SelectionServiceImpl(Gate* gate, Engine* engine, const HistoryApi* history,
                       bool development)
      : Gated(gate),
        profiles_(engine, development),
        worklists_(engine, history),
        watchers_(gate, engine, history) {}

  Watchers& watchers() { return watchers_; }

  grpc::Status ValidateProfile(grpc::ServerContext* context,
                               const v1::ValidateProfileRequest* request,
                               v1::ValidateProfileResponse* reply) override;
  grpc::Status CreateProfile(grpc::ServerContext* context,
                             const v1::CreateProfileRequest* request,
                             v1::SelectionProfileVersion* reply) override;
  grpc::Status GetProfile(grpc::ServerContext* context,
                          const v1::GetProfileRequest* request,
                          v1::SelectionProfileVersion* reply) override;
  grpc::Status ListProfiles(grpc::ServerContext* context,
                            const v1::ListProfilesRequest* request,
                            v1::ListProfilesResponse* reply) override;
  grpc::Status ActivateProfile(grpc::ServerContext* context,
                               const v1::ActivateProfileRequest* request,
                               v1::SelectionProfileVersion* reply) override;
  grpc::Status ListWorklist(grpc::ServerContext* context,
                            const v1::ListWorklistRequest* request,
                            v1::Worklist* reply) override;
  grpc::Status TakeWorklist(grpc::ServerContext* context,
                            const v1::ListWorklistRequest* request,
                            v1::Worklist* reply) override;
  grpc::Status ListTakenWorklists(
      grpc::ServerContext* context,
      const v1::ListTakenWorklistsRequest* request,
      v1::ListTakenWorklistsResponse* reply) override;

 private:
  ProfileApi profiles_;
  WorklistApi worklists_;
  Watchers watchers_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_SELECTION_CALLS_H_
