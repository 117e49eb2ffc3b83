// What people and machines do.
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <iostream>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "service/errors.h"
#include "tests/simulation/simulation.h"
#include "tests/simulation/wrong.h"

namespace portrisk::simulation {
namespace {

using service::Answer;

// Whether nothing can have come of a call that ended so.
bool IsRefusal(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kPermissionDenied:
      return true;
    default:
      return false;
  }
}

bool IsOfDisk(const std::string& reason) {
  return reason == "DISK_FULL" || reason == "STORE_UNAVAILABLE";
}

// Movements submitted together, as a stream or a batch does.
class Calls {
 public:
  struct One : service::MovementTask {
    Calls* calls = nullptr;
    v1::Movement sent;
    v1::Movement admitted;
    Answer answer;
    void Done() override {
      answer = {status, std::string(assessment)};
      const std::lock_guard<std::mutex> lock(calls->mutex_);
      if (--calls->left_ == 0) calls->ready_.notify_one();
    }
  };

  void Add(v1::Movement movement, const std::string& token) {
    One& one = all_.emplace_back();
    one.calls = this;
    one.sent = std::move(movement);
    one.admitted = one.sent;
    one.caller = "terminal";
    one.purpose = token;
  }
  void Run(service::Engine* engine) {
    std::vector<service::Task*> tasks;
    for (One& one : all_) {
      one.answer.status = engine->Prepare(&one.admitted, &one);
      if (one.answer.status.ok()) tasks.push_back(&one);
    }
    left_ = tasks.size();
    if (tasks.empty()) return;
    const absl::Status submitted = engine->Submit(tasks);
    if (!submitted.ok()) {
      for (service::Task* task : tasks) {
        static_cast<One*>(task)->answer.status = submitted;
      }
      return;
    }
    std::unique_lock<std::mutex> lock(mutex_);
    ready_.wait(lock, [&] { return left_ == 0; });
  }
  std::deque<One>& all() { return all_; }

 private:
  std::deque<One> all_;
  std::mutex mutex_;
  std::condition_variable ready_;
  size_t left_ = 0;
};

}  // namespace

service::Caller Simulation::As(const std::string& who) {
  token_ = absl::StrCat("call-", ++calls_, "-");
  service::Caller caller(who);
  caller.purpose = token_;
  return caller;
}

absl::Status Simulation::CheckRefusal(const std::string& what,
                                      const absl::Status& status) const {
  const std::string reason = service::ErrorReason(status);
  const bool is_of_disk = IsOfDisk(reason) || reason == "BACKUP_FAILED";
  if (absl::IsDataLoss(status) || absl::IsInternal(status) ||
              absl::IsUnknown(status)
          ? !(reason == "BACKUP_FAILED" && is_faulty_)
          : is_of_disk && !is_faulty_) {
    return Wrong(absl::StrCat(what, " must not end so: ", status.ToString()));
  }
  return absl::OkStatus();
}

absl::Status Simulation::Came(const std::string& what,
                              const absl::Status& status, Sent sent) {
  Note(absl::StrCat(what, ": ",
                    status.ok() ? "done" : service::ErrorReason(status)));
  if (options_.trace && !status.ok()) std::cerr << "  " << status << std::endl;
  // What an erasure began beside a fault may fail behind its end.
  const bool is_late =
      may_erase_ && !is_faulty_ && IsOfDisk(service::ErrorReason(status));
  absl::Status checked = is_late ? world_.Resume() : CheckRefusal(what, status);
  if (!checked.ok() || IsRefusal(status)) return checked;
  sent.token = token_;
  sent.acknowledged = status.ok();
  return model_.Send(std::move(sent));
}

absl::Status Simulation::Act() {
  using Do = absl::Status (Simulation::*)();
  struct Choice {
    const char* name;
    int weight;
    Do act;
  };
  static constexpr Choice kChoices[] = {
      {"movements", 50, &Simulation::ScoreSome},
      {"movements again", 4, &Simulation::ScoreAgain},
      {"outcome", 8, &Simulation::TellOutcome},
      {"decision", 6, &Simulation::TellDecision},
      {"rules", 6, &Simulation::ChangeRules},
      {"revision", 7, &Simulation::MoveRevision},
      {"list", 3, &Simulation::LoadList},
      {"profile", 3, &Simulation::ChangeProfile},
      {"worklist", 3, &Simulation::TakeWorklist},
      {"evaluation", 3, &Simulation::Evaluate},
      {"audit", 4, &Simulation::Audit},
      {"read", 5, &Simulation::Read},
      {"backup", 2, &Simulation::Backup},
      {"restore", 2, &Simulation::Restore},
      {"erasure", 2, &Simulation::Erase},
      {"retention", 2, &Simulation::Retain},
      {"restart", 2, &Simulation::Restart}};
  int all = 0;
  for (const Choice& one : kChoices) all += one.weight;
  int roll = dice_.Below(all);
  for (const Choice& one : kChoices) {
    roll -= one.weight;
    if (roll >= 0) continue;
    doing_ = one.name;
    return (this->*one.act)();
  }
  return absl::OkStatus();
}

absl::Status Simulation::ScoreSome() {
  As("terminal");
  Calls calls;
  const int count = 1 + dice_.Below(dice_.OneIn(4) ? 24 : 6);
  for (int i = 0; i < count; ++i) {
    calls.Add(workload_.NextMovement(world_.now()), token_);
  }
  calls.Run(&world_.engine());
  for (const Calls::One& one : calls.all()) {
    absl::Status status = Check(one, one.sent, one.answer);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Simulation::Check(const service::MovementTask& task,
                               const v1::Movement& sent, const Answer& answer) {
  Sent told;
  told.identity = IdentityText(sent);
  told.content = task.bytes;
  told.answer = answer.bytes;
  v1::Assessment assessment;
  assessment.ParseFromString(answer.bytes);
  told.sequence = assessment.sequence();
  if (!task.bytes.empty()) as_sent_[task.bytes] = sent;
  const std::string reason = service::ErrorReason(answer.status);
  const bool is_known = !model_.IsUnsure(told.identity) && !is_faulty_;
  if (IsRefusal(answer.status) && reason == "MOVEMENT_CONFLICT" && is_known &&
      model_.Expect(told.identity, task.bytes).fate != Model::Fate::kConflict) {
    return Wrong(absl::StrCat(told.identity, " was refused as a conflict"));
  }
  if (reason == "MOVEMENT_REMOVED" && is_known && !may_erase_ &&
      model_.Expect(told.identity, task.bytes).fate != Model::Fate::kRemoved) {
    return Wrong(absl::StrCat(told.identity, " was refused as removed"));
  }
  return Came("movement", answer.status, std::move(told));
}

absl::Status Simulation::ScoreAgain() {
  return is_faulty_ ? ScoreSome() : CheckAcknowledged();
}

// The clock of the machine may say that they lie ahead.
absl::Status Simulation::CheckAcknowledged() {
  const absl::Time now = world_.now();
  world_.SetClock(world_.latest());
  // What is too old by then goes first.
  MayErase();
  const absl::Status status = AwaitErasures();
  if (!status.ok()) return status;
  As("terminal");
  const uint64_t removed_before = model_.removed_to();
  Calls calls;
  std::vector<const Version*> versions;
  std::vector<std::string> answers;  // An erasure changes the model's.
  for (const auto& [identity, all] : model_.movements()) {
    for (const Version& version : all) {
      const auto sent = as_sent_.find(version.content);
      if (sent == as_sent_.end()) {
        return Wrong(absl::StrCat(identity, " was never sent so"));
      }
      calls.Add(sent->second, token_);
      versions.push_back(&version);
      answers.push_back(version.answer);
    }
  }
  calls.Run(&world_.engine());
  // The engine may have looked at the clock only now.
  MayErase();
  const absl::Status erased = AwaitErasures();
  if (!erased.ok()) return erased;
  world_.SetClock(now);
  size_t next = 0;
  for (const Calls::One& one : calls.all()) {
    const std::string& before = answers[next];
    const Version& version = *versions[next++];
    if (version.sequence <= model_.removed_to() &&
        service::ErrorReason(one.answer.status) == "MOVEMENT_REMOVED") {
      Note("removed movement refused");
      continue;
    }
    if (version.sequence > removed_before && one.answer.status.ok() &&
        (one.answer.bytes == before || one.answer.bytes == version.answer)) {
      continue;
    }
    return Wrong(absl::StrCat(IdentityText(one.sent), " at ", version.sequence,
                              " does not come back as it was answered: ",
                              one.answer.status.ToString()));
  }
  return absl::OkStatus();
}

namespace {

// A repeat says where the first lies.
template <typename Content, typename Recorded>
Sent SentControl(const Content& content,
                 const absl::StatusOr<Recorded>& recorded) {
  Sent sent;
  sent.holds = content.id();
  if (recorded.ok()) sent.sequence = recorded->sequence();
  return sent;
}

// Of the same content that was told before.
template <typename Content, typename Recorded>
absl::Status CheckSame(const Content& content, const Recorded& recorded,
                       std::vector<std::pair<Content, Recorded>>* known) {
  for (const auto& [before, answer] : *known) {
    if (before.SerializeAsString() != content.SerializeAsString()) continue;
    if (answer.SerializeAsString() == recorded.SerializeAsString()) {
      return absl::OkStatus();
    }
    return Wrong(
        absl::StrCat(content.id(), " came again and got another answer"));
  }
  known->emplace_back(content, recorded);
  return absl::OkStatus();
}

}  // namespace

absl::Status Simulation::TellOutcome() {
  v1::RecordOutcomeRequest request;
  *request.mutable_outcome() = workload_.NextOutcome(world_.now());
  const auto recorded = world_.server().outcomes.Record(request, As("officer"));
  absl::Status status = Came("outcome", recorded.status(),
                             SentControl(request.outcome(), recorded));
  if (!status.ok() || !recorded.ok()) return status;
  return CheckSame(request.outcome(), *recorded, &outcomes_);
}

absl::Status Simulation::TellDecision() {
  v1::RecordDecisionRequest request;
  *request.mutable_decision() = workload_.NextDecision();
  const auto recorded = world_.server().outcomes.Record(request, As("officer"));
  absl::Status status = Came("decision", recorded.status(),
                             SentControl(request.decision(), recorded));
  if (!status.ok() || !recorded.ok()) return status;
  return CheckSame(request.decision(), *recorded, &decisions_);
}

absl::Status Simulation::ChangeRules() {
  service::RuleApi& rules = world_.server().rules;
  v1::CreateRevisionRequest create;
  create.set_yaml(workload_.NextRuleSet(workload_.RuleSetName()));
  const auto made = rules.Create(create, As("ann"));
  absl::Status status = Came("rules made", made.status(), {});
  if (!status.ok() || !made.ok()) return status;
  revisions_.push_back(made->revision());
  v1::ChangeRevisionRequest change;
  change.set_revision(made->revision());
  change.set_without_replay("simulated");
  if (dice_.OneIn(8)) {
    const auto alone = rules.Approve(change, As("ann"));
    status = Came("approved alone", alone.status(), {});
    if (status.ok() && alone.ok()) return Wrong("an author has approved");
    if (!status.ok()) return status;
  }
  const auto approved = rules.Approve(change, As("ben"));
  status = Came("rules approved", approved.status(), {});
  if (!status.ok() || !approved.ok() || dice_.OneIn(6)) return status;
  if (dice_.OneIn(4)) change.set_share_ppm(300'000);
  const auto active = rules.Activate(change, As("ben"));
  Sent sent;
  sent.records_max = 8;  // It takes the place of others.
  return Came("rules activated", active.status(), sent);
}

absl::Status Simulation::MoveRevision() {
  if (revisions_.empty()) return ChangeRules();
  service::RuleApi& rules = world_.server().rules;
  v1::ChangeRevisionRequest change;
  change.set_revision(dice_.Pick(revisions_));
  Sent sent;
  sent.records_max = 8;
  switch (dice_.Below(6)) {
    case 0:
      change.set_share_ppm(dice_.OneIn(2) ? 1'000'000 : 600'000);
      return Came("share", rules.Share(change, As("ben")).status(), sent);
    case 1:
      return Came("retire", rules.Retire(change, As("ben")).status(), sent);
    case 2:
      return Came("shadow", rules.Shadow(change, As("ben")).status(), sent);
    case 3:
      return Came("activate", rules.Activate(change, As("ben")).status(), sent);
    case 4: {
      v1::ResetBreakerRequest reset;
      reset.set_revision(change.revision());
      reset.set_rule(dice_.OneIn(2) ? "full" : "haulier");
      reset.set_note("looked at");
      return Came("breaker reset",
                  rules.ResetBreaker(reset, As("ben")).status(), sent);
    }
    default: {
      v1::RollbackRuleSetRequest back;
      back.set_rule_set(workload_.RuleSetName());
      return Came("rollback", rules.Rollback(back, As("ben")).status(), sent);
    }
  }
}

absl::Status Simulation::LoadList() {
  v1::LoadListRequest request;
  request.set_name("watched");
  request.set_type(v1::LIST_CONTAINER_NUMBER);
  request.set_owner("NL");
  request.set_csv(workload_.NextList());
  const auto loaded = world_.server().lists.Load(request, As("ann"));
  Sent sent;
  if (loaded.ok() && (loaded->unchanged() || loaded->issues_size() > 0)) {
    sent.records_min = 0;
  }
  return Came("list", loaded.status(), sent);
}

absl::Status Simulation::ChangeProfile() {
  Sent sent;
  sent.records_max = 4;
  if (!profiles_.empty() && dice_.OneIn(2)) {
    v1::ActivateProfileRequest request;
    request.set_version(dice_.Pick(profiles_));
    return Came("profile activated",
                world_.server().profiles.Activate(request, As("ben")).status(),
                sent);
  }
  v1::CreateProfileRequest request;
  request.set_yaml(workload_.NextProfile());
  request.set_note("simulated");
  const auto made = world_.server().profiles.Create(request, As("ann"));
  if (made.ok()) profiles_.push_back(made->version());
  return Came("profile made", made.status(), sent);
}

absl::Status Simulation::TakeWorklist() {
  const auto taken = world_.server().worklists.Take(
      workload_.NextWorklist(world_.now()), As("officer"));
  Sent sent;
  if (taken.ok()) sent.sequence = taken->sequence();
  return Came("worklist", taken.status(), sent);
}

absl::Status Simulation::Evaluate() {
  service::EvaluationApi& api = world_.server().evaluations;
  if (!evaluations_.empty() && dice_.OneIn(3)) {
    v1::CancelEvaluationRequest cancel;
    cancel.set_evaluation(evaluations_.back());
    return Came("evaluation cancelled", api.Cancel(cancel, As("ann")).status(),
                {});
  }
  v1::StartEvaluationRequest request;
  request.mutable_plan()->set_baseline(dice_.OneIn(2) ? v1::BASELINE_RECORDED
                                                      : v1::BASELINE_IN_FORCE);
  if (!revisions_.empty()) {
    request.mutable_plan()->add_candidates()->add_revisions(
        dice_.Pick(revisions_));
  }
  const auto started = api.Start(request, As("ann"));
  if (started.ok()) evaluations_.push_back(started->evaluation());
  return Came("evaluation", started.status(), {});
}

// While the disk is full an entry may wait in memory, and go with it.
absl::Status Simulation::Audit() {
  const service::Caller caller = As("auditor");
  v1::AuditEntry entry;
  entry.set_kind(v1::CONSULTATION);
  entry.set_subject("container MSKU1000001");
  entry.set_detail(token_);
  const absl::Status status = world_.server().audit.Record(caller, entry);
  if (is_faulty_) {
    Note("audit entry beside a fault");
    model_.SendLate(token_);
    return CheckRefusal("audit", status);
  }
  Sent sent;
  sent.holds = token_;
  return Came("audit", status, sent);
}

absl::Status Simulation::Read() {
  if (model_.movements().empty()) return absl::OkStatus();
  auto one = model_.movements().begin();
  std::advance(one, dice_.Below(static_cast<int>(model_.movements().size())));
  const Version& latest = one->second.back();
  v1::GetAssessmentRequest request;
  request.set_source(latest.movement.source());
  request.set_movement_id(latest.movement.id());
  const auto got = world_.server().history.GetAssessment(request);
  Note(absl::StrCat("read: ",
                    got.ok() ? "done" : service::ErrorReason(got.status())));
  const bool is_removed = latest.sequence <= model_.removed_to();
  if (service::ErrorReason(got.status()) == "MOVEMENT_REMOVED" &&
      (is_removed || may_erase_)) {
    return absl::OkStatus();
  }
  if (!got.ok()) {
    return is_faulty_ ? CheckRefusal("a read", got.status()) : got.status();
  }
  if (is_faulty_ || may_erase_) return absl::OkStatus();
  if (is_removed) {
    return Wrong(absl::StrCat(one->first, " is read though it is removed"));
  }
  std::vector<std::string> answers = {got->assessment().SerializeAsString()};
  for (const v1::Assessment& earlier : got->superseded()) {
    answers.push_back(earlier.SerializeAsString());
  }
  std::reverse(answers.begin(), answers.end());
  std::vector<std::string> expected;
  for (const Version& version : one->second) {
    if (version.sequence > model_.removed_to()) {
      expected.push_back(version.answer);
    }
  }
  const bool same = answers == expected;
  return same ? absl::OkStatus()
              : Wrong(absl::StrCat(one->first,
                                   " does not read as it was answered"));
}

}  // namespace portrisk::simulation
