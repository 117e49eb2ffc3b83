// Which fields a program reads: all that has to be there of a message for its
// conditions to come out as they would with the whole of it.
#ifndef PORTRISK_SCORING_CEL_FIELDS_READ_H_
#define PORTRISK_SCORING_CEL_FIELDS_READ_H_

#include <cstdint>
#include <vector>

#include "scoring/cel/program.h"

namespace portrisk::scoring::cel {

// Of a root, in no order, some perhaps below others. A message that is only
// passed through on the way to a field is not among them; one that is read as
// a value, or asked for, is. A path without fields is the whole root.
std::vector<Path> FieldsRead(const Program& program, uint32_t root);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_FIELDS_READ_H_
