#include "service/selection_calls.h"

#include <utility>

#include "service/grpc_status.h"

namespace portrisk::service {
grpc::Status SelectionServiceImpl::ValidateProfile(
    grpc::ServerContext* context, const v1::ValidateProfileRequest* request,
    v1::ValidateProfileResponse* reply) {
  return Do(context, __func__, *request, reply, [&](const Caller&) {
    return absl::StatusOr<v1::ValidateProfileResponse>(
        profiles_.Validate(*request));
  });
}

grpc::Status SelectionServiceImpl::CreateProfile(
    grpc::ServerContext* context, const v1::CreateProfileRequest* request,
    v1::SelectionProfileVersion* reply) {
  return Do(context, __func__, *request, reply, [&](const Caller& caller) {
    return profiles_.Create(*request, caller);
  });
}

grpc::Status SelectionServiceImpl::GetProfile(
    grpc::ServerContext* context, const v1::GetProfileRequest* request,
    v1::SelectionProfileVersion* reply) {
  return Do(context, __func__, *request, reply,
            [&](const Caller&) { return profiles_.Get(*request); });
}

grpc::Status SelectionServiceImpl::ListProfiles(
    grpc::ServerContext* context, const v1::ListProfilesRequest* request,
    v1::ListProfilesResponse* reply) {
  return Do(context, __func__, *request, reply,
            [&](const Caller&) { return profiles_.List(*request); });
}

grpc::Status SelectionServiceImpl::ActivateProfile(
    grpc::ServerContext* context, const v1::ActivateProfileRequest* request,
    v1::SelectionProfileVersion* reply) {
  return Do(context, __func__, *request, reply, [&](const Caller& caller) {
    return profiles_.Activate(*request, caller);
  });
}

grpc::Status SelectionServiceImpl::ListWorklist(
    grpc::ServerContext* context, const v1::ListWorklistRequest* request,
    v1::Worklist* reply) {
  return Do(context, __func__, *request, reply,
            [&](const Caller&) { return worklists_.List(*request); });
}

grpc::Status SelectionServiceImpl::TakeWorklist(
    grpc::ServerContext* context, const v1::ListWorklistRequest* request,
    v1::Worklist* reply) {
  return Do(context, __func__, *request, reply, [&](const Caller& caller) {
    return worklists_.Take(*request, caller);
  });
}

grpc::Status SelectionServiceImpl::ListTakenWorklists(
    grpc::ServerContext* context, const v1::ListTakenWorklistsRequest* request,
    v1::ListTakenWorklistsResponse* reply) {
  return Do(context, __func__, *request, reply,
            [&](const Caller&) { return worklists_.ListTaken(*request); });
}

}  // namespace portrisk::service
