// Which reader a file is for, by its name and first bytes.
#ifndef PORTRISK_SERVICE_FORMATS_SNIFF_H_
#define PORTRISK_SERVICE_FORMATS_SNIFF_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "service/formats/reader.h"

namespace portrisk::service {

struct Sniffed {
  absl::optional<Format> format;
  std::string why;  // Why there is none.
};

// `name` is the file's name, `head` its first bytes (64 KiB are plenty),
// decompressed.
// kCsv means: text with a header; whether its columns can be read is for a
// mapping to say.
Sniffed SniffFormat(absl::string_view name, absl::string_view head);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_SNIFF_H_
