// HistoryService: its methods.
#ifndef PORTRISK_SERVICE_HISTORY_CALLS_H_
#define PORTRISK_SERVICE_HISTORY_CALLS_H_

#include <future>

#include "absl/time/time.h"
#include "portrisk/v1/history_service.grpc.pb.h"
#include "service/export.h"
#include "service/history_api.h"
#include "service/methods.h"

namespace portrisk::service {

class HistoryServiceImpl final : public Methods {
 public:
  // All outlive this. An export ends when its caller takes nothing for
  // `unread_max`.
  HistoryServiceImpl(Gate* gate, const HistoryApi* api, ExportApi* exports,
                     absl::Duration unread_max)
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
    Stream("Export", [this, exports, unread_max](
                         grpc::ServerContext* context,
                         const v1::ExportRequest& request, const Caller& caller,
                         grpc::ServerWriter<v1::ExportChunk>* writer) {
      uint64_t book = 0;
      return exports->Export(
          request, caller, &this->gate().audit(),
          [&](const v1::ExportChunk& chunk) {
            const absl::Status still =
                this->gate().StillMay(caller, RuleOf("Export"), &book);
            if (!still.ok()) return still;
            return Write(chunk, unread_max, context, writer)
                       ? absl::OkStatus()
                       : absl::AbortedError("the caller has gone");
          });
    });
  }

 private:
  // A write that cannot go on returns when its call is cancelled, and not
  // before.
  static bool Write(const v1::ExportChunk& chunk, absl::Duration most,
                    grpc::ServerContext* context,
                    grpc::ServerWriter<v1::ExportChunk>* writer) {
    auto written =
        std::async(std::launch::async, [&] { return writer->Write(chunk); });
    if (written.wait_for(absl::ToChronoMilliseconds(most)) ==
        std::future_status::timeout) {
      context->TryCancel();
    }
    return written.get();
  }
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_HISTORY_CALLS_H_
