#include "service/errors.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/rpc/error_details.pb.h"
#include "store/store.h"

namespace portrisk::service {
namespace {

constexpr char kErrorInfo[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kBadRequest[] = "type.googleapis.com/google.rpc.BadRequest";
constexpr char kRetryInfo[] = "type.googleapis.com/google.rpc.RetryInfo";

// An error travels in the trailing metadata, of which clients take 8 KiB.
constexpr size_t kViolationBytesMax = 4096;
constexpr size_t kViolationOverhead = 8;  // Tags and lengths.

std::string ToString(absl::string_view view) { return std::string(view); }

}  // namespace

absl::Status Error(absl::StatusCode code, absl::string_view reason,
                   absl::string_view message, const Metadata& metadata) {
  absl::Status status(code, message);
  google::rpc::ErrorInfo info;
  info.set_reason(ToString(reason));
  info.set_domain("portrisk");
  for (const auto& [key, value] : metadata) {
    (*info.mutable_metadata())[key] = value;
  }
  status.SetPayload(kErrorInfo, absl::Cord(info.SerializeAsString()));
  return status;
}

absl::Status StoreDamaged(absl::string_view what) {
  return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
               absl::StrCat(what, " does not parse; ", store::kRemedy));
}

absl::Status MovementRemoved(uint64_t sequence) {
  return Error(
      absl::StatusCode::kFailedPrecondition, "MOVEMENT_REMOVED",
      absl::StrCat("the movement at position ", sequence,
                   " was removed when it had passed the age that `portrisk "
                   "retention` shows: it can neither be shown nor repeated, "
                   "corrected or retracted. A backup made before still has it"),
      {{"stored_sequence", absl::StrCat(sequence)}});
}

absl::Status WithViolations(absl::Status status, absl::string_view prefix,
                            const std::vector<Violation>& violations) {
  google::rpc::BadRequest bad;
  size_t bytes = 0;
  for (const Violation& violation : violations) {
    const size_t more = prefix.size() + violation.field.size() +
                        violation.description.size() + kViolationOverhead;
    auto* field = bad.add_field_violations();
    if (bytes > 0 && bytes + more > kViolationBytesMax) {
      const size_t left = violations.size() + 1 - bad.field_violations_size();
      field->set_description(absl::StrCat(
          "and ", left, " more, which one answer has no room for"));
      break;
    }
    bytes += more;
    field->set_field(absl::StrCat(prefix, violation.field));
    field->set_description(violation.description);
  }
  status.SetPayload(kBadRequest, absl::Cord(bad.SerializeAsString()));
  return status;
}

absl::Status WithRetry(absl::Status status, absl::Duration delay) {
  google::rpc::RetryInfo retry;
  const int64_t nanos = absl::ToInt64Nanoseconds(delay);
  retry.mutable_retry_delay()->set_seconds(nanos / 1'000'000'000);
  retry.mutable_retry_delay()->set_nanos(
      static_cast<int32_t>(nanos % 1'000'000'000));
  status.SetPayload(kRetryInfo, absl::Cord(retry.SerializeAsString()));
  return status;
}

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status rpc;
  rpc.set_code(static_cast<int>(status.code()));
  rpc.set_message(ToString(status.message()));
  if (status.ok()) return rpc;
  bool informed = false;
  // A fixed order, so that equal errors are equal bytes.
  for (const char* url : {kErrorInfo, kBadRequest, kRetryInfo}) {
    const auto payload = status.GetPayload(url);
    if (!payload) continue;
    informed |= url == kErrorInfo;
    auto* any = rpc.add_details();
    any->set_type_url(url);
    any->set_value(std::string(*payload));
  }
  if (!informed) {
    google::rpc::ErrorInfo info;
    info.set_reason(absl::IsDataLoss(status) ? "STORE_DAMAGED" : "INTERNAL");
    info.set_domain("portrisk");
    auto* any = rpc.add_details();
    any->set_type_url(kErrorInfo);
    any->set_value(info.SerializeAsString());
  }
  return rpc;
}

namespace {

std::vector<Violation> ViolationsOf(const google::rpc::Status& status) {
  std::vector<Violation> violations;
  for (const auto& any : status.details()) {
    google::rpc::BadRequest bad;
    if (!any.Is<google::rpc::BadRequest>() || !any.UnpackTo(&bad)) continue;
    for (const auto& violation : bad.field_violations()) {
      violations.push_back({violation.field(), violation.description()});
    }
  }
  return violations;
}

std::string TextOf(const Violation& violation) {
  return absl::StrCat(violation.field, violation.field.empty() ? "" : ": ",
                      violation.description);
}

}  // namespace

std::string Describe(const google::rpc::Status& status) {
  std::string text = status.message();
  for (const Violation& violation : ViolationsOf(status)) {
    absl::StrAppend(&text, "\n  ", TextOf(violation));
  }
  return text;
}

std::optional<absl::Duration> RetryDelayOf(const google::rpc::Status& status) {
  for (const auto& any : status.details()) {
    google::rpc::RetryInfo retry;
    if (!any.Is<google::rpc::RetryInfo>() || !any.UnpackTo(&retry)) continue;
    return absl::Seconds(retry.retry_delay().seconds()) +
           absl::Nanoseconds(retry.retry_delay().nanos());
  }
  return std::nullopt;
}

std::string OneLineOf(const std::vector<Violation>& violations) {
  return absl::StrJoin(
      violations, "; ",
      [](std::string* out, const Violation& one) { out->append(TextOf(one)); });
}

std::string OneLineOf(const google::rpc::Status& status) {
  const std::vector<Violation> violations = ViolationsOf(status);
  return violations.empty() ? status.message() : OneLineOf(violations);
}

std::string ErrorReason(const google::rpc::Status& status) {
  for (const auto& any : status.details()) {
    google::rpc::ErrorInfo info;
    if (any.Is<google::rpc::ErrorInfo>() && any.UnpackTo(&info)) {
      return info.reason();
    }
  }
  return "INTERNAL";
}

std::string ErrorReason(const absl::Status& status) {
  if (status.ok()) return "OK";
  google::rpc::ErrorInfo info;
  const auto payload = status.GetPayload(kErrorInfo);
  if (payload && info.ParseFromString(std::string(*payload))) {
    return info.reason();
  }
  return "INTERNAL";
}

absl::Status ShuttingDown() {
  return WithRetry(Error(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
                         "the server is shutting down; try again elsewhere or "
                         "after its restart"),
                   absl::Seconds(2));
}

}  // namespace portrisk::service
