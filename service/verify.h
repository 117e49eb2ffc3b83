// Verification of a store: folds the journal and compares every written state
// and index entry with the result, byte for byte. It folds from zero or, where
// movements were removed by their age, from the states that were kept then.
#ifndef PORTRISK_SERVICE_VERIFY_H_
#define PORTRISK_SERVICE_VERIFY_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "store/store.h"

namespace portrisk::service {

struct VerifyReport {
  uint64_t last_sequence = 0;
  uint64_t checkpoint_sequence = 0;
  // Where the fold began: 0, or the position of the base, whose states are
  // those that the journal has the digest of.
  uint64_t base_sequence = 0;
  // The states are those of another fold (fold_version.h): neither they nor the
  // indexes are compared.
  bool is_of_another_fold = false;
  // They are of this fold, but an upgrade that makes them has not come to its
  // end: nor are they compared then.
  bool is_being_made_anew = false;
  uint64_t folded_records = 0;
  // Both 0 before the first checkpoint: then nothing says that they are equal.
  uint64_t states_compared = 0;
  uint64_t index_entries_compared = 0;
  // Tables of aggregates whose values cannot be counted again: those that look
  // at names letter by letter, of which some have been erased; and those that
  // came into use behind the base.
  uint64_t tables_left_out = 0;
  // Each names the table, the key and what differs. At most 100 are kept.
  std::vector<std::string> differences;
  uint64_t difference_count = 0;
};

// Reads only; the store may be open elsewhere for reading, not for writing.
// Fails where the journal itself cannot be read; a difference is no failure.
// `progress` is called now and then with the position that it has come to.
absl::StatusOr<VerifyReport> VerifyStore(
    const store::Store& store, const std::function<void(uint64_t)>& progress);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_VERIFY_H_
