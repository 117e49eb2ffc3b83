// Reads reference data from files and gives it the one form that is stored.
//
// A place whose coordinates are missing, NaN, off the earth or marked as
// geocoded is not read: unknown, never 0,0. All functions are pure but for
// reading the file; any number of threads.
//
// Errors: NOT_FOUND when the file cannot be opened; INVALID_ARGUMENT when it
// is not of the form asked for or holds nothing usable. The message names the
// file, the line where one is at fault, and what was expected.
#ifndef PORTRISK_SERVICE_REFERENCE_FILES_H_
#define PORTRISK_SERVICE_REFERENCE_FILES_H_

#include <string>

#include "absl/status/statusor.h"
#include "portrisk/v1/reference.pb.h"

namespace portrisk::service {

// A header with `locode`, `name`, `latitude` and `longitude`, in any order.
// Strict: this is a file of our own form, so any bad row is an error.
absl::StatusOr<v1::ReferenceTable> ReadPlacesCsv(const std::string& path);

// UN/LOCODE: a part of the UNECE release (no header, coordinates such as
// "5155N 00430E"), or a CSV with a header that has `country` and `location`
// and either `coordinates` or `lat` and `lon` in decimal degrees, with
// `geocoded` to tell which of those to leave out. Tolerant: rows without usable
// coordinates are common there. Text that is not UTF-8 is taken as Latin-1.
absl::StatusOr<v1::ReferenceTable> ReadUnlocodeCsv(const std::string& path);

// Owner codes of three letters, or four with the category: by semicolons
// without a header (code, holder, ...), or by commas with a header that has
// `code` or `prefix`, and `name`. Three letters stand for category U.
absl::StatusOr<v1::ReferenceTable> ReadOwnersCsv(const std::string& path);

// What sources declare of themselves: a header with `source`, `complete` (names
// of events, separated by blanks; empty where it declares nothing) and, where
// wanted, `since` (RFC 3339). Strict, like places.
absl::StatusOr<v1::ReferenceTable> ReadSourcesCsv(const std::string& path);

// `over` wins place by place, owner by owner and source by source; what only
// `base` has stays.
v1::ReferenceTable MergeReference(const v1::ReferenceTable& base,
                                  const v1::ReferenceTable& over);

struct SerialisedReference {
  std::string bytes;         // A ReferenceTable, sorted, each key once.
  std::string content_hash;  // "sha256:" and 64 hexadecimal digits, of bytes.
};

// Equal tables give equal bytes, whatever order their entries come in.
SerialisedReference SerialiseReference(const v1::ReferenceTable& table);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_REFERENCE_FILES_H_
