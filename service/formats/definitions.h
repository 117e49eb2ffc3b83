// The definitions of each standard; see meaning.h.
#ifndef PORTRISK_SERVICE_FORMATS_DEFINITIONS_H_
#define PORTRISK_SERVICE_FORMATS_DEFINITIONS_H_

#include "service/formats/meaning.h"

namespace portrisk::service {

absl::Span<const Definition> EdifactDefinitions();
absl::Span<const Definition> X12Definitions();

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_DEFINITIONS_H_
