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

// Renames in the states of a container and of its right who the record names;
// with `everywhere`, whatever else there had the same name, too. Without it,
// everybody in what is not newer is erased, and so is who has been recognised
// there meanwhile. Either state may be null. False when nothing was to be
// changed.
bool EraseNames(const v1::ErasedRecord& record, bool everywhere,
                v1::ContainerState* container, v1::RightState* right);

// Whether the state shows the token of anybody, and whether the movement, since
// it was erased, names somebody by one that the state of its right will show.
bool ShowsErased(const v1::RightState& state);
bool NamesToken(const v1::Movement& movement);
// Whether the state shows the token of somebody whom the movement names by an
// id: as haulier, or as a party of the right.
bool NamesErased(const v1::Movement& movement, const v1::RightState& state);
// Puts that id in the place of the token. So one party goes by one name within
// a right, although it was erased while the right was about: steps are compared
// by name. Before the movement is assessed, and before it is folded in.
void Recognise(const v1::Movement& movement, v1::RightState* state);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_ERASED_NAMES_H_
