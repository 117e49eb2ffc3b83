// Normal form of a movement, field by field.
//
// A table per message names its string fields with the rule that governs each.
// The tables are typed rather than walked by reflection, which costs several
// times as much in this hot place. tests/service/admission_test.cc goes through
// the message descriptors and fails, naming the field, when a field of the
// movement is missing here.
//
// Rules that need more than one field (what must be present, the time of
// admission, the PIN) are admission's own: service/admission.cc.
#ifndef PORTRISK_SERVICE_NORMAL_FORM_H_
#define PORTRISK_SERVICE_NORMAL_FORM_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "portrisk/v1/movement.pb.h"
#include "service/admission.h"

namespace portrisk::service {

// Limits on what one movement may carry.
inline constexpr size_t kSourceLengthMax = 64;
inline constexpr size_t kIdLengthMax = 128;
inline constexpr size_t kTextLengthMax = 512;  // Any other string.
inline constexpr size_t kContainerNumberLengthMax = 17;
inline constexpr size_t kPinLengthMax = 64;
inline constexpr int kSealsMax = 16;
inline constexpr int32_t kWeightKgMax = 500'000;
inline constexpr int32_t kPackagesMax = 100'000'000;
inline constexpr size_t kDeclaredCodeMax = 35;
inline constexpr double kDutyPercentMax = 1e4;
inline constexpr double kNetKgMax = 1e9;
inline constexpr double kValueMax = 1e12;

// Clears output-only fields, then sets those that depend on one field alone
// (number_raw, number_status); brings every other field to normal form and
// appends a violation for each that has none. Allocates nothing for a movement
// in normal form whose text is ASCII. Any number of threads.
void BringToNormalForm(v1::Movement* movement,
                       std::vector<Violation>* violations);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_NORMAL_FORM_H_
