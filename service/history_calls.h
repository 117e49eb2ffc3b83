// HistoryService: its methods.
#ifndef PORTRISK_SERVICE_HISTORY_CALLS_H_
#define PORTRISK_SERVICE_HISTORY_CALLS_H_

#include "portrisk/v1/history_service.grpc.pb.h"
#include "service/export.h"
#include "service/history_api.h"
#include "service/methods.h"

namespace portrisk::service {

class HistoryServiceImpl final : public Methods {
 public:
  // All outlive this.
  HistoryServiceImpl(Gate* gate, const HistoryApi* api, ExportApi* exports)
      : Methods(gate, v1::HistoryService::service_full_name()) {
    Unary("GetContainer",
          [api](const v1::GetContainerRequest& request, const Caller&) {
            return api->GetContainer(request);
          });
    Unary("GetEntity",
          [api](const v1::GetEntityRequest& request, const Caller&) {
            return api->GetEntity(request);
          });
    Unary("ListMovements",
          [api](const v1::ListMovementsRequest& request, const Caller&) {
            return api->ListMovements(request);
          });
    Stream("Export", [this, exports](
                         grpc::ServerContext*, const v1::ExportRequest& request,
                         const Caller& caller,
                         grpc::ServerWriter<v1::ExportChunk>* writer) {
      uint64_t book = 0;
      return exports->Export(
          request, caller, &this->gate().audit(),
          [&](const v1::ExportChunk& chunk) {
            const absl::Status still =
                this->gate().StillMay(caller, RuleOf("Export"), &book);
            if (!still.ok()) return still;
            return writer->Write(chunk)
                       ? absl::OkStatus()
                       : absl::AbortedError("the caller has gone");
          });
    });
  }
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_HISTORY_CALLS_H_
