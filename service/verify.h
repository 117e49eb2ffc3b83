// Verification of a store: folds the journal from zero and compares every
// written state and index entry with the result, byte for byte.
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
  uint64_t folded_records = 0;
  uint64_t states_compared = 0;
  uint64_t index_entries_compared = 0;
  // Tables of aggregates that look at names letter by letter, of which some
  // have been erased: what was counted by them cannot be counted again.
  uint64_t tables_left_out = 0;
  // Each names the table, the key and what differs. At most 100 are kept.
  std::vector<std::string> differences;
  uint64_t difference_count = 0;
};

// Reads only; the store may be open elsewhere for reading, not for writing.
// Fails where the journal itself cannot be read; a difference is no failure.
// `progress` is called now and then with the records folded so far.
absl::StatusOr<VerifyReport> VerifyStore(
    const store::Store& store, const std::function<void(uint64_t)>& progress);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_VERIFY_H_
