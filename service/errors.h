// Errors as every edge of the service shows them: a canonical code, one
// ErrorInfo, field violations, a retry hint. Exactly one place builds them and
// exactly one turns them into google.rpc.Status.
#ifndef PORTRISK_SERVICE_ERRORS_H_
#define PORTRISK_SERVICE_ERRORS_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/rpc/status.pb.h"
#include "service/admission.h"

namespace portrisk::service {

using Metadata = std::vector<std::pair<std::string, std::string>>;

// An error with ErrorInfo{reason, domain "portrisk", metadata}.
absl::Status Error(absl::StatusCode code, absl::string_view reason,
                   absl::string_view message, const Metadata& metadata = {});

// DATA_LOSS: "`what` does not parse", and the remedy.
absl::Status StoreDamaged(absl::string_view what);

// FAILED_PRECONDITION: the movement at that position has passed its age.
absl::Status MovementRemoved(uint64_t sequence);

// Adds a BadRequest, each field prefixed by `prefix`.
absl::Status WithViolations(absl::Status status, absl::string_view prefix,
                            const std::vector<Violation>& violations);

// Adds a RetryInfo.
absl::Status WithRetry(absl::Status status, absl::Duration delay);

// The wire form. A status without ErrorInfo gets reason INTERNAL.
google::rpc::Status ToRpcStatus(const absl::Status& status);

// The reason in its ErrorInfo: "OK" of none, "INTERNAL" where it has none.
std::string ErrorReason(const absl::Status& status);

// After which the same may be sent again, of its RetryInfo; none: it may not.
std::optional<absl::Duration> RetryDelayOf(const google::rpc::Status& status);

// For a reject, which is on one line: its reason, and what is wrong with each
// field, else its message.
std::string ErrorReason(const google::rpc::Status& status);
std::string OneLineOf(const google::rpc::Status& status);
// The same of violations.
std::string OneLineOf(const std::vector<Violation>& violations);

// For people: the message, then each violation on a line of its own.
std::string Describe(const google::rpc::Status& status);

// Of a server that ends; with a retry hint.
absl::Status ShuttingDown();

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_ERRORS_H_
