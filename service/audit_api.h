// AuditService without its transport: the records of the journal that are no
// movements, as an auditor reads them.
#ifndef PORTRISK_SERVICE_AUDIT_API_H_
#define PORTRISK_SERVICE_AUDIT_API_H_

#include "absl/status/statusor.h"
#include "portrisk/v1/audit_service.pb.h"
#include "portrisk/v1/journal.pb.h"
#include "service/engine.h"

namespace portrisk::service {

// Thread-safe. Reads the journal from the page's beginning on, at about a
// million records a second, and parses only what it shows.
class AuditApi {
 public:
  // `engine` outlives this.
  explicit AuditApi(Engine* engine) : engine_(engine) {}

  absl::StatusOr<v1::ListAuditRecordsResponse> List(
      const v1::ListAuditRecordsRequest& request) const;

 private:
  Engine* const engine_;
};

// As an auditor reads it.
v1::AuditRecord AuditRecordOf(const v1::JournalRecord& record);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_AUDIT_API_H_
