// Values of expressions as JSON: the JSON form of cel.expr.Value, and for
// reading also plain JSON.
//
//   1                     {"int64Value": "1"}
//   'x'                   {"stringValue": "x"}
//   [1]                   {"listValue": {"values": [{"int64Value": "1"}]}}
//   {'a': 1}              {"mapValue": {"entries": [{"key": ..., "value":
//   ...}]}} duration('1s')        {"objectValue": {"@type":
//   ".../google.protobuf.Duration",
//                                          "value": "1s"}}
#ifndef PORTRISK_SERVICE_CLI_EXPR_VALUE_H_
#define PORTRISK_SERVICE_CLI_EXPR_VALUE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "scoring/cel/arena.h"
#include "scoring/cel/value.h"
#include "service/cli/expr_types.h"
#include "simdjson.h"

namespace portrisk::service::cli {

// The value lives as long as the arena, texts as long as the parsed document.
absl::StatusOr<scoring::cel::Value> ReadValue(simdjson::dom::element json,
                                              ExprTypes* types,
                                              scoring::cel::Arena* arena);

// Fails for an optional, which cel.expr.Value has no form for. Not for errors.
absl::StatusOr<std::string> WriteValue(const scoring::cel::Value& value,
                                       ExprTypes* types);

// The one kind of view as the other.
inline absl::string_view View(std::string_view text) {
  return absl::string_view(text.data(), text.size());
}

// With its quotes.
std::string JsonText(absl::string_view text);

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_EXPR_VALUE_H_
