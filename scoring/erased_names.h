// What stands where an erasure has taken out who somebody is.
//
// A token is made of the pseudonym that admission has journaled beside the
// text, so two texts were equal when their tokens are: what a rule or a state
// compares goes on doing so. Pure; deterministic; needs no key.
#ifndef PORTRISK_SCORING_ERASED_NAMES_H_
#define PORTRISK_SCORING_ERASED_NAMES_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "portrisk/v1/erasure.pb.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"

namespace portrisk::scoring {

// Admission refuses names that begin so: nobody may pass for an erased one.
inline constexpr absl::string_view kErasedPrefix = "erased:";

// "erased:" and 16 hexadecimal digits.
std::string ErasedName(uint64_t pseudonym);
bool IsErasedName(absl::string_view text);

// Renames in a state who the record names. With `everywhere`, whatever else in
// the state had the same name, too. False when nothing was to be changed.
bool EraseNames(const v1::ErasedRecord& record, bool everywhere,
                v1::ContainerState* state);
bool EraseNames(const v1::ErasedRecord& record, bool everywhere,
                v1::RightState* state);

// Whether the state shows the token of somebody whom the movement names by an
// id: as haulier, or as a party of the right.
bool ShowsErased(const v1::Movement& movement, const v1::RightState& state);
// Puts that id in the place of the token. So one party goes by one name within
// a right, although it was erased while the right was about: steps are compared
// by name. Before the movement is assessed, and before it is folded in.
void Recognise(const v1::Movement& movement, v1::RightState* state);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_ERASED_NAMES_H_
