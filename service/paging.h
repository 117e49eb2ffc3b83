// Pages of a list, as every method that lists reads its request.
#ifndef PORTRISK_SERVICE_PAGING_H_
#define PORTRISK_SERVICE_PAGING_H_

#include <algorithm>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "service/errors.h"

namespace portrisk::service {

// "1 to 1,000; 0 means 100."
template <typename Request>
int PageSizeOf(const Request& request) {
  return request.page_size() <= 0 ? 100
                                  : std::min<int>(request.page_size(), 1000);
}

// The number behind which the page begins: its token, from the last reply.
// INVALID_ARGUMENT (BAD_PAGE_TOKEN) when that is no number.
template <typename Request>
absl::StatusOr<uint64_t> PageBeginOf(const Request& request) {
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
