// The audit log as the service writes it: entries of the journal, in its order
// and in its chain, for what the journal would not record anyway.
#ifndef PORTRISK_SERVICE_AUDIT_LOG_H_
#define PORTRISK_SERVICE_AUDIT_LOG_H_

#include <cstdint>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "service/caller.h"
#include "service/engine.h"

namespace portrisk::service {

// Thread-safe.
class AuditLog {
 public:
  // `engine` outlives this.
  explicit AuditLog(Engine* engine) : engine_(engine) {}

  // Durable on return. Whatever is to be recorded must not happen, or not be
  // answered, when this fails. While the disk is full, reads go on: up to
  // kWaitingMax entries wait in memory and stand in the server's log, and are
  // journaled before the next one that can be.
  absl::Status Record(const Caller& caller, v1::AuditEntry entry);

  // The same without waiting, for calls that were turned away. Who knocks on
  // closed doors must not fill the disk: of more than kPostedMax in a second
  // the others are counted, and the next entry says how many.
  void Post(const Caller& caller, v1::AuditEntry entry);

  static constexpr int kPostedMax = 20;
  static constexpr size_t kWaitingMax = 1000;

 private:
  // False: too many wait already.
  bool Keep(const v1::JournalRecord& record);

  // False: too many. `missed` is how many were left out since the last.
  bool MayPost(uint64_t* missed);

  Engine* const engine_;
  std::mutex mutex_;
  absl::Time second_;  // Guarded by mutex_, as the others.
  int posted_ = 0;     // In that second.
  uint64_t missed_ = 0;
  std::vector<v1::JournalRecord> waiting_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_AUDIT_LOG_H_
