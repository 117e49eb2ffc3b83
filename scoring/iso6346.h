// Container numbers after ISO 6346 (BIC code): owner (three letters),
// equipment category (U, J or Z), serial (six digits), check digit.
#ifndef PORTRISK_SCORING_ISO6346_H_
#define PORTRISK_SCORING_ISO6346_H_

#include <string>

#include "absl/strings/string_view.h"
#include "portrisk/v1/movement.pb.h"

namespace portrisk::scoring {

// Upper case without blanks, hyphens, dots and slashes, not truncated; four
// letters and six digits get the check digit that belongs to them, since many
// leave it out and mean the same box. `status` (may be null) is that of the
// number as it came.
std::string NormaliseContainerNumber(absl::string_view raw,
                                     v1::NumberStatus* status = nullptr);

// Whether normalising would change nothing; allocates nothing.
bool IsNormalContainerNumber(absl::string_view number);

// Status of a number in normal form; NUMBER_STATUS_UNSPECIFIED for "".
v1::NumberStatus CheckContainerNumber(absl::string_view number);

// The check digit, 0 to 9, of the first ten characters, or -1 when they are
// not four letters and six digits. `remainder_ten` (may be null) tells whether
// the digit 0 stands for ten.
int CheckDigit(absl::string_view ten_characters, bool* remainder_ten);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_ISO6346_H_
