// The states as they were at a position, kept so that a fold of the journal can
// begin there: movements before it may be gone.
#ifndef PORTRISK_STORE_BASE_H_
#define PORTRISK_STORE_BASE_H_

#include <sodium.h>

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace portrisk::store {

// What v1::Base has of its states, in the order of their keys.
class StatesDigest {
 public:
  StatesDigest();
  void Add(absl::string_view key, absl::string_view state);
  uint64_t states() const { return states_; }
  std::string Finish();

 private:
  crypto_generichash_state state_;
  uint64_t states_ = 0;
};

}  // namespace portrisk::store

#endif  // PORTRISK_STORE_BASE_H_
