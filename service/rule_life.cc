// The life of a revision: approve, shadow, activate, roll out, roll back,
// retire; and the overrides of breakers.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scoring/rule_set_diff.h"
#include "service/catalogue.h"
#include "service/errors.h"
#include "service/list_store.h"
#include "service/rule_api.h"

namespace portrisk::service {
namespace {

constexpr uint32_t kAllUnits = scoring::Programme::kAllUnits;

absl::Status NoRevision(uint64_t revision) {
  return Error(absl::StatusCode::kNotFound, "NOT_FOUND",
               absl::StrCat("no revision ", revision,
                            "; `portrisk rules list` shows them"));
}

absl::Status WrongState(const v1::Revision& revision,
                        absl::string_view wanted) {
  return Error(absl::StatusCode::kFailedPrecondition, "WRONG_STATE",
               absl::StrCat("revision ", revision.revision(), " is ",
                            v1::RevisionState_Name(revision.state()),
                            "; this needs ", wanted),
               {{"state", v1::RevisionState_Name(revision.state())}});
}

bool WasApproved(const v1::Revision& revision) {
  return std::any_of(
      revision.events().begin(), revision.events().end(),
      [](const auto& event) { return event.state() == v1::APPROVED; });
}

absl::Status CheckTransition(const v1::Revision& revision,
                             v1::RevisionState to) {
  const v1::RevisionState from = revision.state();
  if (to == v1::APPROVED && from != v1::DRAFT) {
    return WrongState(revision, "DRAFT");
  }
  if (to == v1::ACTIVE || to == v1::SHADOW) {
    const bool rolling_out = from == v1::ACTIVE && revision.share_ppm() > 0;
    if (to == v1::ACTIVE && rolling_out) {
      return WrongState(revision,
                        "`rules share`: it is being rolled out already");
    }
    if (from == to || from == v1::ACTIVE) {
      return WrongState(revision, "APPROVED");
    }
    if (!WasApproved(revision)) {
      return WrongState(revision, "APPROVED (approve it first)");
    }
  }
  if (to == v1::RETIRED && from == v1::RETIRED) {
    return WrongState(revision, "a state other than RETIRED");
  }
  return absl::OkStatus();
}

absl::Status RolloutUnderway(const v1::Revision& revision) {
  return Error(
      absl::StatusCode::kFailedPrecondition, "ROLLOUT_UNDERWAY",
      absl::StrCat("revision ", revision.revision(), " of ",
                   revision.rule_set(),
                   " is being rolled out; finish it (`rules share ",
                   revision.revision(), " 100%`) or roll it back first"));
}

v1::RevisionEvent EventOf(v1::RevisionState state, std::string note,
                          uint32_t share_ppm = 0) {
  v1::RevisionEvent event;
  event.set_state(state);
  event.set_note(std::move(note));
  event.set_share_ppm(share_ppm);
  return event;
}

}  // namespace

absl::Status RuleApi::MayApprove(const v1::Revision& revision,
                                 const std::string& caller) const {
  if (revision.author() != caller) return absl::OkStatus();
  if (development_ && caller == kDevelopmentCaller) return absl::OkStatus();
  return Error(
      absl::StatusCode::kPermissionDenied, "FOUR_EYES",
      absl::StrCat("revision ", revision.revision(), " was written by ", caller,
                   "; somebody else must approve it"));
}

absl::StatusOr<v1::Revision> RuleApi::Approve(
    const v1::ChangeRevisionRequest& request, const std::string& caller) {
  return Change(request, v1::APPROVED, caller);
}

absl::StatusOr<v1::Revision> RuleApi::Activate(
    const v1::ChangeRevisionRequest& request, const std::string& caller) {
  return Change(request, v1::ACTIVE, caller);
}

absl::StatusOr<v1::Revision> RuleApi::Shadow(
    const v1::ChangeRevisionRequest& request, const std::string& caller) {
  return Change(request, v1::SHADOW, caller);
}

absl::StatusOr<v1::Revision> RuleApi::Retire(
    const v1::ChangeRevisionRequest& request, const std::string& caller) {
  return Change(request, v1::RETIRED, caller);
}

absl::StatusOr<v1::Revision> RuleApi::Change(
    const v1::ChangeRevisionRequest& request, v1::RevisionState state,
    const std::string& caller) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  std::lock_guard<std::mutex> lock(mutex_);
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  const v1::Revision* target = FindRevision(*catalogue, request.revision());
  if (target == nullptr) return NoRevision(request.revision());
  status = CheckTransition(*target, state);
  if (status.ok() && state == v1::APPROVED) {
    status = MayApprove(*target, caller);
  }
  const uint32_t share = state == v1::ACTIVE && request.share_ppm() < kAllUnits
                             ? request.share_ppm()
                             : 0;
  std::vector<Step> steps;
  for (const v1::Revision& other : catalogue->revisions()) {
    if (!status.ok()) break;
    if (other.rule_set() != target->rule_set() || &other == target) continue;
    const std::string note =
        absl::StrCat("replaced by revision ", request.revision());
    if (state == v1::SHADOW && other.state() == v1::SHADOW) {
      steps.push_back({other.revision(), EventOf(v1::RETIRED, note)});
    } else if (state == v1::ACTIVE && other.state() == v1::ACTIVE) {
      if (share == 0) {
        steps.push_back({other.revision(), EventOf(v1::RETIRED, note)});
      } else if (other.share_ppm() > 0) {
        status = RolloutUnderway(other);
      }
    }
  }
  // Its roll-out ends with the revision before it in force for all units; that
  // one carries no share, so nothing is to be written.
  if (!status.ok()) return status;
  steps.push_back({request.revision(), EventOf(state, request.note(), share)});
  return Take(*std::move(catalogue), std::move(steps), caller);
}

absl::StatusOr<v1::Revision> RuleApi::Share(
    const v1::ChangeRevisionRequest& request, const std::string& caller) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  if (request.share_ppm() == 0 || request.share_ppm() > kAllUnits) {
    return Error(absl::StatusCode::kInvalidArgument, "BAD_SHARE",
                 "a share is above 0 and at most 100%; to take the revision "
                 "out of force roll it back");
  }
  std::lock_guard<std::mutex> lock(mutex_);
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  const v1::Revision* target = FindRevision(*catalogue, request.revision());
  if (target == nullptr) return NoRevision(request.revision());
  if (target->state() != v1::ACTIVE || target->share_ppm() == 0) {
    return WrongState(*target,
                      "a roll-out that is under way (`rules activate N --share "
                      "10%` begins one)");
  }
  std::vector<Step> steps;
  const bool whole = request.share_ppm() == kAllUnits;
  for (const v1::Revision& other : catalogue->revisions()) {
    if (whole && &other != target && other.state() == v1::ACTIVE &&
        other.rule_set() == target->rule_set()) {
      steps.push_back(
          {other.revision(),
           EventOf(v1::RETIRED,
                   absl::StrCat("replaced by revision ", request.revision()))});
    }
  }
  steps.push_back(
      {request.revision(),
       EventOf(v1::ACTIVE, request.note(), whole ? 0 : request.share_ppm())});
  return Take(*std::move(catalogue), std::move(steps), caller);
}

absl::StatusOr<v1::Revision> RuleApi::Rollback(
    const v1::RollbackRuleSetRequest& request, const std::string& caller) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  std::lock_guard<std::mutex> lock(mutex_);
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  const uint64_t previous = PreviousActive(*catalogue, request.rule_set());
  if (previous == 0) {
    return Error(absl::StatusCode::kFailedPrecondition, "NOTHING_TO_ROLL_BACK",
                 absl::StrCat("no revision of rule set ", request.rule_set(),
                              " was active before; `portrisk rules list` shows "
                              "the sets, `rules retire` takes one out of "
                              "force"));
  }
  // The one brought back comes last in the steps, and is there already where
  // only a roll-out ends.
  std::vector<Step> steps;
  for (const v1::Revision& other : catalogue->revisions()) {
    if (other.rule_set() != request.rule_set() || other.state() != v1::ACTIVE ||
        other.revision() == previous) {
      continue;
    }
    steps.push_back(
        {other.revision(),
         EventOf(v1::RETIRED,
                 absl::StrCat("rolled back to revision ", previous))});
    steps.back().event.set_rollback(true);
  }
  steps.push_back({previous, EventOf(v1::ACTIVE, request.note())});
  steps.back().event.set_rollback(true);
  return Take(*std::move(catalogue), std::move(steps), caller);
}

absl::StatusOr<v1::Revision> RuleApi::Take(v1::Catalogue catalogue,
                                           std::vector<Step> steps,
                                           const std::string& caller) {
  const Step& last = steps.back();
  for (const Step& step : steps) {
    v1::Revision* revision = FindRevision(&catalogue, step.revision);
    revision->set_state(step.event.state());
    revision->set_share_ppm(step.event.share_ppm());
  }
  if (last.event.state() == v1::ACTIVE && !last.event.rollback()) {
    absl::Status status = CheckActivation(catalogue, last.revision);
    if (!status.ok()) return status;
  }
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  // What comes into force is laid out for the movements of late; that is kept
  // with the step, so that a restart lays it out the same way.
  const bool observes = last.event.state() == v1::ACTIVE;
  if (observes) {
    auto statistics = engine_->ObserveMovements();
    if (!statistics.ok()) return statistics.status();
    *catalogue.mutable_statistics() = *std::move(statistics);
  }
  auto programme = CompileInForce(**store, engine_->rule_sets(), catalogue);
  if (!programme.ok()) return programme.status();
  v1::Revision changed;
  absl::Status status = engine_->Run([&](Core& core) {
    for (const Step& step : steps) {
      v1::JournalRecord record;
      record.set_caller(caller);
      record.mutable_rule()->set_revision(step.revision);
      *record.mutable_rule()->mutable_event() = step.event;
      record.mutable_rule()->mutable_event()->set_caller(caller);
      if (observes && &step == &last) {
        *record.mutable_rule()->mutable_statistics() = catalogue.statistics();
      }
      core.Append(std::move(record), {});
    }
    core.SetProgramme(*programme);
    changed = *FindRevision(core.catalogue(), last.revision);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return changed;
}

absl::Status RuleApi::CheckActivation(const v1::Catalogue& catalogue,
                                      uint64_t revision) const {
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  auto members = MembersInForce(**store, engine_->rule_sets(), catalogue);
  if (!members.ok()) return members.status();
  for (const scoring::Programme::Member& member : *members) {
    if (member.revision != revision) continue;
    const std::vector<std::string> problems =
        scoring::CheckSuppressions(member, *members);
    if (!problems.empty()) {
      return Error(absl::StatusCode::kFailedPrecondition,
                   "SUPPRESSION_NOT_ALLOWED",
                   absl::StrCat("the revision suppresses what it may not: ",
                                absl::StrJoin(problems, "; ")));
    }
    for (const scoring::ListUse& use : scoring::ListsUsed(*member.rule_set)) {
      const v1::ListVersion* list = FindList(catalogue, use.name);
      if (list == nullptr || EntryTypeOf(list->type()) == use.type) continue;
      return Error(
          absl::StatusCode::kFailedPrecondition, "LIST_OF_OTHER_TYPE",
          absl::StrCat(
              "the revision takes list ", use.name, " for one of ",
              scoring::cel::EntryTypeNames()[static_cast<size_t>(use.type)],
              ", and it was loaded as ", ListTypeName(list->type()),
              "; write that type into the rule set"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Revision> RuleApi::ResetBreaker(
    const v1::ResetBreakerRequest& request, const std::string& caller) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  if (request.note().empty()) {
    return Error(absl::StatusCode::kInvalidArgument, "NOTE_MISSING",
                 "say in a note what was found (--note)");
  }
  v1::Revision changed;
  status = engine_->Run([&](Core& core) {
    const v1::Revision* revision =
        FindRevision(core.catalogue(), request.revision());
    if (revision == nullptr) return NoRevision(request.revision());
    const bool tripped = std::any_of(
        revision->overrides().begin(), revision->overrides().end(),
        [&](const auto& one) { return one.rule() == request.rule(); });
    if (!tripped) {
      return Error(absl::StatusCode::kFailedPrecondition, "NOT_TRIPPED",
                   absl::StrCat("the breaker of rule ", request.rule(),
                                " of revision ", request.revision(),
                                " has not tripped; `portrisk rules show ",
                                request.revision(), "` lists those that have"));
    }
    v1::JournalRecord record;
    record.set_caller(caller);
    record.mutable_rule()->set_revision(request.revision());
    record.mutable_rule()->set_reset_rule(request.rule());
    v1::RevisionEvent* event = record.mutable_rule()->mutable_event();
    event->set_state(revision->state());
    event->set_share_ppm(revision->share_ppm());
    event->set_caller(caller);
    event->set_note(absl::StrCat("the breaker of rule ", request.rule(),
                                 " was reset: ", request.note()));
    core.ResetBreaker(std::move(record));
    changed = *FindRevision(core.catalogue(), request.revision());
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return changed;
}

absl::StatusOr<v1::DiffRevisionsResponse> RuleApi::Diff(
    const v1::DiffRevisionsRequest& request) const {
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  auto before = ReadRevision(**store, request.before());
  if (!before.ok()) return before.status();
  auto after = ReadRevision(**store, request.after());
  if (!after.ok()) return after.status();
  return scoring::DiffRuleSets(before->yaml(), after->yaml());
}

}  // namespace portrisk::service
