// Values that are no fields of a message: what a rule set declares and
// something outside of the language computes. Their names and types are fields
// of a message type made for the rule set; no message of it is read.
#ifndef PORTRISK_SCORING_CEL_DECLARED_VALUES_H_
#define PORTRISK_SCORING_CEL_DECLARED_VALUES_H_

#include "google/protobuf/descriptor.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring::cel {

class DeclaredValues {
 public:
  virtual ~DeclaredValues() = default;

  // False when the value is unknown. Asked once a movement, and only when a
  // condition needs it. Text of the value lives until the next movement.
  virtual bool Read(const google::protobuf::FieldDescriptor& field,
                    Value* value) = 0;
  // Whether a value that was read is an estimate.
  virtual bool IsApproximate(const google::protobuf::FieldDescriptor& field) {
    return false;
  }
};

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_DECLARED_VALUES_H_
