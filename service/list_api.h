// The calls of RuleService about lists, without their transport.
#ifndef PORTRISK_SERVICE_LIST_API_H_
#define PORTRISK_SERVICE_LIST_API_H_

#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "portrisk/v1/rule_service.pb.h"
#include "service/caller.h"
#include "service/engine.h"

namespace portrisk::service {

// Thread-safe. A load goes through the journal and returns when it is durable.
class ListApi {
 public:
  // `engine` outlives this.
  explicit ListApi(Engine* engine) : engine_(engine) {}

  absl::StatusOr<v1::LoadListResponse> Load(const v1::LoadListRequest& request,
                                            const Caller& caller);
  absl::StatusOr<v1::ListListsResponse> List(
      const v1::ListListsRequest& request) const;
  absl::StatusOr<v1::GetListResponse> Get(
      const v1::GetListRequest& request) const;
  absl::StatusOr<v1::LookUpListValueResponse> LookUp(
      const v1::LookUpListValueRequest& request) const;

 private:
  // A rule set in force must not lose a list by its changing type.
  absl::Status CheckType(const v1::Catalogue& catalogue,
                         const v1::LoadListRequest& request) const;

  Engine* const engine_;
  // One load at a time. The last step of it also holds rule_changes() of the
  // engine, whose other holders load nothing.
  std::mutex mutex_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_LIST_API_H_
