// Evidence of a hit: values as text.
#ifndef PORTRISK_SCORING_PROGRAMME_EVIDENCE_H_
#define PORTRISK_SCORING_PROGRAMME_EVIDENCE_H_

#include <string>

#include "google/protobuf/descriptor.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring {

// Replaces `out` by the text of a field's value: numbers in decimal (doubles
// in the fewest digits that read back the same), enums by name, times in RFC
// 3339, bytes in hexadecimal, lists joined by ", ". Messages give the first
// text they carry, such as a seal's number, else "present". Keeps the capacity
// of `out` and allocates nothing else.
void FormatEvidence(const cel::Value& value,
                    const google::protobuf::FieldDescriptor& field,
                    std::string* out);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_PROGRAMME_EVIDENCE_H_
