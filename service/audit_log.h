// The audit log as the service writes it: entries of the journal, in its order
// and in its chain, for what the journal would not record anyway.
#ifndef PORTRISK_SERVICE_AUDIT_LOG_H_
#define PORTRISK_SERVICE_AUDIT_LOG_H_

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "service/caller.h"
#include "service/engine.h"

namespace portrisk::service {

// Thread-safe.
class AuditLog {
 public:
  // `engine` outlives this.
  explicit AuditLog(Engine* engine);

  // Durable on return. Whatever is to be recorded must not happen, or not be
  // answered, when this fails. While the disk is full, reads go on: up to
  // kWaitingMax entries wait in memory and stand in the server's log, and are
  // journaled before the next one that can be.
  absl::Status Record(const Caller& caller, v1::AuditEntry entry);

  // The same without waiting, for calls that were turned away; what cannot be
  // written now waits likewise. Who knocks on closed doors must not fill the
  // disk: of more than kPostedMax of a kind and caller in a second, and
  // kPostedOfAllMax of all, the others are counted, and an entry of the same
  // kind and caller says how many, with the first that comes in a later second.
  void Post(const Caller& caller, v1::AuditEntry entry);

  static constexpr int kPostedMax = 20;
  static constexpr int kPostedOfAllMax = 200;
  static constexpr size_t kWaitingMax = 1000;
  static constexpr size_t kMissedMax = 64;

 private:
  struct State;
  class PostedCommand;

  void Write(v1::JournalRecord record);

  Engine* const engine_;
  // Shared with posted commands, which may be answered after this is gone.
  const std::shared_ptr<State> state_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_AUDIT_LOG_H_
