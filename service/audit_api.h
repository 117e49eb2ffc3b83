// AuditService without its transport: the records of the journal that are no
// movements, as an auditor reads them.
#ifndef PORTRISK_SERVICE_AUDIT_API_H_
#define PORTRISK_SERVICE_AUDIT_API_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "portrisk/v1/audit_service.pb.h"
#include "portrisk/v1/journal.pb.h"
#include "service/engine.h"

namespace portrisk::service {

// Thread-safe. Reads the journal from the page's beginning on, at about a
// million records a second, and parses only what it shows.
class AuditApi {
 public:
  // `engine` outlives this. A page ends, with a token for the next, once so
  // many records were read for it: nobody waits long, and who has gone is not
  // worked for any longer.
  explicit AuditApi(Engine* engine, uint64_t page_reads_max = 500'000)
      : engine_(engine), page_reads_max_(page_reads_max) {}

  absl::StatusOr<v1::ListAuditRecordsResponse> List(
      const v1::ListAuditRecordsRequest& request) const;

 private:
  Engine* const engine_;
  const uint64_t page_reads_max_;
};

// As an auditor reads it.
v1::AuditRecord AuditRecordOf(const v1::JournalRecord& record);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_AUDIT_API_H_
