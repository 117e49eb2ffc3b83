#include "service/selection_calls.h"

#include <utility>

#include "service/grpc_status.h"

namespace portrisk::service {
namespace {

// Gives a result or an error to gRPC.
template <typename Reply>
grpc::Status Answer(absl::StatusOr<Reply> result, Reply* reply) {
  if (!result.ok()) return ToGrpc(result.status());
  *reply = *std::move(result);
  return grpc::Status::OK;
}

}  // namespace

grpc::Status SelectionServiceImpl::ValidateProfile(
    grpc::ServerContext*, const v1::ValidateProfileRequest* request,
    v1::ValidateProfileResponse* reply) {
  *reply = profiles_.Validate(*request);
  return grpc::Status::OK;
}

grpc::Status SelectionServiceImpl::CreateProfile(
    grpc::ServerContext* context, const v1::CreateProfileRequest* request,
    v1::SelectionProfileVersion* reply) {
  return Answer(profiles_.Create(*request, CallerOf(*context)), reply);
}

grpc::Status SelectionServiceImpl::GetProfile(
    grpc::ServerContext*, const v1::GetProfileRequest* request,
    v1::SelectionProfileVersion* reply) {
  return Answer(profiles_.Get(*request), reply);
}

grpc::Status SelectionServiceImpl::ListProfiles(
    grpc::ServerContext*, const v1::ListProfilesRequest* request,
    v1::ListProfilesResponse* reply) {
  return Answer(profiles_.List(*request), reply);
}

grpc::Status SelectionServiceImpl::ActivateProfile(
    grpc::ServerContext* context, const v1::ActivateProfileRequest* request,
    v1::SelectionProfileVersion* reply) {
  return Answer(profiles_.Activate(*request, CallerOf(*context)), reply);
}

grpc::Status SelectionServiceImpl::ListWorklist(
    grpc::ServerContext*, const v1::ListWorklistRequest* request,
    v1::Worklist* reply) {
  return Answer(worklists_.List(*request), reply);
}

grpc::Status SelectionServiceImpl::TakeWorklist(
    grpc::ServerContext* context, const v1::ListWorklistRequest* request,
    v1::Worklist* reply) {
  return Answer(worklists_.Take(*request, CallerOf(*context)), reply);
}

grpc::Status SelectionServiceImpl::ListTakenWorklists(
    grpc::ServerContext*, const v1::ListTakenWorklistsRequest* request,
    v1::ListTakenWorklistsResponse* reply) {
  return Answer(worklists_.ListTaken(*request), reply);
}

}  // namespace portrisk::service
