#include "service/audit_log.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/errors.h"
#include "service/log.h"
#include "service/roles.h"

namespace portrisk::service {
namespace {

v1::JournalRecord RecordOf(const Caller& caller, v1::AuditEntry entry) {
  v1::JournalRecord record;
  caller.Sign(&record);
  for (std::string& role : NamesOf(caller.roles)) {
    entry.add_roles(std::move(role));
  }
  entry.set_peer(caller.peer);
  *record.mutable_audit() = std::move(entry);
  return record;
}

// A command that nobody waits for.
class PostedCommand : public CommandTask {
 public:
  void Done() override { delete this; }
};

}  // namespace

absl::Status AuditLog::Record(const Caller& caller, v1::AuditEntry entry) {
  const v1::JournalRecord record = RecordOf(caller, std::move(entry));
  std::vector<v1::JournalRecord> waited;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    waited.swap(waiting_);
  }
  const absl::Status status = engine_->Run([&](Core& core) {
    for (const v1::JournalRecord& one : waited) core.AppendAudit(one);
    core.AppendAudit(record);
    return absl::OkStatus();
  });
  if (status.ok()) return status;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.insert(waiting_.begin(), waited.begin(), waited.end());
  }
  const bool reads_go_on = ErrorReason(status) == "DISK_FULL";
  return reads_go_on && Keep(record) ? absl::OkStatus() : status;
}

bool AuditLog::Keep(const v1::JournalRecord& record) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (waiting_.size() >= kWaitingMax) return false;
    waiting_.push_back(record);
  }
  const v1::AuditEntry& entry = record.audit();
  LogInfo("audit entry that waits for room on the disk",
          {{"caller", record.caller()},
           {"purpose", record.purpose()},
           {"method", entry.method()},
           {"subject", entry.subject()},
           {"result", entry.result()}});
  return true;
}

void AuditLog::Post(const Caller& caller, v1::AuditEntry entry) {
  uint64_t missed = 0;
  if (!MayPost(&missed)) return;
  if (missed > 0) {
    entry.set_detail(absl::StrCat(entry.detail(),
                                  entry.detail().empty() ? "" : "; ", missed,
                                  " like this were not written, since they "
                                  "came too fast"));
  }
  auto command = std::make_unique<PostedCommand>();
  command->run = [record = RecordOf(caller, std::move(entry))](Core& core) {
    core.AppendAudit(record);
    return absl::OkStatus();
  };
  Task* const tasks[] = {command.get()};
  if (engine_->Submit(tasks).ok()) {
    command.release();  // Its Done frees it.
    return;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  missed_ += missed + 1;
}

bool AuditLog::MayPost(uint64_t* missed) {
  const absl::Time now = engine_->Now();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (now < second_ || now - second_ >= absl::Seconds(1)) {
    second_ = now;
    posted_ = 0;
  }
  if (posted_ >= kPostedMax) {
    ++missed_;
    return false;
  }
  ++posted_;
  *missed = std::exchange(missed_, 0);
  return true;
}

}  // namespace portrisk::service
