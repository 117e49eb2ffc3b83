// Pages of a list, as every method that lists reads its request.
#ifndef PORTRISK_SERVICE_PAGING_H_
#define PORTRISK_SERVICE_PAGING_H_

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "service/errors.h"

namespace portrisk::service {

// "1 to 1,000; 0 means 100." As AIP-158 has it, of more the caller gets fewer.
// Never below 0: CheckPageSize refuses that.
template <typename Request>
int PageSizeOf(const Request& request) {
  return request.page_size() == 0 ? 100
                                  : std::min<int>(request.page_size(), 1000);
}

// INVALID_ARGUMENT (BAD_PAGE_SIZE) for one below 0.
template <typename Request>
absl::Status CheckPageSize(const Request& request) {
  if (request.page_size() >= 0) return absl::OkStatus();
  const std::string what = absl::StrCat("is ", request.page_size(),
                                        "; give 1 to 1,000, or 0 for 100");
  return WithViolations(
      Error(absl::StatusCode::kInvalidArgument, "BAD_PAGE_SIZE",
            absl::StrCat("page_size ", what)),
      "", {{"page_size", what}});
}

// The number behind which the page begins: its token, from the last reply.
// INVALID_ARGUMENT (BAD_PAGE_TOKEN) when that is no number, and for the size.
template <typename Request>
absl::StatusOr<uint64_t> PageBeginOf(const Request& request) {
  absl::Status status = CheckPageSize(request);
  if (!status.ok()) return status;
  uint64_t after = 0;
  if (request.page_token().empty() ||
      (absl::SimpleAtoi(request.page_token(), &after) && after < UINT64_MAX)) {
    return after;
  }
  return Error(absl::StatusCode::kInvalidArgument, "BAD_PAGE_TOKEN",
               "page_token is not one that this method returned");
}

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_PAGING_H_
