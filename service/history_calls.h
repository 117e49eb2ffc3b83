// HistoryService: its methods.
#ifndef PORTRISK_SERVICE_HISTORY_CALLS_H_
#define PORTRISK_SERVICE_HISTORY_CALLS_H_

#include "portrisk/v1/history_service.grpc.pb.h"
#include "service/export.h"
#include "service/gate.h"
#include "service/history_api.h"

namespace portrisk::service {

class HistoryServiceImpl final : public Gated<v1::HistoryService> {
 public:
  // All outlive this.
  HistoryServiceImpl(Gate* gate, const HistoryApi* api, ExportApi* exports)
      : Gated(gate), api_(api), exports_(exports) {}

  grpc::Status GetContainer(grpc::ServerContext* context,
                            const v1::GetContainerRequest* request,
                            v1::GetContainerResponse* reply) override {
    return Do(context, __func__, *request, reply,
              [&](const Caller&) { return api_->GetContainer(*request); });
  }
  grpc::Status GetEntity(grpc::ServerContext* context,
                         const v1::GetEntityRequest* request,
                         v1::GetEntityResponse* reply) override {
    return Do(context, __func__, *request, reply,
              [&](const Caller&) { return api_->GetEntity(*request); });
  }
  grpc::Status ListMovements(grpc::ServerContext* context,
                             const v1::ListMovementsRequest* request,
                             v1::ListMovementsResponse* reply) override {
    return Do(context, __func__, *request, reply,
              [&](const Caller&) { return api_->ListMovements(*request); });
  }

  grpc::Status Export(grpc::ServerContext* context,
                      const v1::ExportRequest* request,
                      grpc::ServerWriter<v1::ExportChunk>* writer) override {
    const auto caller = Enter(context, __func__);
    if (!caller.ok()) return ToGrpc(caller.status());
    const char* const method = __func__;
    uint64_t book = 0;
    return ToGrpc(exports_->Export(
        *request, *caller, &audit(), [&](const v1::ExportChunk& chunk) {
          const absl::Status still = StillMay(*caller, method, &book);
          if (!still.ok()) return still;
          return writer->Write(chunk)
                     ? absl::OkStatus()
                     : absl::AbortedError("the caller has gone");
        }));
  }

 private:
  const HistoryApi* const api_;
  ExportApi* const exports_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_HISTORY_CALLS_H_
