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
  using Who = std::pair<v1::AuditKind, std::string>;  // Kind and caller.

  std::mutex mutex;
  // Guarded by mutex.
  std::vector<v1::JournalRecord> waiting;
  absl::Time second;  // What `posted` is of.
  std::map<Who, int> posted;
  int posted_of_all = 0;
  // Left out since entries of theirs said how many. Of callers beyond
  // kMissedMax under no name.
  std::map<Who, uint64_t> missed;

  // Under the mutex.
  void Miss(Who who) {
    if (missed.size() >= kMissedMax && missed.count(who) == 0) {
      who.second.clear();
    }
    ++missed[who];
  }

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
        Miss({record.audit().kind(), record.caller()});
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
  // False: too many. `left_out` are those that were in seconds before, each to
  // be told of once.
  bool MayPost(const Who& who, absl::Time now,
               std::map<Who, uint64_t>* left_out) {
    const std::lock_guard<std::mutex> lock(mutex);
    if (now < second || now - second >= absl::Seconds(1)) {
      second = now;
      posted.clear();
      posted_of_all = 0;
      *left_out = std::exchange(missed, {});
    }
    if (posted_of_all >= kPostedOfAllMax || posted[who] >= kPostedMax) {
      Miss(who);
      return false;
    }
    ++posted_of_all;
    ++posted[who];
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
  std::map<State::Who, uint64_t> left_out;
  const bool may =
      state_->MayPost({entry.kind(), caller.name}, engine_->Now(), &left_out);
  for (const auto& [who, count] : left_out) {
    v1::AuditEntry told;
    told.set_kind(who.first);
    told.set_detail(
        absl::StrCat(count, who.second.empty() ? " of several callers" : "",
                     " more were not written: they came too fast"));
    Write(RecordOf(Caller(who.second), std::move(told)));
  }
  if (may) Write(RecordOf(caller, std::move(entry)));
}

void AuditLog::Write(v1::JournalRecord record) {
  auto command = std::make_unique<PostedCommand>(state_, std::move(record));
  Task* const tasks[] = {command.get()};
  if (engine_->Submit(tasks).ok()) {
    command.release();  // Its Done frees it.
  } else {
    command->Keep();
  }
}

}  // namespace portrisk::service
