// RuleService: its methods and what they work with.
#ifndef PORTRISK_SERVICE_RULE_CALLS_H_
#define PORTRISK_SERVICE_RULE_CALLS_H_

#include "absl/strings/str_cat.h"
#include "portrisk/v1/rule_service.grpc.pb.h"
#include "service/explain_api.h"
#include "service/gate.h"
#include "service/list_api.h"
#include "service/rule_api.h"

namespace portrisk::service {

class RuleServiceImpl final : public Gated<v1::RuleService> {
 public:
  // All outlive this.
  RuleServiceImpl(Gate* gate, RuleApi* api, ListApi* lists,
                  const ExplainApi* explain)
      : Gated(gate), api_(api), lists_(lists), explain_(explain) {}

  grpc::Status ValidateRuleSet(grpc::ServerContext* context,
                               const v1::ValidateRuleSetRequest* request,
                               v1::ValidateRuleSetResponse* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller&) {
      return absl::StatusOr<v1::ValidateRuleSetResponse>(
          api_->Validate(*request));
    });
  }
  grpc::Status CreateRevision(grpc::ServerContext* context,
                              const v1::CreateRevisionRequest* request,
                              v1::Revision* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return api_->Create(*request, caller);
    });
  }
  grpc::Status GetRevision(grpc::ServerContext* context,
                           const v1::GetRevisionRequest* request,
                           v1::Revision* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return Shown(api_->Get(*request), caller);
    });
  }
  grpc::Status ListRevisions(grpc::ServerContext* context,
                             const v1::ListRevisionsRequest* request,
                             v1::ListRevisionsResponse* reply) override {
    return Do(context, __func__, *request, reply,
              [&](const Caller&) { return api_->List(*request); });
  }
  grpc::Status ApproveRevision(grpc::ServerContext* context,
                               const v1::ChangeRevisionRequest* request,
                               v1::Revision* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return api_->Approve(*request, caller);
    });
  }
  grpc::Status ActivateRevision(grpc::ServerContext* context,
                                const v1::ChangeRevisionRequest* request,
                                v1::Revision* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return api_->Activate(*request, caller);
    });
  }
  grpc::Status RetireRevision(grpc::ServerContext* context,
                              const v1::ChangeRevisionRequest* request,
                              v1::Revision* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return api_->Retire(*request, caller);
    });
  }
  grpc::Status LoadReference(grpc::ServerContext* context,
                             const v1::LoadReferenceRequest* request,
                             v1::LoadReferenceResponse* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return api_->LoadReference(*request, caller);
    });
  }
  grpc::Status ShadowRevision(grpc::ServerContext* context,
                              const v1::ChangeRevisionRequest* request,
                              v1::Revision* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return api_->Shadow(*request, caller);
    });
  }
  grpc::Status ShareRevision(grpc::ServerContext* context,
                             const v1::ChangeRevisionRequest* request,
                             v1::Revision* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return api_->Share(*request, caller);
    });
  }
  grpc::Status RollbackRuleSet(grpc::ServerContext* context,
                               const v1::RollbackRuleSetRequest* request,
                               v1::Revision* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return api_->Rollback(*request, caller);
    });
  }
  grpc::Status ResetBreaker(grpc::ServerContext* context,
                            const v1::ResetBreakerRequest* request,
                            v1::Revision* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return api_->ResetBreaker(*request, caller);
    });
  }
  grpc::Status LoadList(grpc::ServerContext* context,
                        const v1::LoadListRequest* request,
                        v1::LoadListResponse* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return lists_->Load(*request, caller);
    });
  }
  grpc::Status DiffRevisions(grpc::ServerContext* context,
                             const v1::DiffRevisionsRequest* request,
                             v1::DiffRevisionsResponse* reply) override {
    return Do(
        context, __func__, *request, reply,
        [&](const Caller& caller) -> absl::StatusOr<v1::DiffRevisionsResponse> {
          for (const uint64_t one : {request->before(), request->after()}) {
            v1::GetRevisionRequest get;
            get.set_revision(one);
            const auto revision = Shown(api_->Get(get), caller);
            if (!revision.ok()) return revision.status();
          }
          return api_->Diff(*request);
        });
  }
  grpc::Status ListLists(grpc::ServerContext* context,
                         const v1::ListListsRequest* request,
                         v1::ListListsResponse* reply) override {
    return Do(context, __func__, *request, reply,
              [&](const Caller&) { return lists_->List(*request); });
  }
  grpc::Status GetList(grpc::ServerContext* context,
                       const v1::GetListRequest* request,
                       v1::GetListResponse* reply) override {
    return Do(context, __func__, *request, reply,
              [&](const Caller&) { return lists_->Get(*request); });
  }
  grpc::Status LookUpListValue(grpc::ServerContext* context,
                               const v1::LookUpListValueRequest* request,
                               v1::LookUpListValueResponse* reply) override {
    return Do(context, __func__, *request, reply,
              [&](const Caller&) { return lists_->LookUp(*request); });
  }
  grpc::Status Explain(grpc::ServerContext* context,
                       const v1::ExplainRequest* request,
                       v1::ExplainResponse* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return explain_->Explain(*request, caller);
    });
  }

 private:
  // PERMISSION_DENIED where the caller is bound to other layers.
  static absl::StatusOr<v1::Revision> Shown(
      absl::StatusOr<v1::Revision> revision, const Caller& caller) {
    if (!revision.ok() || caller.MayRead(revision->layer())) return revision;
    return Error(absl::StatusCode::kPermissionDenied, "RESTRICTED",
                 absl::StrCat("text of rule sets of the layer ",
                              v1::Layer_Name(revision->layer()), " is not for ",
                              caller.name));
  }

  RuleApi* const api_;
  ListApi* const lists_;
  const ExplainApi* const explain_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_RULE_CALLS_H_
