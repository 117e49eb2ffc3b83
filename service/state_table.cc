#include "service/state_table.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "service/errors.h"

namespace portrisk::service {

absl::Status StateDamaged(const EntityKey& key) {
  return StoreDamaged(absl::StrCat(
      "the state under `", absl::CEscape(key.view()), "` of table states"));
}

}  // namespace portrisk::service
