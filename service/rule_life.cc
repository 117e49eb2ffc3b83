// The life of a revision: approve, shadow, activate, roll out, roll back,
// retire; and the overrides of breakers.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "scoring/rule_set_diff.h"
#include "service/catalogue.h"
#include "service/errors.h"
#include "service/evaluation_api.h"
#include "service/rule_api.h"
#include "service/rule_steps.h"
#include "service/warming.h"

namespace portrisk::service {
namespace {

constexpr uint32_t kAllUnits = scoring::Programme::kAllUnits;

absl::Status BadShare() {
  return Error(absl::StatusCode::kInvalidArgument, "BAD_SHARE",
               "a share is above 0 and at most 100%; to take the revision out "
               "of force roll it back");
}

bool IsBlank(absl::string_view text) {
  return absl::StripAsciiWhitespace(text).empty();
}

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
  if ((to == v1::ACTIVE || to == v1::SHADOW) && from == v1::WARMING) {
    return WrongState(revision,
                      "nothing: it comes into force when its aggregates are "
                      "filled (`rules retire` calls that off)");
  }
  if (to == v1::RETIRED && from == v1::RETIRED) {
    return WrongState(revision, "a state other than RETIRED");
  }
  return absl::OkStatus();
}

// Most changes need no warming, and most journals are warmed in no time on a
// server that has just been set up: its operator sees the end of it.
constexpr absl::Duration kWarmingShown = absl::Seconds(2);

}  // namespace

absl::Status RuleApi::MayApprove(const v1::Revision& revision,
                                 const Caller& caller) const {
  if (revision.author() != caller.name) return absl::OkStatus();
  if (development_ && caller.name == kDevelopmentCaller)
    return absl::OkStatus();
  return Error(
      absl::StatusCode::kPermissionDenied, "FOUR_EYES",
      absl::StrCat("revision ", revision.revision(), " was written by ",
                   caller.name, "; somebody else must approve it"));
}

absl::Status RuleApi::SetGrounds(const v1::Catalogue& catalogue,
                                 const v1::ChangeRevisionRequest& request,
                                 v1::RevisionEvent* event) const {
  if (!request.without_replay().empty()) {
    if (IsBlank(request.without_replay())) {
      return Error(absl::StatusCode::kInvalidArgument, "NOTE_MISSING",
                   "say why it goes without a replay (--without-replay)");
    }
    event->set_without_replay(request.without_replay());
    return absl::OkStatus();
  }
  auto evaluation =
      EvaluationOf(catalogue, *FindRevision(catalogue, request.revision()));
  if (!evaluation.ok()) return evaluation.status();
  if (IsBlank(request.note())) {
    return Error(absl::StatusCode::kInvalidArgument, "NOTE_MISSING",
                 absl::StrCat("say in a note what you make of evaluation ",
                              *evaluation, " (--note)"));
  }
  event->set_evaluation(*evaluation);
  return absl::OkStatus();
}

absl::StatusOr<v1::Revision> RuleApi::Approve(
    const v1::ChangeRevisionRequest& request, const Caller& caller) {
  return Change(request, v1::APPROVED, caller);
}

absl::StatusOr<v1::Revision> RuleApi::Activate(
    const v1::ChangeRevisionRequest& request, const Caller& caller) {
  return Change(request, v1::ACTIVE, caller);
}

absl::StatusOr<v1::Revision> RuleApi::Shadow(
    const v1::ChangeRevisionRequest& request, const Caller& caller) {
  return Change(request, v1::SHADOW, caller);
}

absl::StatusOr<v1::Revision> RuleApi::Retire(
    const v1::ChangeRevisionRequest& request, const Caller& caller) {
  return Change(request, v1::RETIRED, caller);
}

absl::StatusOr<v1::Revision> RuleApi::Change(
    const v1::ChangeRevisionRequest& request, v1::RevisionState state,
    const Caller& caller) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  std::unique_lock<std::mutex> lock(engine_->rule_changes());
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  const v1::Revision* target = FindRevision(*catalogue, request.revision());
  if (target == nullptr) return NoRevision(request.revision());
  status = CheckTransition(*target, state);
  if (status.ok() && state == v1::APPROVED) {
    status = MayApprove(*target, caller);
  }
  if (!status.ok()) return status;
  if (request.share_ppm() > kAllUnits) return BadShare();
  const uint32_t share = state == v1::ACTIVE && request.share_ppm() < kAllUnits
                             ? request.share_ppm()
                             : 0;
  v1::RevisionEvent event = EventOf(state, request.note(), share);
  if (state == v1::APPROVED) {
    status = SetGrounds(*catalogue, request, &event);
    if (!status.ok()) return status;
  }
  auto steps = StepsTo(*catalogue, request.revision(), event);
  if (!steps.ok()) return steps.status();
  auto changed =
      TakeSteps(engine_, *std::move(catalogue), *std::move(steps), caller);
  lock.unlock();
  return Shown(std::move(changed));
}

absl::StatusOr<v1::Revision> RuleApi::Shown(
    absl::StatusOr<v1::Revision> changed) {
  if (!changed.ok() || changed->state() != v1::WARMING) return changed;
  engine_->warming().reader().Wake();
  engine_->warming().WaitFor(changed->revision(), kWarmingShown);
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  *changed = *FindRevision(*catalogue, changed->revision());
  if (changed->state() == v1::WARMING) {
    *changed->mutable_warming() =
        engine_->warming().ProgressOf(changed->revision());
  }
  return changed;
}

absl::StatusOr<v1::Revision> RuleApi::Share(
    const v1::ChangeRevisionRequest& request, const Caller& caller) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  if (request.share_ppm() == 0 || request.share_ppm() > kAllUnits) {
    return BadShare();
  }
  std::unique_lock<std::mutex> lock(engine_->rule_changes());
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  const v1::Revision* target = FindRevision(*catalogue, request.revision());
  if (target == nullptr) return NoRevision(request.revision());
  if (target->state() != v1::ACTIVE || target->share_ppm() == 0) {
    return WrongState(*target,
                      "a roll-out that is under way (`rules activate N --share "
                      "10%` begins one)");
  }
  std::vector<RuleStep> steps;
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
  return TakeSteps(engine_, *std::move(catalogue), std::move(steps), caller);
}

absl::StatusOr<v1::Revision> RuleApi::Rollback(
    const v1::RollbackRuleSetRequest& request, const Caller& caller) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  std::unique_lock<std::mutex> lock(engine_->rule_changes());
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  // What was meant to come into force next is what a rollback undoes.
  std::vector<RuleStep> steps;
  for (const v1::Revision& other : catalogue->revisions()) {
    if (other.rule_set() == request.rule_set() &&
        other.state() == v1::WARMING) {
      steps.push_back({other.revision(),
                       EventOf(v1::RETIRED, "rolled back while warming")});
    }
  }
  if (!steps.empty()) {
    return TakeSteps(engine_, *std::move(catalogue), std::move(steps), caller);
  }
  const uint64_t previous = PreviousActive(*catalogue, request.rule_set());
  if (previous == 0) {
    return Error(absl::StatusCode::kFailedPrecondition, "NOTHING_TO_ROLL_BACK",
                 absl::StrCat("no revision of rule set ", request.rule_set(),
                              " was active before; `portrisk rules list` shows "
                              "the sets, `rules retire` takes one out of "
                              "force"));
  }
  v1::RevisionEvent event = EventOf(v1::ACTIVE, request.note());
  event.set_rollback(true);
  auto back = StepsTo(*catalogue, previous, event);
  if (!back.ok()) return back.status();
  auto changed =
      TakeSteps(engine_, *std::move(catalogue), *std::move(back), caller);
  lock.unlock();
  return Shown(std::move(changed));
}

absl::StatusOr<v1::Revision> RuleApi::ResetBreaker(
    const v1::ResetBreakerRequest& request, const Caller& caller) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  if (IsBlank(request.note())) {
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
    caller.Sign(&record);
    record.mutable_rule()->set_revision(request.revision());
    record.mutable_rule()->set_reset_rule(request.rule());
    v1::RevisionEvent* event = record.mutable_rule()->mutable_event();
    event->set_state(revision->state());
    event->set_share_ppm(revision->share_ppm());
    event->set_caller(caller.name);
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
