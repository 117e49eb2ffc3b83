#include "service/explain_api.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scoring/explain.h"
#include "scoring/views.h"
#include "service/catalogue.h"
#include "service/errors.h"
#include "service/list_store.h"
#include "service/past_states.h"

namespace portrisk::service {

struct ExplainApi::Subject {
  v1::Movement movement;
  v1::Assessment assessment;
};

namespace {

void AddReason(absl::string_view code, std::string text,
               v1::ExplainResponse* out) {
  v1::ExplainReason* reason = out->add_reasons();
  reason->set_code(std::string(code));
  reason->set_text(std::move(text));
}

const v1::RevisionRef* FindRef(const v1::Assessment& assessment,
                               uint64_t revision) {
  for (const v1::RevisionRef& ref : assessment.revisions()) {
    if (ref.revision() == revision) return &ref;
  }
  return nullptr;
}

std::string Percent(uint32_t ppm) { return absl::StrCat(ppm / 10000.0, "%"); }

// What was answered then.
void AddRecorded(const v1::Assessment& assessment, v1::ExplainResponse* out) {
  out->set_recorded("no hit");
  for (const v1::Hit& hit : assessment.hits()) {
    if (hit.revision() != out->revision() || hit.rule() != out->rule()) {
      continue;
    }
    out->set_recorded(hit.shadow() ? "hit in shadow" : "hit");
    const bool told = std::any_of(
        out->reasons().begin(), out->reasons().end(),
        [](const auto& reason) { return reason.code() == "SHADOW"; });
    if (hit.shadow() && !told) {
      AddReason("BREAKER_TRIPPED",
                absl::StrCat("the rule's breaker had tripped, so the hit added "
                             "nothing; see `portrisk rules show ",
                             out->revision(), "`"),
                out);
    }
    for (const v1::SuppressedBy& by : hit.suppressed_by()) {
      AddReason("SUPPRESSED",
                absl::StrCat("the hit was suppressed by ", by.rule_set(),
                             " revision ", by.revision(), ": ", by.reason()),
                out);
    }
  }
  for (const v1::NotEvaluated& one : assessment.not_evaluated()) {
    const bool same_revision =
        one.revision() == 0 || one.revision() == out->revision();
    if (one.rule_set() == out->rule_set() && one.rule() == out->rule() &&
        same_revision) {
      out->set_recorded("not evaluated");
    }
  }
}

// Why a revision that did not judge the movement did not.
void AddAbsence(const v1::Revision& revision, const v1::Assessment& assessment,
                v1::ExplainResponse* out) {
  v1::RevisionState state = v1::REVISION_STATE_UNSPECIFIED;
  uint32_t share = 0;
  for (const v1::RevisionEvent& event : revision.events()) {
    if (event.sequence() >= assessment.sequence()) break;
    state = event.state();
    share = event.share_ppm();
  }
  if (state != v1::ACTIVE && state != v1::SHADOW) {
    const std::string then =
        state == v1::REVISION_STATE_UNSPECIFIED
            ? "written after that movement"
            : absl::StrCat(v1::RevisionState_Name(state), " at that movement");
    AddReason("NOT_IN_FORCE",
              absl::StrCat("the revision was ", then, " and is ",
                           v1::RevisionState_Name(revision.state()),
                           " now; below is what it would have said"),
              out);
    return;
  }
  const std::string bucket = Percent(assessment.unit().rollout_ppm());
  AddReason(
      "OUTSIDE_THE_SHARE",
      share > 0
          ? absl::StrCat("it was being rolled out to ", Percent(share),
                         " of the units, and this unit's bucket is at ", bucket)
          : absl::StrCat("a newer revision was being rolled out, and this "
                         "unit's bucket, at ",
                         bucket, ", belongs to that one"),
      out);
}

void AddCircumstances(const v1::Revision* revision,
                      const v1::Assessment& assessment,
                      v1::ExplainResponse* out) {
  if (assessment.retraction()) {
    AddReason("RETRACTION", "a retraction is not judged by rules", out);
  } else if (assessment.not_actual()) {
    AddReason("NOT_ACTUAL",
              "the movement is planned or estimated, and only actual ones are "
              "judged by rules",
              out);
  } else if (const v1::RevisionRef* ref =
                 FindRef(assessment, out->revision())) {
    if (ref->shadow()) {
      AddReason("SHADOW", "the revision ran in shadow: its hits add nothing",
                out);
    }
    AddRecorded(assessment, out);
  } else if (revision != nullptr) {
    AddAbsence(*revision, assessment, out);
  }
}

}  // namespace

absl::StatusOr<uint64_t> ExplainApi::FindSequence(
    const v1::ExplainRequest& request) const {
  if (request.sequence() > 0) return request.sequence();
  uint64_t sequence = 0;
  absl::Status status = engine_->Look([&](Core& core) {
    auto latest = core.LatestSequence(
        IdentityOf(request.source(), request.movement_id()));
    if (latest.ok()) sequence = *latest;
    return latest.status();
  });
  if (!status.ok()) return status;
  return sequence;
}

absl::StatusOr<uint64_t> ExplainApi::FindRule(const v1::ExplainRequest& request,
                                              const v1::Catalogue& catalogue,
                                              const Subject& subject) const {
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  // Those that judged the movement first, then those in force now, then those
  // that could come into force. Whoever has the rule first is meant, whatever
  // comes behind: anybody's draft may hold a copy.
  std::vector<std::vector<uint64_t>> groups(1);
  if (request.revision() > 0) {
    groups[0].push_back(request.revision());
  } else {
    for (const v1::RevisionRef& ref : subject.assessment.revisions()) {
      if (!ref.shadow()) groups[0].push_back(ref.revision());
    }
    for (const v1::RevisionState state :
         {v1::ACTIVE, v1::SHADOW, v1::APPROVED, v1::DRAFT}) {
      groups.emplace_back();
      for (int i = catalogue.revisions_size() - 1; i >= 0; --i) {
        const v1::Revision& revision = catalogue.revisions(i);
        if (revision.state() == state) {
          groups.back().push_back(revision.revision());
        }
      }
    }
  }
  uint64_t found = 0;
  std::vector<std::string> names;
  for (size_t i = 0; i < groups.size() && found == 0; ++i) {
    for (const uint64_t candidate : groups[i]) {
      auto rule_set = engine_->rule_sets().Get(**store, candidate);
      if (!rule_set.ok()) {
        if (request.revision() > 0) return rule_set.status();
        continue;  // Of another version of the program; not the one asked for.
      }
      const std::string name(scoring::RuleSetName(**rule_set));
      if ((!request.rule_set().empty() && request.rule_set() != name) ||
          !scoring::HasRule(**rule_set, request.rule())) {
        continue;
      }
      if (found == 0) found = candidate;
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(name);
      }
    }
  }
  if (names.size() > 1) {
    return Error(absl::StatusCode::kInvalidArgument, "AMBIGUOUS_RULE",
                 absl::StrCat("rule ", request.rule(), " is in ",
                              absl::StrJoin(names, " and in "),
                              "; name it as RULE_SET/RULE"));
  }
  if (found == 0) {
    return Error(
        absl::StatusCode::kNotFound, "NOT_FOUND",
        absl::StrCat("no rule ", request.rule(),
                     request.rule_set().empty() ? "" : " in rule set ",
                     request.rule_set(),
                     "; `portrisk rules show REVISION` prints the rules, "
                     "--revision explains one that is not in force"));
  }
  return found;
}

absl::StatusOr<std::vector<scoring::Programme::List>> ExplainApi::ListsAt(
    const v1::Catalogue& catalogue, uint64_t revision,
    const std::vector<scoring::Programme::List>& in_force,
    const Subject& subject) const {
  std::vector<scoring::Programme::List> lists;
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  auto rule_set = engine_->rule_sets().Get(**store, revision);
  if (!rule_set.ok()) return rule_set.status();
  for (const scoring::ListUse& use : scoring::ListsUsed(**rule_set)) {
    const v1::ListVersion* then = nullptr;
    for (const v1::ListVersion& list : catalogue.lists()) {
      if (list.name() == use.name &&
          list.sequence() < subject.assessment.sequence()) {
        then = &list;
      }
    }
    if (then == nullptr) continue;
    const auto now =
        std::find_if(in_force.begin(), in_force.end(), [&](const auto& list) {
          return list.name == use.name && list.version == then->version();
        });
    if (now != in_force.end()) {
      lists.push_back(*now);
      continue;
    }
    auto entries = LoadListEntries(**store, *then);
    if (!entries.ok()) return entries.status();
    lists.push_back({use.name, then->version(), *std::move(entries)});
  }
  return lists;
}

absl::StatusOr<v1::ExplainResponse> ExplainApi::Explain(
    const v1::ExplainRequest& request, const Caller& caller) const {
  auto sequence = FindSequence(request);
  if (!sequence.ok()) return sequence.status();
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  auto journaled = ReadJournaled(**store, *sequence);
  if (!journaled.ok()) return journaled.status();
  const v1::Movement& is = journaled->movement;
  if ((!request.source().empty() && request.source() != is.source()) ||
      (!request.movement_id().empty() && request.movement_id() != is.id())) {
    return Error(absl::StatusCode::kNotFound, "NOT_FOUND",
                 absl::StrCat("position ", *sequence, " is movement ", is.id(),
                              " of source ", is.source(), ", not ",
                              request.movement_id(), " of ", request.source(),
                              "; give one of the two"));
  }
  const Subject subject{std::move(journaled->movement),
                        std::move(journaled->assessment)};
  v1::Catalogue catalogue;
  std::vector<scoring::Programme::List> in_force;
  absl::Status status = engine_->Look([&](Core& core) {
    catalogue = core.catalogue();
    in_force = core.lists();
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  auto revision = FindRule(request, catalogue, subject);
  if (!revision.ok()) return revision.status();
  auto rule_set = engine_->rule_sets().Get(**store, *revision);
  if (!rule_set.ok()) return rule_set.status();
  auto lists = ListsAt(catalogue, *revision, in_force, subject);
  if (!lists.ok()) return lists.status();
  const scoring::RootsRead read = scoring::RootsOf(**rule_set, request.rule());
  const Aggregates::Plan plan =
      scoring::AggregatePlan::Make({scoring::AggregatePlan::UseOf(**rule_set)});
  auto past = PastStates::Before(engine_, subject.movement, subject.assessment,
                                 read, plan);
  if (!past.ok()) return past.status();
  auto reference =
      LoadReference(**store, subject.assessment.reference_version());
  if (!reference.ok()) return reference.status();

  const v1::Movement& m = subject.movement;
  const scoring::JournaledMovement input{&m, MovementKeyOf(m), *sequence};
  scoring::Views views;
  const scoring::EntityStates states = past->states();
  views.Begin(input, states, **reference);
  scoring::AggregateView aggregates;
  aggregates.Begin(*plan, m, states.aggregates);
  scoring::Scope scope = views.scope();
  scope.aggregates = &aggregates;
  v1::ExplainResponse response;
  response.set_sequence(*sequence);
  response.set_source(m.source());
  response.set_movement_id(m.id());
  response.set_event(v1::Event_Name(m.event()));
  if (m.has_occurrence_time()) {
    *response.mutable_occurrence_time() = m.occurrence_time();
  }
  response.set_revision(*revision);
  const bool known = scoring::ExplainRule(
      **rule_set, request.rule(), request.language(), scope, *lists, &response);
  if (!known) {
    return Error(
        absl::StatusCode::kNotFound, "NOT_FOUND",
        absl::StrCat("no rule ", request.rule(), " in revision ", *revision));
  }
  const v1::Revision* const kept = FindRevision(catalogue, *revision);
  AddCircumstances(kept, subject.assessment, &response);
  if (scoring::IsRestricted(**rule_set, request.rule()) &&
      (kept == nullptr || !caller.MayRead(kept->layer()))) {
    response.clear_condition();
    v1::ExplainReason* const reason = response.add_reasons();
    reason->set_code("RESTRICTED");
    reason->set_text("the condition is restricted: ask an analyst");
  }
  views.Release();
  return response;
}

}  // namespace portrisk::service
