#include "service/evaluation_api.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "service/catalogue.h"
#include "service/errors.h"
#include "service/keys.h"
#include "service/paging.h"
#include "service/rule_api.h"
#include "service/text_checks.h"

namespace portrisk::service {
namespace {

// Each is a state of its own: memory.
constexpr int kCandidatesMax = 8;
// What a report costs, and what the catalogue keeps.
constexpr int kRatesMax = 100;
constexpr int kCapacitiesMax = 20;
constexpr int kFacilitiesMax = 20'000;  // Of all capacities.
constexpr size_t kFacilityBytesMax = 64;
constexpr int kWaitingMax = 100;

absl::Status BadPlan(absl::string_view what) {
  return Error(absl::StatusCode::kInvalidArgument, "BAD_PLAN", what);
}

absl::Status NoEvaluation(uint64_t evaluation) {
  return Error(absl::StatusCode::kNotFound, "NOT_FOUND",
               absl::StrCat("no evaluation ", evaluation,
                            "; `portrisk evaluations list` shows them"));
}

absl::Status CheckMeasures(const v1::EvaluationPlan& plan) {
  if (!v1::EvaluationBaseline_IsValid(plan.baseline())) {
    return BadPlan(absl::StrCat("no baseline has number ", plan.baseline()));
  }
  for (const auto* time :
       {&plan.begin_time(), &plan.end_time(), &plan.history_begin_time()}) {
    if (!IsValidTimestamp(time->seconds(), time->nanos())) {
      return BadPlan("a time is not between the years 1 and 9999");
    }
  }
  if (plan.has_begin_time() && plan.has_end_time() &&
      plan.begin_time().seconds() >= plan.end_time().seconds()) {
    return BadPlan("begin_time is not before end_time");
  }
  for (const double rate : plan.rates()) {
    if (rate > 0 && rate <= 1) continue;
    return BadPlan(
        absl::StrCat("a rate is a share of units above 0 and at "
                     "most 1, not ",
                     rate));
  }
  if (plan.rates_size() > kRatesMax ||
      plan.capacities_size() > kCapacitiesMax) {
    return BadPlan(absl::StrCat("name at most ", kRatesMax, " rates and ",
                                kCapacitiesMax, " capacities"));
  }
  int facilities = 0;
  for (const v1::EvaluationCapacity& capacity : plan.capacities()) {
    facilities += capacity.facilities_size();
    if (facilities > kFacilitiesMax) {
      return BadPlan(absl::StrCat("the capacities name at most ",
                                  kFacilitiesMax, " facilities together"));
    }
    for (const v1::FacilityCapacity& one : capacity.facilities()) {
      if (!one.facility().empty() &&
          one.facility().size() <= kFacilityBytesMax) {
        continue;
      }
      return BadPlan("a facility is named as NLRTM/ECTDELTA");
    }
  }
  return absl::OkStatus();
}

// The catalogue is read and written whole.
absl::Status CheckWaiting(const v1::Catalogue& catalogue) {
  const auto& all = catalogue.evaluations();
  const auto waiting =
      std::count_if(all.begin(), all.end(), [](const v1::Evaluation& one) {
        return one.state() == v1::EVALUATION_WAITING;
      });
  if (waiting < kWaitingMax) return absl::OkStatus();
  return Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_WAITING",
               absl::StrCat(waiting,
                            " evaluations wait already; cancel some "
                            "(`portrisk evaluations cancel`)"));
}

// Adds what the candidates are, in the order of the plan.
absl::Status AddCandidates(const v1::Catalogue& catalogue,
                           v1::Evaluation* evaluation) {
  const v1::EvaluationPlan& plan = evaluation->plan();
  if (plan.candidates().empty() || plan.candidates_size() > kCandidatesMax) {
    return BadPlan(absl::StrCat("name 1 to ", kCandidatesMax,
                                " candidates, not ", plan.candidates_size()));
  }
  for (const v1::EvaluationCandidate& candidate : plan.candidates()) {
    std::set<std::string> names;
    for (const uint64_t number : candidate.revisions()) {
      const v1::Revision* const revision = FindRevision(catalogue, number);
      if (revision == nullptr) {
        return Error(absl::StatusCode::kNotFound, "NOT_FOUND",
                     absl::StrCat("no revision ", number,
                                  "; `portrisk rules list` shows them"));
      }
      if (!names.insert(revision->rule_set()).second) {
        return BadPlan(
            absl::StrCat("two revisions of ", revision->rule_set(),
                         " cannot be tried together; make them two candidates "
                         "(--separate)"));
      }
      *evaluation->add_candidates() = Evaluated(*revision);
    }
    if (names.empty()) return BadPlan("a candidate names no revision");
  }
  return absl::OkStatus();
}

// Rule sets that have, or had, a layer whose text the caller may not read.
std::set<std::string> UnreadBy(const v1::Catalogue& catalogue,
                               const Caller& caller) {
  std::set<std::string> names;
  for (const v1::Revision& revision : catalogue.revisions()) {
    if (!caller.MayRead(revision.layer())) names.insert(revision.rule_set());
  }
  return names;
}

// What if a threshold were another: that quotes it.
void LeaveOut(const std::set<std::string>& rule_sets,
              v1::EvaluationReport* report) {
  for (v1::VariantReport& variant : *report->mutable_variants()) {
    auto* const figures = variant.mutable_sensitivity();
    figures->erase(std::remove_if(figures->begin(), figures->end(),
                                  [&](const v1::SensitivityFigures& one) {
                                    return rule_sets.count(one.rule_set()) > 0;
                                  }),
                   figures->end());
  }
}

// Breakers trip while an evaluation runs, and are no change of the rules.
std::vector<std::string> Compared(std::vector<v1::EvaluatedRevision> in_force) {
  std::vector<std::string> compared;
  for (v1::EvaluatedRevision& one : in_force) {
    one.clear_rules_in_shadow();
    one.clear_revision();
    compared.push_back(one.SerializeAsString());
  }
  std::sort(compared.begin(), compared.end());
  return compared;
}

}  // namespace

absl::StatusOr<uint64_t> EvaluationOf(const v1::Catalogue& catalogue,
                                      const v1::Revision& revision) {
  const auto in_force = Compared(InForceNow(catalogue));
  uint64_t outdated = 0;
  uint64_t empty = 0;
  for (int i = catalogue.evaluations_size() - 1; i >= 0; --i) {
    const v1::Evaluation& one = catalogue.evaluations(i);
    const auto baseline = one.plan().baseline();
    const bool tried = std::any_of(
        one.candidates().begin(), one.candidates().end(),
        [&](const v1::EvaluatedRevision& candidate) {
          return candidate.rule_set() == revision.rule_set() &&
                 candidate.content_hash() == revision.content_hash();
        });
    // Of a period in which nothing was measured, it says nothing.
    const bool measured =
        one.movements() > 0 ||
        (!one.plan().has_begin_time() && !one.plan().has_end_time() &&
         !one.plan().has_history_begin_time());
    if (one.state() != v1::EVALUATION_FINISHED || !tried ||
        baseline == v1::BASELINE_RECORDED ||
        (baseline == v1::BASELINE_EMPTY && !one.in_force().empty())) {
      continue;
    }
    if (!measured) {
      empty = std::max(empty, one.evaluation());
      continue;
    }
    // Which units the rules select depends on the profile as much.
    if (Compared({one.in_force().begin(), one.in_force().end()}) == in_force &&
        one.profile().SerializeAsString() ==
            catalogue.profile().SerializeAsString()) {
      return one.evaluation();
    }
    outdated = std::max(outdated, one.evaluation());
  }
  const std::string remedy = absl::StrCat(
      "run `portrisk evaluations start ", revision.revision(),
      "`, read the report and approve then; or say why it has to go without "
      "(--without-replay REASON), which is kept with the revision");
  if (outdated > 0) {
    return Error(absl::StatusCode::kFailedPrecondition, "REPLAY_OUTDATED",
                 absl::StrCat("evaluation ", outdated, " tried revision ",
                              revision.revision(),
                              " beside rules, or by a selection profile, "
                              "that are not those in force now; ",
                              remedy));
  }
  if (empty > 0) {
    return Error(absl::StatusCode::kFailedPrecondition, "REPLAY_MISSING",
                 absl::StrCat("evaluation ", empty, " tried revision ",
                              revision.revision(),
                              " in a period without movements; ", remedy));
  }
  return Error(absl::StatusCode::kFailedPrecondition, "REPLAY_MISSING",
               absl::StrCat("revision ", revision.revision(),
                            " has not been tried on history beside what is in "
                            "force; ",
                            remedy));
}

absl::StatusOr<v1::Evaluation> EvaluationApi::Start(
    const v1::StartEvaluationRequest& request, const Caller& caller) {
  absl::Status status = NeedCaller(caller);
  if (status.ok()) status = CheckMeasures(request.plan());
  if (!status.ok()) return status;
  v1::Evaluation started;
  status = engine_->Run([&](Core& core) -> absl::Status {
    absl::Status room = CheckWaiting(core.catalogue());
    if (!room.ok()) return room;
    v1::JournalRecord record;
    caller.Sign(&record);
    v1::Evaluation* const made =
        record.mutable_evaluation()->mutable_evaluation();
    made->set_evaluation(
        static_cast<uint64_t>(core.catalogue().evaluations_size()) + 1);
    made->set_state(v1::EVALUATION_WAITING);
    made->set_caller(caller.name);
    *made->mutable_plan() = request.plan();
    for (v1::EvaluatedRevision& one : InForceNow(core.catalogue())) {
      *made->add_in_force() = std::move(one);
    }
    if (core.catalogue().has_profile()) {
      *made->mutable_profile() = core.catalogue().profile();
    }
    absl::Status named = AddCandidates(core.catalogue(), made);
    if (!named.ok()) return named;
    const uint64_t number = made->evaluation();
    core.Append(std::move(record), {});
    started = *FindEvaluation(core.catalogue(), number);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  engine_->evaluations().reader().Wake();
  return started;
}

absl::StatusOr<v1::Evaluation> EvaluationApi::State(uint64_t evaluation) const {
  v1::Evaluation state;
  absl::Status status = engine_->Look([&](Core& core) {
    const v1::Evaluation* const found =
        FindEvaluation(core.catalogue(), evaluation);
    if (found == nullptr) return NoEvaluation(evaluation);
    state = *found;
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  engine_->evaluations().ShowProgress(&state);
  return state;
}

absl::StatusOr<v1::GetEvaluationResponse> EvaluationApi::Get(
    const v1::GetEvaluationRequest& request, const Caller& caller) const {
  auto state = State(request.evaluation());
  if (!state.ok()) return state.status();
  v1::GetEvaluationResponse response;
  *response.mutable_evaluation() = *std::move(state);
  if (response.evaluation().state() != v1::EVALUATION_FINISHED) return response;
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  auto bytes =
      (*store)->Get(store::Table::kRuleSets, ReportKey(request.evaluation()));
  if (!bytes.ok()) return bytes.status();
  if (!*bytes || ContentHash(**bytes) != response.evaluation().report_hash() ||
      !response.mutable_report()->ParseFromString(**bytes)) {
    return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
                 absl::StrCat("the report of evaluation ", request.evaluation(),
                              " is not the one that was made; restore a "
                              "backup, or start the evaluation again"));
  }
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  LeaveOut(UnreadBy(*catalogue, caller), response.mutable_report());
  return response;
}

absl::StatusOr<v1::ListEvaluationsResponse> EvaluationApi::List(
    const v1::ListEvaluationsRequest& request) const {
  const auto after = PageBeginOf(request);
  if (!after.ok()) return after.status();
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  const int size = PageSizeOf(request);
  v1::ListEvaluationsResponse response;
  for (v1::Evaluation& one : *catalogue->mutable_evaluations()) {
    if (one.evaluation() <= *after) continue;
    if (response.evaluations_size() == size) {
      response.set_next_page_token(
          absl::StrCat(response.evaluations(size - 1).evaluation()));
      break;
    }
    engine_->evaluations().ShowProgress(&one);
    *response.add_evaluations() = std::move(one);
  }
  return response;
}

absl::StatusOr<v1::Evaluation> EvaluationApi::Cancel(
    const v1::CancelEvaluationRequest& request, const Caller& caller) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  v1::Evaluation cancelled;
  status = engine_->Run([&](Core& core) {
    const v1::Evaluation* const found =
        FindEvaluation(core.catalogue(), request.evaluation());
    if (found == nullptr) return NoEvaluation(request.evaluation());
    if (found->state() != v1::EVALUATION_WAITING) {
      return Error(absl::StatusCode::kFailedPrecondition, "WRONG_STATE",
                   absl::StrCat("evaluation ", request.evaluation(), " is ",
                                absl::StripPrefix(
                                    v1::EvaluationState_Name(found->state()),
                                    "EVALUATION_"),
                                " already"),
                   {{"state", v1::EvaluationState_Name(found->state())}});
    }
    v1::JournalRecord record;
    caller.Sign(&record);
    v1::Evaluation* const ended =
        record.mutable_evaluation()->mutable_evaluation();
    *ended = *found;
    ended->set_state(v1::EVALUATION_CANCELLED);
    ended->set_ended_by(caller.name);
    core.Append(std::move(record), {});
    cancelled = *FindEvaluation(core.catalogue(), request.evaluation());
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  engine_->evaluations().CallOff(request.evaluation());
  return cancelled;
}

}  // namespace portrisk::service
