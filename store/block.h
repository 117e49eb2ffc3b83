// What the store must know of a journal block without reading its records.
#ifndef PORTRISK_STORE_BLOCK_H_
#define PORTRISK_STORE_BLOCK_H_

#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace portrisk::store {

// The number of records in a serialised portrisk.v1.JournalBlock; nullopt when
// `bytes` is not one. Skips over the records: about 10 ns each.
std::optional<uint64_t> CountRecords(absl::string_view bytes);

// Parses the block and proves that its records are numbered first_sequence,
// first_sequence + 1 and so on. DATA_LOSS when not.
absl::Status CheckBlock(uint64_t first_sequence, absl::string_view bytes);

// Calls `visit` with the number and the bytes of each field of a serialised
// message, in order, until it returns false; those of another wire type than
// bytes have none. False where `visit` returned that or it does not parse.
bool WalkFields(
    absl::string_view message,
    absl::FunctionRef<bool(int field, absl::string_view bytes)> visit);

}  // namespace portrisk::store

#endif  // PORTRISK_STORE_BLOCK_H_
