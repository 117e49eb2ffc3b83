// HOT PATH, with the rules of container_history.cc.
//
// `right.use`: a gate-out, judged with the movement in its place. The chain is
// walked once; what stands is that of one right, which its collection uses up.
#include <algorithm>
#include <cmath>
#include <string>

#include "scoring/borrow.h"
#include "scoring/bounded_timeline.h"
#include "scoring/pickup_right.h"
#include "scoring/right_events.h"

namespace portrisk::scoring {
namespace {

using google::protobuf::Timestamp;
using v1::RightEvent;

// Reports of one collection that two systems make lie no further apart.
constexpr double kOneCollectionHours = 24;
// Whoever was nominated longer ago was nominated for an earlier trip, of which
// the gate-out is not known, unless the gate names the same right.
constexpr double kNominationHours = 30 * 24;

bool Differ(absl::string_view a, absl::string_view b) {
  return !a.empty() && !b.empty() && !SameRight(a, b);
}

// Takes the next step where rights are used: what names another right, or
// comes after the collection, belongs to a new one whose issue is not known.
// So whoever was nominated for the last trip does not stand for this one.
void StepOfUse(const RightEvent& event, RightStanding* standing) {
  const bool same =
      !event.right_id().empty() && SameRight(event.right_id(), standing->id);
  const bool used =
      standing->collection != nullptr && event.event() != v1::GATE_OUT;
  if (Differ(event.right_id(), standing->id) || (used && !same)) {
    *standing = RightStanding();
  }
  standing->Step(event);
}

// What stands when `gate` uses the right that it names, `right_id`; nothing
// where the standing is that of another right, was used up before, or is for
// another port.
RightStanding StandingAt(const RightEvent& gate, absl::string_view right_id,
                         const RightStanding& standing) {
  if (standing.IsElsewhere(gate)) return RightStanding();
  if (!right_id.empty() && !standing.id.empty()) {
    return SameRight(right_id, standing.id) ? standing : RightStanding();
  }
  const bool used_up =
      standing.collection != nullptr &&
      HoursBetween(standing.collection->occurrence_time(),
                   gate.occurrence_time()) > kOneCollectionHours;
  const bool of_earlier_trip =
      standing.nominated != nullptr &&
      HoursBetween(*standing.nominated, gate.occurrence_time()) >
          kNominationHours;
  return used_up || of_earlier_trip ? RightStanding() : standing;
}

// Whether he announced himself before the gate-out, for this right.
bool Announced(const v1::RightState& state, absl::string_view id,
               const RightEvent& gate, const RightEvent* issue) {
  for (const RightEvent& event : state.attempts()) {
    if (!Before(event.occurrence_time(), gate.occurrence_time())) break;
    const bool of_this_right =
        issue != nullptr
            ? !Before(event.occurrence_time(), issue->occurrence_time())
            : !gate.right_id().empty() &&
                  SameRight(event.right_id(), gate.right_id());
    if (event.event() == v1::PRE_NOTIFICATION && of_this_right &&
        SameParty(ClaimantOf(event), id)) {
      return true;
    }
  }
  return false;
}

bool IsCheck(const v1::TimelineEvent& event) {
  return event.event() == v1::SCAN || event.event() == v1::INSPECTION;
}

// Whether a step issues, by its clock, what the gate-out had used by then: the
// right that the gate names, or the code that was shown.
bool IssuesWhatWasUsed(const RightEvent& step, const RightEvent& gate) {
  if (step.event() != v1::PICKUP_RIGHT_ISSUED || gate.date_only()) return false;
  const double hours =
      HoursBetween(gate.occurrence_time(), step.occurrence_time());
  if (hours < 0 || hours > kOneCollectionHours) return false;
  return (!step.right_id().empty() &&
          SameRight(step.right_id(), gate.right_id())) ||
         Compare(PinOf(step), PinOf(gate)) == SamePin::kYes;
}

}  // namespace

void RightViewBuffer::LookForChecks() {
  if (container_ == nullptr) return;
  const auto& timeline = container_->timeline();
  if (std::none_of(timeline.begin(), timeline.end(), IsCheck)) {
    container_ = nullptr;
  }
}

bool RightViewBuffer::IsDetour(const RightEvent& gate) const {
  if (container_ == nullptr || gate.event() != v1::GATE_OUT) return false;
  bool checked = false;
  for (const v1::TimelineEvent& event : container_->timeline()) {
    if (!Before(gate.occurrence_time(), event.occurrence_time())) continue;
    if (EndsLoad(event.event(), event.load_status())) return false;
    if (IsHandling(event.event())) {
      return checked && event.event() == v1::GATE_IN &&
             event.locode() == gate.locode() &&
             HoursBetween(gate.occurrence_time(), event.occurrence_time()) <=
                 kOneCollectionHours;
    }
    checked = checked || IsCheck(event);
  }
  return false;
}

RightViewBuffer::Use RightViewBuffer::FindUse(
    const v1::RightState& state, const JournaledMovement& input) const {
  const RightEvent* const gate = FindGate(state, input);
  if (gate == nullptr) return {};
  return {gate, StandingAtGate(state, input, *gate)};
}

// The movement itself; else the first gate-out behind it and before the next
// issue; else the last before it and behind the last issue, or that used what
// the movement issues.
const RightEvent* RightViewBuffer::FindGate(
    const v1::RightState& state, const JournaledMovement& input) const {
  const v1::Event own = input.movement->event();
  if (own == v1::GATE_OUT) return &own_;
  const RightEvent* before = nullptr;
  RightStanding standing;
  bool passed = false;
  for (int i = 0; i <= state.chain_size(); ++i) {
    const RightEvent* const next =
        i < state.chain_size() ? &state.chain(i) : nullptr;
    if (!passed && (next == nullptr || MovementBefore(input, *next))) {
      passed = true;
      if (own == v1::PICKUP_RIGHT_ISSUED &&
          (before == nullptr || standing.issue != nullptr ||
           !IssuesWhatWasUsed(own_, *before))) {
        before = nullptr;
      }
      if (IsStep(own) && WordCounts(own_, standing, *reference_)) {
        StepOfUse(own_, &standing);
      }
    }
    if (next == nullptr) break;
    if (IsDetour(*next) || !WordCounts(*next, standing, *reference_)) continue;
    if (next->event() == v1::GATE_OUT) {
      if (passed) return next;
      before = next;
    } else if (next->event() == v1::PICKUP_RIGHT_ISSUED &&
               !standing.IsIssuedAgain(*next)) {
      if (passed) break;
      before = nullptr;
    }
    StepOfUse(*next, &standing);
  }
  return before;
}

// By the right that the gate names. One that was never issued, where every
// issue is reported, is but another word for the one that was.
RightStanding RightViewBuffer::StandingAtGate(const v1::RightState& state,
                                              const JournaledMovement& input,
                                              const RightEvent& gate) const {
  const RightStanding named = StandingOf(state, input, gate, gate.right_id());
  if (named.issue != nullptr || gate.right_id().empty()) return named;
  const RightStanding any = StandingOf(state, input, gate, "");
  return any.issue != nullptr &&
                 reference_->IsComplete(any.issue->source(),
                                        v1::PICKUP_RIGHT_ISSUED,
                                        any.issue->occurrence_time())
             ? any
             : named;
}

// By the steps before the gate-out, the movement in its place; where `right_id`
// is not empty, by those that name no other.
RightStanding RightViewBuffer::StandingOf(const v1::RightState& state,
                                          const JournaledMovement& input,
                                          const RightEvent& gate,
                                          absl::string_view right_id) const {
  RightStanding standing;
  const auto step = [&](const RightEvent& event) {
    if (Differ(event.right_id(), right_id) || IsDetour(event) ||
        !WordCounts(event, standing, *reference_)) {
      return;
    }
    StepOfUse(event, &standing);
  };
  bool passed = false;
  for (const RightEvent& event : state.chain()) {
    if (!passed && MovementBefore(input, event)) {
      passed = true;
      if (&gate == &own_) break;
      if (IsStep(input.movement->event())) step(own_);
    }
    if (&event == &gate) break;
    step(event);
  }
  return StandingAt(gate, right_id, standing);
}

bool RightViewBuffer::IsUnsure(const v1::RightState& state,
                               const v1::Movement& m,
                               const RightEvent& gate) const {
  const std::string& haulier = gate.haulier_id();
  // Whom no step names came as a stranger at whatever time.
  if (!gate.date_only() ||
      (!haulier.empty() && !InChain(state, haulier) &&
       !(ConcernsRight(m) && SameParty(own_.nominee_id(), haulier)))) {
    return false;
  }
  const auto is_near = [&](const RightEvent& event) {
    return &event != &gate && event.event() != v1::GATE_OUT &&
           std::abs(HoursBetween(gate.occurrence_time(),
                                 event.occurrence_time())) < 24;
  };
  return std::any_of(state.chain().begin(), state.chain().end(), is_near) ||
         std::any_of(state.attempts().begin(), state.attempts().end(),
                     is_near) ||
         (ConcernsRight(m) && is_near(own_));
}

void RightViewBuffer::ShowUse(const Use& use, const Reference& reference) {
  const RightStanding& s = use.standing;
  const RightEvent& gate = *use.gate;
  const Timestamp& t = gate.occurrence_time();
  use_.unsafe_arena_set_allocated_time(Borrow(t));
  use_.unsafe_arena_set_allocated_haulier(
      Named(gate.haulier_id(), &use_haulier_));
  use_.unsafe_arena_set_allocated_nominated(Named(s.nominee, &use_nominated_));
  use_.set_load_status(gate.load_status());
  if (!gate.haulier_id().empty() && !s.nominee.empty() && s.CanCompare(gate)) {
    use_.set_by_nominee(s.IsNominee(gate.haulier_id()));
  }
  if (s.expire != nullptr) {
    use_.set_after_expiry(Before(*s.expire, t));
    use_.unsafe_arena_set_allocated_expire_time(Borrow(*s.expire));
  }
  use_.unsafe_arena_set_allocated_holder(Named(s.holder, &use_holder_));
  use_.unsafe_arena_set_allocated_previous_nominee(
      Named(s.previous_nominee, &use_previous_nominee_));
  if (s.last_change != nullptr) {
    use_.set_since_change_h(HoursBetween(*s.last_change, t));
  }
  const SamePin same_pin = Compare(s.pin, PinOf(gate));
  if (same_pin != SamePin::kUnknown) {
    use_.set_pin_matches(same_pin == SamePin::kYes);
  }
  const bool acceptances =
      s.issue != nullptr &&
      reference.IsComplete(s.issue->source(), v1::PICKUP_RIGHT_ACCEPTED,
                           s.issue->occurrence_time());
  if (!s.nominee.empty() && (s.nominee_accepted || acceptances)) {
    use_.set_nominee_accepted(s.nominee_accepted);
  }
  if (s.issue == nullptr) return;
  use_.unsafe_arena_set_allocated_issued_time(
      Borrow(s.issue->occurrence_time()));
  if (s.revoked != nullptr) {
    use_.unsafe_arena_set_allocated_revoked_time(Borrow(*s.revoked));
  }
  use_.set_since_issue_h(HoursBetween(s.issue->occurrence_time(), t));
  use_.set_after_revocation(s.revoked != nullptr && !s.granted_again);
  if (acceptances) {
    const bool last_too = s.holder_by_transfer && !s.holder_accepted;
    use_.set_unaccepted_transfers(s.unaccepted + (last_too ? 1 : 0));
  }
}

// Whoever sets a clock back hides no use: it comes before the issue then, and
// is no span of hours.
void RightViewBuffer::ShowIssuedAfter(const v1::RightState& state,
                                      const v1::Movement& m, const Use& use) {
  const auto look = [&](const RightEvent& step) {
    if (use_.has_issued_time() || !IssuesWhatWasUsed(step, *use.gate)) return;
    use_.unsafe_arena_set_allocated_issued_time(Borrow(step.occurrence_time()));
  };
  if (use.standing.issue != nullptr) return;
  if (m.event() == v1::PICKUP_RIGHT_ISSUED) look(own_);
  for (const RightEvent& step : state.chain()) look(step);
}

// Clocks differ: a nomination that is said to come after the gate-out may be
// the one that it was made by.
void RightViewBuffer::ShowNamedAfter(const v1::RightState& state,
                                     const v1::Movement& m, const Use& use) {
  const RightEvent& gate = *use.gate;
  if (gate.haulier_id().empty() || use_.by_nominee()) return;
  const auto look = [&](const RightEvent& event) {
    // Nobody else's word for what the issuer's platform does.
    const RightEvent* const issue = use.standing.issue;
    if ((issue != nullptr && event.source() != issue->source()) ||
        event.event() == v1::PICKUP_RIGHT_REVOKED ||
        event.event() == v1::GATE_OUT ||
        Before(event.occurrence_time(), gate.occurrence_time()) ||
        Differ(event.right_id(), gate.right_id()) ||
        !SameParty(event.nominee_id(), gate.haulier_id())) {
      return;
    }
    const double hours =
        HoursBetween(gate.occurrence_time(), event.occurrence_time());
    if (!use_.has_named_after_h() || hours < use_.named_after_h()) {
      use_.set_named_after_h(hours);
    }
  };
  for (const RightEvent& event : state.chain()) look(event);
  if (IsStep(m.event())) look(own_);
}

void RightViewBuffer::ShowPath(const Use& use, const Reference& reference) {
  const RightStanding& s = use.standing;
  const std::string& haulier = use.gate->haulier_id();
  if (s.issue == nullptr || haulier.empty()) return;
  const bool of_nominee = s.IsNominee(haulier);
  const bool arrives = of_nominee || s.Holds(haulier);
  // Acceptances count where they would be known.
  const bool accepted =
      use_.unaccepted_transfers() == 0 &&
      (!use_.has_nominee_accepted() || !of_nominee || use_.nominee_accepted());
  if (arrives && !s.out_of_turn && accepted) {
    use_.set_path(v1::PATH_COMPLETE);
    return;
  }
  const auto complete = [&](v1::Event event) {
    return reference.IsComplete(s.issue->source(), event,
                                s.issue->occurrence_time());
  };
  const bool steps_known = complete(v1::PICKUP_RIGHT_TRANSFERRED) &&
                           complete(v1::PICKUP_RIGHT_NOMINATED);
  const bool told_apart = s.nominee.empty() || s.CanCompare(*use.gate);
  if (!accepted || (steps_known && told_apart)) {
    use_.set_path(v1::PATH_BROKEN);
  }
}

void RightViewBuffer::ShowQueries(const v1::RightState& state,
                                  const v1::Movement& m, const Use& use) {
  const Timestamp& t = use.gate->occurrence_time();
  const RightEvent* const issue = use.standing.issue;
  int64_t orphans = 0;
  const auto look = [&](const RightEvent& event) {
    if (event.event() != v1::PICKUP_RIGHT_QUERIED ||
        Before(t, event.occurrence_time()) ||
        (issue != nullptr &&
         Before(event.occurrence_time(), issue->occurrence_time()))) {
      return;
    }
    const double since_h = HoursBetween(event.occurrence_time(), t);
    if (!use_.has_since_query_h() || since_h < use_.since_query_h()) {
      use_.set_since_query_h(since_h);
    }
    if (issue == nullptr || event.actor_id().empty() ||
        Names(m, event.actor_id()) || InChain(state, event.actor_id())) {
      return;
    }
    ++orphans;
    if (use_.has_orphan() &&
        Before(event.occurrence_time(), use_.orphan_query_time())) {
      return;
    }
    use_.unsafe_arena_release_orphan();
    use_.unsafe_arena_release_orphan_query_time();
    use_.unsafe_arena_set_allocated_orphan(Named(event.actor_id(), &orphan_));
    use_.unsafe_arena_set_allocated_orphan_query_time(
        Borrow(event.occurrence_time()));
  };
  for (const RightEvent& event : state.attempts()) look(event);
  if (m.event() == v1::PICKUP_RIGHT_QUERIED) look(own_);
  if (issue != nullptr) use_.set_orphan_queries(orphans);
}

// Whether he was nominated for this right. The chain goes back to earlier
// trips, and who drove one of those may well come with another box.
bool RightViewBuffer::WasNominated(const v1::RightState& state,
                                   absl::string_view id, const RightEvent& gate,
                                   const RightEvent* issue) const {
  bool nominated = false;
  for (const RightEvent& event : state.chain()) {
    if (IsDetour(event)) continue;
    const Timestamp& t = event.occurrence_time();
    if (issue != nullptr && Before(t, issue->occurrence_time())) continue;
    if (event.event() == v1::GATE_OUT &&
        HoursBetween(t, gate.occurrence_time()) > kOneCollectionHours) {
      nominated = false;
    }
    if (SameParty(event.nominee_id(), id) &&
        event.event() != v1::PICKUP_RIGHT_REVOKED) {
      nominated = true;
    }
  }
  return nominated;
}

// The first one after the gate-out and before the next issue.
void RightViewBuffer::ShowSecondClaimant(const v1::RightState& state,
                                         const v1::Movement& m,
                                         const Use& use) {
  const RightEvent& gate = *use.gate;
  const Timestamp* next_issue = nullptr;
  for (const RightEvent& event : state.chain()) {
    const RightEvent* const issue = use.standing.issue;
    const bool by_issuer = issue == nullptr ||
                           event.source() == issue->source() ||
                           SameParty(event.actor_id(), issue->actor_id());
    if (event.event() == v1::PICKUP_RIGHT_ISSUED && by_issuer &&
        Before(gate.occurrence_time(), event.occurrence_time())) {
      next_issue = &event.occurrence_time();
      break;
    }
  }
  const auto look = [&](const RightEvent& event) {
    if (event.event() == v1::PICKUP_RIGHT_QUERIED ||
        !Before(gate.occurrence_time(), event.occurrence_time()) ||
        (next_issue != nullptr &&
         !Before(event.occurrence_time(), *next_issue)) ||
        (use_.has_second_claimant() &&
         !Before(event.occurrence_time(), use_.second_claim_time()))) {
      return;
    }
    const std::string& claimant = ClaimantOf(event);
    if (claimant.empty() || gate.haulier_id().empty() ||
        SameParty(claimant, gate.haulier_id())) {
      return;
    }
    // Where hauliers are not nominated he shows the code that was issued, or
    // had announced himself.
    const RightStanding& s = use.standing;
    const bool code_port = event.event() == v1::PICKUP_RIGHT_REFUSED &&
                           (Compare(s.pin, PinOf(event)) == SamePin::kYes ||
                            Announced(state, claimant, gate, s.issue));
    if (!code_port && !WasNominated(state, claimant, gate, s.issue)) return;
    use_.unsafe_arena_release_second_claimant();
    use_.unsafe_arena_release_second_claim_time();
    use_.unsafe_arena_set_allocated_second_claimant(
        Named(claimant, &second_claimant_));
    use_.unsafe_arena_set_allocated_second_claim_time(
        Borrow(event.occurrence_time()));
  };
  for (const RightEvent& event : state.attempts()) look(event);
  if (IsAttempt(m.event())) look(own_);
}

}  // namespace portrisk::scoring
