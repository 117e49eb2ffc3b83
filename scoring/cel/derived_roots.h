// Roots whose messages are filled in as conditions come to read them.
#ifndef PORTRISK_SCORING_CEL_DERIVED_ROOTS_H_
#define PORTRISK_SCORING_CEL_DERIVED_ROOTS_H_

#include <cstdint>

#include "google/protobuf/descriptor.h"

namespace portrisk::scoring::cel {

// A root is named by its number in the environment. Messages stay where they
// are while they are filled in.
class DerivedRoots {
 public:
  virtual ~DerivedRoots() = default;

  // HOT PATH. Before a field of a root is read, or what lies below it. Asked
  // once a movement for each field that a condition comes to.
  virtual void Derive(uint32_t root,
                      const google::protobuf::FieldDescriptor& field) = 0;
  // Before conditions that take a root for a value, of which any field may be
  // read.
  virtual void DeriveAll(uint32_t root) = 0;
};

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_DERIVED_ROOTS_H_
