// RuleService: its methods and what they work with.
#ifndef PORTRISK_SERVICE_RULE_CALLS_H_
#define PORTRISK_SERVICE_RULE_CALLS_H_

#include "absl/strings/str_cat.h"
#include "portrisk/v1/rule_service.grpc.pb.h"
#include "service/explain_api.h"
#include "service/list_api.h"
#include "service/methods.h"
#include "service/rule_api.h"

namespace portrisk::service {

class RuleServiceImpl final : public Methods {
 public:
  // All outlive this.
  RuleServiceImpl(Gate* gate, RuleApi* api, ListApi* lists,
                  const ExplainApi* explain)
      : Methods(gate, v1::RuleService::service_full_name()) {
    AddDrafts(api);
    AddSteps(api);
    AddLists(lists);
    Unary("LoadReference",
          [api](const v1::LoadReferenceRequest& request, const Caller& caller) {
            return api->LoadReference(request, caller);
          });
    Unary("Explain",
          [explain](const v1::ExplainRequest& request, const Caller& caller) {
            return explain->Explain(request, caller);
          });
  }

 private:
  using Change = v1::ChangeRevisionRequest;

  void AddDrafts(RuleApi* api) {
    Unary("ValidateRuleSet",
          [api](const v1::ValidateRuleSetRequest& request, const Caller&) {
            return absl::StatusOr<v1::ValidateRuleSetResponse>(
                api->Validate(request));
          });
    Unary("CreateRevision",
          [api](const v1::CreateRevisionRequest& request,
                const Caller& caller) { return api->Create(request, caller); });
    Unary("GetRevision",
          [api](const v1::GetRevisionRequest& request, const Caller& caller) {
            return Shown(api->Get(request), caller);
          });
    Unary("ListRevisions", [api](const v1::ListRevisionsRequest& request,
                                 const Caller&) { return api->List(request); });
    Unary("DiffRevisions",
          [api](const v1::DiffRevisionsRequest& request, const Caller& caller)
              -> absl::StatusOr<v1::DiffRevisionsResponse> {
            for (const uint64_t one : {request.before(), request.after()}) {
              v1::GetRevisionRequest get;
              get.set_revision(one);
              const auto revision = Shown(api->Get(get), caller);
              if (!revision.ok()) return revision.status();
            }
            return api->Diff(request);
          });
  }

  void AddSteps(RuleApi* api) {
    Unary("ApproveRevision",
          [api](const Change& request, const Caller& caller) {
            return api->Approve(request, caller);
          });
    Unary("ActivateRevision",
          [api](const Change& request, const Caller& caller) {
            return api->Activate(request, caller);
          });
    Unary("ShadowRevision", [api](const Change& request, const Caller& caller) {
      return api->Shadow(request, caller);
    });
    Unary("ShareRevision", [api](const Change& request, const Caller& caller) {
      return api->Share(request, caller);
    });
    Unary("RetireRevision", [api](const Change& request, const Caller& caller) {
      return api->Retire(request, caller);
    });
    Unary("RollbackRuleSet", [api](const v1::RollbackRuleSetRequest& request,
                                   const Caller& caller) {
      return api->Rollback(request, caller);
    });
    Unary("ResetBreaker",
          [api](const v1::ResetBreakerRequest& request, const Caller& caller) {
            return api->ResetBreaker(request, caller);
          });
  }

  void AddLists(ListApi* lists) {
    Unary("LoadList",
          [lists](const v1::LoadListRequest& request, const Caller& caller) {
            return lists->Load(request, caller);
          });
    Unary("ListLists", [lists](const v1::ListListsRequest& request,
                               const Caller&) { return lists->List(request); });
    Unary("GetList", [lists](const v1::GetListRequest& request, const Caller&) {
      return lists->Get(request);
    });
    Unary("LookUpListValue",
          [lists](const v1::LookUpListValueRequest& request, const Caller&) {
            return lists->LookUp(request);
          });
  }

  // PERMISSION_DENIED where the caller is bound to other layers.
  static absl::StatusOr<v1::Revision> Shown(
      absl::StatusOr<v1::Revision> revision, const Caller& caller) {
    if (!revision.ok() || caller.MayRead(revision->layer())) return revision;
    return Error(absl::StatusCode::kPermissionDenied, "RESTRICTED",
                 absl::StrCat("text of rule sets of the layer ",
                              v1::Layer_Name(revision->layer()), " is not for ",
                              caller.name));
  }
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_RULE_CALLS_H_
