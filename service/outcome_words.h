// The words that people use for what a control was and what it found.
#ifndef PORTRISK_SERVICE_OUTCOME_WORDS_H_
#define PORTRISK_SERVICE_OUTCOME_WORDS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "portrisk/v1/outcome.pb.h"

namespace portrisk::service {

// How words and names of columns are compared: lower case, blanks around them
// gone, those inside and hyphens as underscores.
std::string WordKey(absl::string_view text);

// "found", "no", "inconclusive", "1" ...; false when it is none of them.
bool ParseControlResult(absl::string_view text, v1::ControlResult* result);
// The name of a Control or a usual word for one: "scan", "inspection".
bool ParseControl(absl::string_view text, v1::Control* control);
// A name of FindKind or a usual word for one; anything else is KIND_OTHER with
// the text as kind_code. Nothing for no text.
void SetKind(absl::string_view text, v1::Outcome* outcome);
// RFC 3339; a date with a time, taken as UTC; or a date alone, whose last
// second it is.
bool ParseControlTime(const std::string& text,
                      google::protobuf::Timestamp* time);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_OUTCOME_WORDS_H_
