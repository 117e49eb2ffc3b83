// What codes within EDIFACT and X12 segments mean. Tables and small parsers;
// all pure.
//
// Sources: the UN/EDIFACT directories D.95B and D.00B (data elements 1001,
// 1225, 2379, 3055, 8067, 8169, 9303) and, where these say nothing, what SMDG
// and ITIGG user manuals prescribe and terminals send.
#ifndef PORTRISK_SERVICE_FORMATS_EDIFACT_CODES_H_
#define PORTRISK_SERVICE_FORMATS_EDIFACT_CODES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "portrisk/v1/movement.pb.h"
#include "service/formats/meaning.h"

namespace portrisk::service {

Function FunctionOf(absl::string_view code);

// Full or empty (8169).
v1::LoadStatus LoadStatusOf(absl::string_view code);

// Mode of transport (8067), else by the type of means (8179).
v1::Mode ModeOf(absl::string_view mode, absl::string_view means);

// Sealing party (9303) as DCSA names it; the code itself when DCSA has none.
absl::string_view SealSourceOf(absl::string_view code);

// The same of X12 98, of which only carrier and shipper are sure; "" else.
absl::string_view X12SealSourceOf(absl::string_view code);

// Who keeps the list of a party code (3055), as Party.id_scheme says it.
absl::string_view PartySchemeOf(absl::string_view agency);

// Full or empty as X12 says it ("L", "E").
v1::LoadStatus X12LoadStatusOf(absl::string_view code);

// Kilograms in one of the unit (6411, X12 188); 0 for a unit we do not know.
double KilogramsIn(absl::string_view unit);

// The result of reading a DTM value.
struct DateTime {
  bool ok = false;
  absl::Time time;
  // Reason to tolerate: TIME_FORMAT_WRONG, DATE_ONLY, ZONE_UNKNOWN; or empty.
  absl::string_view tolerated;
};

inline constexpr absl::string_view kDateOnly = "DATE_ONLY";

// `value` in format `format` (2379). Where the two contradict, the length of
// the value decides. Times without a zone are in `zone`.
DateTime ParseDateTime(absl::string_view value, absl::string_view format,
                       absl::TimeZone zone);

// HHMM.
absl::optional<absl::Duration> ParseTimeOfDay(absl::string_view value);

// The same of a date (CCYYMMDD or YYMMDD), a time (HHMM, HHMMSS, behind which
// fractions may stand) and a time code ("LT", "UT", "ES", "01") as X12 has them
// in three elements.
DateTime ParseX12Time(absl::string_view date, absl::string_view time,
                      absl::string_view code, absl::TimeZone zone);

// That of UNOA and UNOB, which have nothing beyond ASCII.
inline constexpr char kPlainCharset[] = "US-ASCII";
// Character set of a syntax identifier ("UNOE"), as iconv names it; "" for one
// that is unknown.
const char* CharsetOf(absl::string_view syntax);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_EDIFACT_CODES_H_
