#include "service/store_secrets.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "portrisk/v1/movement.pb.h"
#include "service/journal_reader.h"

namespace portrisk::service {

absl::Status CheckSecretsOf(const store::Store& store, const Secrets& secrets) {
  constexpr uint64_t kRecordsLookedAt = 200;
  const std::string& own = secrets.pseudonym_key_id.empty()
                               ? secrets.key_id
                               : secrets.pseudonym_key_id;
  const uint64_t last = store.last_sequence_at_open();
  for (uint64_t at = last; at > 0 && last - at < kRecordsLookedAt; --at) {
    const auto record = ReadJournalRecord(store, at);
    v1::Movement movement;
    if (!record.ok() ||
        !movement.ParseFromString(record->movement().movement()) ||
        movement.pseudonyms().key_id().empty()) {
      continue;
    }
    const std::string& used = movement.pseudonyms().key_id();
    if (used == own) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        "the secrets file has pseudonym key ", own, ", and position ", at,
        " of the journal was written with ", used,
        ": all parties would be strangers. Give the secrets file of this store "
        "(--secrets), or start portriskd with --new-pseudonym-key "
        "when its key is lost or replaced"));
  }
  return absl::OkStatus();
}

}  // namespace portrisk::service
