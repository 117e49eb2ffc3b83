#include "service/audit_log.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
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

}  // namespace

struct AuditLog::State {
  std::mutex mutex;
  // Guarded by mutex.
  std::vector<v1::JournalRecord> waiting;
  absl::Time second;                  // What `posted` is of.
  std::map<std::string, int> posted;  // By kind and caller.
  int posted_of_all = 0;
  uint64_t missed = 0;  // Left out since an entry said how many.

  std::vector<v1::JournalRecord> TakeWaiting() {
    const std::lock_guard<std::mutex> lock(mutex);
    return std::exchange(waiting, {});
  }
  void PutBack(const std::vector<v1::JournalRecord>& records) {
    const std::lock_guard<std::mutex> lock(mutex);
    waiting.insert(waiting.begin(), records.begin(), records.end());
  }
  // False: too many wait already.
  bool Keep(const v1::JournalRecord& record) {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      if (waiting.size() >= kWaitingMax) {
        ++missed;
        return false;
      }
      waiting.push_back(record);
    }
    const v1::AuditEntry& entry = record.audit();
    LogInfo("audit entry that waits to be written",
            {{"caller", record.caller()},
             {"purpose", record.purpose()},
             {"kind", v1::AuditKind_Name(entry.kind())},
             {"method", entry.method()},
             {"subject", entry.subject()},
             {"result", entry.result()}});
    return true;
  }
  // False: too many. `left_out` is how many were since the last that was not.
  bool MayPost(const std::string& key, absl::Time now, uint64_t* left_out) {
    const std::lock_guard<std::mutex> lock(mutex);
    if (now < second || now - second >= absl::Seconds(1)) {
      second = now;
      posted.clear();
      posted_of_all = 0;
    }
    if (posted_of_all >= kPostedOfAllMax || posted[key] >= kPostedMax) {
      ++missed;
      return false;
    }
    ++posted_of_all;
    ++posted[key];
    *left_out = std::exchange(missed, 0);
    return true;
  }
};

// Nobody waits for it.
class AuditLog::PostedCommand : public CommandTask {
 public:
  PostedCommand(std::shared_ptr<State> state, v1::JournalRecord record)
      : state_(std::move(state)), record_(std::move(record)) {
    run = [this](Core& core) {
      core.AppendAudit(record_);
      return absl::OkStatus();
    };
  }
  void Done() override {
    if (!status.ok()) state_->Keep(record_);
    delete this;
  }
  void Keep() { state_->Keep(record_); }

 private:
  const std::shared_ptr<State> state_;
  const v1::JournalRecord record_;
};

AuditLog::AuditLog(Engine* engine)
    : engine_(engine), state_(std::make_shared<State>()) {}

absl::Status AuditLog::Record(const Caller& caller, v1::AuditEntry entry) {
  const v1::JournalRecord record = RecordOf(caller, std::move(entry));
  const std::vector<v1::JournalRecord> waited = state_->TakeWaiting();
  const absl::Status status = engine_->Run([&](Core& core) {
    for (const v1::JournalRecord& one : waited) core.AppendAudit(one);
    core.AppendAudit(record);
    return absl::OkStatus();
  });
  if (status.ok()) return status;
  state_->PutBack(waited);
  const bool reads_go_on = ErrorReason(status) == "DISK_FULL";
  return reads_go_on && state_->Keep(record) ? absl::OkStatus() : status;
}

void AuditLog::Post(const Caller& caller, v1::AuditEntry entry) {
  uint64_t left_out = 0;
  const std::string key =
      absl::StrCat(static_cast<int>(entry.kind()), " ", caller.name);
  if (!state_->MayPost(key, engine_->Now(), &left_out)) return;
  if (left_out > 0) {
    entry.set_detail(
        absl::StrCat(entry.detail(), entry.detail().empty() ? "" : "; ",
                     left_out, " others were not written: they came too fast"));
  }
  auto command = std::make_unique<PostedCommand>(
      state_, RecordOf(caller, std::move(entry)));
  Task* const tasks[] = {command.get()};
  if (engine_->Submit(tasks).ok()) {
    command.release();  // Its Done frees it.
  } else {
    command->Keep();
  }
}

}  // namespace portrisk::service
